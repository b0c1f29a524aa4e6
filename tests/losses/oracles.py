"""The losses' formulas once more, in numpy, each written out from its paper."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan_tricks import losses


class Oracle(NamedTuple):
    loss: losses.AdversarialLoss
    discriminator: Callable
    generator: Callable


def log_sigmoid(x):
    return -np.logaddexp(0.0, -x)


def log_one_minus_sigmoid(x):
    return -np.logaddexp(0.0, x)


def relu(x):
    return np.maximum(x, 0.0)


def cross_entropy(logits, label):
    positive, negative = log_sigmoid(logits), log_one_minus_sigmoid(logits)
    return -(label * positive + (1 - label) * negative).mean()


def gan(real, fake, label=1.0):
    return cross_entropy(real, label) + cross_entropy(fake, 0.0)


def ra(real, fake):
    return real - fake.mean(), fake - real.mean()


def ra_hinge(real, fake):
    real, fake = ra(real, fake)
    return relu(1 - real).mean() + relu(1 + fake).mean()


def ra_least_squares(real, fake):
    real, fake = ra(real, fake)
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * ((fake + 1) ** 2).mean()


def rsgan(real, fake):
    return -log_sigmoid(real - fake).mean()


def rlsgan(real, fake):
    return 0.5 * ((real - fake - 1) ** 2).mean()


def rhinge(real, fake):
    return relu(1 - (real - fake)).mean()


def swapped(function):
    return lambda real, fake: function(fake, real)


ORACLES = {
    "minimax": Oracle(
        losses.minimax(), gan, lambda real, fake: log_one_minus_sigmoid(fake).mean()
    ),
    "non_saturating": Oracle(
        losses.non_saturating(), gan, lambda real, fake: -log_sigmoid(fake).mean()
    ),
    "non_saturating, smoothed label": Oracle(
        losses.non_saturating(real_label=0.9),
        lambda real, fake: gan(real, fake, 0.9),
        lambda real, fake: -log_sigmoid(fake).mean(),
    ),
    "least_squares": Oracle(
        losses.least_squares(),
        lambda real, fake: 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
        lambda real, fake: 0.5 * ((fake - 1) ** 2).mean(),
    ),
    "least_squares, asymmetric label": Oracle(
        losses.least_squares(a=-0.5, b=2.0, c=1.25),
        lambda real, fake: 0.5 * ((real - 2) ** 2 + (fake + 0.5) ** 2).mean(),
        lambda real, fake: 0.5 * ((fake - 1.25) ** 2).mean(),
    ),
    "hinge": Oracle(
        losses.hinge(),
        lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
        lambda real, fake: -fake.mean(),
    ),
    "wasserstein": Oracle(
        losses.wasserstein(),
        lambda real, fake: fake.mean() - real.mean(),
        lambda real, fake: -fake.mean(),
    ),
    "relativistic_minimax": Oracle(
        losses.relativistic(losses.minimax()),
        rsgan,
        lambda real, fake: -rsgan(real, fake),
    ),
    "relativistic_non_saturating": Oracle(
        losses.relativistic(losses.non_saturating()), rsgan, swapped(rsgan)
    ),
    "relativistic_least_squares": Oracle(
        losses.relativistic(losses.least_squares(*losses.PEARSON)),
        rlsgan,
        swapped(rlsgan),
    ),
    "relativistic_hinge": Oracle(
        losses.relativistic(losses.hinge()), rhinge, swapped(rhinge)
    ),
    "relativistic_wasserstein": Oracle(
        losses.relativistic(losses.wasserstein()),
        lambda real, fake: (fake - real).mean(),
        lambda real, fake: (real - fake).mean(),
    ),
    "relativistic_average_minimax": Oracle(
        losses.relativistic_average(losses.minimax()),
        lambda real, fake: gan(*ra(real, fake)),
        lambda real, fake: -gan(*ra(real, fake)),
    ),
    "relativistic_average_non_saturating": Oracle(
        losses.relativistic_average(losses.non_saturating()),
        lambda real, fake: gan(*ra(real, fake)),
        lambda real, fake: gan(*ra(fake, real)),
    ),
    "relativistic_average_non_saturating, smoothed label": Oracle(
        losses.relativistic_average(losses.non_saturating(real_label=0.9)),
        lambda real, fake: gan(*ra(real, fake), 0.9),
        lambda real, fake: gan(*ra(fake, real)),
    ),
    "relativistic_average_least_squares": Oracle(
        losses.relativistic_average(losses.least_squares(*losses.PEARSON)),
        ra_least_squares,
        swapped(ra_least_squares),
    ),
    "relativistic_average_hinge": Oracle(
        losses.relativistic_average(losses.hinge()), ra_hinge, swapped(ra_hinge)
    ),
    "relativistic_average_wasserstein": Oracle(
        losses.relativistic_average(losses.wasserstein()),
        lambda real, fake: 2 * (fake.mean() - real.mean()),
        lambda real, fake: 2 * (real.mean() - fake.mean()),
    ),
}
