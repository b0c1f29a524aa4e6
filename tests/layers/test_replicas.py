"""Layers on two replicas, in a process of its own, against one on the joined batch."""

import numpy as np
import pytest

from tests import replicas

SCRIPT = """
import json
import sys
import keras
import numpy as np
import tensorflow as tf
from tests import replicas
from tfgan_tricks import layers

INITIALIZER = keras.initializers.RandomNormal(seed=1)
MAKE = {
    "discrimination": lambda: layers.MinibatchDiscrimination(
        2, 3, INITIALIZER
    ),
    "joint": lambda: layers.JointMinibatchDiscrimination(2, 3, INITIALIZER),
    "std_dev": layers.MinibatchStdDev,
    "spectral": lambda: layers.SpectralNormalization(
        keras.layers.Dense(4, kernel_initializer=INITIALIZER)
    ),
}
def virtual():
    stack = [
        keras.Input((5,)),
        layers.VirtualBatchNorm(),
        layers.MinibatchDiscrimination(2, 3, INITIALIZER),
        layers.VirtualBatchNorm(),
    ]
    reference = np.random.default_rng(1).normal(size=(3, 5))
    return layers.VirtualBatchNormalized(keras.Sequential(stack), reference)

MAKE["virtual"] = virtual
# Which rows each replica gets: of a joint batch, of either half.
ROWS = {"joint": ([0, 1, 3, 4], [2, 5])}
x = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
strategy = replicas.two_replicas()

def step(layer, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True) if hasattr(layer, "u") else layer(x)
        loss = tf.reduce_sum(tf.sin(y))
    state = [tf.convert_to_tensor(w) for w in layer.non_trainable_weights]
    return y, *tape.gradient(loss, [x, layer.trainable_weights]), state

def of_replicas(values):
    return [v.numpy() for v in strategy.experimental_local_results(values)]

results = {}
for name, make in MAKE.items():
    single = make()
    single.build((None, 5))
    expected = step(single, tf.constant(x))
    with strategy.scope():
        layer = make()
        layer.build((None, 5))
    rows = ROWS.get(name, ([0, 1, 2], [3, 4, 5]))
    parts = strategy.experimental_distribute_values_from_function(
        lambda c: tf.constant(x[rows[c.replica_id_in_sync_group]])
    )
    order = np.concatenate(rows)
    y, dx, dw, state = tf.function(lambda x: strategy.run(step, (layer, x)))(parts)
    results[name] = [
        [expected[0].numpy()[order], np.concatenate(of_replicas(y))],
        [expected[1].numpy()[order], np.concatenate(of_replicas(dx))],
        *([a, sum(of_replicas(b))] for a, b in zip(expected[2], dw)),
        *([a, b] for a, bs in zip(expected[3], state) for b in of_replicas(bs)),
    ]
print(json.dumps(results, default=lambda x: np.array(x).tolist()))
"""


@pytest.fixture(scope="module")
def results():
    return replicas.printed_by(SCRIPT)


@pytest.mark.parametrize(
    ("layer", "count"),
    [
        ("discrimination", 4),
        ("joint", 4),
        ("std_dev", 2),
        ("spectral", 6),
        ("virtual", 10),
    ],
)
def test_two_replicas_have_the_values_and_the_gradients_of_one(results, layer, count):
    assert len(results[layer]) == count
    for single, both in results[layer]:
        np.testing.assert_allclose(both, single, rtol=1e-4, atol=1e-5)
