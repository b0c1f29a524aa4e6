import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.networks import inspection
from tests.networks.inspection import half_precision as half_precision
from tfgan_tricks import layers
from tfgan_tricks import networks

CONVOLUTIONS = ["conv_32", "down_16", "conv_16", "down_8", "conv_8", "down_4", "conv_4"]


@pytest.fixture(scope="module")
def generator():
    return networks.standard_cnn_generator()


@pytest.fixture(scope="module")
def spectral():
    return networks.standard_cnn_discriminator()


@pytest.fixture(scope="module")
def batch_normalized():
    return networks.standard_cnn_discriminator(normalization="batch")


def convolution(size, inputs, outputs):
    return size * size * inputs * outputs + outputs


def test_the_generator_has_the_parameters_counted_by_hand(generator):
    expected = (
        (128 + 1) * 4 * 4 * 512
        + convolution(4, 512, 256)
        + convolution(4, 256, 128)
        + convolution(4, 128, 64)
        + 4 * (256 + 128 + 64)
        + convolution(3, 64, 3)
    )
    assert generator.count_params() == expected == 3_813_251


DISCRIMINATOR_PARAMETERS = (
    convolution(3, 3, 64)
    + convolution(4, 64, 64)
    + convolution(3, 64, 128)
    + convolution(4, 128, 128)
    + convolution(3, 128, 256)
    + convolution(4, 256, 256)
    + convolution(3, 256, 512)
    + 8192
    + 1
)


def test_the_discriminators_have_the_parameters_counted_by_hand(
    spectral, batch_normalized
):
    # One left singular vector for each convolution, and four numbers for each channel
    # that is normalized by batches, which the last convolution's are not.
    vectors = 64 + 64 + 128 + 128 + 256 + 256 + 512
    assert spectral.count_params() == DISCRIMINATOR_PARAMETERS + vectors
    norms = 4 * (vectors - 512)
    assert batch_normalized.count_params() == DISCRIMINATOR_PARAMETERS + norms


def test_batches_are_normalized_after_the_transposed_convolutions_only(generator):
    names = [layer.name for layer in generator.layers]
    assert names == [
        *["project", "grid", "up_8", "up_8_norm", "up_8_relu", "up_16", "up_16_norm"],
        *["up_16_relu", "up_32", "up_32_norm", "up_32_relu", "to_channels", "pictures"],
    ]


def test_every_convolution_is_spectrally_normalized_and_the_logit_is_not(spectral):
    assert inspection.spectral_names(spectral) == CONVOLUTIONS
    assert inspection.norm_names(spectral) == []
    assert isinstance(spectral.layers[-1], keras.layers.Dense)


def test_without_that_every_convolution_but_the_last_is_batch_normalized(
    batch_normalized,
):
    assert inspection.spectral_names(batch_normalized) == []
    expected = [f"{name}_norm" for name in CONVOLUTIONS[:-1]]
    assert inspection.norm_names(batch_normalized) == expected
    names = [layer.name for layer in batch_normalized.layers]
    assert names[:3] == ["conv_32", "conv_32_norm", "conv_32_leaky"]
    assert names[-4:] == ["conv_4", "conv_4_leaky", "features", "logit"]


def activations(network):
    kinds = (keras.layers.Activation, keras.layers.ReLU, layers.LeakyReLU)
    found = [layer for layer in network.layers if isinstance(layer, kinds)]
    return [getattr(layer, "activation", layer).__name__ for layer in found]


def test_without_normalization_and_with_tanh_nothing_else_remains():
    generator = networks.standard_cnn_generator(normalization="none", activation="tanh")
    discriminator = networks.standard_cnn_discriminator(
        normalization="none", activation="tanh"
    )
    assert (
        inspection.norm_names(generator) == inspection.norm_names(discriminator) == []
    )
    assert inspection.spectral_names(discriminator) == []
    assert discriminator.count_params() == DISCRIMINATOR_PARAMETERS
    assert activations(generator) == ["tanh"] * 4
    assert activations(discriminator) == ["tanh"] * 7


def test_every_layer_has_a_bias(generator, spectral):
    for network in (generator, spectral):
        names = [layer.name for layer in inspection.kernel_layers(network)]
        assert inspection.biased_names(network) == names


