"""The least-squares GAN loss and the paper's two codings of its targets."""

from typing import NamedTuple

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss


class LeastSquaresCoding(NamedTuple):
    """The three targets of `least_squares`.

    Attributes:
        a: Target of the discriminator for fake logits.
        b: Target of the discriminator for real logits.
        c: Target of the generator for fake logits.

    >>> PEARSON.is_pearson, BINARY.is_pearson
    (True, False)
    """

    a: float
    b: float
    c: float

    @property
    def is_pearson(self) -> bool:
        """`True` if b - c = 1 and b - a = 2, which makes the divergence Pearson's."""
        return self.b - self.c == 1 and self.b - self.a == 2


PEARSON = LeastSquaresCoding(a=-1.0, b=1.0, c=0.0)
BINARY = LeastSquaresCoding(a=0.0, b=1.0, c=1.0)


def least_squares(
    a: float = BINARY.a, b: float = BINARY.b, c: float = BINARY.c
) -> AdversarialLoss:
    """Least-squares GAN loss.

        L_D = 1/2 mean((C(x) - b)^2) + 1/2 mean((C(G(z)) - a)^2)
        L_G = 1/2 mean((C(G(z)) - c)^2)

    for logits C, real images x and fake images G(z).

    With b - c = 1 and b - a = 2, as in `PEARSON`, the best discriminator turns L_G into
    a Pearson chi-square divergence. `BINARY`, the default, has the same minimizer and
    is the authors' choice. Their code sums over the batch. These are means, as in
    the paper.

    Args:
        a: Target for fake logits in L_D.
        b: Target for real logits in L_D.
        c: Target for fake logits in L_G.

    Returns:
        An `AdversarialLoss`.

    Raises:
        ValueError: If `a` equals `b`, which leaves nothing to discriminate.

    >>> loss = least_squares(*PEARSON)
    >>> logits = {"real_logits": tf.constant([3.0]), "fake_logits": tf.constant([2.0])}
    >>> float(loss.discriminator(**logits)), float(loss.generator(**logits))
    (6.5, 2.0)

    Reference:
        Mao et al., 2017, equations 2, 8 and 9, arXiv:1611.04076.
    """
    if a == b:
        raise ValueError(
            f"`a` and `b` must differ. Received: a={a!r}, b={b!r}",
        )

    def half_squared_error(logits, target):
        return 0.5 * tf.reduce_mean(tf.square(logits - target))

    def discriminator(*, real_logits, fake_logits):
        return half_squared_error(real_logits, b) + half_squared_error(fake_logits, a)

    def generator(*, fake_logits, real_logits=None):
        return half_squared_error(fake_logits, c)

    config = {"name": "least_squares", "a": a, "b": b, "c": c}
    return AdversarialLoss(discriminator, generator, config=config)
