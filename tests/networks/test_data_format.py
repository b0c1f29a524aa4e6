"""Networks and layers where Keras is set to channels first."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import layers
from tfgan_tricks import networks

IMAGE = (8, 8, 3)
MAKERS = {
    "conv_weight_norm_generator": lambda: networks.conv_weight_norm_generator(1, 4),
    "conv_weight_norm_classifier": lambda: networks.conv_weight_norm_classifier(
        1, 3, width=2, minibatch_discrimination=True
    ),
    "dcgan_generator": lambda: networks.dcgan_generator(8, 3, 4, width=2),
    "dcgan_generator_virtual": lambda: networks.dcgan_generator(
        8, 3, 4, width=2, normalization="virtual", num_classes=2
    ),
    "dcgan_generator_spectral": lambda: networks.dcgan_generator(
        28, 1, 4, width=2, normalization="spectral"
    ),
    "dcgan_discriminator": lambda: networks.dcgan_discriminator(8, 3, width=2),
    "dcgan_discriminator_joint": lambda: networks.dcgan_discriminator(
        8, 3, 2, "spectral", "joint", num_classes=3
    ),
    "mlp_generator": lambda: networks.mlp_generator(IMAGE, 4, (5,)),
    "mlp_discriminator": lambda: networks.mlp_discriminator(IMAGE, (5,)),
    "lsgan_character_generator": lambda: networks.lsgan_character_generator(2, 1, 4),
    "lsgan_character_discriminator": lambda: networks.lsgan_character_discriminator(2),
    "lsgan_generator": lambda: networks.lsgan_generator(1, 4),
    "lsgan_discriminator": lambda: networks.lsgan_discriminator(1),
    "standard_cnn_generator": lambda: networks.standard_cnn_generator(3, 4),
    "standard_cnn_discriminator": networks.standard_cnn_discriminator,
    "standard_cnn_discriminator_batch": lambda: networks.standard_cnn_discriminator(
        normalization="batch"
    ),
    "weight_norm_generator": lambda: networks.weight_norm_generator(IMAGE, 4, (5,)),
    "weight_norm_classifier": lambda: networks.weight_norm_classifier(
        IMAGE, 3, hidden=(5,)
    ),
}


@pytest.fixture
def channels_first():
    keras.backend.set_image_data_format("channels_first")
    yield
    keras.backend.set_image_data_format("channels_last")


def inputs_for(network):
    shapes = network.input_shape
    rng = np.random.default_rng(1)
    arrays = [
        tf.constant(rng.normal(size=(4, *shape[1:])), tf.float32)
        for shape in (shapes if isinstance(shapes, list) else [shapes])
    ]
    return [arrays[0], tf.constant([1, 0, 1, 1])] if len(arrays) == 2 else arrays[0]


@pytest.mark.parametrize("name", MAKERS)
def test_a_network_is_the_same_whatever_keras_is_set_to(name, channels_first):
    first = MAKERS[name]()
    x = inputs_for(first)
    outputs = first(x)
    keras.backend.set_image_data_format("channels_last")
    last = MAKERS[name]()
    assert first.input_shape == last.input_shape
    assert first.output_shape == last.output_shape
    np.testing.assert_array_equal(outputs, last(x))


def test_the_makers_are_all_networks():
    public = {name for name in vars(networks) if not name.startswith("_")}
    assert {
        name for name in public if any(m.startswith(name) for m in MAKERS)
    } == public


def virtual(**kwargs):
    stack = [keras.Input((3, 4, 5)), layers.VirtualBatchNorm(**kwargs)]
    network = keras.Sequential(stack)
    scales = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.0, -1.0])
    for weight, values in zip(network.weights, scales, strict=True):
        weight.assign(values)
    reference = np.random.default_rng(2).normal(size=(6, 3, 4, 5))
    return layers.VirtualBatchNormalized(network, reference)


@pytest.mark.parametrize("kwargs", [{}, {"data_format": "channels_first"}])
def test_virtual_batch_normalization_of_channels_that_come_first(kwargs, request):
    if not kwargs:
        request.getfixturevalue("channels_first")
    model = virtual(**kwargs)
    x = np.random.default_rng(3).normal(size=(2, 3, 4, 5)).astype("float32")
    for row, output in zip(x, model(x), strict=True):
        counted = np.concatenate([model.reference.numpy(), row[np.newaxis]])
        mean = counted.mean(axis=(0, 2, 3), keepdims=True)
        deviation = np.sqrt(counted.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
        y = ((counted - mean) / deviation)[-1]
        expected = y * np.reshape([1, -2, 3], (3, 1, 1))
        expected = expected + np.reshape([0.5, 0, -1], (3, 1, 1))
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kwargs", [{}, {"data_format": "channels_first"}])
def test_the_spread_of_a_batch_is_one_more_channel_where_the_channels_are(
    kwargs, request
):
    if not kwargs:
        request.getfixturevalue("channels_first")
    x = np.random.default_rng(4).normal(size=(5, 3, 4, 2)).astype("float32")
    layer = layers.MinibatchStdDev(**kwargs)
    outputs = layer(x).numpy()
    assert outputs.shape == (5, 4, 4, 2) == layer.compute_output_shape((5, 3, 4, 2))
    np.testing.assert_array_equal(outputs[:, :3], x)
    np.testing.assert_allclose(outputs[:, 3:], x.std(axis=0).mean(), rtol=1e-5)


def test_the_format_is_saved_with_the_layer(channels_first):
    configs = [layer.get_config() for layer in (layers.MinibatchStdDev(), norm())]
    keras.backend.set_image_data_format("channels_last")
    kinds = (layers.MinibatchStdDev, layers.VirtualBatchNorm)
    for kind, config in zip(kinds, configs, strict=True):
        assert kind.from_config(config).data_format == "channels_first"
        assert kind().data_format == "channels_last"


def norm():
    return layers.VirtualBatchNorm()


@pytest.mark.parametrize("kind", [layers.MinibatchStdDev, layers.VirtualBatchNorm])
def test_other_formats_are_refused(kind):
    with pytest.raises(
        ValueError, match="channels_first.*Received: data_format='NHWC'"
    ):
        kind(data_format="NHWC")


@pytest.mark.parametrize(
    "make",
    [
        lambda f: keras.layers.Conv2D(4, (2, 3), data_format=f),
        lambda f: keras.layers.Conv2DTranspose(4, (2, 3), data_format=f),
        lambda f: keras.layers.DepthwiseConv2D((2, 3), data_format=f),
    ],
    ids=["conv", "transposed", "depthwise"],
)
def test_sigma_does_not_depend_on_where_the_channels_are(make):
    sigmas, kernel = [], None
    for data_format, shape in (
        ("channels_first", (None, 3, 6, 5)),
        ("channels_last", (None, 6, 5, 3)),
    ):
        layer = layers.SpectralNormalization(make(data_format))
        layer.build(shape)
        if kernel is None:
            kernel = np.random.default_rng(5).normal(size=layer.layer.weights[0].shape)
        layer.layer.weights[0].assign(kernel)
        layer.u.assign(layer._warmed_up(layer.u.shape))
        sigmas.append(kernel / layer.normalized_kernel().numpy())
    np.testing.assert_allclose(sigmas[0], sigmas[1], rtol=1e-3)
