import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.networks import inspection
from tests.networks.inspection import half_precision as half_precision
from tfgan_tricks import layers
from tfgan_tricks import networks

SIZES = [8, 16, 28, 32, 64, 128]
GENERATOR_NORMALIZATIONS = ["none", "batch", "virtual", "spectral"]
DISCRIMINATOR_NORMALIZATIONS = ["none", "batch", "spectral"]


def generator(normalization="batch", **kwargs):
    arguments = {"image_size": 16, "latent_dim": 6, "width": 4, **kwargs}
    return networks.dcgan_generator(normalization=normalization, **arguments)


def discriminator(normalization="batch", **kwargs):
    arguments = {"image_size": 16, "width": 4, **kwargs}
    return networks.dcgan_discriminator(normalization=normalization, **arguments)


def test_the_generator_has_the_parameters_counted_by_hand():
    project = 100 * 4 * 4 * 256 + 4 * 256
    up_8 = 4 * 4 * 256 * 128 + 4 * 128
    up_16 = 4 * 4 * 128 * 64 + 4 * 64
    up_32 = 4 * 4 * 64 * 3 + 3
    network = networks.dcgan_generator(32, latent_dim=100)
    assert network.count_params() == project + up_8 + up_16 + up_32 == 1_069_827


def test_the_discriminator_has_the_parameters_counted_by_hand():
    down_16 = 4 * 4 * 3 * 64 + 64
    down_8 = 4 * 4 * 64 * 128 + 4 * 128
    down_4 = 4 * 4 * 128 * 256 + 4 * 256
    logit = 4 * 4 * 256 + 1
    network = networks.dcgan_discriminator(32)
    assert network.count_params() == down_16 + down_8 + down_4 + logit == 664_129


def test_minibatch_discrimination_has_the_parameters_counted_by_hand():
    theta, log_scale, logit = 4 * 4 * 8 * 100 * 5, 100 * 5, 4 * 4 * 8 + 100 + 1
    plain = discriminator().count_params() - (4 * 4 * 8 + 1)
    network = discriminator(minibatch_discrimination=True)
    assert network.count_params() == plain + theta + log_scale + logit
    network = discriminator(minibatch_discrimination="joint")
    assert network.count_params() == plain + theta + log_scale + logit + 100


def test_joint_minibatch_discrimination_tells_the_halves_apart():
    network = discriminator("none", minibatch_discrimination="joint")
    pictures = inspection.examples(network, 6)
    pictures += tf.constant([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])[:, None, None, None]
    exchanged = tf.roll(pictures, 3, axis=0)
    moved = network(pictures) - tf.roll(network(exchanged), 3, axis=0)
    assert float(tf.reduce_max(tf.abs(moved))) > 1e-4


@pytest.mark.parametrize("mode", ["separate", 2])
def test_unknown_modes_of_minibatch_discrimination_are_refused(mode):
    with pytest.raises(ValueError, match=f"Received: minibatch_disc.*={mode!r}"):
        discriminator(minibatch_discrimination=mode)


@pytest.mark.parametrize(
    "size, widths",
    [
        (8, [1]),
        (16, [2, 1]),
        (32, [4, 2, 1]),
        (64, [8, 4, 2, 1]),
        (128, [8, 8, 4, 2, 1]),
    ],
)
def test_channels_halve_towards_the_finest_level_from_eight_widths_at_most(
    size, widths
):
    up = inspection.kernels(generator("none", image_size=size, width=3, channels=2))
    assert up[0].shape == (6, 16 * 3 * widths[0])
    # Kernels of transposed convolutions are [height, width, outputs, inputs].
    outputs = [3 * width for width in widths[1:]] + [2]
    assert [k.shape for k in up[1:]] == [
        (4, 4, n, 3 * width) for n, width in zip(outputs, widths, strict=True)
    ]
    down = inspection.kernels(discriminator("none", image_size=size, width=3))
    assert [k.shape[-1] for k in down[:-1]] == [3 * width for width in widths[::-1]]
    assert {k.shape[:2] for k in down[:-1]} == {(4, 4)}


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_images_of_every_size_come_out_and_go_in(size, channels):
    maker = generator(image_size=size, channels=channels, width=2)
    judge = discriminator(image_size=size, channels=channels, width=2)
    assert maker.input_shape == (None, 6)
    assert maker.output_shape == judge.input_shape == (None, size, size, channels)
    pictures = maker(inspection.latents(maker), training=True)
    assert pictures.shape == (3, size, size, channels)
    assert judge(pictures, training=True).shape == (3, 1)
    assert judge.output_shape == (None, 1)


