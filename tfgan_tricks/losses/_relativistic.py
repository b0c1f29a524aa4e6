"""Combinators that make a loss relativistic."""

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss
from tfgan_tricks.replica import global_mean


def relativistic(base: AdversarialLoss) -> AdversarialLoss:
    """The paired relativistic form of a loss, on differences of logits.

    With pairs of one real and one fake image, y = C(real) - C(fake), and the base's
    loss f1 of a real and f2 of a fake logit:

        L_D = 1/2 E[f1(y) + f2(-y)]
        L_G = 1/2 E[f1(-y) + f2(y)]

    Where f2(-y) = f1(y), as for `non_saturating()`, `hinge()` and
    `least_squares(*PEARSON)`, these are the paper's E[f1(y)] and E[f1(-y)]: RSGAN,
    RHinge and RLSGAN (the last with the 1/2 of the LSGAN paper's squares).

    Args:
        base: the `AdversarialLoss` to change. Of `non_saturating(real_label=...)` only
            the discriminator's real targets are smoothed; of `minimax()` the generator
            minimises -L_D.

    Returns:
        An `AdversarialLoss` whose generator needs real logits. Its functions raise
        `ValueError` when real and fake logits differ in shape.

    >>> from tfgan_tricks.losses import hinge
    >>> loss = relativistic(hinge())
    >>> logits = {"real_logits": tf.constant([8.0]), "fake_logits": tf.constant([7.5])}
    >>> float(loss.discriminator(**logits)), float(loss.generator(**logits))
    (0.5, 1.5)

    Reference:
        Jolicoeur-Martineau, 2018, section 4, arXiv:1807.00734.
    """

    def compare(*, real_logits, fake_logits):
        margin = real_logits - fake_logits
        return {"real_logits": margin, "fake_logits": -margin}

    return _compared(base, compare, "relativistic", scale=0.5)


def relativistic_average(base: AdversarialLoss) -> AdversarialLoss:
    """The relativistic average form of a loss.

    Every logit is compared with the mean logit of the other kind, taken over the
    global batch: yr = C(real) - E[C(fake)] and yf = C(fake) - E[C(real)]. With the
    base's loss f1 of a real and f2 of a fake logit:

        L_D = E[f1(yr)] + E[f2(yf)]
        L_G = E[f1(yf)] + E[f2(yr)]

    This is the paper's definition. The author's code halves all of these losses, which
    doubles the relative weight of a penalty: to follow it, double the penalties'
    weights. RaLSGAN comes from `least_squares(*PEARSON)`, whose squares carry the 1/2
    of the LSGAN paper.

    Args:
        base: the `AdversarialLoss` to change, as in `relativistic`.

    Returns:
        An `AdversarialLoss` whose generator needs real logits. Its functions raise
        `ValueError` when real and fake logits differ in shape.

    >>> from tfgan_tricks.losses import hinge
    >>> loss = relativistic_average(hinge())
    >>> logits = {"real_logits": tf.constant([1.0, 2.0]),
    ...           "fake_logits": tf.constant([0.5, 1.5])}
    >>> float(loss.discriminator(**logits)), float(loss.generator(**logits))
    (1.0, 3.0)

    Reference:
        Jolicoeur-Martineau, 2018, section 4, arXiv:1807.00734.
    """

    def compare(*, real_logits, fake_logits):
        return {
            "real_logits": real_logits - global_mean(fake_logits),
            "fake_logits": fake_logits - global_mean(real_logits),
        }

    return _compared(base, compare, "relativistic_average", scale=1.0)


def _compared(base, compare, name, scale):
    """`base` on compared logits; the generator plays with the roles exchanged."""

    def exchanged(*, real_logits, fake_logits):
        return base.discriminator(real_logits=fake_logits, fake_logits=real_logits)

    two_sided_generator = base.two_sided_generator or exchanged

    def discriminator(*, real_logits, fake_logits):
        _check_pairs(real_logits, fake_logits)
        compared = compare(real_logits=real_logits, fake_logits=fake_logits)
        return scale * base.discriminator(**compared)

    def generator(*, fake_logits, real_logits):
        _check_pairs(real_logits, fake_logits)
        compared = compare(real_logits=real_logits, fake_logits=fake_logits)
        return scale * two_sided_generator(**compared)

    config = base.config and {"name": name, "base": base.config}
    return AdversarialLoss(
        discriminator, generator, generator_needs_real=True, config=config
    )


def _check_pairs(real_logits, fake_logits):
    """Different shapes would broadcast to a table of all pairs, silently."""
    shapes = tf.TensorShape(real_logits.shape), tf.TensorShape(fake_logits.shape)
    if not shapes[0].is_compatible_with(shapes[1]):
        raise ValueError(
            "`real_logits` and `fake_logits` must have the same shape. "
            f"Received: real_logits.shape={shapes[0]}, fake_logits.shape={shapes[1]}"
        )
