import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tests.networks import inspection
from tests.networks.inspection import half_precision as half_precision
from tfgan_tricks import layers
from tfgan_tricks import networks

PICTURES = np.random.default_rng(0).uniform(-1, 1, (20, 32, 32, 2)).astype("float32")
# The name, strides and padding of each convolution in the authors' code.
CONVOLUTIONS = [
    ("conv_32_0", 1, "SAME"),
    ("conv_32_1", 1, "SAME"),
    ("down_16", 2, "SAME"),
    ("conv_16_0", 1, "SAME"),
    ("conv_16_1", 1, "SAME"),
    ("down_8", 2, "SAME"),
    ("conv_6", 1, "VALID"),
    ("network_in_network_0", 1, "VALID"),
    ("network_in_network_1", 1, "VALID"),
]


@pytest.fixture(scope="module")
def generator():
    return networks.conv_weight_norm_generator(channels=2)


def narrow(**options):
    return networks.conv_weight_norm_classifier(2, 3, width=4, **options)


@pytest.fixture(scope="module")
def adapted():
    classifier = narrow()
    layers.adapt(classifier, PICTURES)
    return classifier


def test_the_generator_has_the_parameters_counted_by_hand(generator):
    """Batch normalization has a shift and two moving averages, and no scale."""
    dense = (100 + 3) * 4 * 4 * 512
    convolutions = (25 * 512 + 3) * 256 + (25 * 256 + 3) * 128
    assert generator.count_params() == dense + convolutions + (25 * 128 + 2) * 2


@pytest.mark.parametrize(
    ("width", "comparison"), [(96, False), (64, False), (96, True)]
)
def test_the_classifiers_have_the_parameters_counted_by_hand(width, comparison):
    classifier = networks.conv_weight_norm_classifier(
        width=width, minibatch_discrimination=comparison
    )
    one, two = width, 2 * width
    inputs = [9 * 3, *2 * [9 * one], 9 * one, *3 * [9 * two], two, two]
    outputs = [*3 * [one], *6 * [two]]
    convolutions = sum((a + 2) * b for a, b in zip(inputs, outputs, strict=True))
    last = (two + 100 * comparison + 2) * 10 + comparison * (two + 1) * 500
    assert classifier.count_params() == convolutions + last + 3
    trained = sum(int(tf.size(w)) for w in classifier.trainable_weights)
    assert trained == convolutions + last - sum(outputs)


def test_the_generator_is_the_formula():
    generator = networks.conv_weight_norm_generator(channels=2)
    for index, weight in enumerate(generator.weights):
        if len(weight.shape) == 1:
            draw = np.random.default_rng(index).uniform(0.5, 1.5, weight.shape)
            weight.assign(draw)
    z = inspection.latents(generator)
    x = stats.norm.cdf(z).astype("float32") @ generator.get_layer("project").kernel
    x = tf.reshape(normalized(generator, "project", x), [-1, 4, 4, 512])
    for size, filters in ((8, 256), (16, 128)):
        kernel = generator.get_layer(f"up_{size}").kernel
        shape = [3, size, size, filters]
        x = tf.nn.conv2d_transpose(x, tf.convert_to_tensor(kernel), shape, 2)
        x = normalized(generator, f"up_{size}", x)
    last = generator.get_layer("up_32")
    theta = last.theta.numpy()
    kernel = theta / np.sqrt((theta**2).sum(axis=(0, 1, 3), keepdims=True))
    x = tf.nn.conv2d_transpose(x, kernel, [3, 32, 32, 2], 2)
    expected = np.tanh(x * last.scale.numpy() + last.bias.numpy())
    np.testing.assert_allclose(generator(z), expected, atol=1e-4)


def normalized(generator, name, x):
    norm = generator.get_layer(f"{name}_norm")
    mean, variance = norm.moving_mean.numpy(), norm.moving_variance.numpy()
    return np.maximum((x - mean) / np.sqrt(variance + 1e-6) + norm.beta.numpy(), 0.0)


def test_the_classifier_without_noise_is_the_formula(adapted):
    x = PICTURES
    for name, strides, padding in CONVOLUTIONS:
        layer = adapted.get_layer(name)
        theta = layer.theta.numpy()
        kernel = theta / np.sqrt((theta**2).sum(axis=(0, 1, 2))) * layer.scale.numpy()
        x = tf.nn.conv2d(x, kernel, strides, padding) + layer.bias.numpy()
        x = np.maximum(x, 0.2 * x)
    assert x.shape == (20, 6, 6, 8)
    last = adapted.get_layer("logits")
    theta = last.theta.numpy()
    kernel = theta / np.linalg.norm(theta, axis=0) * last.scale.numpy()
    logits = x.mean(axis=(1, 2)) @ kernel + last.bias.numpy()
    np.testing.assert_allclose(adapted(PICTURES), logits, atol=1e-4)
    features = keras.Model(adapted.inputs[0], adapted.get_layer("features").output)
    np.testing.assert_allclose(features(PICTURES), x.mean(axis=(1, 2)), atol=1e-4)