@pytest.mark.parametrize("normalization", GENERATOR_NORMALIZATIONS)
def test_images_fill_the_unit_range_and_do_not_leave_it(normalization):
    network = generator(normalization)
    pictures = network(1e4 * inspection.latents(network, 64), training=False)
    assert float(tf.reduce_max(tf.abs(pictures))) <= 1.0
    if normalization == "none":
        assert float(tf.reduce_max(pictures)) > 0.9
        assert float(tf.reduce_min(pictures)) < -0.9


def test_logits_are_linear():
    network = discriminator("none")
    picture = inspection.examples(network, 1)
    at_zero, once, twice = (
        float(network(scale * picture)[0, 0]) for scale in (0.0, 1e5, 2e5)
    )
    assert at_zero == 0.0
    assert abs(once) > 1
    assert twice == pytest.approx(2 * once, rel=1e-4)


@pytest.mark.parametrize(
    "make", [networks.dcgan_generator, networks.dcgan_discriminator]
)
def test_first_kernels_are_normal_of_deviation_0_02_and_biases_zero(make):
    for layer in inspection.kernel_layers(make(32, normalization="none")):
        kernel = layer.kernel.numpy().ravel()
        error = 5 / len(kernel) ** 0.5
        assert kernel.mean() == pytest.approx(0.0, abs=0.02 * error)
        assert kernel.std() == pytest.approx(0.02, rel=error)
        # The kurtosis; a truncated or a uniform distribution has less.
        assert np.mean((kernel / 0.02) ** 4) == pytest.approx(3, abs=11 * error)
        np.testing.assert_array_equal(layer.bias.numpy(), 0)


@pytest.mark.parametrize("normalization", GENERATOR_NORMALIZATIONS)
def test_generators_of_one_seed_are_equal(normalization):
    inspection.assert_equal_weights(
        generator(normalization, seed=3), generator(normalization, seed=3)
    )


@pytest.mark.parametrize("normalization", DISCRIMINATOR_NORMALIZATIONS)
def test_discriminators_of_one_seed_are_equal(normalization):
    make = {"seed": 3, "minibatch_discrimination": True}
    inspection.assert_equal_weights(
        discriminator(normalization, **make), discriminator(normalization, **make)
    )


def test_layers_networks_and_seeds_have_random_numbers_of_their_own():
    makers = [generator, discriminator]
    inspection.assert_no_kernel_is_shared(
        *(make("none", seed=seed) for make in makers for seed in (0, 1))
    )


def test_the_seed_decides_on_minibatch_discrimination_too():
    def theta(seed):
        network = discriminator(minibatch_discrimination=True, seed=seed)
        return network.get_layer("minibatch_discrimination").theta.numpy()

    assert np.abs(theta(0) - theta(1)).max() > 0.01


def test_batches_are_normalized_after_every_layer_of_the_generator_but_the_last():
    network = generator(image_size=32)
    assert inspection.norm_names(network) == ["grid_norm", "up_8_norm", "up_16_norm"]
    assert inspection.biased_names(network) == ["up_32"]
    names = [layer.name for layer in network.layers]
    assert names == [
        *["project", "grid", "grid_norm", "grid_relu"],
        *["up_8", "up_8_norm", "up_8_relu", "up_16", "up_16_norm", "up_16_relu"],
        *["up_32", "pictures"],
    ]


def test_batches_are_normalized_after_every_convolution_but_the_first():
    network = discriminator(image_size=32)
    assert inspection.norm_names(network) == ["down_8_norm", "down_4_norm"]
    assert inspection.biased_names(network) == ["down_16", "logit"]
    names = [layer.name for layer in network.layers]
    assert names == [
        *["down_16", "down_16_leaky", "down_8", "down_8_norm", "down_8_leaky"],
        *["down_4", "down_4_norm", "down_4_leaky", "features", "logit"],
    ]


@pytest.mark.parametrize("make", [generator, discriminator])
def test_batch_statistics_match_all_replicas(make):
    kind = keras.layers.BatchNormalization
    norms = [layer for layer in make().layers if isinstance(layer, kind)]
    assert norms and all(norm.synchronized for norm in norms)
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.9, 1e-5)}


@pytest.mark.parametrize("make", [generator, discriminator])
def test_no_normalization_means_none(make):
    network = make("none")
    names = [layer.name for layer in inspection.kernel_layers(network)]
    assert inspection.norm_names(network) == inspection.spectral_names(network) == []
    assert inspection.biased_names(network) == names


@pytest.mark.parametrize("make", [generator, discriminator])
def test_spectral_normalization_covers_every_kernel(make):
    network = make("spectral")
    names = [layer.name for layer in inspection.kernel_layers(network)]
    assert inspection.spectral_names(network) == names
    assert inspection.norm_names(network) == []
    assert inspection.biased_names(network) == names


