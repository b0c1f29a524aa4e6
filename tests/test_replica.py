"""The public functions for layers on several replicas, against numpy on the batch."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfgan_tricks
from tests import replicas
from tfgan_tricks import replica

SCRIPT = """
import doctest
import json
import keras
import numpy as np
import tensorflow as tf
from tests import replicas
from tfgan_tricks import replica

strategy = replicas.two_replicas()
x = tf.constant(np.random.default_rng(0).normal(1.0, 2.0, (5, 3)), tf.float32)
ROWS = [[0, 1, 2], [3, 4]]

def share(rows=ROWS):
    return strategy.experimental_distribute_values_from_function(
        lambda c: tf.gather(x, rows[c.replica_id_in_sync_group])
    )

def of_each(values):
    locals_ = strategy.experimental_local_results(values)
    return [np.asarray(value).tolist() for value in locals_]

def run(function, *arguments):
    return tf.function(lambda: strategy.run(function, arguments))()

def gradient(values):
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = tf.reduce_sum(tf.square(replica.global_mean(values, axis=0)))
        loss += tf.reduce_sum(tf.sin(replica.gather(values)[1:]))
    return tape.gradient(loss, values)

def alone(values):
    with replica.each_for_itself():
        draw = replica.stateless_normal([2, 3], [4, 5])
        return replica.global_mean(values), replica.gather(values), draw

def assign(values):
    own = values[0, 0]
    averaged.assign(own)
    first.assign(tf.cast(own > 0.0, tf.int64) + 1 + replica_id())

def replica_id():
    context = tf.distribute.get_replica_context()
    return tf.cast(context.replica_id_in_sync_group, tf.int64)

with strategy.scope():
    layer = keras.layers.Layer()
    averaged = replica.add_state(layer, "averaged", ())
    first = replica.add_state(layer, "first", (), dtype="int64", mean=False)

run(assign, share())
names = {"keras": keras, "tf": tf, **vars(replica)}
examples = doctest.DocTestParser().get_examples(replica.__doc__)
exec(examples[0].source, names)
with strategy.scope():
    centering = names["Centering"]()
    centering.build((None, 3))

value = lambda v: getattr(v, "value") if not callable(v.value) else v
print(json.dumps({
    "x": x.numpy().tolist(),
    "mean": of_each(run(lambda v: replica.global_mean(v), share())),
    "means": of_each(run(lambda v: replica.global_mean(v, axis=0), share())),
    "gather": of_each(run(replica.gather, share())),
    "gradient": of_each(run(gradient, share())),
    "normal": of_each(
        run(lambda v: replica.stateless_normal(tf.unstack(tf.shape(v)), [4, 5]),
            share())
    ),
    "noise": of_each(
        run(lambda v: replica.stateless_noise([tf.shape(v)[0], 3], [4, 5]), share())
    ),
    "uniform": of_each(
        run(lambda v: replica.stateless_uniform([tf.shape(v)[0], 2], [4, 5]), share())
    ),
    "alone": [of_each(each) for each in run(alone, share())],
    "averaged": of_each(value(averaged)),
    "first": of_each(value(first)),
    "centered": of_each(run(lambda v: centering(v, training=True), share())),
    "moving mean": of_each(value(centering.moving_mean)),
}))
"""
PARTS = slice(None, 3), slice(3, None)


@pytest.fixture(scope="module")
def results():
    return {
        name: np.array(value) if name == "x" else value
        for name, value in replicas.printed_by(SCRIPT).items()
    }


def assert_each(values, *expected):
    """Asserts the values of two replicas, by one expectation or one for each."""
    expected = expected * 2 if len(expected) == 1 else expected
    for value, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


def shares(array):
    return [np.asarray(array)[rows] for rows in PARTS]


def test_means_weigh_every_row_alike_though_shares_differ(results):
    x = results["x"]
    assert_each(results["mean"], x.mean())
    assert_each(results["means"], x.mean(axis=0))
    unweighted = np.mean([part.mean(axis=0) for part in shares(x)], axis=0)
    assert np.abs(unweighted - x.mean(axis=0)).max() > 1e-2


def test_gather_joins_rows_in_the_order_of_the_replicas(results):
    assert_each(results["gather"], results["x"])


def test_gradients_reach_the_rows_of_all_replicas(results):
    """Each replica has the loss of all, so a row's gradient is the sum of both."""
    x = results["x"]
    of_mean = np.broadcast_to(2 * x.mean(axis=0) / len(x), x.shape)
    of_rows = np.cos(x) * (np.arange(len(x)) > 0)[:, None]
    assert_each(results["gradient"], *shares(2 * (of_mean + of_rows)))


