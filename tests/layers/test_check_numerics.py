"""`tf.debugging.enable_check_numerics()` finds the user's NaN only; it is for good."""

import pytest

from tests import replicas

SCRIPT = """
import json
import sys
import tempfile
import keras
import numpy as np
import tensorflow as tf
from tests.conformance import test_layers as table
from tests.trainers import precision
from tfgan_tricks import layers
from tfgan_tricks import networks

tf.debugging.enable_check_numerics()
found = {}

def check(name, run):
    try:
        run()
    except Exception as error:
        found[name] = repr(error)[:2000]

def learn(model, x, graph):
    def step(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(tf.cast(model(x, training=True), "float32") ** 2)
            norm = tf.reduce_sum(tape.gradient(loss, x) ** 2)
        return outer.gradient(norm, [x, *model.trainable_weights])
    (tf.function(step) if graph else step)(x)

def every_way(kind):
    model, x = table.small_model(kind)
    learn(model, x, False)
    learn(model, tf.zeros_like(x), True)
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(model(x).shape), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder + "/model.keras")
        keras.saving.load_model(folder + "/model.keras")(x)

def in_half_precision(kind):
    with precision.policy("mixed_float16"):
        model, x = table.small_model(kind)
        learn(model, x, True)

for kind in table.LAYERS:
    check(kind.__name__, lambda: every_way(kind))
    check(f"{kind.__name__} in float16", lambda: in_half_precision(kind))

def adapted():
    stack = [layers.WeightNormDense(5), layers.MinibatchDiscrimination(2, 3)]
    network = keras.Sequential([keras.Input((6,)), *stack])
    layers.adapt(network, table.X)

def refused():
    layer = layers.MinibatchDiscrimination(2, 3)
    for features in (table.X[:1], np.ones([3, 6])):
        try:
            layer.adapt(features)
        except ValueError:
            continue
        raise AssertionError(features)

def generated():
    network = networks.dcgan_generator(8, 1, 4, width=2, normalization="virtual")
    learn(network, tf.random.normal([3, 4]), True)

check("adapt", adapted)
check("adapt refuses", refused)
check("network", generated)

fired = []
for kind in table.LAYERS:
    model, x = table.small_model(kind)
    x = x.numpy()
    x[(1,) * x.ndim] = np.nan
    try:
        tf.function(model)(tf.constant(x))
    except tf.errors.InvalidArgumentError:
        fired.append(kind.__name__)
print(json.dumps([found, sorted(fired) == sorted(k.__name__ for k in table.LAYERS)]))
"""


@pytest.fixture(scope="module")
def results():
    return replicas.printed_by(SCRIPT)


def test_it_does_not_fire_on_our_own_numbers(results):
    assert results[0] == {}


def test_it_fires_on_a_nan_of_the_user(results):
    assert results[1]
