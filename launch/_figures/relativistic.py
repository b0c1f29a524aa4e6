"""Figures of relativistic losses (Jolicoeur-Martineau, 2018, arXiv:1807.00734)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import optimize
from scipy import stats

from launch._figures import _calculus
from launch._figures import _runs
from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel
from tfgan_tricks import losses
from trainers import NonSaturatingGAN
from trainers import RelativisticAverageGAN

REAL, FAKE = "real", "fake"
STANDARD, RELATIVISTIC = "standard", "relativistic"
_STANDARD = losses.non_saturating()
_PAIRED = losses.relativistic(_STANDARD)
_EVERY = 10
_ATOMS = np.linspace(-3.0, 6.0, 10)


def _sigmoid(logits):
    return tf.sigmoid(logits).numpy()


def standard_outputs(real: Any, fake: Any) -> tuple[float, float]:
    """Returns the mean of D on real and on fake images.

    Args:
        real: Logits of real images.
        fake: Logits of fake images.

    Returns:
        A pair of probabilities.
    """
    return float(_sigmoid(real).mean()), float(_sigmoid(fake).mean())


def average_outputs(real: Any, fake: Any) -> tuple[float, float]:
    """Returns the mean of the relativistic average D on real and on fake images.

    Args:
        real: Logits of real images.
        fake: Logits of fake images.

    Returns:
        A pair of probabilities.
    """
    return (
        float(_sigmoid(real - tf.reduce_mean(fake)).mean()),
        float(_sigmoid(fake - tf.reduce_mean(real)).mean()),
    )


def _measured_run(gan, outputs, seed, steps, rates):
    """Trains a GAN, and returns the curves of D on real and on fake digits."""
    real = _runs.digits()
    latents = _runs.latents(gan.generator, 256, seed)

    def measure():
        fake = gan.generator(latents)
        return outputs(gan.discriminator(real[:256]), gan.discriminator(fake))

    measured = _runs.train(
        gan,
        real,
        steps,
        rates=rates,
        every=_EVERY,
        measure=measure,
        seed=seed,
    )
    done, pairs = zip(*measured, strict=True)
    of_real, of_fake = np.transpose(pairs)
    return [Curve(REAL, done, of_real), Curve(FAKE, done, of_fake)]


def generator_alone(cls: type, outputs: Callable, seed: int, steps: int) -> list[Curve]:
    """Trains a discriminator alone, and then a generator against it.

    Args:
        cls: Class of the trainer.
        outputs: Function from real and fake logits to two means of D.
        seed: Seed of the run.
        steps: Number of steps of each network, a multiple of 10.

    Returns:
        The curves of D on real and on fake images during the generator's training.
    """
    gan = cls(*_runs.pair((8, 8, 1), seed), seed=seed)
    _measured_run(gan, outputs, seed, steps, (0.0, 1e-3))
    return _measured_run(gan, outputs, seed, steps, (1e-3, 0.0))


def prior_knowledge(seed: int, steps: int = 480) -> Figure:
    """Trains both kinds of GAN, and records D on real and on fake images.

    Args:
        seed: Seed of the runs.
        steps: Number of steps of each run, a multiple of 10.

    Returns:
        The figure.
    """
    kinds: dict[str, tuple[type, Callable]] = {
        STANDARD: (NonSaturatingGAN, standard_outputs),
        f"{RELATIVISTIC} average": (RelativisticAverageGAN, average_outputs),
    }
    together, alone = [], []
    for name, (cls, outputs) in kinds.items():
        gan = cls(*_runs.pair((8, 8, 1), seed), seed=seed)
        curves = _measured_run(gan, outputs, seed, steps, (1e-3, 1e-3))
        together.append(Panel(f"{name}: both train", "step", "mean of D", curves))
        curves = generator_alone(cls, outputs, seed, steps)
        title = f"{name}: G trains alone"
        alone.append(Panel(title, "step of the generator", "mean of D", curves))
    panels = [panel._replace(y_range=(-0.05, 1.05)) for panel in together + alone]
    caption = (
        "Half of the images are fake. If the fake images become more realistic than "
        "the real ones, D on real images should fall. Below, the discriminator was "
        "trained first and then kept: the standard D calls everything real, and the "
        "relativistic D of the real images falls. Data: 8x8 digits. "
        "Jolicoeur-Martineau, 2018, arXiv:1807.00734, section 3 and figure 1."
    )
    title = "Prior knowledge: half of the images are fake"
    return Figure(title, caption, panels, 2, 2.1)


def atoms(mean: float) -> np.ndarray:
    """Returns the probabilities of N(mean, 1) on the atoms.

    Args:
        mean: Mean of the distribution.

    Returns:
        Probabilities, which sum to 1.
    """
    density = stats.norm.pdf(_ATOMS, mean)
    return density / density.sum()


def _of_margins(margins):
    return _PAIRED.discriminator(real_logits=margins, fake_logits=0.0 * margins)


def _standard_optimum(real, fake):
    """Returns D on real and on fake data, and log 4 minus the least loss."""
    critic = _calculus.best_logits(_STANDARD, real, fake)
    probabilities = _sigmoid(critic)
    # -log D of a real logit a and -log(1 - D) of a fake one, which is -log D of -a.
    least = np.sum(real * _negative_log(critic) + fake * _negative_log(-critic))
    return real @ probabilities, fake @ probabilities, np.log(4.0) - least


def _negative_log(logits):
    return _calculus.values(lambda a: _STANDARD.generator(fake_logits=a), logits)


def _paired_optimum(real, fake):
    """Returns D on pairs and on exchanged pairs, and log 2 minus the least loss."""
    weights = np.outer(real, fake)

    def imbalance(critic):
        margins = np.subtract.outer(critic, critic)
        slopes = weights * _calculus.slopes(_of_margins, margins.ravel()).reshape(
            weights.shape
        )
        # The loss does not depend on the mean, which is set to 0.
        return slopes.sum(axis=1) - slopes.sum(axis=0) + critic.mean()

    start = _calculus.best_logits(_STANDARD, 0.9 * real + 0.1 * fake, fake)
    critic = optimize.root(imbalance, start, tol=1e-13).x
    margins = np.subtract.outer(critic, critic)
    least = np.sum(weights.ravel() * _calculus.values(_of_margins, margins.ravel()))
    of_real, of_fake = (np.sum(weights * _sigmoid(m)) for m in (margins, -margins))
    return of_real, of_fake, np.log(2.0) - least


def divergence_paths(seed: int, count: int = 16) -> Figure:
    """Draws the best discriminators while fake data approach real data.

    Args:
        seed: Not used.
        count: Number of points of each path.

    Returns:
        The figure.
    """
    means = np.linspace(3.0, 0.0, count)
    panels: list[Panel] = []
    divergences: list[Curve] = []
    for name, optimum in (
        (STANDARD, _standard_optimum),
        (RELATIVISTIC, _paired_optimum),
    ):
        found = [optimum(atoms(0.0), atoms(mean)) for mean in means]
        of_real, of_fake, divergence = np.transpose(found)
        curves = [Curve(REAL, means, of_real), Curve(FAKE, means, of_fake)]
        panel = Panel(f"{name}: best D", "distance of the means", "mean of D", curves)
        panels.append(panel._replace(y_range=(-0.05, 1.05)))
        divergences.append(Curve(name, means, divergence))
    title, unit = "divergence", "divergence, nats"
    panels.append(Panel(title, "distance of the means", unit, divergences))
    panels = [panel._replace(x_range=(3.1, -0.1)) for panel in panels]
    caption = (
        "The fake data N(m, 1) move to the real data N(0, 1). While a divergence is "
        "minimized, D falls to 1/2 on real data as it rises to 1/2 on fake data. For "
        "the standard D, log 4 minus the least loss is twice the Jensen-Shannon "
        "divergence of p and q. For the relativistic D, log 2 minus the least loss is "
        "the Jensen-Shannon divergence of the pairs p(x) q(y) and q(x) p(y). "
        "Jolicoeur-Martineau, 2018, arXiv:1807.00734, section 3.2, and 2019, "
        "arXiv:1901.02474."
    )
    title = "Both divergences while the fake data approach the real data"
    return Figure(title, caption, panels, 3, 2.4)


def bread(seed: int) -> Figure:
    """Draws the paper's example of images of bread.

    Args:
        seed: Not used.

    Returns:
        The figure.
    """
    cases = {
        "bread 8,\nfake dog -5": (8.0, -5.0),
        "bread 8,\nfake bread 7": (8.0, 7.0),
        "odd bread -3,\nfake dog -5": (-3.0, -5.0),
    }

    def negative_log(loss, real, fake):
        real, fake = tf.constant([real], tf.float64), tf.constant([fake], tf.float64)
        return float(loss(real_logits=real, fake_logits=fake))

    def absolute(*, real_logits, fake_logits):
        return _STANDARD.generator(fake_logits=real_logits)

    curves = [
        Curve(
            label,
            tuple(cases),
            [np.exp(-negative_log(loss, *pair)) for pair in cases.values()],
            "bars",
        )
        for label, loss in (
            ("standard, sigmoid(C(x_r))", absolute),
            ("relativistic, sigmoid(C(x_r) - C(x_f))", _PAIRED.discriminator),
        )
    ]
    panel = Panel(
        "logits of a real and of a fake image",
        "",
        "probability that the real is real",
        curves,
        y_range=(0.0, 1.15),
    )
    caption = (
        "A real image of bread looks real next to a fake dog, and less so next to fake "
        "bread. A real image that looks like no bread still looks more like it than a "
        "dog does. The standard D sees one image and knows nothing of the other. The "
        "probabilities are exp(-loss). Jolicoeur-Martineau, 2018, arXiv:1807.00734, "
        "section 4, example of bread."
    )
    return Figure("How real an image is depends on the other", caption, [panel], 1)
