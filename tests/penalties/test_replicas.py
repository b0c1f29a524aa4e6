"""Historical averages on two replicas, in a process of its own."""

import numpy as np
import pytest

import trainers
from tests import replicas
from tests.trainers import dirac

SCRIPT = """
import json
import tensorflow as tf
import trainers
from tests import replicas
from tests.trainers import dirac
from tfgan_tricks import _compat

strategy = replicas.two_replicas()
arguments = {"generator_history": 0.4, "discriminator_history": 0.7}
with strategy.scope():
    trainer = dirac.make(trainers.NonSaturatingGAN, **arguments)
real = tf.fill([4 * 4, 1], dirac.REAL)
dataset = tf.data.Dataset.from_tensor_slices(real).batch(4, drop_remainder=True)
trainer.fit(dataset, verbose=0)

def of_replicas(variable):
    variable = variable.value if _compat.KERAS_3 else variable
    values = strategy.experimental_local_results(variable)
    return [float(value.numpy().item()) for value in values]

copies = {}
for player in ("generator", "discriminator"):
    history = getattr(trainer, player + "_history")
    copies[player] = {
        "theta": of_replicas(getattr(trainer, player).trainable_variables[0]),
        "mean": of_replicas(history.means[0]),
        "count": of_replicas(history.count),
    }
print(json.dumps(copies))
"""


@pytest.fixture(scope="module")
def copies():
    return replicas.printed_by(SCRIPT)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_both_replicas_hold_the_state_of_the_recursion(copies, player):
    path = [
        dirac.recursion(trainers.NonSaturatingGAN, steps, 1, histories=(0.4, 0.7))
        for steps in range(5)
    ]
    values = np.array(path)[:, int(player == "discriminator")]
    expected = {"theta": values[4], "mean": values[:4].mean(), "count": 4}
    assert copies[player].keys() == expected.keys()
    for name, (first, second) in copies[player].items():
        assert first == second
        np.testing.assert_allclose(first, expected[name], rtol=1e-5)
