"""Networks that are told the label."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.networks import inspection
from tests.networks.inspection import half_precision as half_precision
from tfgan_tricks import networks

NUM_CLASSES, LABEL_DIM, LATENT_DIM, WIDTH = 5, 6, 3, 2
LABELS = tf.constant([4, 0, 4, 2])


def generator(normalization="none", **kwargs):
    sizes = {"image_size": 8, "channels": 1, "latent_dim": LATENT_DIM, "width": WIDTH}
    classes = {"num_classes": NUM_CLASSES, "label_dim": LABEL_DIM}
    return networks.dcgan_generator(
        normalization=normalization, **sizes | classes | kwargs
    )


def discriminator(normalization="none", **kwargs):
    sizes = {"image_size": 16, "channels": 1, "width": WIDTH}
    classes = {"num_classes": NUM_CLASSES, "label_dim": LABEL_DIM}
    return networks.dcgan_discriminator(
        normalization=normalization, **sizes | classes | kwargs
    )


MAKERS = pytest.mark.parametrize("make", [generator, discriminator])


def first_inputs(network):
    """Returns normal numbers for the input that is not the labels."""
    shape, _ = network.input_shape
    return tf.random.stateless_normal([len(LABELS), *shape[1:]], [1, 2])


def table(network):
    return network.get_layer("label").embeddings


def vectors(network, labels=LABELS):
    """Multiplies one-hot labels by a matrix, with numpy."""
    one_hot = np.eye(NUM_CLASSES, dtype="float32")[np.asarray(labels)]
    return one_hot @ table(network).numpy() * np.sqrt(LABEL_DIM)


def with_biases(network):
    """Biases and scales start at 0 and 1, which would hide a mistake."""
    for index, weight in enumerate(network.trainable_weights):
        noise = tf.random.stateless_normal(weight.shape, [3, index], stddev=0.3)
        weight.assign(tf.convert_to_tensor(weight) + noise)
    return network


@pytest.mark.parametrize("size", [8, 16, 28, 32])
def test_networks_accept_labels_and_return_images_and_logits(size):
    maker, judge = generator(image_size=size), discriminator(image_size=size)
    assert [tuple(shape) for shape in maker.input_shape] == [(None, 3), (None,)]
    assert [tuple(s) for s in judge.input_shape] == [(None, size, size, 1), (None,)]
    assert maker.output_shape == (None, size, size, 1)
    pictures = maker([first_inputs(maker), LABELS], training=True)
    assert pictures.shape == (4, size, size, 1)
    assert judge([pictures, LABELS], training=True).shape == (4, 1)


def test_an_image_of_28_starts_from_7():
    up = inspection.kernels(networks.dcgan_generator(28, 1, LATENT_DIM, width=3))
    assert [kernel.shape for kernel in up] == [
        (LATENT_DIM, 7 * 7 * 6),
        (4, 4, 3, 6),
        (4, 4, 1, 3),
    ]
    down = inspection.kernels(networks.dcgan_discriminator(28, 1, width=3))
    assert [k.shape for k in down] == [(4, 4, 1, 3), (4, 4, 3, 6), (7 * 7 * 6, 1)]


@pytest.mark.parametrize("normalization", ["none", "batch", "spectral"])
def test_the_generator_matches_longer_latents(normalization):
    """These latents are z and, scaled, the row of a matrix."""
    conditional = with_biases(generator(normalization))
    plain = networks.dcgan_generator(
        8, 1, LATENT_DIM + LABEL_DIM, width=WIDTH, normalization=normalization
    )
    by_name = {layer.name: layer for layer in conditional.layers}
    for layer in plain.layers:
        layer.set_weights(by_name[layer.name].get_weights())
    z = first_inputs(conditional)
    for training in (True, False):
        expected = plain(
            np.concatenate([z, vectors(conditional)], 1), training=training
        )
        pictures = conditional([z, LABELS], training=training)
        np.testing.assert_allclose(pictures, expected, rtol=1e-5, atol=1e-6)


def leaky(x):
    return np.maximum(x, 0.2 * x)


def convolved(x, layer):
    y = tf.nn.conv2d(x, layer.kernel.numpy(), 2, "SAME").numpy()
    return y + layer.bias.numpy()


def test_the_discriminator_sees_the_label_at_the_first_and_at_the_last_features():
    network = with_biases(discriminator())
    of = network.get_layer
    pictures, label = first_inputs(network), vectors(network)
    first = leaky(convolved(pictures, of("down_8")))
    maps = (label @ of("label_maps").kernel.numpy()).reshape(4, 8, 8, 8)
    second = leaky(convolved(np.concatenate([first, maps], -1), of("down_4")))
    features = np.concatenate([second.reshape(4, -1), label], 1)
    joint, logit = of("joint"), of("logit")
    assert joint.units == 16 * WIDTH
    hidden = leaky(features @ joint.kernel.numpy() + joint.bias.numpy())
    expected = hidden @ logit.kernel.numpy() + logit.bias.numpy()
    logits = network([pictures, LABELS])
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)


@MAKERS
def test_swapped_rows_swap_what_labels_mean(make):
    network = with_biases(make())
    x = first_inputs(network)
    before = network([x, tf.constant([4, 0, 4, 2])]).numpy()
    rows = table(network).numpy()
    rows[[0, 4]] = rows[[4, 0]]
    table(network).assign(rows)
    after = network([x, tf.constant([0, 4, 0, 2])]).numpy()
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-7)
    as_before = network([x, tf.constant([4, 0, 4, 2])]).numpy()
    differs = np.abs(as_before - before).reshape(4, -1).max(axis=1) > 1e-4
    assert differs.tolist() == [True, True, True, False]


@MAKERS
@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_only_labels_that_are_seen_learn(make, normalization):
    network = with_biases(make(normalization))
    x = first_inputs(network)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network([x, LABELS], training=True)[:, 0] ** 2)
    gradient = tf.convert_to_tensor(tape.gradient(loss, table(network))).numpy()
    moved = np.abs(gradient).max(axis=1) > 0
    assert moved.tolist() == [True, False, True, False, True]


@MAKERS
def test_vectors_of_labels_are_standard_normal_initially(make):
    network = make(num_classes=400, label_dim=25)
    values = table(network).numpy() * 5
    assert values.shape == (400, 25)
    assert values.mean() == pytest.approx(0, abs=0.05)
    assert values.std() == pytest.approx(1, abs=0.05)


@MAKERS
def test_initial_weights_depend_on_the_seed(make):
    inspection.assert_equal_weights(make(seed=3), make(seed=3))
    inspection.assert_no_kernel_is_shared(make(seed=3), make(seed=4))
    assert np.abs(table(make(seed=3)) - table(make(seed=4))).max() > 0.1


def test_the_players_have_tables_of_their_own():
    ours, theirs = table(generator()).numpy(), table(discriminator()).numpy()
    assert np.abs(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) < 0.9


def test_both_have_the_parameters_counted_by_hand():
    project = (100 + 256) * 7 * 7 * 128 + 2 * 128
    ups = 4 * 4 * 128 * 64 + 2 * 64 + 4 * 4 * 64 + 1
    moving = 2 * 128 + 2 * 64
    network = networks.dcgan_generator(28, 1, latent_dim=100, num_classes=9)
    assert network.count_params() == 9 * 256 + project + ups + moving
    downs = 4 * 4 * 64 + 64 + 4 * 4 * (64 + 8) * 128 + 4 * 128
    joint = (7 * 7 * 128 + 256) * 1024 + 1024
    network = networks.dcgan_discriminator(28, 1, num_classes=9)
    maps = 256 * 14 * 14 * 8
    assert network.count_params() == 9 * 256 + maps + downs + joint + 1024 + 1


@MAKERS
def test_a_label_too_large_is_refused(make):
    network = make()
    x = first_inputs(network)[:2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="5 is not in"):
        network([x, tf.constant([0, NUM_CLASSES])])


@pytest.mark.parametrize("normalization", ["none", "batch", "spectral"])
@MAKERS
def test_conditional_networks_survive_a_file(make, normalization, tmp_path):
    network = with_biases(make(normalization))
    inputs = [first_inputs(network), LABELS]
    inspection.assert_survives_a_file(network, inputs, tmp_path / "network.keras")


@MAKERS
def test_outputs_are_float32_under_any_policy(half_precision, make):
    network = make("batch")
    assert network([first_inputs(network), LABELS], training=True).dtype == tf.float32
    assert inspection.kernel_layers(network)[0].compute_dtype == "bfloat16"


@MAKERS
def test_spectral_normalization_covers_every_kernel(make):
    network = make("spectral")
    names = [layer.name for layer in inspection.kernel_layers(network)]
    assert inspection.spectral_names(network) == names
    assert len(names) == (2 if make is generator else 5)


def test_minibatch_discrimination_compares_what_the_label_is_joined_with():
    network = discriminator(minibatch_discrimination=True)
    theta = network.get_layer("minibatch_discrimination").theta
    assert theta.shape[0] == 16 * WIDTH
    assert network([first_inputs(network), LABELS]).shape == (4, 1)


@MAKERS
def test_it_compiles_with_xla(make):
    network = make("batch")
    x = first_inputs(network)
    compiled = tf.function(network, jit_compile=True)
    np.testing.assert_allclose(
        compiled([x, LABELS]), network([x, LABELS]), rtol=1e-4, atol=1e-6
    )


@MAKERS
@pytest.mark.parametrize(
    "arguments",
    [
        *({"num_classes": count} for count in (0, -2, 1.5, True, "10")),
        *({"label_dim": dim} for dim in (0, 2.0, None)),
    ],
)
def test_bad_arguments_are_refused(make, arguments):
    with pytest.raises(ValueError, match="Received"):
        make(**arguments)


def test_virtual_normalization_has_a_reference_of_all_labels_in_turn():
    network = generator("virtual", num_classes=3, reference_size=7)
    latents, labels = network.reference
    assert latents.shape == (7, network.input_shape[0][1])
    np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2, 0])
    z = first_inputs(network)
    together = network([z, LABELS % 3], training=True)
    alone = network([z[1:2], LABELS[1:2] % 3], training=True)
    np.testing.assert_allclose(together[1:2], alone, atol=1e-5)


@pytest.mark.parametrize(
    "make", [networks.dcgan_generator, networks.dcgan_discriminator]
)
def test_without_labels_the_network_is_a_plain_stack(make):
    assert isinstance(make(16, width=2), keras.Sequential)
