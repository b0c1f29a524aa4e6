"""Figures of least squares (Mao et al., 2017, arXiv:1611.04076)."""

import numpy as np
import tensorflow as tf
from scipy import stats

from launch._figures import _calculus
from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel
from launch._figures._figure import plane_curve
from tfgan_tricks import losses

CROSS_ENTROPY, LEAST_SQUARES = "sigmoid cross-entropy", "least squares"
_LOSSES = {
    CROSS_ENTROPY: losses.non_saturating(),
    LEAST_SQUARES: losses.least_squares(*losses.BINARY),
}
CODINGS = {"(a, b, c) = (-1, 1, 0)": losses.PEARSON, "(0, 1, 1)": losses.BINARY}
REAL, NEAR, FAR = "real", "fake, near", "fake, far"
BOUNDARY, TARGET, PULL = "decision boundary", "generator's target", "generator's step"
_MARKED = (-2.0, 1.0, 6.0)  # Logits of three fake images.
_MEAN_STEP = 0.5  # Of the near points: each loss would have its own learning rate.


def _points(seed):
    """Returns real points, fake points near them, and fake points on the far side."""
    random = np.random.default_rng(seed)
    real = random.normal((0.7, 0.0), 0.6, (30, 2))
    near = random.normal((-0.7, 0.0), 0.6, (30, 2))
    far = np.stack([random.uniform(3.6, 4.6, 7), np.linspace(-1.2, 1.2, 7)], axis=1)
    return real, near, far


def _logits(weights, points):
    return tf.linalg.matvec(tf.constant(points), weights[:2]) + weights[2]


def _fitted(loss, real, fake):
    """Returns the weights of the best linear discriminator."""

    def cost(weights):
        return loss.discriminator(
            real_logits=_logits(weights, real), fake_logits=_logits(weights, fake)
        )

    return _calculus.minimum(cost, np.zeros(3))[0]


def _steps(loss, weights, near, far):
    """Returns the generator's steps on fake points, scaled near the data."""
    steps = []
    for fake in (near, far):
        slopes = _calculus.slopes(
            lambda logits: loss.generator(fake_logits=logits), _logits(weights, fake)
        )
        steps.append(-slopes[:, None] * weights[:2])
    scale = _MEAN_STEP / np.linalg.norm(steps[0], axis=1).mean()
    return scale * np.concatenate(steps)


def _line(weights, logit, heights):
    return (logit - weights[2] - weights[1] * heights) / weights[0]


def _segments(starts, ends):
    gaps = np.full_like(starts, np.nan)
    return np.stack([starts, ends, gaps], axis=1).reshape(-1, 2)


def far_fakes(seed: int) -> Figure:
    """Draws linear discriminators of three groups of points, and the generator's steps.

    Args:
        seed: Seed of the points.

    Returns:
        The figure.
    """
    real, near, far = _points(seed)
    fake = np.concatenate([near, far])
    heights = np.linspace(-1.8, 1.8, 2)
    panels = []
    for name, loss in _LOSSES.items():
        is_squared = name == LEAST_SQUARES
        weights = _fitted(loss, real, near)
        ends = fake + _steps(loss, weights, near, far)
        curves = [
            plane_curve(REAL, real),
            plane_curve(NEAR, near),
            plane_curve(FAR, far),
            # Halfway between the targets 0 and 1, or at the probability 1/2.
            Curve(BOUNDARY, _line(weights, 0.5 * is_squared, heights), heights),
            plane_curve(PULL, _segments(fake, ends), "segments"),
        ]
        if is_squared:
            curves.append(Curve(TARGET, _line(weights, 1.0, heights), heights))
        panels.append(
            Panel(name, "x", "y", curves, x_range=(-2.5, 5.0), y_range=(-1.8, 1.8))
        )
    caption = (
        "The discriminator is fitted to the real and the near fake points. The far "
        "points are on its real side. Cross-entropy is content with them, and their "
        "steps are too short to see. Least squares pulls them back, to the points with "
        "logit 1. Steps are scaled to a mean of 0.5 on the near points. Mao et al., "
        "2017, arXiv:1611.04076, figure 1 and equation 9."
    )
    return Figure("Fake points on the right side, but far away", caption, panels)


def loss_curves(seed: int) -> Figure:
    """Draws the generator's loss of both methods, with near and far fakes.

    Args:
        seed: Not used.

    Returns:
        The figure.
    """
    logits = np.linspace(-6.0, 8.0, 281)
    panels = []
    for title, y_label, of in (
        ("loss", "J(G)", _calculus.values),
        ("slope", "|dJ/da|", lambda *x: np.abs(_calculus.slopes(*x))),
    ):
        curves: list[Curve] = []
        marked: list[float] = []
        for name, loss in _LOSSES.items():

            def generator(a, loss=loss):
                return loss.generator(fake_logits=a)

            curves.append(Curve(name, logits, of(generator, logits)))
            marked.extend(of(generator, _MARKED))
        places = np.tile(_MARKED, len(_LOSSES))
        curves.append(Curve("rejected, at target, far", places, marked, "points"))
        panels.append(
            Panel(title, "logit a of a fake image", y_label, curves, y_range=(-0.5, 8))
        )
    caption = (
        "Cross-entropy is flat wherever the discriminator is fooled, however far the "
        "image is from the data. Least squares is flat at one point only, its target "
        "1, and pulls harder the farther the logit is, on either side. Mao et al., "
        "2017, arXiv:1611.04076, figure 2."
    )
    return Figure("Least squares is flat at one point", caption, panels)


