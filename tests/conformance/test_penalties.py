"""Properties of every public penalty."""

import dataclasses
import inspect

import keras
import pytest
import tensorflow as tf

from tests.penalties.test_historical_average import ORACLES as PARAMETER_ORACLES
from tests.penalties.test_penalties import LINEAR
from tests.trainers.dirac import SLOPES
from tfgan_tricks import penalties

PUBLIC = {value for value in vars(penalties).values() if inspect.isclass(value)}
ON_PARAMETERS = {penalties.HistoricalAverage}
ON_SAMPLES = PUBLIC - ON_PARAMETERS
every_penalty = pytest.mark.parametrize("kind", LINEAR, ids=lambda kind: kind.__name__)


def test_every_public_penalty_has_its_oracles_and_every_oracle_a_penalty():
    assert ON_SAMPLES == set(LINEAR)
    assert ON_SAMPLES == set(SLOPES)
    assert ON_PARAMETERS == set(PARAMETER_ORACLES)


def test_names_differ():
    assert len({kind.name for kind in ON_SAMPLES}) == len(ON_SAMPLES)


@every_penalty
def test_configuration_makes_it_again(kind):
    penalty = kind(weight=0.25)
    config = keras.saving.serialize_keras_object(penalty)
    assert keras.saving.deserialize_keras_object(config) == penalty


@every_penalty
def test_it_is_frozen(kind):
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().weight = 2.0


@every_penalty
@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_equals_eager(kind, jit_compile):
    def critic(x):
        return tf.reduce_sum(tf.square(x), axis=1)

    real, fake = tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.zeros([2, 2])
    if jit_compile and kind is penalties.DraganPenalty:
        real = tf.ones([2, 2])  # No spread, hence no noise, which XLA draws anew.
    arguments = {"real": real, "fake": fake, "seed": tf.constant([1, 2])}
    if jit_compile and kind in (
        penalties.InterpolatedGradientPenalty,
        penalties.ZeroCenteredInterpolated,
    ):
        arguments["fake"] = real
    eager = kind(3.0)(critic, **arguments)
    compiled = tf.function(
        lambda real, fake, seed: kind(3.0)(critic, real=real, fake=fake, seed=seed),
        jit_compile=jit_compile,
    )(**arguments)
    tf.debugging.assert_near(compiled, eager, rtol=1e-5)


@pytest.mark.parametrize("kind", PARAMETER_ORACLES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_penalties_on_parameters_are_what_their_oracle_says(kind, jit_compile):
    oracle = PARAMETER_ORACLES[kind]
    values = [[1.0, -2.0], [4.0, 0.5], [-3.0, 1.5]]
    theta = tf.Variable(values[0])
    penalty = kind([theta], 0.75)

    @tf.function(jit_compile=jit_compile)
    def step(value):
        theta.assign(value)
        penalty.update([theta])
        return penalty([theta])

    for count, value in enumerate(values, start=1):
        expected = oracle(0.75, [[value] for value in values[:count]])
        tf.debugging.assert_near(step(tf.constant(value)), expected, rtol=1e-5)
