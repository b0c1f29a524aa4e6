"""The non-saturating GAN."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from trainers._cross_entropy import CrossEntropyTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class NonSaturatingGAN(CrossEntropyTrainer):
    """GAN whose generator maximizes log D(G(z)) (`losses.non_saturating`).

    The optimizer is the one of DCGAN (Radford et al., 2016), Adam with learning rate
    2e-4 and beta_1 0.5.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Discriminator model, see `AdversarialTrainer`.
        real_label: Target of the discriminator for real images, in (0, 1]. Below 1 this
            is one-sided label smoothing. Salimans et al. (2016) use 0.9.
        **kwargs: Further arguments of `AdversarialTrainer`.

    >>> from tfgan_tricks import networks
    >>> trainer = NonSaturatingGAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Goodfellow et al., 2014, section 3, arXiv:1406.2661.
    """

    loss_factory = staticmethod(losses.non_saturating)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
