import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import finite_differences
from tfgan_tricks import layers
from tfgan_tricks import penalties

X = np.random.default_rng(5).normal(size=(4, 3)).astype("float32")


def test_values_and_slopes():
    x = tf.constant([-500.0, -2.0, -0.0, 0.0, 1e-3, 500.0])
    layer = layers.LeakyReLU(0.3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    np.testing.assert_allclose(y, [-150.0, -0.6, 0.0, 0.0, 1e-3, 500.0], rtol=1e-6)
    slopes = tape.gradient(y, x)
    np.testing.assert_allclose(slopes, [0.3, 0.3, 0.3, 0.3, 1.0, 1.0], rtol=1e-6)


def critic(kind):
    """Returns a critic of two layers, whose weights do not depend on the kind."""
    numbers = np.random.default_rng(7)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    network.add(kind())
    network.add(keras.layers.Dense(1))
    network.set_weights([numbers.normal(size=w.shape) for w in network.weights])
    return network


def r1_gradients(network):
    with tf.GradientTape() as tape:
        value = penalties.R1(2.0)(network, real=X, fake=X)
    kernels = [w for w in network.trainable_variables if len(w.shape) == 2]
    return [value, *tape.gradient(value, kernels)]


def test_a_penalty_has_the_gradient_of_finite_differences():
    value, *gradients = r1_gradients(critic(lambda: layers.LeakyReLU(0.1)))
    first, bias, last, _ = critic(keras.layers.ReLU).get_weights()

    def penalty(first, last):
        slopes = np.where(X @ first + bias > 0, 1.0, 0.1)
        norms = np.sum(((slopes * last[:, 0]) @ first.T) ** 2, axis=1)
        return np.mean(norms)

    point = [first.astype("float64"), last.astype("float64")]
    np.testing.assert_allclose(value, penalty(*point), rtol=1e-5)
    expected = finite_differences.gradients(penalty, point)
    for one, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_there_is_no_second_derivative_to_pass_back():
    """TensorFlow's own is a tensor of zeros, which all layers below would process."""

    def second(activate):
        x = tf.constant(X)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = activate(x) * x[:, :1]
            value = inner.gradient(y, x)[:, 2] * 3.0
        return outer.gradient(value, x)

    np.testing.assert_allclose(
        second(layers.LeakyReLU(0.2)), second(lambda x: tf.nn.leaky_relu(x, 0.2))
    )
    x = tf.constant(X)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layers.LeakyReLU(0.2)(x)
        slope = inner.gradient(y, x)
    assert outer.gradient(slope, x) is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_the_dtype_is_kept(dtype):
    layer = layers.LeakyReLU(0.25, dtype=dtype)
    y = layer(tf.cast(X, dtype))
    assert y.dtype == dtype
    np.testing.assert_allclose(
        tf.cast(y, tf.float32), np.where(X > 0, X, 0.25 * X), rtol=0.01
    )


def test_a_negative_slope_is_refused():
    with pytest.raises(ValueError, match=r"`slope` must .* Received: slope=-0.1"):
        layers.LeakyReLU(-0.1)
