import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import _ema


class Doubling(keras.layers.Layer):
    """Not registered on purpose: users seldom register their layers."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.inner = keras.layers.Dense(3)

    def build(self, input_shape):
        self.inner.build(input_shape)
        self.built = True

    def call(self, inputs):
        return self.factor * self.inner(inputs)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Subclassed(keras.Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.norm = keras.layers.BatchNormalization()
        self.head = keras.layers.Dense(units)

    def build(self, input_shape):
        self.norm.build(input_shape)
        self.head.build(input_shape)
        self.built = True

    def call(self, inputs, training=False):
        return self.head(self.norm(inputs, training=training))

    def get_config(self):
        return {"units": self.units, "name": self.name}


def functional():
    inputs = keras.Input((2,))
    hidden = Doubling(factor=3.0)(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    return keras.Model(inputs, keras.layers.Dense(2)(hidden))


def sequential():
    return keras.Sequential(
        [keras.layers.InputLayer((2,)), keras.layers.Dense(3), Doubling()]
    )


def subclassed():
    network = Subclassed(units=5)
    network(tf.zeros([1, 2]))
    return network


def randomise(network, seed):
    rng = np.random.default_rng(seed)
    network.set_weights([rng.uniform(0.5, 2, w.shape) for w in network.weights])


NETWORKS = [functional, sequential, subclassed]


@pytest.mark.parametrize("make", NETWORKS)
def test_copy_computes_the_same_and_shares_no_variable(make):
    network = make()
    randomise(network, 0)
    copy = _ema.copy_of(network)
    x = tf.random.stateless_normal([6, 2], seed=[1, 2])
    np.testing.assert_array_equal(copy(x), network(x))
    randomise(network, 1)
    assert not np.allclose(copy(x), network(x))


def average_and_network(make=functional):
    network = make()
    average = _ema.copy_of(network)
    randomise(average, 2)
    randomise(network, 3)
    return average, network


def test_update_averages_parameters_and_copies_statistics():
    average, network = average_and_network()
    old, new = average.get_weights(), network.get_weights()
    _ema.update(average, network, 0.75)
    parameters = [w.trainable for w in network.weights]
    assert sorted(parameters) == [False] * 2 + [True] * 6
    for is_parameter, a, w, result in zip(
        parameters, old, new, average.get_weights(), strict=True
    ):
        expected = 0.75 * a + 0.25 * w if is_parameter else w
        np.testing.assert_allclose(result, expected, rtol=1e-6)
        assert not np.allclose(a, w)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_update_in_a_graph_equals_eager(jit_compile):
    average, network = average_and_network()
    start = average.get_weights()
    _ema.update(average, network, 0.9)
    eager = average.get_weights()
    average.set_weights(start)
    tf.function(_ema.update, jit_compile=jit_compile)(average, network, 0.9)
    for a, b in zip(average.get_weights(), eager, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_equal_weights_stay_exactly_equal():
    network = functional()
    randomise(network, 4)
    average = _ema.copy_of(network)
    _ema.update(average, network, 0.999)
    for a, w in zip(average.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, w)


def test_update_refuses_networks_of_different_structure():
    with pytest.raises(ValueError, match="zip"):
        _ema.update(sequential(), functional(), 0.9)
