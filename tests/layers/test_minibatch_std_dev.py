"""MinibatchStdDev against numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks.layers import MinibatchStdDev


@pytest.mark.parametrize("shape", [(1, 3), (5, 3), (4, 2, 3), (4, 3, 2, 5)])
def test_the_last_feature_is_the_mean_standard_deviation_over_the_batch(shape):
    x = np.random.default_rng(1).normal(size=shape).astype("float32")
    outputs = MinibatchStdDev()(x)
    np.testing.assert_array_equal(outputs[..., :-1], x)
    expected = np.mean(np.sqrt(x.astype("float64").var(axis=0) + 1e-8))
    np.testing.assert_allclose(
        outputs[..., -1], np.full(shape[:-1], expected), rtol=1e-5
    )


def test_epsilon_is_added_to_the_variance():
    outputs = MinibatchStdDev(epsilon=9.0)(tf.constant([[1.0], [9.0]]))
    np.testing.assert_allclose(outputs[:, 1], [5.0, 5.0])


def test_equal_examples_have_finite_gradients():
    x = tf.ones([3, 2, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(MinibatchStdDev()(x)[..., -1])
    np.testing.assert_array_equal(tape.gradient(loss, x), np.zeros([3, 2, 2]))


def test_gradient_matches_finite_differences():
    x = np.random.default_rng(2).normal(size=(4, 3))
    with tf.GradientTape() as tape:
        inputs = tf.constant(x, tf.float32)
        tape.watch(inputs)
        feature = MinibatchStdDev()(inputs)[0, -1]
    expected = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = 1e-6
        up, down = ((x + s).std(axis=0).mean() for s in (shift, -shift))
        expected[index] = (up - down) / 2e-6
    np.testing.assert_allclose(tape.gradient(feature, inputs), expected, rtol=1e-3)


def test_a_large_offset_keeps_the_spread():
    x = np.random.default_rng(3).normal(1e4, 1.0, size=(8, 5)).astype("float32")
    np.testing.assert_allclose(
        MinibatchStdDev()(x)[0, -1], x.astype("float64").std(axis=0).mean(), rtol=1e-3
    )


def test_the_spread_is_float32_under_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        outputs = MinibatchStdDev()(tf.constant([[0.0], [6e4]], tf.float16))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert outputs.dtype == tf.float32
    # The square of 3e4 is out of reach of float16.
    np.testing.assert_allclose(outputs[:, 1], [3e4, 3e4], rtol=1e-3)


def test_inputs_of_rank_1_are_refused():
    with pytest.raises(ValueError, match="Received: inputs.shape="):
        MinibatchStdDev()(tf.ones([3]))


@pytest.mark.parametrize("epsilon", [0.0, -1.0])
def test_epsilon_that_is_not_positive_is_refused(epsilon):
    with pytest.raises(ValueError, match="Received: epsilon="):
        MinibatchStdDev(epsilon)
