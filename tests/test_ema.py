import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks._ema import MovingAverage


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


def twice_the_sine(x):
    return 2 * tf.sin(x)


class Opaque(keras.layers.Layer):
    """A layer whose arguments Keras cannot write down."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function
        self.dense = keras.layers.Dense(2, twice_the_sine)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def call(self, inputs):
        return self.function(self.dense(inputs))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2)


def with_functions():
    """Returns a network with functions and layers that no file can restore."""
    layers = [
        keras.layers.InputLayer((2,)),
        keras.layers.Dense(
            3,
            lambda x: x**2,
            kernel_initializer=lambda shape, dtype=None: 3 * tf.ones(shape),
            kernel_constraint=lambda w: tf.clip_by_value(w, -1, 1),
            kernel_regularizer=lambda w: tf.reduce_sum(w**4),
        ),
        Opaque(lambda x: x + 1),
    ]
    return keras.Sequential(layers)


NETWORKS = [functional, sequential, subclassed, with_functions]
EVERY_NETWORK = pytest.mark.parametrize("make", NETWORKS)
X = tf.random.stateless_normal([6, 2], seed=[1, 2])


@EVERY_NETWORK
def test_average_starts_from_the_network_and_shares_no_variable(make):
    network = make()
    randomise(network, 0)
    average = MovingAverage(network)
    expected = network(X).numpy()
    np.testing.assert_array_equal(average(X), expected)
    randomise(network, 1)
    np.testing.assert_array_equal(average(X), expected)
    assert not np.allclose(average(X), network(X))
    average.start()
    np.testing.assert_array_equal(average(X), network(X))


@EVERY_NETWORK
@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_average_computes_what_the_network_would_with_its_weights(make, run):
    average, network = average_and_network(make)
    found = run(average)(X)
    before = network.get_weights()
    network.set_weights(average.get_weights())
    np.testing.assert_allclose(found, network(X), rtol=1e-6)
    network.set_weights(before)


@EVERY_NETWORK
def test_a_graph_follows_the_average_and_leaves_the_network_alone(make):
    average, network = average_and_network(make)
    graph = tf.function(average)
    graph(X)
    of_network = network(X).numpy()
    randomise(average, 7)
    np.testing.assert_allclose(graph(X), average(X), rtol=1e-4)
    np.testing.assert_array_equal(network(X), of_network)


def average_and_network(make=functional):
    network = make()
    average = MovingAverage(network)
    randomise(average, 2)
    randomise(network, 3)
    return average, network


def test_update_averages_parameters_and_copies_statistics():
    average, network = average_and_network()
    old, new = average.get_weights(), network.get_weights()
    average.update(0.75)
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
    average.update(0.9)
    eager = average.get_weights()
    average.set_weights(start)
    tf.function(average.update, jit_compile=jit_compile)(0.9)
    for a, b in zip(average.get_weights(), eager, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_equal_weights_stay_exactly_equal():
    network = functional()
    randomise(network, 4)
    average = MovingAverage(network)
    average.update(0.999)
    for a, w in zip(average.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, w)


def test_what_is_frozen_is_averaged_in_its_place():
    average, network = average_and_network()
    shapes = [weight.shape for weight in average.get_weights()]
    expected = [
        (a + w) / 2 if weight.trainable else w
        for a, w, weight in zip(
            average.get_weights(), network.get_weights(), network.weights, strict=True
        )
    ]
    network.layers[1].trainable = False
    average.update(0.5)
    assert [weight.shape for weight in average.get_weights()] == shapes
    for a, b in zip(average.get_weights(), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    counts = [len(average.trainable_weights), len(average.non_trainable_weights)]
    assert counts == [6, 2]


def test_the_network_is_saved_with_the_averages(tmp_path):
    average, network = average_and_network(sequential)
    before = network.get_weights()
    average.save_network(tmp_path / "network.keras")
    scope = keras.saving.custom_object_scope({"Doubling": Doubling})
    with scope:
        saved = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_allclose(saved(X), average(X), rtol=1e-6)
    for now, then in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with scope:
        average.save(tmp_path / "average.keras")
        loaded = keras.models.load_model(tmp_path / "average.keras")
    np.testing.assert_allclose(loaded(X), average(X), rtol=1e-6)


def test_half_precision_weights_are_refused():
    network = keras.Sequential(
        [keras.layers.InputLayer((2,)), keras.layers.Dense(1, dtype="bfloat16")]
    )
    with pytest.raises(ValueError, match="mixed_bfloat16.*Received: .*bfloat16"):
        MovingAverage(network)
