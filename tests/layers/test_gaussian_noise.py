import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgan_tricks import layers


def noise_of(layer, shape=(50, 40)):
    return layer(tf.zeros(shape), training=True).numpy()


def test_noise_is_normal_and_fresh_in_every_call():
    layer = layers.GaussianNoise(0.7, seed=5)
    first, second = noise_of(layer), noise_of(layer)
    for noise in (first, second):
        assert stats.kstest(noise.ravel() / 0.7, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1
    assert len(np.unique(first)) > 0.99 * first.size


def test_noise_is_added_in_training_only():
    layer = layers.GaussianNoise(2.0)
    x = tf.constant([[1.0, -500.0]])
    np.testing.assert_array_equal(layer(x), x)
    twin = layers.GaussianNoise(2.0)
    added = layer(x, training=True) - x
    np.testing.assert_allclose(added, noise_of(twin, (1, 2)), atol=1e-4)


def test_noise_follows_from_seed_and_calls_and_continues_from_saved_weights():
    layer, twin = layers.GaussianNoise(1.0, seed=2), layers.GaussianNoise(1.0, seed=2)
    other = layers.GaussianNoise(1.0, seed=3)
    first = noise_of(layer)
    np.testing.assert_array_equal(first, noise_of(twin))
    assert np.all(first != noise_of(other))
    later = layers.GaussianNoise(1.0, seed=2)
    later.build((None, 40))
    later.set_weights(layer.get_weights())
    np.testing.assert_array_equal(noise_of(later), noise_of(layer))


def test_noise_is_fresh_in_every_step_of_fit():
    last = keras.layers.Dense(1, kernel_initializer="ones")
    network = keras.Sequential([keras.Input((3,)), layers.GaussianNoise(1.0), last])
    network.compile(keras.optimizers.SGD(0.0), lambda _, x: tf.reduce_mean(x, axis=-1))
    means = [
        network.fit(np.zeros([4, 3]), np.zeros([4, 1]), verbose=0).history["loss"][0]
        for _ in range(3)
    ]
    assert len(set(means)) == 3
    assert int(network.layers[0].calls.numpy()) == 3


def test_bad_arguments():
    with pytest.raises(ValueError, match="Received: stddev=-1"):
        layers.GaussianNoise(-1)