def noise(shape, seed):
    """Returns the documented function of random bits, in double precision."""
    rows, columns = shape[0], int(np.prod(shape[1:]))
    bits = {"minval": None, "maxval": None, "dtype": tf.uint32, "alg": "philox"}
    words = tf.random.stateless_uniform([rows, (columns + 1) // 2], seed, **bits)
    a, b = np.split(words.numpy().view("<u2").astype("float64"), 2, axis=1)
    complex_rows = np.sqrt(-2 * np.log((a + 0.5) / 2**16)) * np.exp(
        2j * np.pi * b / 2**16
    )
    values = np.concatenate([complex_rows.real, complex_rows.imag], axis=1)
    return values[:, :columns].reshape(shape)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("shape", [[4], [5, 3], [3, 2, 5], [2, 8]])
def test_noise_equals_its_formula(shape, jit_compile):
    draw = tf.function(replica.stateless_noise, jit_compile=jit_compile)
    actual = draw(shape, tf.constant([4, 5], tf.int64))
    assert actual.shape == shape and actual.dtype == tf.float32
    np.testing.assert_allclose(actual, noise(shape, [4, 5]), rtol=1e-5, atol=2e-6)


def test_noise_is_normal_and_independent():
    values = replica.stateless_noise([1000, 1000], [1, 2]).numpy().astype("float64")
    assert stats.kstest(values.ravel(), "norm").statistic < 0.002
    moments = [np.mean(values**power) for power in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.01, rtol=0.01)
    assert 4.5 < np.abs(values).max() < 4.86
    halves = np.split(values, 2, axis=1)
    for one, other in [halves, (values[:-1], values[1:])]:
        for function in (np.array, np.abs):
            correlation = np.corrcoef(function(one).ravel(), function(other).ravel())
            assert abs(correlation[0, 1]) < 0.005


def test_noise_of_a_row_does_not_depend_on_the_number_of_rows():
    few, many = (replica.stateless_noise([n, 7], [3, 1]).numpy() for n in (2, 5))
    np.testing.assert_array_equal(few, many[:2])
    dynamic = tf.function(lambda n: replica.stateless_noise([n, 7], [3, 1]))
    np.testing.assert_allclose(dynamic(tf.constant(5)), many, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "draw", "columns"),
    [
        ("normal", tf.random.stateless_normal, 3),
        ("uniform", tf.random.stateless_uniform, 2),
    ],
)
def test_numbers_are_drawn_for_the_global_batch(results, name, draw, columns):
    assert_each(results[name], *shares(draw([5, columns], seed=[4, 5], alg="philox")))


def test_noise_is_drawn_for_the_global_batch(results):
    assert_each(results["noise"], *shares(noise([5, 3], [4, 5])))


def test_a_batch_that_all_have_is_each_ones_own(results):
    mean, gathered, draw = results["alone"]
    assert_each(mean, *(part.mean() for part in shares(results["x"])))
    assert_each(gathered, *shares(results["x"]))
    assert_each(draw, tf.random.stateless_normal([2, 3], seed=[4, 5], alg="philox"))


def test_state_stores_the_mean_or_the_first_replicas_value(results):
    one, other = results["x"][[0, 3], 0]
    assert_each(results["averaged"], (one + other) / 2)
    assert_each(results["first"], int(one > 0) + 1)


def test_the_layer_of_the_example_computes_global_statistics(results):
    x = results["x"]
    assert_each(results["centered"], *shares(x - x.mean(axis=0)))
    assert_each(results["moving mean"], 0.1 * x.mean(axis=0))


def test_it_is_public():
    assert tfgan_tricks.replica.add_state.__module__ == "tfgan_tricks.replica"
