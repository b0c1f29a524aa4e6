"""Penalties on real and fake images use the passes of the loss, where that is exact."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import test_simultaneous as simultaneous
from tests.trainers import toy
from tests.trainers.test_conditional import calls
from tfgan_tricks import layers
from tfgan_tricks import penalties
from trainers import _calls

REAL = trainers.Batch(tf.constant(toy.points(8)))
PENALTIES = (penalties.R1(0.4), penalties.R2(0.3))


def spectral(mode):
    return layers.SpectralNormalization(simultaneous.dense(3, "tanh"), mode=mode)


def frozen(layer):
    layer.trainable = False
    return layer


REPEATABLE = {
    "plain": lambda: simultaneous.dense(3, "softplus"),
    "spectral norm": lambda: spectral("divide"),
    "projected": lambda: spectral("project"),
    "comparison": lambda: layers.MinibatchDiscrimination(2, 3),
    "layer norm": keras.layers.LayerNormalization,
    "frozen averages": lambda: frozen(keras.layers.BatchNormalization()),
}
UNREPEATABLE = {
    "dropout": lambda: layers.Dropout(0.5),
    "dropout of Keras": lambda: keras.layers.Dropout(0.5),
    "noise": lambda: layers.GaussianNoise(0.5),
    "noise of Keras": lambda: keras.layers.GaussianNoise(0.5),
    "averages": keras.layers.BatchNormalization,
}


def made(middle, used=PENALTIES, **arguments):
    keras.utils.set_random_seed(1)
    network = simultaneous.critic(middle())
    return simultaneous.made(
        trainers.RelativisticGAN, network, {}, penalties=used, **arguments
    )


@pytest.mark.parametrize(
    ("name", "schedule"),
    [*((name, "alternating") for name in REPEATABLE), ("plain", "simultaneous")],
)
def test_a_shared_pass_equals_a_pass_of_its_own(name, schedule):
    shared, alone = (made(REPEATABLE[name], schedule=schedule) for _ in range(2))
    assert shared.discriminator_player.is_repeatable
    alone.discriminator_player.is_repeatable = False
    before = simultaneous.weights(shared)
    of_shared, of_alone = (calls_of(each, schedule) for each in (shared, alone))
    assert of_alone == of_shared + (2 if schedule == "alternating" else 1)
    simultaneous.assert_same(shared, alone, before)
    for one, other in zip(
        shared.trackers.values(), alone.trackers.values(), strict=True
    ):
        np.testing.assert_allclose(one.result(), other.result(), rtol=1e-6)
        assert one.result() != 0.0 or one.name == "g_loss"
    toy.assert_equal_weights(shared, alone, rtol=1e-4, atol=1e-5)


def calls_of(trainer, schedule="alternating"):
    """Updates the discriminator; returns how often it has run."""
    seen = calls(trainer.discriminator)
    if schedule == "simultaneous":
        trainer.update_both(REAL)
    else:
        trainer.update_discriminator(REAL)
    return len(seen)


@pytest.mark.parametrize("name", UNREPEATABLE)
def test_penalties_run_alone_where_a_pass_differs_from_another(name):
    trainer = made(UNREPEATABLE[name])
    assert not trainer.discriminator_player.is_repeatable
    assert calls_of(trainer) == 4


def test_lazy_penalties_and_penalties_elsewhere_run_alone():
    lazy = made(REPEATABLE["plain"], [penalties.R1(every=2)])
    assert calls_of(lazy) == 3
    between = made(REPEATABLE["plain"], [penalties.InterpolatedGradientPenalty()])
    assert calls_of(between) == 3


def test_a_penalty_may_change_the_critic():
    """Only the critic that a penalty receives has run on the real images."""

    class Doubled(penalties.R1):
        name = "doubled"

        def __call__(self, critic, **arguments):
            return super().__call__(lambda x: 2.0 * critic(x), **arguments)

    trainer = made(REPEATABLE["plain"], [penalties.R1(1.0), Doubled(1.0)])
    assert calls_of(trainer) == 3
    one, two = (trainer.trackers[name].result() for name in ("r1", "doubled"))
    np.testing.assert_allclose(two, 4.0 * one, rtol=1e-5)


def test_a_compiled_step_is_an_eager_step():
    eager, compiled = (made(REPEATABLE["plain"]) for _ in range(2))
    eager.update_discriminator(REAL)
    tf.function(compiled.update_discriminator, autograph=False)(REAL)
    toy.assert_equal_weights(eager, compiled, rtol=1e-5, atol=1e-6)


def test_state_behind_a_call_counts_and_reading_does_not():
    table = keras.Sequential(
        [keras.Input((2,), dtype="int32"), keras.layers.Embedding(3, 2)]
    )
    assert _calls.effects(table) == (False, True)
    regularized = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_regularizer="l2")]
    )
    assert _calls.effects(regularized) == (True, True)
