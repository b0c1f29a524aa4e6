import numpy as np
import pytest
import tensorflow as tf

from tests.networks import inspection
from tests.networks.inspection import half_precision as half_precision
from tfgan_tricks import networks


@pytest.fixture(scope="module")
def generator():
    return networks.lsgan_generator(latent_dim=6)


@pytest.fixture(scope="module")
def discriminator():
    return networks.lsgan_discriminator()


@pytest.fixture(scope="module")
def characters():
    sizes = {"channels": 2, "label_dim": 5}
    generator = networks.lsgan_character_generator(3, latent_dim=6, **sizes)
    return generator, networks.lsgan_character_discriminator(3, **sizes)


def kernel(size, inputs, outputs):
    return size * size * inputs * outputs


def test_the_generator_has_the_parameters_counted_by_hand(generator):
    widths = [256, 256, 256, 256, 256, 128, 64]
    convolutions = sum(map(kernel, [3] * 6, widths, widths[1:]))
    last = kernel(3, 64, 3) + 3
    expected = 6 * 7 * 7 * 256 + convolutions + 4 * sum(widths) + last
    assert generator.count_params() == expected


def test_the_discriminator_has_the_parameters_counted_by_hand(discriminator):
    widths = [3, 64, 128, 256, 512]
    convolutions = sum(map(kernel, [5] * 4, widths, widths[1:])) + 64
    norms = 4 * (128 + 256 + 512)
    assert discriminator.count_params() == convolutions + norms + 7 * 7 * 512 + 1


def test_the_generator_has_seven_transposed_convolutions(generator):
    sizes = [layer.output.shape[1] for layer in inspection.kernel_layers(generator)[1:]]
    assert sizes == [14, 14, 28, 28, 56, 112, 112]
    assert len(inspection.norm_names(generator)) == 7
    assert inspection.biased_names(generator) == ["to_channels"]


def test_the_discriminator_halves_four_times_and_normalizes_all_but_the_first(
    discriminator,
):
    convolutions = inspection.kernel_layers(discriminator)[:-1]
    assert [layer.output.shape[1] for layer in convolutions] == [56, 28, 14, 7]
    names = [f"down_{size}_norm" for size in (28, 14, 7)]
    assert inspection.norm_names(discriminator) == names
    assert inspection.biased_names(discriminator) == ["down_56", "logit"]


def test_networks_of_characters_have_the_parameters_counted_by_hand(characters):
    generator, discriminator = characters
    table = 3 * 5
    project = (6 + 5) * 7 * 7 * 128 + 4 * 7 * 7 * 128
    ups = kernel(5, 128, 128) + 4 * 128 + kernel(5, 128, 2) + 2
    assert generator.count_params() == table + project + ups
    first = kernel(5, 2, 7) + 7
    second = kernel(5, 7 + 5, 64 + 5) + 4 * (64 + 5)
    joint = (7 * 7 * (64 + 5) + 5) * 1024 + 4 * 1024
    logit = 1024 + 5 + 1
    expected = table + first + second + joint + logit
    assert discriminator.count_params() == expected


def test_labels_change_characters_and_their_logits(characters):
    generator, discriminator = characters
    z = tf.tile(tf.random.stateless_normal([1, 6], [1, 2]), [2, 1])
    labels = tf.constant([0, 2])
    pictures = generator([1e3 * z, labels])
    assert pictures.shape == (2, 28, 28, 2)
    assert 0.5 < float(tf.reduce_max(tf.abs(pictures))) <= 1
    assert np.abs(pictures[0] - pictures[1]).max() > 1e-3
    same = tf.tile(pictures[:1], [2, 1, 1, 1])
    (one,), (two,) = discriminator([same, labels])
    assert abs(float(one - two)) > 1e-6


def test_first_kernels_are_normal_of_deviation_0_02(generator, discriminator):
    for weights in inspection.kernels(generator) + inspection.kernels(discriminator):
        error = 5 / weights.size**0.5
        assert weights.mean() == pytest.approx(0, abs=0.02 * error)
        assert weights.std() == pytest.approx(0.02, rel=error)


def test_images_and_logits_have_their_shapes_and_ranges(generator, discriminator):
    pictures = generator(1e3 * inspection.latents(generator, 2), training=True)
    assert pictures.shape == (2, 112, 112, 3)
    assert 0.5 < float(tf.reduce_max(tf.abs(pictures))) <= 1
    assert discriminator(pictures).shape == (2, 1)
    assert np.isfinite(discriminator(pictures)).all()


def test_initial_weights_depend_on_the_seed_alone(discriminator):
    inspection.assert_equal_weights(discriminator, networks.lsgan_discriminator())
    inspection.assert_no_kernel_is_shared(
        discriminator,
        networks.lsgan_discriminator(seed=1),
        networks.lsgan_generator(latent_dim=6, seed=1),
    )


def test_outputs_are_float32_under_any_policy(half_precision):
    generator = networks.lsgan_generator(1, latent_dim=2)
    pictures = generator(inspection.latents(generator, 1))
    assert pictures.dtype == tf.float32
    assert networks.lsgan_discriminator(1)(pictures).dtype == tf.float32
    small = networks.lsgan_character_generator(2, latent_dim=2, label_dim=1)
    characters = small([inspection.latents(generator, 1), tf.constant([1])])
    assert characters.dtype == tf.float32
    judge = networks.lsgan_character_discriminator(2, label_dim=1)
    assert judge([characters, tf.constant([0])]).dtype == tf.float32


@pytest.mark.parametrize(
    "call",
    [
        lambda: networks.lsgan_generator(channels=5),
        lambda: networks.lsgan_generator(latent_dim=0),
        lambda: networks.lsgan_discriminator(channels=0),
        lambda: networks.lsgan_character_generator(0),
        lambda: networks.lsgan_character_generator(2, label_dim=0),
        lambda: networks.lsgan_character_discriminator(2, channels=5),
        lambda: networks.lsgan_character_discriminator(2.5),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()
