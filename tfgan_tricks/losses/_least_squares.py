"""The least-squares GAN loss and the paper's two codings of its targets."""

from typing import NamedTuple

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss


class LeastSquaresCoding(NamedTuple):
    """The three targets of `least_squares`.

    Attributes:
        a: the discriminator's target for fake logits.
        b: the discriminator's target for real logits.
        c: the generator's target for fake logits.

    >>> PEARSON.is_pearson, BINARY.is_pearson
    (True, False)
    """

    a: float
    b: float
    c: float

    @property
    def is_pearson(self) -> bool:
        """Whether b - c = 1 and b - a = 2, where the Pearson chi-square is exact."""
        return self.b - self.c == 1 and self.b - self.a == 2


PEARSON = LeastSquaresCoding(a=-1.0, b=1.0, c=0.0)
BINARY = LeastSquaresCoding(a=0.0, b=1.0, c=1.0)


def least_squares(
    a: float = BINARY.a, b: float = BINARY.b, c: float = BINARY.c
) -> AdversarialLoss:
    """The LSGAN loss, on raw logits C:

        L_D = 1/2 E[(C(real) - b)^2] + 1/2 E[(C(fake) - a)^2]
        L_G = 1/2 E[(C(fake) - c)^2]

    With b - c = 1 and b - a = 2, as in `PEARSON`, the best discriminator turns L_G into
    a Pearson chi-square divergence. `BINARY`, the default, has the same minimiser and
    is what the authors' code uses. That code sums over the batch; these are means, as
    in the paper.

    Args:
        a: target for fake logits in L_D.
        b: target for real logits in L_D.
        c: target for fake logits in L_G.

    Returns:
        An `AdversarialLoss`.

    Raises:
        ValueError: if `a` equals `b`, which leaves nothing to discriminate.

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
