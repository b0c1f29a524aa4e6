"""The original GAN's two losses: the saturating game and the non-saturating one."""

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss


def _discriminator(real_label):
    """Returns the cross-entropy with targets `real_label` for real and 0 for fake."""

    def discriminator(*, real_logits, fake_logits):
        real_term = real_label * tf.nn.softplus(-real_logits)
        if real_label != 1.0:
            real_term += (1.0 - real_label) * tf.nn.softplus(real_logits)
        return tf.reduce_mean(real_term) + tf.reduce_mean(tf.nn.softplus(fake_logits))

    return discriminator


def _check_real_label(real_label):
    if not 0.0 < real_label <= 1.0:
        raise ValueError(
            "`real_label` must be above 0 and at most 1. "
            f"Received: real_label={real_label!r}"
        )


def minimax(real_label: float = 1.0) -> AdversarialLoss:
    """Zero-sum GAN loss, whose generator saturates.

        L_D = -mean(log D(x)) - mean(log(1 - D(G(z))))
        L_G = mean(log(1 - D(G(z))))

    for real images x, fake images G(z), logits C and D = sigmoid(C). Both losses are
    computed with softplus, so that no logit overflows.

    Args:
        real_label: Target for real images, in (0, 1]. Below 1 this is one-sided label
            smoothing (Salimans et al., 2016, section 3.4): the real term becomes the
            cross-entropy with target `real_label`, and the best discriminator becomes
            `real_label * p / (p + q)`. The fake term and the generator's loss do not
            change.

    Returns:
        An `AdversarialLoss`.

    Raises:
        ValueError: If `real_label` is not in (0, 1].

    >>> loss = minimax()
    >>> round(float(loss.generator(fake_logits=tf.constant([0.0]))), 6)
    -0.693147

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661.
    """
    _check_real_label(real_label)
    hard_discriminator = _discriminator(1.0)

    def generator(*, fake_logits, real_logits=None):
        return -tf.reduce_mean(tf.nn.softplus(fake_logits))

    def two_sided_generator(*, real_logits, fake_logits):
        return -hard_discriminator(real_logits=real_logits, fake_logits=fake_logits)

    return AdversarialLoss(
        _discriminator(real_label),
        generator,
        two_sided_generator=two_sided_generator,
        config={"name": "minimax", "real_label": real_label},
    )


def non_saturating(real_label: float = 1.0) -> AdversarialLoss:
    """Non-saturating GAN loss, whose generator maximizes log D(G(z)).

        L_D = -mean(log D(x)) - mean(log(1 - D(G(z))))
        L_G = -mean(log D(G(z)))

    for real images x, fake images G(z), logits C and D = sigmoid(C). Both losses are
    computed with softplus, so that no logit overflows.

    Args:
        real_label: Target for real images, in (0, 1]. Below 1 this is one-sided label
            smoothing, see `minimax`.

    Returns:
        An `AdversarialLoss`.

    Raises:
        ValueError: If `real_label` is not in (0, 1].

    >>> loss = non_saturating(real_label=0.9)
    >>> logits = {"real_logits": tf.constant([2.0]), "fake_logits": tf.constant([0.0])}
    >>> round(float(loss.discriminator(**logits)), 6)
    1.020075

    Reference:
        Goodfellow et al., 2014, section 3, arXiv:1406.2661.
    """
    _check_real_label(real_label)
    hard_discriminator = _discriminator(1.0)

    def generator(*, fake_logits, real_logits=None):
        return tf.reduce_mean(tf.nn.softplus(-fake_logits))

    def two_sided_generator(*, real_logits, fake_logits):
        return hard_discriminator(real_logits=fake_logits, fake_logits=real_logits)

    return AdversarialLoss(
        _discriminator(real_label),
        generator,
        two_sided_generator=two_sided_generator,
        config={"name": "non_saturating", "real_label": real_label},
    )
