"""Masks pass through our layers as through the layers of Keras they stand for."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import layers

RNG = np.random.default_rng(3)
MASK = np.array([[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0]], "bool")
SERIES = RNG.normal(size=(3, 4, 2)).astype("float32") * MASK[..., np.newaxis]
dense, spectral = keras.layers.Dense, layers.SpectralNormalization
# What is put into a network, and the layer of Keras that it stands for.
PAIRS = {
    "Dropout": (lambda: layers.Dropout(0.3), lambda: keras.layers.Dropout(0.3)),
    "GaussianNoise": (
        lambda: layers.GaussianNoise(0.3),
        lambda: keras.layers.GaussianNoise(0.3),
    ),
    "LeakyReLU": (layers.LeakyReLU, keras.layers.LeakyReLU),
    "MinibatchStdDev": (layers.MinibatchStdDev, lambda: keras.layers.Conv1D(2, 1)),
    "SpectralNormalization": (lambda: spectral(dense(2)), lambda: dense(2)),
    "SpectralNormalization_conv": (
        lambda: spectral(keras.layers.Conv1D(2, 1)),
        lambda: keras.layers.Conv1D(2, 1),
    ),
    "VirtualBatchNorm": (layers.VirtualBatchNorm, keras.layers.BatchNormalization),
    "WeightNormDense": (lambda: layers.WeightNormDense(2), lambda: dense(2)),
}
# These take no series, or leave it to the layers inside.
OTHERS = {
    "JointMinibatchDiscrimination",
    "MinibatchDiscrimination",
    "VirtualBatchNormalized",
    "WeightNormConv2D",
    "WeightNormConv2DTranspose",
}
pytestmark = pytest.mark.filterwarnings("ignore:.*not support masking:UserWarning")


def test_the_table_holds_every_public_layer():
    public = {name for name, value in vars(layers).items() if inspect.isclass(value)}
    assert public == {name.split("_")[0] for name in PAIRS} | OTHERS


class Seen(keras.layers.Layer):
    """Puts out the mask that it gets, or -1 where there is none."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return tf.zeros_like(inputs[..., 0]) - 1.0
        return tf.cast(mask, "float32")


def mask_after(layer, mode):
    inputs = keras.Input(SERIES.shape[1:])
    outputs = Seen()(layer(keras.layers.Masking()(inputs)))
    model = keras.Model(inputs, outputs)
    if isinstance(layer, layers.VirtualBatchNorm):
        model = layers.VirtualBatchNormalized(model, SERIES)
    if mode == "predict":
        return model.predict(SERIES, verbose=0)
    call = tf.function(model) if mode == "graph" else model
    return call(tf.constant(SERIES), training=mode == "training")


@pytest.mark.parametrize("mode", ["training", "eager", "graph", "predict"])
@pytest.mark.parametrize("name", PAIRS)
def test_a_mask_passes_where_it_does_in_keras(name, mode):
    ours, theirs = PAIRS[name]
    expected = mask_after(theirs(), mode)
    np.testing.assert_array_equal(mask_after(ours(), mode), expected)
    passes = name not in ("MinibatchStdDev", "SpectralNormalization_conv")
    np.testing.assert_array_equal(expected, MASK if passes else -np.ones([3, 4]))


@pytest.mark.parametrize("mask_zero", [False, True])
def test_a_table_makes_the_mask_that_it_makes_without_the_wrapper(mask_zero):
    table = keras.layers.Embedding(7, 3, mask_zero=mask_zero)
    words = np.array([[1, 0, 6, 0], [2, 5, 0, 0]])

    def mask_of(layer):
        inputs = keras.Input((4,), dtype="int32")
        return keras.Model(inputs, Seen()(layer(inputs)))(words)

    expected = words != 0 if mask_zero else -np.ones([2, 4])
    np.testing.assert_array_equal(mask_of(table), expected)
    np.testing.assert_array_equal(mask_of(spectral(table)), expected)


def test_what_is_masked_does_not_reach_the_logit_of_a_recurrent_discriminator():
    stack = [
        keras.Input((None,), dtype="int32"),
        spectral(keras.layers.Embedding(7, 3, mask_zero=True)),
        layers.WeightNormDense(4, "tanh"),
        layers.GaussianNoise(0.0),
        keras.layers.GRU(3),
        spectral(dense(1)),
    ]
    network = keras.Sequential(stack)
    short, padded = np.array([[3, 1]]), np.array([[3, 1, 0, 0, 0]])
    np.testing.assert_allclose(network(padded), network(short), rtol=1e-5)


def test_masked_positions_do_not_count_in_virtual_batch_normalization():
    reference = RNG.normal(size=(2, 4, 2)).astype("float32")
    reference_mask = np.array([[1, 0, 0, 1], [1, 1, 1, 0]], "bool")
    reference *= reference_mask[..., np.newaxis]
    stack = [keras.Input((4, 2)), keras.layers.Masking(), layers.VirtualBatchNorm()]
    model = layers.VirtualBatchNormalized(keras.Sequential(stack), reference)
    outputs = model(SERIES).numpy()
    for x, mask, y in zip(SERIES, MASK, outputs, strict=True):
        counted = np.concatenate([reference[reference_mask], x[mask]]).astype("float64")
        expected = (x - counted.mean(axis=0)) / np.sqrt(counted.var(axis=0) + 1e-5)
        np.testing.assert_allclose(y[mask], expected[mask], rtol=1e-4, atol=1e-5)


def test_an_example_that_is_all_masked_gives_finite_numbers():
    stack = [keras.Input((4, 2)), keras.layers.Masking(), layers.VirtualBatchNorm()]
    model = layers.VirtualBatchNormalized(keras.Sequential(stack), SERIES)
    assert np.all(np.isfinite(model(np.zeros([1, 4, 2]))))
