"""Figures of improved techniques (Salimans et al., 2016, arXiv:1606.03498)."""

import keras
import numpy as np
import tensorflow as tf

from launch._figures import _calculus
from launch._figures import _runs
from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel
from launch._figures._figure import plane_curve
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import losses
from tfgan_tricks import networks
from tfgan_tricks import penalties
from trainers import NonSaturatingGAN

HISTORY_WEIGHTS = (0.0, 0.1, 1.0)
_HISTORY_RATE = 0.01
PLAIN, WITH_LAYER = "fake, plain", "fake, with minibatch discrimination"
REAL = "real"
_EVERY = 30
_NUM_KERNELS = 16


def label_smoothing(seed: int) -> Figure:
    """Draws the best discriminators with and without one-sided label smoothing.

    Args:
        seed: Not used.

    Returns:
        The figure.
    """
    points, real, fake = _calculus.overlapping()
    best = []
    for target in (1.0, 0.9, 0.75):
        loss = losses.non_saturating(real_label=target)
        probabilities = tf.sigmoid(_calculus.best_logits(loss, real, fake)).numpy()
        best.append(Curve(f"target {target:g}", points, probabilities))
    panels = [
        Panel(
            "densities",
            "x",
            "probability density",
            [Curve("real, p", points, real), Curve("fake, q", points, fake)],
        ),
        Panel("best discriminator", "x", "D*(x)", best, y_range=(-0.05, 1.05)),
    ]
    caption = (
        "With the target alpha for real data, the best discriminator is alpha p / "
        "(p + q). It is never surer than alpha, and 0 stays the target for fake data, "
        "so that q alone never looks real. Found by bisection of the loss' slope. "
        "Salimans et al., 2016, arXiv:1606.03498, section 3.4."
    )
    return Figure("One-sided label smoothing", caption, panels)


def _history_path(weight, steps):
    """Returns the path of both players in the paper's game, from (0.5, 0.5)."""
    x, y = tf.Variable(0.5), tf.Variable(0.5)
    averages = [penalties.HistoricalAverage([player], weight) for player in (x, y)]

    def value():
        return (tf.where(x < 0.0, x, x * x) - 1.0) * (y - 1.0)

    def cost(sign, player, average):
        def of_step(step):
            average.update([player])
            return sign * value() + average([player])

        return of_step

    costs = [cost(1.0, x, averages[0]), cost(-1.0, y, averages[1])]
    return _calculus.descent(costs, (x, y), _HISTORY_RATE, steps)


def historical_averaging(seed: int, steps: int = 20_000) -> Figure:
    """Draws gradient descent in the paper's game, for three weights of the penalty.

    Args:
        seed: Not used.
        steps: Number of steps.

    Returns:
        The figure.
    """
    orbits, distances = [], []
    for weight in HISTORY_WEIGHTS:
        path = _history_path(weight, steps)
        label = f"weight {weight:g}"
        orbits.append(plane_curve(label, path[:3000:5], "line"))
        away = np.linalg.norm(path - 1.0, axis=1)
        distances.append(Curve(label, np.arange(len(path))[::25], away[::25]))
    panels = [
        Panel("first 3,000 steps", "x", "y", orbits, is_map=True),
        Panel(
            "distance from the equilibrium",
            "step",
            "distance from (1, 1)",
            distances,
            scales=("linear", "log"),
        ),
    ]
    caption = (
        "One player minimizes (f(x) - 1)(y - 1) over x, the other maximizes it over y, "
        "where f(x) = x below 0 and x^2 above. Plain gradient descent circles around "
        "the equilibrium (1, 1) and away from it. With historical averaging in both "
        "costs it arrives. Learning rate 0.01. Salimans et al., 2016, "
        "arXiv:1606.03498, section 3.3."
    )
    return Figure("Historical averaging finds an equilibrium", caption, panels, 2, 3.0)


def _discriminator(extra, seed):
    maker = keras.initializers.HeNormal
    stack = [keras.Input((2,))]
    for index in range(2):
        kernel = maker(seed=seed + index)
        stack += [keras.layers.Dense(64, kernel_initializer=kernel)]
        stack += [keras.layers.LeakyReLU(0.2)]
    last = keras.layers.Dense(1, kernel_initializer=maker(seed=seed + 2))
    return keras.Sequential([*stack, *extra, last])


def _collapsing_run(extra, probe, seed, steps):
    """Returns the steps, the similarity of fake points, and the last fake points."""
    generator = networks.mlp_generator(
        (2,), _runs.LATENT_DIM, hidden=(64, 64), seed=seed
    )
    gan = NonSaturatingGAN(generator, _discriminator(extra, seed), seed=seed)
    latents = _runs.latents(generator, 256, seed)
    batch = latents[: _runs.BATCH_SIZE]
    measured = _runs.train(
        gan,
        np.asarray(data.load("ring8").examples),
        steps,
        rates=(1e-2, 2e-4),
        every=_EVERY,
        measure=lambda: probe(generator(batch)),
        seed=seed,
    )
    done, similar = zip(*measured, strict=True)
    return done, similar, generator(latents).numpy()


def minibatch_similarity(seed: int, steps: int = 1800) -> Figure:
    """Trains a generator that collapses, with and without minibatch discrimination.

    Args:
        seed: Seed of the runs.
        steps: Number of steps of each run, a multiple of 30.

    Returns:
        The figure.
    """
    ring = data.load("ring8").examples
    probe, part = (
        layers.MinibatchDiscrimination(
            _NUM_KERNELS, 3, keras.initializers.RandomNormal(seed=seed)
        )
        for _ in range(2)
    )

    def similarity(points):
        return float(tf.reduce_mean(probe(points)[:, -_NUM_KERNELS:]))

    runs = {
        PLAIN: _collapsing_run([], similarity, seed, steps),
        WITH_LAYER: _collapsing_run([part], similarity, seed, steps),
    }
    ends = (0, steps)
    of_real = similarity(tf.constant(ring[: _runs.BATCH_SIZE], tf.float32))
    curves = [Curve(REAL, ends, (of_real, of_real))]
    clouds = []
    for label, (done, similar, points) in runs.items():
        curves.append(Curve(label, done, similar))
        clouds.append(plane_curve(label, points))
    clouds.append(plane_curve(REAL, ring[:512]))
    panels = [
        Panel("similarity o(x)", "step", "mean of o(x), at most 64", curves),
        Panel(
            "points after the run",
            "x",
            "y",
            clouds,
            x_range=(-1.6, 1.6),
            y_range=(-1.6, 1.6),
            is_map=True,
        ),
    ]
    caption = (
        "o(x) counts how many of the 64 points of a batch are like x, and 64 means "
        "that all are. One layer outside of both GANs measures them. The generator's "
        "learning rate is 50 times the discriminator's, so it collapses to one "
        "spot, which wanders. A discriminator that sees o(x) learns to reject such "
        "batches. Data: a ring of eight modes. Salimans et al., 2016, "
        "arXiv:1606.03498, section 3.2."
    )
    title = "Minibatch discrimination notices a collapse"
    return Figure(title, caption, panels, 2, 3.0)
