"""The Wasserstein loss."""

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss


def wasserstein() -> AdversarialLoss:
    """Wasserstein loss.

        L_D = mean(C(G(z))) - mean(C(x))
        L_G = -mean(C(G(z)))

    for a critic C, real images x and fake images G(z). Clipping, a penalty or spectral
    normalization must keep the critic Lipschitz.

    Returns:
        An `AdversarialLoss`.

    >>> loss = wasserstein()
    >>> logits = {"real_logits": tf.constant([0.5]), "fake_logits": tf.constant([2.0])}
    >>> float(loss.discriminator(**logits)), float(loss.generator(**logits))
    (1.5, -2.0)

    Reference:
        Arjovsky et al., 2017, arXiv:1701.07875.
    """

    def discriminator(*, real_logits, fake_logits):
        return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)

    def generator(*, fake_logits, real_logits=None):
        return -tf.reduce_mean(fake_logits)

    return AdversarialLoss(discriminator, generator, config={"name": "wasserstein"})