def densities(count: int = 2001) -> tuple[np.ndarray, dict]:
    """Returns points of a grid, and pairs of densities there that sum to 1.

    Args:
        count: Number of points.

    Returns:
        The points, and a dict of pairs of probabilities.
    """
    points = np.linspace(-12.0, 12.0, count)
    real = stats.norm.pdf(points)
    fakes = {f"N({m}, 1)": stats.norm.pdf(points, m) for m in (0, 0.5, 1, 2, 4)}
    fakes["N(0, 9)"] = stats.norm.pdf(points, 0, 3)
    fakes["Laplace(1)"] = stats.laplace.pdf(points, 1)
    fakes["two modes"] = stats.norm.pdf(points, -2) + stats.norm.pdf(points, 2)
    return points, {
        name: (real / real.sum(), fake / fake.sum()) for name, fake in fakes.items()
    }


def cost_at_best(
    coding: losses.LeastSquaresCoding, real: np.ndarray, fake: np.ndarray
) -> float:
    """Returns 2 C(G), the generator's cost under the best discriminator.

    The cost includes the term of the real data, which equation 4 of the paper adds and
    which has no gradient.

    Args:
        coding: The targets.
        real: Probabilities of the real data.
        fake: Probabilities of the fake data.

    Returns:
        The cost.
    """
    loss = losses.least_squares(*coding)
    best = _calculus.best_logits(loss, real, fake)
    costs = _calculus.values(lambda a: loss.generator(fake_logits=a), best)
    return 2.0 * float(np.sum((real + fake) * costs))


def pearson(real: np.ndarray, fake: np.ndarray) -> float:
    """Returns the chi-square divergence of p + q from 2q, the paper's equation 7.

    Args:
        real: Probabilities p of the real data.
        fake: Probabilities q of the fake data.

    Returns:
        The divergence.
    """
    return float(np.sum((fake - real) ** 2 / (real + fake)))


def chi_square(seed: int, count: int = 241) -> Figure:
    """Draws the generator's cost against Pearson's divergence.

    Args:
        seed: Not used.
        count: Number of points of the densities.

    Returns:
        The figure.
    """
    _, pairs = densities(count)
    divergences = np.array([pearson(*pair) for pair in pairs.values()])
    order = np.argsort(divergences)
    line = np.array([0.0, 2.0])
    curves = [
        Curve("chi-square", line, line),
        Curve("chi-square / 4 + 1/2", line, line / 4 + 0.5),
    ]
    for name, coding in CODINGS.items():
        costs = np.array([cost_at_best(coding, *pair) for pair in pairs.values()])
        label = f"2 C(G) with {name}"
        curves.append(Curve(label, divergences[order], costs[order], "points"))
    panel = Panel(
        f"N(0, 1) against {len(pairs)} other densities",
        "Pearson's chi-square divergence of p + q from 2q",
        "2 C(G)",
        curves,
    )
    caption = (
        "Each point is a pair of densities p and q, with the discriminator that "
        "minimizes the loss, found by bisection. With b - c = 1 and b - a = 2, the "
        "generator's cost is the divergence. With the coding (0, 1, 1) it is a quarter "
        "of the divergence plus 1/2, which has the same minimum, p = q. Mao et al., "
        "2017, arXiv:1611.04076, equations 4 to 9."
    )
    return Figure("Least squares minimizes a Pearson divergence", caption, [panel], 1)


def least_squares_optimum(seed: int) -> Figure:
    """Draws the best discriminators of both codings.

    Args:
        seed: Not used.

    Returns:
        The figure.
    """
    points, real, fake = _calculus.overlapping()
    best = [
        Curve(
            f"D* with {name}",
            points,
            _calculus.best_logits(losses.least_squares(*coding), real, fake),
        )
        for name, coding in CODINGS.items()
    ]
    panels = [
        Panel(
            "densities",
            "x",
            "probability density",
            [Curve("real, p", points, real), Curve("fake, q", points, fake)],
        ),
        Panel("best discriminator", "x", "D*(x)", best),
    ]
    caption = (
        "The best discriminator is (b p + a q) / (p + q): b where all data are real, a "
        "where all are fake. It is found by bisection of the loss' slope. Mao et al., "
        "2017, arXiv:1611.04076, equation 5."
    )
    return Figure("The best least-squares discriminator", caption, panels)
