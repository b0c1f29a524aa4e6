import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import finite_differences
from tfgan_tricks import layers

RNG = np.random.default_rng(5)
X = (1.0 + 2.0 * RNG.normal(size=(3, 5, 4, 2))).astype("float32")
CONV, TRANSPOSE = layers.WeightNormConv2D, layers.WeightNormConv2DTranspose
both_kinds = pytest.mark.parametrize("kind", [CONV, TRANSPOSE])


def made(kind, **options):
    """Returns a layer with random weights, and these weights in double precision."""
    layer = kind(3, kernel_size=(3, 2), strides=(2, 1), **options)
    layer.build(X.shape)
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    weights = layer.theta, layer.scale, layer.bias
    return layer, [weight.numpy().astype("float64") for weight in weights]


def convolved(x, theta, scale, bias, padding):
    """Sums the products of every window with every filter, one by one."""
    theta = theta * scale / np.sqrt((theta**2).sum(axis=(0, 1, 2)))
    if padding == "same":
        # Five rows in windows of three, every second: one row on each side. Four
        # columns in windows of two: one column at the end.
        x = np.pad(x, ((0, 0), (1, 1), (0, 1), (0, 0)))
    rows, columns = (x.shape[1] - 3) // 2 + 1, x.shape[2] - 1
    y = np.zeros((len(x), rows, columns, 3))
    for row in range(rows):
        for column in range(columns):
            window = x[:, 2 * row : 2 * row + 3, column : column + 2]
            y[:, row, column] = np.tensordot(window, theta, 3)
    return y + bias


def spread(x, theta, scale, bias, padding):
    """Adds every input times every filter to the outputs, one by one."""
    theta = theta * scale[:, None] / np.sqrt((theta**2).sum(axis=(0, 1, 3)))[:, None]
    _, rows, columns, _ = x.shape
    y = np.zeros((len(x), 2 * rows + 1, columns + 1, 3))
    for row in range(rows):
        for column in range(columns):
            patch = np.tensordot(x[:, row, column], theta, [[1], [3]])
            y[:, 2 * row : 2 * row + 3, column : column + 2] += patch
    if padding == "same":  # As many rows and columns as inputs times strides.
        y = y[:, :-1, :-1]
    return y + bias


ORACLES = {CONV: convolved, TRANSPOSE: spread}


@both_kinds
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_outputs_match_the_formula(kind, padding):
    layer, weights = made(kind, padding=padding, activation="tanh")
    outputs = layer(X)
    expected = np.tanh(ORACLES[kind](X, *weights, padding))
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    assert layer.compute_output_shape(X.shape) == outputs.shape


@both_kinds
def test_gradients_match_finite_differences_and_turn_filters_only(kind):
    layer, values = made(kind)
    oracle, x = ORACLES[kind], X[:1, :3, :3]
    targets = RNG.normal(size=layer(x).shape)

    def loss(*weights):
        return np.mean((oracle(x, *weights, "valid") - targets) ** 2)

    with tf.GradientTape() as tape:
        value = tf.reduce_mean((layer(x) - targets.astype("float32")) ** 2)
    gradients = tape.gradient(value, [layer.theta, layer.scale, layer.bias])
    slopes = finite_differences.gradients(loss, values, step=1e-5)
    for gradient, slope in zip(gradients, slopes, strict=True):
        np.testing.assert_allclose(gradient, slope, rtol=2e-3, atol=1e-4)
    axes = (0, 1, 2) if kind is CONV else (0, 1, 3)
    along = np.sum(values[0] * gradients[0].numpy(), axis=axes)
    np.testing.assert_allclose(along, 0.0, atol=1e-4)


@both_kinds
@pytest.mark.parametrize("stddev", [1.0, 0.1])
def test_adapting_standardizes_each_channel_over_batch_and_positions(kind, stddev):
    layer, _ = made(kind, adapted_stddev=stddev)
    network = keras.Sequential([keras.Input(X.shape[1:]), layer])
    layers.adapt(network, X)
    outputs = layer(X).numpy()
    np.testing.assert_allclose(outputs.mean(axis=(0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(outputs.std(axis=(0, 1, 2)), stddev, rtol=1e-4)


@both_kinds
def test_sizes_are_those_of_keras(kind):
    theirs = keras.layers.Conv2D if kind is CONV else keras.layers.Conv2DTranspose
    for size in (3, 4, 7):
        for kernel in (1, 2, 3):
            for strides in (1, 2, 3):
                for padding in ("same", "valid"):
                    options = {"strides": strides, "padding": padding}
                    shape = (None, size, size + 1, 2)
                    expected = theirs(4, kernel, **options).compute_output_shape(shape)
                    ours = kind(4, kernel, **options).compute_output_shape(shape)
                    assert ours == tuple(expected), (size, kernel, options)


@both_kinds
def test_sizes_may_be_unknown_until_the_call(kind):
    layer, _ = made(kind)
    network = keras.Sequential([keras.Input((None, None, 2)), layer])
    assert network.output_shape == (None, None, None, 3)
    np.testing.assert_allclose(network(X), layer(X), atol=1e-6)


@both_kinds
def test_half_precision_keeps_the_dtype_of_the_policy(kind):
    layer, _ = made(kind, dtype="mixed_bfloat16")
    outputs = layer(X)
    assert outputs.dtype == tf.bfloat16
    exact, _ = made(kind)
    exact.set_weights(layer.get_weights())
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), exact(X), atol=0.3)


@both_kinds
def test_a_scale_that_is_not_trained_is_not_a_parameter(kind):
    layer, _ = made(kind, trainable_scale=False)
    assert [w.shape for w in layer.non_trainable_weights] == [(3,)]


@both_kinds
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "filters=0"),
        ({"kernel_size": (3, 0)}, "kernel_size=0"),
        ({"kernel_size": (3, 3, 3)}, "integer or a pair"),
        ({"strides": 1.5}, "strides=1.5"),
        ({"padding": "causal"}, "padding='causal'"),
        ({"adapted_stddev": 0.0}, "adapted_stddev=0.0"),
    ],
)
def test_bad_arguments(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**{"filters": 3, "kernel_size": 2} | options)


@both_kinds
def test_bad_inputs(kind):
    with pytest.raises(ValueError, match="inputs.shape=\\(3, 2\\)"):
        kind(3, 1)(tf.ones([3, 2]))
    with pytest.raises(ValueError, match="differ in every output"):
        kind(3, 1).adapt(tf.ones([2, 2, 2, 2]))
