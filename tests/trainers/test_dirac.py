"""Whole training steps against recursions worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import dirac
from tfgan_tricks import penalties

DEFAULT_PENALTIES = {
    trainers.WGANGP: (penalties.InterpolatedGradientPenalty(10.0),),
    trainers.R3GAN: (penalties.R1(1.0), penalties.R2(1.0)),
}


@pytest.mark.parametrize("cls", dirac.GAMES)
def test_every_trainer_follows_its_recursion(cls):
    clip = {"clip": 0.9} if cls is trainers.WGAN else {}
    trainer = dirac.make(cls, discriminator_steps=2, **clip)
    expected = dirac.recursion(
        cls, 3, 2, used_penalties=DEFAULT_PENALTIES.get(cls, ()), **clip
    )
    np.testing.assert_allclose(dirac.train(trainer, 3), expected, rtol=1e-5)


@pytest.mark.parametrize("penalty", dirac.SLOPES)
def test_every_penalty_enters_the_step(penalty):
    used = (penalty(0.3),)
    trainer = dirac.make(trainers.RelativisticGAN, penalties=used)
    expected = dirac.recursion(trainers.RelativisticGAN, 3, 1, used)
    np.testing.assert_allclose(dirac.train(trainer, 3), expected, rtol=1e-5)


@pytest.mark.parametrize("schedule", ["alternating", "simultaneous"])
def test_lazy_penalties_follow_the_step_in_a_continued_run(schedule):
    used = (penalties.R1(0.3, every=3), penalties.InterpolatedGradientPenalty(0.2))
    game = {"penalties": used, "schedule": schedule}
    trainer = dirac.make(trainers.NonSaturatingGAN, **game)
    trainer.compile("sgd", "sgd", run_eagerly=schedule == "alternating")
    for player in trainer.players:
        player.optimizer.learning_rate = dirac.LEARNING_RATE
    simultaneous = {"simultaneous": schedule == "simultaneous"}
    for steps in (2, 5):
        trained = dirac.train(trainer, steps - int(trainer.step.numpy()))
        expected = dirac.recursion(
            trainers.NonSaturatingGAN, steps, 1, used, **simultaneous
        )
        np.testing.assert_allclose(trained, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("cls", "clip"),
    [
        (trainers.NonSaturatingGAN, {}),
        (trainers.RelativisticGAN, {}),
        (trainers.WGAN, {"clip": 1.15}),
    ],
)
@pytest.mark.parametrize("histories", [(0.4, 0.0), (0.0, 0.7), (0.4, 0.7)])
def test_historical_averaging_enters_the_step_of_its_player(cls, clip, histories):
    weights = dict(
        zip(("generator_history", "discriminator_history"), histories, strict=True)
    )
    trainer = dirac.make(cls, discriminator_steps=2, **weights, **clip)
    expected = dirac.recursion(cls, 12, 2, histories=histories, **clip)
    np.testing.assert_allclose(dirac.train(trainer, 12), expected, rtol=1e-4, atol=1e-5)
    plain = dirac.recursion(cls, 12, 2, **clip)
    assert np.any(np.abs(expected - plain) > 1e-3)


def test_historical_averaging_is_in_the_logs_under_its_player_s_name():
    trainer = dirac.make(trainers.LSGAN, generator_history=0.5)
    assert "g_history" in trainer.trackers and "d_history" not in trainer.trackers
    real = tf.fill([8, 1], dirac.REAL)
    logs = trainer.fit(real, batch_size=4, shuffle=False, verbose=0).history
    # Of two steps, the first starts at the mean of all values so far, itself.
    thetas = dirac.recursion(trainers.LSGAN, 1, 1, histories=(0.5, 0.0))[0], -0.8
    moved = thetas[0] - np.mean(thetas)
    np.testing.assert_allclose(logs["g_history"], [0.5 * moved**2 / 2], rtol=1e-4)


def test_reusing_the_batch_does_not_change_the_game():
    trainer = dirac.make(trainers.RelativisticGAN, reuse_real_batch=True)
    assert trainer.batches_per_step == 1
    expected = dirac.recursion(trainers.RelativisticGAN, 3, 1)
    np.testing.assert_allclose(dirac.train(trainer, 3), expected, rtol=1e-5)


def test_bare_game_circles_and_r1_converges():
    bare = dirac.make(trainers.WGAN, clip=100.0)
    damped = dirac.make(trainers.WGANGP, penalties=[penalties.R1(1.0)])
    equilibrium = np.array([dirac.REAL, 0.0])
    assert np.linalg.norm(dirac.train(bare, 100) - equilibrium) > 1.0
    np.testing.assert_allclose(dirac.train(damped, 100), equilibrium, atol=1e-3)
