"""The zero-sum GAN."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class MinimaxGAN(AdversarialTrainer):
    """GAN of the zero-sum game, whose generator saturates (`losses.minimax`).

    Here to be compared with; `NonSaturatingGAN` is the one to train with. The optimizer
    is DCGAN's Adam (Radford et al., 2016): learning rate 2e-4, beta_1 0.5.

    Args:
        generator: as in `AdversarialTrainer`.
        discriminator: likewise.
        real_label: the discriminator's target for real images, in (0, 1]; below 1,
            one-sided label smoothing.
        **kwargs: of `AdversarialTrainer`.

    >>> from tfgan_tricks import networks
    >>> trainer = MinimaxGAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Goodfellow et al., 2014, algorithm 1, arXiv:1406.2661.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        real_label: float = 1.0,
        **kwargs: Any,
    ):
        loss = losses.minimax(real_label=real_label)
        super().__init__(generator, discriminator, loss=loss, **kwargs)
        self.real_label = real_label

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"real_label": self.real_label}

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
