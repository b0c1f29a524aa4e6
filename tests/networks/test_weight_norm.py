import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tests.networks import inspection
from tfgan_tricks import layers
from tfgan_tricks import networks

PICTURES = np.random.default_rng(0).uniform(-1, 1, (200, 5, 4, 1)).astype("float32")


def test_the_networks_have_the_parameters_counted_by_hand():
    """The counts are the paper's, with fixed scales and the noise's counter."""
    classifier = networks.weight_norm_classifier()
    sizes = [784, 1000, 500, 250, 250, 250, 10]
    dense = sum((a + 2) * b for a, b in zip(sizes, sizes[1:], strict=False))
    assert classifier.count_params() == dense + 6
    fixed = 1000 + 500 + 3 * 250
    trained = sum(int(tf.size(w)) for w in classifier.trainable_weights)
    assert trained == dense - fixed
    generator = networks.weight_norm_generator()
    hidden = 100 * 500 + 500 * 500 + 2 * 3 * 500
    assert generator.count_params() == hidden + (500 + 2) * 784


@pytest.mark.parametrize(
    ("options", "latents_of", "epsilon"),
    [
        ({}, stats.norm.cdf, 1e-6),
        ({"uniform_latents": False, "norm_epsilon": 0.1}, np.array, 0.1),
    ],
)
def test_the_generator_is_the_formula(options, latents_of, epsilon):
    generator = networks.weight_norm_generator((3, 2, 1), 4, hidden=(5,), **options)
    for index, weight in enumerate(generator.weights):
        weight.assign(np.random.default_rng(index).uniform(0.5, 1.5, weight.shape))
    kernel, beta, mean, variance, theta, scale, bias = (
        w.numpy().astype("float64") for w in inspection_order(generator)
    )
    z = inspection.latents(generator).numpy()
    hidden = latents_of(z) @ kernel
    hidden = (hidden - mean) / np.sqrt(variance + epsilon) + beta
    hidden = np.log1p(np.exp(hidden))
    logits = hidden @ (theta / np.linalg.norm(theta, axis=0)) * scale + bias
    expected = np.tanh(logits / 2).reshape(3, 3, 2, 1)
    np.testing.assert_allclose(generator(z), expected, atol=1e-5)


def test_uniform_latents_are_exact_at_extreme_values():
    generator = networks.weight_norm_generator((2, 2, 1), 5, hidden=(3,))
    z = np.array([[-30.0, -4.8, 0.0, 4.8, 30.0]], "float32")
    uniform = generator.layers[0](z).numpy()
    np.testing.assert_allclose(uniform, stats.norm.cdf(z), rtol=1e-4, atol=1e-30)


def inspection_order(generator):
    names = ("hidden_0", "hidden_0_norm", "flat")
    dense, norm, last = map(generator.get_layer, names)
    moving = [norm.moving_mean, norm.moving_variance]
    return [dense.kernel, norm.beta, *moving, last.theta, last.scale, last.bias]


def test_the_classifier_without_noise_is_the_formula():
    classifier = networks.weight_norm_classifier((5, 4, 1), 3, hidden=(7, 6))
    layers.adapt(classifier, PICTURES)
    x = (PICTURES.reshape(200, 20) + 1) / 2
    for layer in classifier.layers:
        if isinstance(layer, layers.WeightNormDense):
            theta = layer.theta.numpy()
            kernel = theta / np.linalg.norm(theta, axis=0) * layer.scale.numpy()
            x = x @ kernel + layer.bias.numpy()
            if layer.name == "features":
                assert x.shape == (200, 6)
            x = x if layer.name == "logits" else np.maximum(x, 0)
    np.testing.assert_allclose(classifier(PICTURES), x, atol=1e-4)


@pytest.mark.parametrize(("which", "stddev"), [("input_noise", 0.3), ("h", 0.5)])
def test_noise_has_the_deviations_of_the_paper(which, stddev):
    classifier = networks.weight_norm_classifier((5, 4, 1), 3, hidden=(7, 6))
    deviations = {
        layer.name: layer.stddev
        for layer in classifier.layers
        if isinstance(layer, layers.GaussianNoise)
    }
    assert len(deviations) == 3
    assert {v for k, v in deviations.items() if k.startswith(which)} == {stddev}
    seeds = {layer.seed for layer in classifier.layers if hasattr(layer, "stddev")}
    assert len(seeds) == 3


def test_minibatch_discrimination_makes_logits_depend_on_the_batch():
    options = {"hidden": (7,), "num_classes": 3}
    plain = networks.weight_norm_classifier((5, 4, 1), **options)
    compared = networks.weight_norm_classifier(
        (5, 4, 1), minibatch_discrimination=True, **options
    )
    for network, same in ((plain, True), (compared, False)):
        alone, together = network(PICTURES[:1]), network(PICTURES[:9])[:1]
        assert np.allclose(alone, together, atol=1e-5) == same


def test_initial_weights_depend_on_the_seed_alone():
    for make in (networks.weight_norm_classifier, networks.weight_norm_generator):
        one, same, other = (make((5, 4, 1), hidden=(7,), seed=s) for s in (1, 1, 2))
        inspection.assert_equal_weights(one, same)
        pairs = zip(one.trainable_weights, other.trainable_weights, strict=True)
        assert any(np.any(a.numpy() != b.numpy()) for a, b in pairs)


def test_they_survive_a_file(tmp_path):
    classifier = networks.weight_norm_classifier((5, 4, 1), 3, hidden=(7,))
    inspection.assert_survives_a_file(classifier, PICTURES, tmp_path / "c.keras")
    generator = networks.weight_norm_generator((5, 4, 1), 3, hidden=(7,))
    z = inspection.latents(generator)
    inspection.assert_survives_a_file(generator, z, tmp_path / "g.keras")
