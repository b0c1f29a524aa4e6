"""Figures of relativistic losses (Jolicoeur-Martineau, 2018, arXiv:1807.00734)."""

from typing import Any

import numpy as np
import tensorflow as tf
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
_ATOMS = np.linspace(-2.0, 5.0, 8)
_DRAWS = 48


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
        every=max(steps // 60, 1),
        measure=measure,
        seed=seed,
    )
    done, pairs = zip(*measured, strict=True)
    of_real, of_fake = np.transpose(pairs)
    return [Curve(REAL, done, of_real), Curve(FAKE, done, of_fake)]


def prior_knowledge(seed: int, steps: int = 480) -> Figure:
    """Trains both kinds of GAN, and records D on real and on fake images.

    Args:
        seed: Seed of the runs.
        steps: Number of steps of each run.

    Returns:
        The figure.
    """
    kinds = {
        STANDARD: (NonSaturatingGAN, standard_outputs),
        f"{RELATIVISTIC} average": (RelativisticAverageGAN, average_outputs),
    }
    together, alone = [], []
    for name, (cls, outputs) in kinds.items():
        gan = cls(*_runs.pair((8, 8, 1), seed), seed=seed)
        curves = _measured_run(gan, outputs, seed, steps, (1e-3, 1e-3))
        together.append(Panel(f"{name}: both train", "step", "mean of D", curves))
        gan = cls(*_runs.pair((8, 8, 1), seed), seed=seed)
        _measured_run(gan, outputs, seed, steps, (0.0, 1e-3))
        curves = _measured_run(gan, outputs, seed, steps, (1e-3, 0.0))
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


def weights_of(mean: float) -> np.ndarray:
    """Returns how many of the draws of N(mean, 1) fall to each atom, at least one.

    Args:
        mean: Mean of the distribution.

    Returns:
        Integers that sum to the number of draws.
    """
    density = stats.norm.pdf(_ATOMS, mean)
    counts = np.maximum(np.floor(density / density.sum() * _DRAWS), 1).astype(int)
    counts[np.argmax(counts)] += _DRAWS - counts.sum()
    return counts


def best_outputs(loss: losses.AdversarialLoss, real, fake, is_paired: bool) -> tuple:
    """Returns D on real and on fake data, and the loss, for the best discriminator.

    Args:
        loss: A loss.
        real: Number of real draws at each atom.
        fake: Number of fake draws at each atom.
        is_paired: `True` for a loss of pairs, of which all are formed.

    Returns:
        A triple of two probabilities and the discriminator's least loss.
    """
    real = np.repeat(np.arange(len(real)), real)
    fake = np.repeat(np.arange(len(fake)), fake)
    if is_paired:
        real, fake = (each.ravel() for each in np.meshgrid(real, fake))

    def cost(critic):
        return loss.discriminator(
            real_logits=tf.gather(critic, real), fake_logits=tf.gather(critic, fake)
        )

    critic, least = _calculus.minimum(cost, np.zeros(len(_ATOMS)))
    if is_paired:
        margins = critic[real] - critic[fake]
        return float(_sigmoid(margins).mean()), float(_sigmoid(-margins).mean()), least
    return *standard_outputs(critic[real], critic[fake]), least


def divergence_paths(seed: int, count: int = 16) -> Figure:
    """Draws the best discriminators while fake data approach real data.

    Args:
        seed: Not used.
        count: Number of points of each path.

    Returns:
        The figure.
    """
    means = np.linspace(3.0, 0.0, count)
    real = weights_of(0.0)
    panels, divergences = [], []
    for name, loss, bound in (
        (STANDARD, _STANDARD, np.log(4.0)),
        (RELATIVISTIC, _PAIRED, np.log(2.0)),
    ):
        found = [
            best_outputs(loss, real, weights_of(mean), loss is _PAIRED)
            for mean in means
        ]
        of_real, of_fake, least = np.transpose(found)
        curves = [Curve(REAL, means, of_real), Curve(FAKE, means, of_fake)]
        panels.append(
            Panel(
                f"{name}: best D",
                "distance of the means",
                "mean of D",
                curves,
                x_range=(3.1, -0.1),
                y_range=(-0.05, 1.05),
            )
        )
        divergences.append(Curve(name, means, bound - least))
    panels.append(
        Panel(
            "divergence",
            "distance of the means",
            "divergence, nats",
            divergences,
            x_range=(3.1, -0.1),
        )
    )
    caption = (
        "The fake data N(m, 1) move to the real data N(0, 1), both on eight atoms. If a "
        "divergence is minimized, D falls to 1/2 on real data while it rises to 1/2 on "
        "fake data. log 4 minus the least loss of the standard D is twice the "
        "Jensen-Shannon divergence of p and q. log 2 minus the least relativistic loss "
        "is this divergence for pairs, of p(x) q(y) and q(x) p(y). "
        "Jolicoeur-Martineau, 2018, arXiv:1807.00734, section 3.2, and 2020, "
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
