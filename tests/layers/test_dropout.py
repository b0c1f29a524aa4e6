import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import layers


def kept_by(layer, shape=(60, 50)):
    """Returns where a training call keeps ones, and checks what it makes of them."""
    outputs = layer(tf.ones(shape), training=True).numpy()
    np.testing.assert_allclose(outputs[outputs != 0.0], 1.0 / (1.0 - layer.rate))
    return outputs != 0.0


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_values_are_kept_independently_with_their_probability(rate):
    kept = kept_by(layers.Dropout(rate, seed=3))
    for axis in (None, 0, 1):
        count = kept.size if axis is None else kept.shape[axis]
        deviation = np.sqrt(rate * (1.0 - rate) / count)
        assert np.all(np.abs(kept.mean(axis=axis) - (1.0 - rate)) < 5 * deviation)
    # Neighbors in both directions are uncorrelated.
    for one, other in ((kept[1:], kept[:-1]), (kept[:, 1:], kept[:, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.1


def test_what_is_dropped_follows_from_seed_and_calls():
    layer, twin, other = (layers.Dropout(0.5, seed=s) for s in (2, 2, 3))
    first, second = kept_by(layer), kept_by(layer)
    assert np.any(first != second)
    np.testing.assert_array_equal(first, kept_by(twin))
    assert np.any(first != kept_by(other))
    np.testing.assert_array_equal(second, kept_by(twin))
    later = layers.Dropout(0.5, seed=2)
    later.build((None, 50))
    later.set_weights(layer.get_weights())
    np.testing.assert_array_equal(kept_by(later), kept_by(layer))


def test_nothing_is_dropped_at_inference_or_with_a_rate_of_zero():
    x = tf.constant([[1.0, -500.0, 0.25]])
    np.testing.assert_array_equal(layers.Dropout(0.9)(x), x)
    np.testing.assert_array_equal(layers.Dropout(0.0)(x, training=True), x)


def test_gradients_pass_where_values_do():
    x = tf.constant(np.random.default_rng(1).normal(size=(40, 3)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.Dropout(0.75)(x, training=True)
    gradient = tape.gradient(y, x)
    np.testing.assert_allclose(gradient, np.where(y != 0.0, 4.0, 0.0))


def test_a_network_draws_again_in_every_step_of_fit():
    last = keras.layers.Dense(1, kernel_initializer="ones")
    network = keras.Sequential([keras.Input((50,)), layers.Dropout(0.5), last])
    network.compile(keras.optimizers.SGD(0.0), lambda _, y: tf.reduce_mean(y, axis=-1))
    x, y = np.ones([4, 50]), np.zeros([4, 1])
    histories = [network.fit(x, y, verbose=0).history for _ in range(3)]
    means = {history["loss"][0] for history in histories}
    assert len(means) == 3
    assert int(network.layers[0].calls.numpy()) == 3


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_bad_arguments(rate):
    with pytest.raises(ValueError, match="`rate` must be in .* Received: rate="):
        layers.Dropout(rate)
