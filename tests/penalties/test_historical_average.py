"""Historical averaging against numpy, and on the game of its paper."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks.penalties import HistoricalAverage

SHAPES = [(3, 2), (), (4,)]


def history(count=5, seed=0):
    """Returns the values of all parameters, one update after the other."""
    random = np.random.default_rng(seed)
    return [
        [random.normal(1.0, 2.0, shape).astype("float32") for shape in SHAPES]
        for _ in range(count)
    ]


def assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(tf.cast(value, variable.dtype))


def mean_of(past):
    return [np.mean(np.stack(values), axis=0) for values in zip(*past, strict=True)]


def distance(values, means):
    return sum(np.sum((v - m) ** 2) for v, m in zip(values, means, strict=True))


ORACLES = {
    HistoricalAverage: lambda weight, past: (
        weight * distance(np.asarray(past[-1]), mean_of(past))
    )
}


@pytest.mark.parametrize("weight", [0.0, 0.7, 3])
def test_value_is_the_distance_from_the_mean_of_all_values_so_far(weight):
    past = history()
    variables = [tf.Variable(value) for value in history(1, seed=1)[0]]
    penalty = HistoricalAverage(variables, weight)
    assign(variables, past[0])
    penalty.update(variables)
    assert float(penalty(variables)) < 1e-12
    for count, values in enumerate(past[1:], start=2):
        assign(variables, values)
        before = weight * distance(values, mean_of(past[: count - 1]))
        np.testing.assert_allclose(penalty(variables), before, rtol=1e-5)
        penalty.update(variables)
        after = weight * distance(values, mean_of(past[:count]))
        np.testing.assert_allclose(penalty(variables), after, rtol=1e-5)
    assert int(penalty.count.numpy()) == len(past)
    for mean, expected in zip(penalty.means, mean_of(past), strict=True):
        np.testing.assert_allclose(mean.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_gradient_equals_finite_differences_with_the_mean_held():
    past = history()
    variables = [tf.Variable(value) for value in past[0]]
    penalty = HistoricalAverage(variables, 0.7)
    for values in past[:3]:
        assign(variables, values)
        penalty.update(variables)
    assign(variables, past[3])
    with tf.GradientTape() as tape:
        value = penalty(variables)
    gradients = tape.gradient(value, variables)
    means = mean_of(past[:3])
    for which, gradient in enumerate(gradients):
        for index in np.ndindex(*gradient.shape):
            ends = []
            for step in (1e-4, -1e-4):
                moved = [value.astype("f8") for value in past[3]]
                moved[which][index] += step
                ends.append(0.7 * distance(moved, means))
            difference = (ends[0] - ends[1]) / 2e-4
            np.testing.assert_allclose(gradient[index], difference, rtol=1e-4)


@pytest.mark.parametrize(("dtype", "bits"), [("float16", 10), ("bfloat16", 7)])
def test_half_precision_parameters_are_averaged_in_float32(dtype, bits):
    """The mean of 1 and three times the next number lies between the two."""
    variable = tf.Variable([1.0, 40.0], dtype=dtype)
    penalty = HistoricalAverage([variable], 1e3)
    penalty.update([variable])
    variable.assign(tf.cast([1.0 + 2.0**-bits, 41.0], dtype))
    for _ in range(3):
        penalty.update([variable])
    (mean,) = penalty.means
    np.testing.assert_array_equal(mean.numpy(), [1.0 + 0.75 * 2.0**-bits, 40.75])
    with tf.GradientTape() as tape:
        value = penalty([variable])
    assert value.dtype == tf.float32
    expected = 1e3 * (2.0 ** (-2 * bits - 4) + 0.0625)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert tape.gradient(value, variable).dtype == dtype


def test_the_first_update_forgets_initial_weights_exactly():
    """Weights that are loaded later may be far from those at the creation."""
    variable = tf.Variable([3e38, -1e8])
    penalty = HistoricalAverage([variable])
    loaded = np.array([1e-3, 0.7], "float32")
    variable.assign(loaded)
    penalty.update([variable])
    np.testing.assert_array_equal(penalty.means[0].numpy(), loaded)


def test_a_frozen_parameter_is_averaged_exactly_and_counts_in_no_distance():
    """Both are trained, then the second alone, then both again, then neither."""
    variables = [tf.Variable(0.1), tf.Variable([1.0, 2.0])]
    penalty = HistoricalAverage(variables, 0.7)
    past = []
    for count, indices in enumerate([(0, 1), (1,), (1,), (1,), (0, 1), ()]):
        past.append([variable.numpy() for variable in variables])
        penalty.update(variables)
        if count < 5:
            np.testing.assert_array_equal(penalty.means[0].numpy(), np.float32(0.1))
        means = mean_of(past)
        expected = 0.7 * sum(np.sum((past[-1][i] - means[i]) ** 2) for i in indices)
        with tf.GradientTape() as tape:
            value = penalty(variables, trained=[variables[i] for i in indices])
        np.testing.assert_allclose(value, expected, rtol=1e-5)
        gradients = tape.gradient(value, variables)
        assert [i for i in (0, 1) if gradients[i] is not None] == list(indices)
        variables[1].assign_add([0.5, -0.3 * count])
        if count == 4:
            variables[0].assign(4.0)


def freezable(frozen=()):
    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization()]
    layers += [keras.layers.Dense(2, use_bias=False), keras.layers.Dropout(0.5)]
    network = keras.Sequential([keras.layers.InputLayer((4,)), *layers])
    for index in frozen:
        network.layers[index].trainable = False
    return network


@pytest.mark.parametrize("at_first", [(), (0,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("later", [(), (0,), (1, 2), (0, 1, 2)])
def test_layers_are_frozen_and_unfrozen_after_its_creation(at_first, later):
    """Gamma and beta are parameters, moving statistics and seeds are not."""
    network = freezable(at_first)
    parameters = _compat.parameters(network)
    shapes = [tuple(variable.shape) for variable in parameters]
    assert shapes == [(4, 3), (3,), (3,), (3,), (3, 2)]
    penalty = HistoricalAverage(parameters, 0.7)
    for index in range(3):
        network.layers[index].trainable = index not in later
    assert [id(v) for v in _compat.parameters(network)] == [*map(id, parameters)]
    penalty.update(parameters)
    network.set_weights([weight + 2.0 for weight in network.get_weights()])
    sizes = [weights.count_params() for weights in network.layers[:3]]
    sizes[1] //= 2
    trained = sum(size for i, size in enumerate(sizes) if i not in later)
    value = penalty(parameters, trained=network.trainable_variables)
    np.testing.assert_allclose(value, 0.7 * 4.0 * trained, rtol=1e-5)


def others():
    return [tf.Variable(tf.zeros(shape)) for shape in SHAPES]


@pytest.mark.parametrize(
    ("change", "received"),
    [
        (lambda v: v[:2], r"2 variables of shapes [(3, 2), ()]"),
        (lambda v: [*v, v[0]], r"4 variables of shapes [(3, 2), (), (4,), (3, 2)]"),
        (lambda v: v[::-1], r"3 variables of shapes [(4,), (), (3, 2)]"),
    ],
)
@pytest.mark.parametrize("method", ["__call__", "update"])
def test_other_variables_than_at_the_creation_are_refused(method, change, received):
    variables = others()
    penalty = HistoricalAverage(variables)
    message = rf"`variables` must be the 3 .*Received: {re.escape(received)}$"
    with pytest.raises(ValueError, match=message):
        getattr(penalty, method)(change(variables))


def test_trained_variables_must_be_among_all():
    penalty = HistoricalAverage(variables := others())
    stranger = tf.Variable(1.0, name="stranger")
    with pytest.raises(ValueError, match="`trained` must .* trained with stranger"):
        penalty(variables, trained=[variables[0], stranger])


def test_a_network_that_is_not_built_has_nothing_to_average():
    with pytest.raises(ValueError, match=r"Build the network first.*variables=\[\]$"):
        HistoricalAverage([])


def test_state_is_weights_and_no_parameter():
    variables = [tf.Variable(value) for value in history()[0]]
    penalty = HistoricalAverage(variables, name="g_history")
    assert penalty.name == "g_history" and penalty.weight == 1.0
    assert not penalty.trainable_weights
    assert [tuple(w.shape) for w in penalty.weights] == [(), *SHAPES]
    assert {tf.as_dtype(mean.dtype) for mean in penalty.means} == {tf.float32}


@pytest.mark.parametrize("weight", [-0.1, float("nan")])
def test_a_weight_below_zero_is_refused(weight):
    with pytest.raises(ValueError, match=f"`weight` must .* Received: weight={weight}"):
        HistoricalAverage([tf.Variable(1.0)], weight)


RATE = 0.01


def recursion(weight, steps):
    """Plays the paper's game (f(x) - 1)(y - 1) by hand; returns distances to (1, 1)."""
    players = np.array([0.5, 0.5])
    mean = players.copy()
    distances = []
    for step in range(steps):
        x, y = players
        value, slope = (x, 1.0) if x < 0 else (x * x, 2.0 * x)
        gradient = np.array([slope * (y - 1.0), 1.0 - value])
        players = players - RATE * (gradient + 2.0 * weight * (players - mean))
        mean += (players - mean) / (step + 2)
        distances.append(np.hypot(*(players - 1.0)))
    return np.array(distances)


