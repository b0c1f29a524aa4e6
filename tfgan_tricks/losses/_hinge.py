"""The hinge loss."""

import tensorflow as tf

from tfgan_tricks.losses._base import AdversarialLoss


def hinge() -> AdversarialLoss:
    """Hinge loss.

        L_D = mean(max(0, 1 - C(x))) + mean(max(0, 1 + C(G(z))))
        L_G = -mean(C(G(z)))

    for logits C, real images x and fake images G(z).

    Returns:
        An `AdversarialLoss`.

    >>> loss = hinge()
    >>> logits = {"real_logits": tf.constant([0.5]), "fake_logits": tf.constant([2.0])}
    >>> float(loss.discriminator(**logits)), float(loss.generator(**logits))
    (3.5, -2.0)

    Reference:
        Lim and Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957.
    """

    def discriminator(*, real_logits, fake_logits):
        real_term = tf.reduce_mean(tf.nn.relu(1.0 - real_logits))
        return real_term + tf.reduce_mean(tf.nn.relu(1.0 + fake_logits))

    def generator(*, fake_logits, real_logits=None):
        return -tf.reduce_mean(fake_logits)

    return AdversarialLoss(discriminator, generator, config={"name": "hinge"})
