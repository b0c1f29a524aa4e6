"""Combinators that make a loss relativistic."""

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss
from tfgan_tricks.replica import global_mean


def relativistic(base: AdversarialLoss) -> AdversarialLoss:
    """Paired relativistic form of a loss, computed on differences of logits.

        y = C(x) - C(G(z))
        L_D = 1/2 mean(f_1(y) + f_2(-y))
        L_G = 1/2 mean(f_1(-y) + f_2(y))

    for pairs of one real image x and one fake image G(z), where f_1 and f_2 are the
    base loss of a real and of a fake logit.

    For `non_saturating()`, `hinge()` and `least_squares(*PEARSON)`, f_2(-y) = f_1(y),
    and these are the paper's mean(f_1(y)) and mean(f_1(-y)): RSGAN, RHinge and RLSGAN.
    RLSGAN includes the factor 1/2 of the LSGAN paper.

    Args:
        base: The `AdversarialLoss` to change. With `non_saturating(real_label=...)`,
            only the discriminator's real targets are smoothed. With `minimax()`, the
            generator minimizes -L_D.

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
    """Relativistic average form of a loss.

        y_r = C(x) - mean(C(G(z)))
        y_f = C(G(z)) - mean(C(x))
        L_D = mean(f_1(y_r)) + mean(f_2(y_f))
        L_G = mean(f_1(y_f)) + mean(f_2(y_r))

    for real images x and fake images G(z), with means over the global batch, where f_1
    and f_2 are the base loss of a real and of a fake logit. Every real logit is
    compared with the mean of the fake logits, and every fake logit with the mean of the
    real logits.

    This is the paper's definition. The author's code halves these losses, which doubles
    the relative weight of a penalty. To follow it, double the weights of the penalties.
    RaLSGAN comes from `least_squares(*PEARSON)` and includes the factor 1/2 of the
    LSGAN paper.

    Args:
        base: The `AdversarialLoss` to change, see `relativistic`.

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
    """Applies `base` to compared logits, for the generator with exchanged roles."""

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
    """Refuses different shapes, which would broadcast silently to all pairs."""
    shapes = tf.TensorShape(real_logits.shape), tf.TensorShape(fake_logits.shape)
    if not shapes[0].is_compatible_with(shapes[1]):
        raise ValueError(
            "`real_logits` and `fake_logits` must have the same shape. "
            f"Received: real_logits.shape={shapes[0]}, fake_logits.shape={shapes[1]}"
        )