def test_the_discriminator_leaks_a_fifth_of_what_is_below_zero():
    kind = layers.LeakyReLU
    leaks = [layer for layer in discriminator().layers if isinstance(layer, kind)]
    assert len(leaks) == 2
    for leak in leaks:
        np.testing.assert_allclose(leak(tf.constant([-5.0, 5.0])), [-1.0, 5.0])


def test_virtual_normalization_has_a_normal_reference_that_follows_from_the_seed():
    def reference(**kwargs):
        return generator("virtual", latent_dim=100, **kwargs).reference.numpy()

    assert reference().shape == (64, 100)
    assert reference(reference_size=5).shape == (5, 100)
    assert reference().mean() == pytest.approx(0, abs=5 / 80)
    assert reference().std() == pytest.approx(1, abs=5 / 80)
    np.testing.assert_array_equal(reference(seed=4), reference(seed=4))
    assert np.abs(reference(seed=4) - reference(seed=5)).max() > 1


def test_virtual_normalization_is_where_batch_normalization_would_be():
    network = generator("virtual", image_size=32)
    assert isinstance(network, layers.VirtualBatchNormalized)
    assert inspection.norm_names(network) == inspection.norm_names(
        generator(image_size=32)
    )
    assert inspection.biased_names(network) == ["up_32"]


def test_virtually_normalized_images_do_not_depend_on_their_batch():
    network = generator("virtual", reference_size=7)
    z = inspection.latents(network, 5)
    together, alone = network(z, training=True), network(z[2:3], training=True)
    np.testing.assert_allclose(together[2:3], alone, atol=1e-6)
    usual = generator()
    distance = usual(z, training=True)[2:3] - usual(z[2:], training=True)[:1]
    assert float(tf.reduce_max(tf.abs(distance))) > 1e-3


def test_minibatch_discrimination_lets_an_example_be_judged_by_its_batch_mates():
    def moved_by_copies(network):
        pictures = inspection.examples(network, 4)
        copies = tf.repeat(pictures[:1], 4, axis=0)
        return abs(float((network(pictures) - network(copies))[0, 0]))

    assert moved_by_copies(discriminator("none", minibatch_discrimination=True)) > 1e-3
    assert moved_by_copies(discriminator("none")) < 1e-6


@pytest.mark.parametrize("normalization", GENERATOR_NORMALIZATIONS)
def test_images_are_float32_under_any_policy(half_precision, normalization):
    network = generator(normalization)
    assert network(inspection.latents(network), training=True).dtype == tf.float32
    assert inspection.kernel_layers(network)[1].compute_dtype == "bfloat16"


@pytest.mark.parametrize("normalization", DISCRIMINATOR_NORMALIZATIONS)
def test_logits_are_float32_under_any_policy(half_precision, normalization):
    network = discriminator(normalization, minibatch_discrimination=True)
    assert network(inspection.examples(network), training=True).dtype == tf.float32
    assert inspection.kernel_layers(network)[1].compute_dtype == "bfloat16"


@pytest.mark.parametrize("normalization", GENERATOR_NORMALIZATIONS)
def test_generators_survive_a_file(normalization, tmp_path):
    network = generator(normalization, image_size=8)
    z = inspection.latents(network)
    inspection.assert_survives_a_file(network, z, tmp_path / "g.keras")


@pytest.mark.parametrize("normalization", DISCRIMINATOR_NORMALIZATIONS)
def test_discriminators_survive_a_file(normalization, tmp_path):
    network = discriminator(normalization, minibatch_discrimination=True)
    pictures = inspection.examples(network)
    inspection.assert_survives_a_file(network, pictures, tmp_path / "d.keras")


@pytest.mark.parametrize(
    "arguments",
    [
        *({"image_size": size} for size in (0, 4, 12, 56, 256, "32", None)),
        *({"channels": channels} for channels in (0, "rgb", None)),
        *({"width": width} for width in (0, -1, 2.5)),
        {"normalization": "layer"},
        {"normalization": None},
    ],
)
@pytest.mark.parametrize("make", [generator, discriminator])
def test_bad_arguments_are_refused(make, arguments):
    with pytest.raises(ValueError, match="Received"):
        make(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"channels": 5}, {"latent_dim": 0}, {"reference_size": 0}]
)
def test_bad_arguments_of_the_generator_are_refused(arguments):
    with pytest.raises(ValueError, match="Received"):
        generator(**arguments)


def test_virtual_normalization_is_for_generators_only():
    with pytest.raises(ValueError, match="generator only.*Received.*virtual"):
        discriminator("virtual")
