"""A non-saturating game of two scalars, a step an epoch, and the same by hand."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

import trainers
from tests.trainers import dirac

RATES = (0.2, 0.2)  # The generator's and the discriminator's.


class State(NamedTuple):
    """The two scalars after a step, and the losses that it reports."""

    theta: float
    psi: float
    d_loss: float = float("nan")
    g_loss: float = float("nan")


# The discriminator's loss falls for nine steps, then it rises.
START = State(2.5, 1.2)


def softplus(x):
    return np.logaddexp(0.0, x)


def after(state, rates=RATES):
    """Returns the state one step later, at these learning rates of plain SGD."""
    theta, psi, *_ = state
    real, fake = psi * dirac.REAL, psi * theta
    d_loss = softplus(-real) + softplus(fake)
    slope = -dirac.sigmoid(-real) * dirac.REAL + dirac.sigmoid(fake) * theta
    psi -= rates[1] * slope
    g_loss = softplus(-psi * theta)
    theta += rates[0] * dirac.sigmoid(-psi * theta) * psi
    return State(theta, psi, d_loss, g_loss)


def by_hand(epochs, rates=lambda epoch: RATES, start=START):
    """Returns the states after each epoch."""
    states = []
    for epoch in range(epochs):
        start = after(start, rates(epoch))
        states.append(start)
    return states


def make(theta=START.theta, psi=START.psi, **kwargs):
    return dirac.make(trainers.NonSaturatingGAN, theta, psi, **kwargs)


def fit(trainer, callbacks, epochs, **kwargs):
    real = tf.fill([4, 1], dirac.REAL)
    options = {"shuffle": False, "verbose": 0} | kwargs
    return trainer.fit(
        real, batch_size=4, epochs=epochs, callbacks=callbacks, **options
    )


def assert_at(trainer, state):
    np.testing.assert_allclose(dirac.state(trainer), state[:2], rtol=1e-5)