class Player(tf.Module):
    def __init__(self, weight):
        self.place = tf.Variable(0.5)
        self.history = HistoricalAverage([self.place], weight)

    def descend(self, tape, loss):
        self.place.assign_sub(RATE * tape.gradient(loss, self.place))


def play(weight, steps):
    """Plays it by simultaneous gradient descent; returns distances to (1, 1)."""
    x, y = Player(weight), Player(weight)

    @tf.function
    def run():
        distances = tf.TensorArray(tf.float32, size=steps)
        for step in tf.range(steps):
            x.history.update([x.place])
            y.history.update([y.place])
            with tf.GradientTape(persistent=True) as tape:
                bent = tf.where(x.place < 0.0, x.place, tf.square(x.place))
                game = (bent - 1.0) * (y.place - 1.0)
                x_loss = game + x.history([x.place])
                y_loss = -game + y.history([y.place])
            x.descend(tape, x_loss)
            y.descend(tape, y_loss)
            gap = tf.stack([x.place, y.place]) - 1.0
            distances = distances.write(step, tf.norm(gap))
        return distances.stack()

    return run().numpy()


def test_on_the_game_of_the_paper_plain_descent_orbits():
    distances = play(0.0, 20_000)
    np.testing.assert_allclose(distances[:1000], recursion(0.0, 1000), rtol=1e-2)
    assert 10.0 < distances[-2000:].max() < 30.0


@pytest.mark.parametrize(("weight", "final"), [(0.1, 1.5e-4), (1.0, 0.0331)])
def test_on_the_game_of_the_paper_averaging_finds_the_equilibrium(weight, final):
    distances, expected = play(weight, 20_000), recursion(weight, 20_000)
    np.testing.assert_allclose(distances, expected, rtol=0.05, atol=2e-5)
    np.testing.assert_allclose(distances[-1], final, rtol=0.1)
