"""Figures of the Dirac-GAN (Mescheder et al., 2018, arXiv:1801.04406)."""

from collections.abc import Callable
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from launch._figures import _calculus
from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel
from launch._figures._figure import plane_curve
from tfgan_tricks import losses
from tfgan_tricks import penalties

RATE = 0.2
PATH, START, EQUILIBRIUM = "path", "start", "equilibrium"
_GAME = (
    "A generator with one parameter theta, a discriminator psi x, and real data at 0."
)
_LARGEST = 4.0  # The paths that leave the panels are drawn as far as this.
LOSSES = {
    "minimax": losses.minimax(),
    "non-saturating": losses.non_saturating(),
    "least squares (-1, 1, 0)": losses.least_squares(*losses.PEARSON),
    "least squares (0, 1, 1)": losses.least_squares(*losses.BINARY),
    "hinge": losses.hinge(),
    "Wasserstein": losses.wasserstein(),
    "relativistic": losses.relativistic(losses.non_saturating()),
    "relativistic average": losses.relativistic_average(losses.non_saturating()),
}
PENALTIES: dict[str, Callable | float] = {
    "R1(0.3)": penalties.R1(0.3),
    "R1(1)": penalties.R1(1.0),
    "R2(1)": penalties.R2(1.0),
    "0-GP(0.5)": penalties.ZeroCenteredInterpolated(0.5),
    "WGAN-GP(0.3)": penalties.InterpolatedGradientPenalty(0.3),
    "one-sided GP(0.3)": penalties.InterpolatedGradientPenalty(0.3, one_sided=True),
    "DRAGAN(0.3)": penalties.DraganPenalty(0.3),
    "historical(0.1)": 0.1,
}


def path(
    loss: losses.AdversarialLoss,
    penalty: Callable | float | None = None,
    steps: int = 500,
) -> np.ndarray:
    """Returns the path of the Dirac-GAN under simultaneous gradient descent.

    The generator always gives theta, the discriminator is C(x) = psi x, and all real
    data are 0. The path starts at (1, 1), and the equilibrium is (0, 0).

    Args:
        loss: The loss.
        penalty: A penalty on the discriminator, or the weight of the historical
            averaging of both players, or `None`.
        steps: Number of steps.

    Returns:
        Array of theta and psi, of shape `[steps + 1, 2]`.
    """
    theta, psi = tf.Variable(1.0), tf.Variable(1.0)
    real = tf.zeros([2, 1])
    weight = penalty if isinstance(penalty, float) else 0.0
    averages = [
        penalties.HistoricalAverage([player], weight) for player in (theta, psi)
    ]

    def distance(average, player):
        average.update([player])
        return average([player])

    def of_generator(step):
        logits = psi * (theta + real)
        cost = loss.generator(fake_logits=logits, real_logits=psi * real)
        return cost + distance(averages[0], theta)

    def of_discriminator(step):
        fake = theta + real
        cost = loss.discriminator(real_logits=psi * real, fake_logits=psi * fake)
        if callable(penalty):
            seed = tf.stack([0, step])
            cost += penalty(lambda x: psi * x, real=real, fake=fake, seed=seed)
        return cost + distance(averages[1], psi)

    return _calculus.descent(
        (of_generator, of_discriminator), (theta, psi), RATE, steps
    )


def _panel(name, walked, is_first):
    outside = np.abs(walked).max(axis=1) > _LARGEST
    shown = walked[: int(np.argmax(outside)) + 1] if outside.any() else walked
    curves = [
        plane_curve(PATH, shown, "line"),
        plane_curve(START, walked[:1]),
        Curve(EQUILIBRIUM, [0.0], [0.0], "points"),
    ]
    away = float(np.linalg.norm(walked[-1]))
    ends = (-2.6, 2.6)
    return Panel(
        f"{name}\nends {away:.2g} away",
        "theta",
        "psi" if is_first else "",
        curves,
        x_range=ends,
        y_range=ends,
        is_map=True,
    )


def _grid(paths: dict[str, np.ndarray]) -> Sequence[Panel]:
    return [
        _panel(name, walked, index % 4 == 0)
        for index, (name, walked) in enumerate(paths.items())
    ]


def dirac_losses(seed: int, steps: int = 500) -> Figure:
    """Draws the paths of all losses without a penalty.

    Args:
        seed: Not used.
        steps: Number of steps.

    Returns:
        The figure.
    """
    panels = _grid({name: path(loss, None, steps) for name, loss in LOSSES.items()})
    caption = (
        f"{_GAME} {steps} steps of simultaneous gradient descent with learning rate "
        f"{RATE:g}. Without a penalty, no loss reaches the equilibrium (0, 0): the "
        "paths circle, leave, or stop elsewhere. Mescheder et al., 2018, "
        "arXiv:1801.04406, section 2 and figure 3."
    )
    return Figure("The Dirac-GAN without a penalty", caption, panels, 4, 2.1)


def dirac_penalties(seed: int, steps: int = 500) -> Figure:
    """Draws the paths of the non-saturating loss with each penalty.

    Args:
        seed: Not used.
        steps: Number of steps.

    Returns:
        The figure.
    """
    loss = LOSSES["non-saturating"]
    panels = _grid({name: path(loss, each, steps) for name, each in PENALTIES.items()})
    caption = (
        f"{_GAME} The loss is non-saturating. The zero-centered penalties R1, R2 and "
        "0-GP lead to the equilibrium, as does historical averaging, slowly. WGAN-GP "
        "and DRAGAN ask for a slope of 1, but the slope is 0 at the equilibrium: the "
        "paths keep circling. The one-sided form does nothing below a slope of 1. "
        "Mescheder et al., 2018, arXiv:1801.04406, sections 3 and 4, and figure 3."
    )
    return Figure("The Dirac-GAN with a penalty", caption, panels, 4, 2.1)
