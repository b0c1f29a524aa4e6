"""Whole training steps against recursions worked out by hand."""

import numpy as np
import pytest

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
