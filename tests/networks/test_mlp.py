import numpy as np
import pytest
import tensorflow as tf

from tests.networks import inspection
from tests.networks.inspection import half_precision as half_precision
from tfgan_tricks import networks


def test_the_networks_have_the_parameters_counted_by_hand():
    generator = networks.mlp_generator((2,), latent_dim=5, hidden=(7, 11))
    assert generator.count_params() == (5 + 1) * 7 + (7 + 1) * 11 + (11 + 1) * 2
    discriminator = networks.mlp_discriminator((4, 3), hidden=(7, 11))
    assert discriminator.count_params() == (12 + 1) * 7 + (7 + 1) * 11 + (11 + 1) * 1


@pytest.mark.parametrize("shape", [(2,), (5, 3), (8, 6, 3), (2, 2, 2, 2)])
@pytest.mark.parametrize("hidden", [(), (4,), [4, 5, 6]])
def test_examples_of_any_shape_come_out_and_go_in(shape, hidden):
    generator = networks.mlp_generator(shape, latent_dim=3, hidden=hidden)
    discriminator = networks.mlp_discriminator(shape, hidden=hidden)
    examples = generator(inspection.latents(generator))
    assert generator.output_shape == discriminator.input_shape == (None, *shape)
    assert examples.shape == (3, *shape)
    assert discriminator(examples).shape == (3, 1)


@pytest.mark.parametrize("shape, is_picture", [((4, 4, 1), True), ((2,), False)])
def test_images_stay_in_the_unit_range_and_points_go_anywhere(shape, is_picture):
    generator = networks.mlp_generator(shape, latent_dim=3, hidden=(8,))
    z = inspection.latents(generator, 64)
    far = np.abs(generator(1e4 * z)).max()
    assert 0.99 < far <= 1.0 if is_picture else far > 1e3


def test_hidden_layers_are_rectified():
    generator = networks.mlp_generator((1,), latent_dim=1, hidden=(3,))
    discriminator = networks.mlp_discriminator((1,), hidden=(3,))
    for network, slope in (generator, 0.0), (discriminator, 0.2):
        w, v = (kernel.astype("float64") for kernel in inspection.kernels(network))
        for x in (-2.0, 3.0):
            hidden = x * w
            expected = np.where(hidden > 0, hidden, slope * hidden) @ v
            np.testing.assert_allclose(network(tf.constant([[x]])), expected, rtol=1e-5)


def test_first_kernels_are_glorots():
    for network in (
        networks.mlp_generator((2,), latent_dim=50, hidden=(300,)),
        networks.mlp_discriminator((50,), hidden=(300,)),
    ):
        kernel, _ = inspection.kernels(network)
        limit = (6 / (50 + 300)) ** 0.5
        assert 0.999 * limit < np.abs(kernel).max() <= limit
        assert kernel.std() == pytest.approx(limit / 3**0.5, rel=0.03)


def test_orthogonal_kernels_have_a_gain_of_1_4_and_tanh_is_tanh():
    options = {"activation": "tanh", "initializer": "orthogonal"}
    generator = networks.mlp_generator((2,), latent_dim=5, hidden=(9,), **options)
    discriminator = networks.mlp_discriminator((5,), hidden=(9,), **options)
    for network in generator, discriminator:
        first, last = (k.astype("float64") for k in inspection.kernels(network))
        np.testing.assert_allclose(first @ first.T, 1.96 * np.eye(5), atol=1e-5)
        x = np.linspace(-2, 3, 5)[None]
        np.testing.assert_allclose(network(x), np.tanh(x @ first) @ last, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"activation": "selu"}, {"initializer": "zeros"}, {"initializer": None}]
)
def test_unknown_activations_and_initializers_are_refused(options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}` must .*Received"):
        networks.mlp_generator((2,), **options)
    with pytest.raises(ValueError, match=f"`{next(iter(options))}` must .*Received"):
        networks.mlp_discriminator((2,), **options)


def test_initial_weights_depend_on_the_seed_alone():
    def both(seed):
        kwargs = {"hidden": (20, 20), "seed": seed}
        generator = networks.mlp_generator((20,), latent_dim=20, **kwargs)
        return generator, networks.mlp_discriminator((20,), **kwargs)

    for network, again in zip(both(2), both(2), strict=True):
        inspection.assert_equal_weights(network, again)
    inspection.assert_no_kernel_is_shared(*both(2), *both(3))


def test_outputs_are_float32_under_any_policy(half_precision):
    for shape in [(2,), (4, 4, 1)]:
        generator = networks.mlp_generator(shape)
        examples = generator(inspection.latents(generator))
        assert examples.dtype == tf.float32
        rounded = tf.cast(tf.cast(examples, tf.bfloat16), tf.float32)
        assert np.any(rounded != examples)
        assert networks.mlp_discriminator(shape)(examples).dtype == tf.float32
        assert generator.layers[0].compute_dtype == "bfloat16"


def test_the_networks_survive_a_file(tmp_path):
    generator = networks.mlp_generator((4, 4, 1), hidden=(5,))
    z = inspection.latents(generator)
    inspection.assert_survives_a_file(generator, z, tmp_path / "g.keras")
    discriminator = networks.mlp_discriminator((4, 4, 1), hidden=(5,))
    pictures = inspection.examples(discriminator)
    inspection.assert_survives_a_file(discriminator, pictures, tmp_path / "d.keras")


@pytest.mark.parametrize("shape", [2, (), None, "ab", (0,), (2.0,), (None, 2)])
def test_bad_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="Received: output_shape="):
        networks.mlp_generator(shape)
    with pytest.raises(ValueError, match="Received: input_shape="):
        networks.mlp_discriminator(shape)


@pytest.mark.parametrize("hidden", [8, (8, 0), None])
def test_bad_hidden_layers_are_refused(hidden):
    with pytest.raises(ValueError, match="Received: hidden="):
        networks.mlp_generator((2,), hidden=hidden)
    with pytest.raises(ValueError, match="Received: hidden="):
        networks.mlp_discriminator((2,), hidden=hidden)


def test_a_bad_latent_dimension_is_refused():
    with pytest.raises(ValueError, match="Received: latent_dim=0"):
        networks.mlp_generator((2,), latent_dim=0)
