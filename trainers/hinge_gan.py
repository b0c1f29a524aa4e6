"""The hinge GAN."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from trainers._optimizers import Paper
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class HingeGAN(AdversarialTrainer):
    """GAN with the hinge loss (`losses.hinge`).

    Use it with a spectrally normalized discriminator (`layers.SpectralNormalization`).
    The schedule and the optimizer follow SNGAN: five discriminator updates per
    generator update, and Adam with learning rate 2e-4, beta_1 0 and beta_2 0.9.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Discriminator model, see `AdversarialTrainer`.
        discriminator_steps: Number of discriminator updates per generator update, at
            least 1.
        **kwargs: Further arguments of `AdversarialTrainer`.

    >>> from tfgan_tricks import networks
    >>> trainer = HingeGAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Lim and Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957.
    """

    paper_optimizer = Paper("Adam", learning_rate=2e-4, beta_1=0.0, beta_2=0.9)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        discriminator_steps: int = 5,
        **kwargs: Any,
    ):
        super().__init__(
            generator,
            discriminator,
            loss=losses.hinge(),
            discriminator_steps=discriminator_steps,
            **kwargs,
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