def test_the_discriminator_leaks_a_tenth_of_what_is_below_zero(spectral):
    kind = layers.LeakyReLU
    leaks = [layer for layer in spectral.layers if isinstance(layer, kind)]
    assert len(leaks) == 7
    for leak in leaks:
        np.testing.assert_allclose(leak(tf.constant([-5.0, 5.0])), [-0.5, 5.0])


def test_first_convolutions_are_normal_of_deviation_0_02(generator, spectral):
    convolutions = inspection.kernels(generator)[1:] + inspection.kernels(spectral)[:-1]
    for kernel in convolutions:
        error = 5 / kernel.size**0.5
        assert kernel.mean() == pytest.approx(0, abs=0.02 * error)
        assert kernel.std() == pytest.approx(0.02, rel=error)


def test_first_dense_kernels_are_uniform_within_the_root_of_their_inputs(
    generator, spectral
):
    project, logit = inspection.kernels(generator)[0], inspection.kernels(spectral)[-1]
    for kernel, inputs in ((project, 128), (logit, 8192)):
        assert 0.99 < np.abs(kernel).max() * inputs**0.5 <= 1
        assert kernel.std() * (3 * inputs) ** 0.5 == pytest.approx(1, rel=0.05)


def test_first_scales_are_normal_around_one(generator, batch_normalized):
    networks_ = (generator, batch_normalized)
    kind = keras.layers.BatchNormalization
    norms = [x for network in networks_ for x in network.layers if isinstance(x, kind)]
    scales = [norm.gamma.numpy() for norm in norms]
    everything = np.concatenate(scales)
    assert everything.mean() == pytest.approx(1, abs=0.1 * 0.02)
    assert everything.std() == pytest.approx(0.02, rel=0.1)
    starts = [scale[:64] for scale in scales]
    assert np.abs(np.corrcoef(starts) - np.eye(len(starts))).max() < 0.6
    assert all(norm.synchronized for norm in norms)


def test_images_and_logits_have_their_shapes_and_ranges(generator, spectral):
    pictures = generator(1e3 * inspection.latents(generator))
    assert pictures.shape == (3, 32, 32, 3)
    assert float(tf.reduce_max(tf.abs(pictures))) <= 1
    assert spectral(pictures).shape == (3, 1)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_numbers_of_channels_and_latents_are_possible(channels):
    generator = networks.standard_cnn_generator(channels=channels, latent_dim=9)
    assert generator.input_shape == (None, 9)
    assert generator.output_shape == (None, 32, 32, channels)
    discriminator = networks.standard_cnn_discriminator(channels=channels)
    assert discriminator.input_shape == (None, 32, 32, channels)


def test_initial_weights_depend_on_the_seed_alone(generator, spectral):
    inspection.assert_equal_weights(generator, networks.standard_cnn_generator())
    inspection.assert_equal_weights(spectral, networks.standard_cnn_discriminator())
    inspection.assert_no_kernel_is_shared(
        generator,
        spectral,
        networks.standard_cnn_generator(seed=1),
        networks.standard_cnn_discriminator(seed=1),
    )


def test_outputs_are_float32_under_any_policy(half_precision):
    generator = networks.standard_cnn_generator()
    pictures = generator(inspection.latents(generator), training=True)
    assert pictures.dtype == tf.float32
    for kind in ("spectral", "batch"):
        discriminator = networks.standard_cnn_discriminator(normalization=kind)
        assert discriminator(pictures, training=True).dtype == tf.float32


def test_the_networks_survive_a_file(generator, spectral, tmp_path):
    z = inspection.latents(generator)
    inspection.assert_survives_a_file(generator, z, tmp_path / "g.keras")
    pictures = inspection.examples(spectral)
    inspection.assert_survives_a_file(spectral, pictures, tmp_path / "d.keras")


@pytest.mark.parametrize(
    "call",
    [
        lambda: networks.standard_cnn_generator(channels=5),
        lambda: networks.standard_cnn_generator(latent_dim=0),
        lambda: networks.standard_cnn_discriminator(channels=0),
        lambda: networks.standard_cnn_generator(normalization="spectral"),
        lambda: networks.standard_cnn_generator(activation="leaky_relu"),
        lambda: networks.standard_cnn_discriminator(normalization=True),
        lambda: networks.standard_cnn_discriminator(activation="relu"),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()
