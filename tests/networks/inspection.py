"""Questions that tests ask about the layers of networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import layers

_WITH_KERNEL = (
    keras.layers.Dense,
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
)


def latents(network, count=3):
    return tf.random.stateless_normal([count, network.input_shape[-1]], [1, 2])


def examples(network, count=3):
    return tf.random.stateless_normal([count, *network.input_shape[1:]], [3, 4])


def layers_of(network):
    """Returns the layers of a network, virtually batch normalized or not."""
    return getattr(network, "network", network).layers


def kernel_layers(network):
    """Returns all layers with a kernel, inside a wrapper or not."""
    unwrapped = [getattr(layer, "layer", layer) for layer in layers_of(network)]
    return [layer for layer in unwrapped if isinstance(layer, _WITH_KERNEL)]


def kernels(network):
    return [layer.kernel.numpy() for layer in kernel_layers(network)]


def spectral_names(network):
    """Returns the names of the layers that are spectrally normalized."""
    wrappers = layers_of(network)
    kind = layers.SpectralNormalization
    return [layer.layer.name for layer in wrappers if isinstance(layer, kind)]


def norm_names(network):
    """Returns the names of the layers that normalize by batches."""
    kinds = (keras.layers.BatchNormalization, layers.VirtualBatchNorm)
    return [layer.name for layer in layers_of(network) if isinstance(layer, kinds)]


def biased_names(network):
    return [layer.name for layer in kernel_layers(network) if layer.use_bias]


def assert_equal_weights(network, other):
    for one, two in zip(network.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def assert_no_kernel_is_shared(*networks):
    """Kernels from one stream of numbers would start with the same ones, scaled."""
    starts = [k.ravel()[:8] for network in networks for k in kernels(network)]
    correlations = np.corrcoef(starts) - np.eye(len(starts))
    assert np.abs(correlations).max() < 0.99


def assert_survives_a_file(network, inputs, path):
    """Asserts that the network gives the same after it was saved as `.keras`."""
    expected = network(inputs)
    network.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_allclose(loaded(inputs), expected, atol=1e-6)
    assert [w.shape for w in loaded.weights] == [w.shape for w in network.weights]


@pytest.fixture
def half_precision():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_global_policy("float32")