def test_noise_is_where_the_authors_have_it():
    kinds = layers.Dropout, layers.GaussianNoise
    found = {}
    for comparison in (False, True):
        classifier = narrow(minibatch_discrimination=comparison)
        names = [layer.name for layer in classifier.layers]
        noise = [layer for layer in classifier.layers if isinstance(layer, kinds)]
        after = [names[max(names.index(layer.name) - 1, 0)] for layer in noise]
        assert after[1:] == ["down_16_leaky", "down_8_leaky"]
        assert noise[0] is next(x for x in classifier.layers if x.name in names)
        amounts = [getattr(x, "rate", None) or x.stddev for x in noise]
        assert amounts == [0.2, 0.5, 0.5]
        assert len({layer.seed for layer in noise}) == 3
        found[comparison] = type(noise[0])
    assert found == {False: layers.Dropout, True: layers.GaussianNoise}


def test_adapting_gives_the_last_layer_of_each_network_a_deviation_of_a_tenth():
    generator = networks.conv_weight_norm_generator(channels=2)
    layers.adapt(generator, inspection.latents(generator, count=50))
    z = inspection.latents(generator, count=50)
    # In training mode, as the batch was normalized then.
    outputs = np.arctanh(generator(z, training=True).numpy().astype("float64"))
    np.testing.assert_allclose(outputs.mean(axis=(0, 1, 2)), 0.0, atol=1e-3)
    np.testing.assert_allclose(outputs.std(axis=(0, 1, 2)), 0.1, rtol=1e-3)
    classifier = narrow()
    deviations = {
        layer.name: layer.adapted_stddev
        for layer in classifier.layers
        if hasattr(layer, "adapted_stddev")
    }
    assert deviations.pop("logits") == 0.1
    assert set(deviations.values()) == {1.0}


def test_minibatch_discrimination_makes_logits_depend_on_the_batch(adapted):
    compared = narrow(minibatch_discrimination=True)
    for network, same in ((adapted, True), (compared, False)):
        alone, together = network(PICTURES[:1]), network(PICTURES[:9])[:1]
        assert np.allclose(alone, together, atol=1e-5) == same


def test_first_kernels_are_normal_of_deviation_0_05(generator):
    classifier = networks.conv_weight_norm_classifier()
    kernels = [w for w in classifier.trainable_weights if "theta" in w.name]
    kernels += [w for w in generator.trainable_weights if len(w.shape) > 1]
    assert len(kernels) == 14
    for kernel in kernels:
        error = 5 / kernel.numpy().size ** 0.5
        assert kernel.numpy().mean() == pytest.approx(0, abs=0.05 * error)
        assert kernel.numpy().std() == pytest.approx(0.05, rel=error)


def test_initial_weights_depend_on_the_seed_alone():
    one, same, other = (narrow(seed=seed) for seed in (1, 1, 2))
    inspection.assert_equal_weights(one, same)
    thetas = [network.trainable_weights[0].numpy() for network in (one, other)]
    assert np.any(thetas[0] != thetas[1])


def test_outputs_are_float32_under_any_policy(half_precision):
    generator = networks.conv_weight_norm_generator(channels=2)
    pictures = generator(inspection.latents(generator), training=True)
    assert pictures.dtype == tf.float32
    assert narrow()(pictures, training=True).dtype == tf.float32


def test_they_survive_a_file(generator, adapted, tmp_path):
    inspection.assert_survives_a_file(adapted, PICTURES, tmp_path / "c.keras")
    z = inspection.latents(generator)
    inspection.assert_survives_a_file(generator, z, tmp_path / "g.keras")


@pytest.mark.parametrize(
    "call",
    [
        lambda: networks.conv_weight_norm_generator(channels=5),
        lambda: networks.conv_weight_norm_generator(latent_dim=0),
        lambda: networks.conv_weight_norm_classifier(channels=0),
        lambda: networks.conv_weight_norm_classifier(num_classes=0),
        lambda: networks.conv_weight_norm_classifier(width=1.5),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match="Received: "):
        call()
