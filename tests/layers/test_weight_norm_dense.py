import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import finite_differences
from tfgan_tricks import layers

RNG = np.random.default_rng(3)
X = (2.0 + 3.0 * RNG.normal(size=(40, 6))).astype("float32")


def random_layer(units=4, **kwargs):
    layer = layers.WeightNormDense(units, **kwargs)
    layer.build((None, 6))
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("rank", [2, 3])
def test_outputs_match_the_formula(rank):
    layer = random_layer(activation="tanh")
    theta, scale, bias = (
        w.numpy().astype("float64") for w in (layer.theta, layer.scale, layer.bias)
    )
    x = X.reshape((40, 6) if rank == 2 else (10, 4, 6))
    kernel = theta / np.linalg.norm(theta, axis=0) * scale
    np.testing.assert_allclose(layer(x), np.tanh(x @ kernel + bias), atol=1e-5)


def test_gradients_match_finite_differences_and_turn_columns_only():
    layer = random_layer()
    x, weights = tf.constant(X), [layer.theta, layer.scale, layer.bias]
    targets = RNG.normal(size=(40, 4))

    def loss(theta, scale, bias):
        y = X @ (theta / np.linalg.norm(theta, axis=0)) * scale + bias
        return np.mean((y - targets) ** 2)

    with tf.GradientTape() as tape:
        value = tf.reduce_mean((layer(x) - targets.astype("float32")) ** 2)
    gradients = tape.gradient(value, layer.trainable_weights)
    values = [w.numpy().astype("float64") for w in weights]
    slopes = finite_differences.gradients(loss, values, step=1e-5)
    for gradient, slope in zip(gradients, slopes, strict=True):
        np.testing.assert_allclose(gradient, slope, rtol=2e-3, atol=1e-4)
    along = np.sum(values[0] * gradients[0].numpy(), axis=0)
    np.testing.assert_allclose(along, 0.0, atol=1e-4)


def test_the_length_of_a_column_does_not_matter():
    layer = random_layer()
    before = layer(X).numpy()
    layer.theta.assign(layer.theta.numpy() * np.array([0.01, 0.5, 3.0, 900.0]))
    np.testing.assert_allclose(layer(X), before, rtol=1e-4, atol=1e-5)


def test_adapting_standardises_the_outputs():
    layer = random_layer(activation="relu")
    layer.adapt(X)
    linear = X @ (layer.theta / np.linalg.norm(layer.theta, axis=0)) * layer.scale
    linear = linear.numpy() + layer.bias.numpy()
    np.testing.assert_allclose(linear.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(linear.std(axis=0), 1.0, atol=1e-5)
    once = [w.numpy() for w in layer.weights]
    layer.adapt(X)
    for a, b in zip(once, layer.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("dtype", ["list", "float64"])
def test_adapting_takes_lists_and_doubles(dtype):
    layer, other = random_layer(), layers.WeightNormDense(4)
    other.build((None, 6))
    other.set_weights(layer.get_weights())
    layer.adapt(X)
    other.adapt(X.tolist() if dtype == "list" else X.astype(dtype))
    for a, b in zip(layer.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(
    "kind", [layers.MinibatchDiscrimination, layers.JointMinibatchDiscrimination]
)
def test_adapting_a_network_standardises_layer_after_layer(kind):
    stack = [
        keras.Input((6,)),
        layers.WeightNormDense(20, "relu"),
        kind(3, 2),
        layers.WeightNormDense(5),
    ]
    network = keras.Sequential(stack)
    layers.adapt(network, X)
    outputs = network(X).numpy()
    np.testing.assert_allclose(outputs.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(outputs.std(axis=0), 1.0, atol=1e-4)
    features = network.layers[0](X)
    projections = network.layers[1]._project(features).numpy()
    gaps = np.abs(projections[:, None] - projections).sum(axis=2)
    gaps[np.arange(40), np.arange(40)] = np.inf
    np.testing.assert_allclose(gaps.min(axis=1).mean(axis=0), 1.0, rtol=1e-4)


def test_nothing_adapts_outside_of_adapt():
    network = keras.Sequential([keras.Input((6,)), layers.WeightNormDense(3)])
    layers.adapt(network, X)
    weights = network.get_weights()
    network(100.0 * X, training=True)
    for a, b in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_scale_that_is_not_trained_is_not_a_parameter():
    layer = layers.WeightNormDense(2, trainable_scale=False)
    layer(X)
    assert [w.shape for w in layer.trainable_weights] == [(6, 2), (2,)]
    assert [w.shape for w in layer.non_trainable_weights] == [(2,)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: layers.WeightNormDense(0),
        lambda: layers.WeightNormDense(2.0),
        lambda: layers.WeightNormDense(2).adapt(tf.ones([3, 2])),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError, match="Received: "):
        call()
