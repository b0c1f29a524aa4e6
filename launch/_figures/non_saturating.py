"""Figures of the non-saturating loss (Goodfellow, 2016, arXiv:1701.00160)."""

import numpy as np
import tensorflow as tf

from launch._figures import _calculus
from launch._figures import _runs
from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel
from tfgan_tricks import losses
from trainers import NonSaturatingGAN

MINIMAX, NON_SATURATING = "log(1 - D), minimax", "-log D, non-saturating"
LIKELIHOOD = "-D/(1 - D), maximum likelihood"
_GENERATORS = {
    MINIMAX: losses.minimax().generator,
    NON_SATURATING: losses.non_saturating().generator,
}
_EVERY = 40
_PROBABILITY = "D(G(z)), probability of real"


def _logit(probability):
    return tf.math.log(probability) - tf.math.log1p(-probability)


def _of_logits(generator):
    return lambda logits: generator(fake_logits=logits)


def _of_probabilities(generator):
    return lambda probability: generator(fake_logits=_logit(probability))


def logarithms(seed: int) -> Figure:
    """Draws both losses, and their slopes by D and by the logit.

    Args:
        seed: Not used.

    Returns:
        The figure.
    """
    low = np.geomspace(1e-6, 0.5, 100)
    probabilities = np.concatenate([low, 1.0 - low[-2:40:-1]])
    logits = np.linspace(-10.0, 10.0, 201)
    panels = [
        Panel(
            "loss",
            _PROBABILITY,
            "J(G)",
            [
                Curve(
                    name,
                    probabilities,
                    _calculus.values(_of_probabilities(g), probabilities),
                )
                for name, g in _GENERATORS.items()
            ],
            y_range=(-6.0, 6.0),
        ),
        Panel(
            "slope by D",
            "D(G(z))",
            "|dJ/dD|",
            [
                Curve(
                    name,
                    probabilities,
                    np.abs(_calculus.slopes(_of_probabilities(g), probabilities)),
                )
                for name, g in _GENERATORS.items()
            ],
            scales=("log", "log"),
        ),
        Panel(
            "slope by the logit a",
            "a, where D = sigmoid(a)",
            "|dJ/da|",
            [
                Curve(name, logits, np.abs(_calculus.slopes(_of_logits(g), logits)))
                for name, g in _GENERATORS.items()
            ],
        ),
    ]
    caption = (
        "If log(1 - D) has slope -1 at D = 0, why does it saturate? The network "
        "outputs the logit a, and dD/da = D(1 - D) vanishes there. The slope by the "
        "logit is -D for log(1 - D) and -(1 - D) for -log D: for a fake image that "
        "the discriminator rejects with D = 0.001, one is 999 times the other. "
        "Losses: Goodfellow et al., 2014, arXiv:1406.2661, equation 1 and section 3."
    )
    return Figure("Why the minimax loss saturates", caption, panels, 3, 2.4)


def generator_losses(seed: int) -> Figure:
    """Draws the generator's cost for three losses against D(G(z)).

    Args:
        seed: Not used.

    Returns:
        The figure.
    """
    probabilities = np.concatenate(
        [np.geomspace(1e-4, 0.05, 60), np.linspace(0.06, 0.95, 90)]
    )

    def likelihood(*, fake_logits):
        # Only to compare with: no trainer uses this loss.
        return -tf.reduce_mean(tf.exp(fake_logits))

    generators = _GENERATORS | {LIKELIHOOD: likelihood}
    logits = _logit(tf.constant(probabilities)).numpy()
    panels = [
        Panel(
            "cost",
            _PROBABILITY,
            "J(G)",
            [
                Curve(name, probabilities, _calculus.values(_of_logits(g), logits))
                for name, g in generators.items()
            ],
            y_range=(-15.0, 10.0),
        ),
        Panel(
            "pull on the logit",
            _PROBABILITY,
            "-dJ/da",
            [
                Curve(name, probabilities, -_calculus.slopes(_of_logits(g), logits))
                for name, g in generators.items()
            ],
            y_range=(0.0, 3.0),
        ),
    ]
    caption = (
        "The cost of one fake image. On the left, where the discriminator rejects the "
        "image, minimax and maximum likelihood are flat: only the non-saturating loss "
        "pulls. Maximum likelihood gets almost all of its gradient from the few images "
        "on the right. Goodfellow, 2016, arXiv:1701.00160, figure 16 and section "
        "3.2.5, without its common factor 1/2."
    )
    return Figure("The generator's cost against D(G(z))", caption, panels)


def frozen_generator(
    seed: int, generator_steps: int = 300, discriminator_steps: int = 2000
) -> Figure:
    """Trains a new discriminator against a frozen generator.

    Args:
        seed: Seed of the run.
        generator_steps: Number of steps after which the generator is frozen.
        discriminator_steps: Number of steps of the new discriminator, a multiple of
            40.

    Returns:
        The figure.
    """
    generator, discriminator = _runs.pair((8, 8, 1), seed)
    gan = NonSaturatingGAN(generator, discriminator, seed=seed)
    _runs.train(gan, _runs.digits(), generator_steps, seed=seed)

    _, new = _runs.pair((8, 8, 1), seed + 1)
    gan = NonSaturatingGAN(generator, new, seed=seed)
    latents = _runs.latents(generator, 256, seed)

    def cost(generator_loss):
        return lambda: generator_loss(fake_logits=new(generator(latents)))

    def measure():
        variables = generator.trainable_variables
        return [
            _calculus.gradient_norm(cost(g), variables) for g in _GENERATORS.values()
        ]

    measured = _runs.train(
        gan,
        _runs.digits(),
        discriminator_steps,
        rates=(0.0, 1e-3),
        every=_EVERY,
        measure=measure,
        seed=seed,
    )
    steps, norms = zip(*measured, strict=True)
    curves = [
        Curve(name, steps, each)
        for name, each in zip(_GENERATORS, np.transpose(norms), strict=True)
    ]
    panel = Panel(
        f"generator frozen after {generator_steps} steps",
        "updates of a new discriminator",
        "norm of the gradient",
        curves,
        scales=("linear", "log"),
    )
    caption = (
        "The better the discriminator, the less the generator learns from log(1 - D): "
        "the norm of its gradient falls by orders of magnitude. The gradient of "
        "-log D does not vanish. Data: 8x8 digits. The experiment of Arjovsky and "
        "Bottou, 2017, arXiv:1701.04862, figures 2 and 3, and theorem 2.4."
    )
    return Figure("A frozen generator's gradients", caption, [panel], 1, 3.0)
