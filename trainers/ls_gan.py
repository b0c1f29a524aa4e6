"""The least-squares GAN."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class LSGAN(AdversarialTrainer):
    """GAN with the least-squares loss (`losses.least_squares`).

    The optimizer is Adam with learning rate 2e-4 and beta_1 0.5, which the authors used
    for Chinese characters.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Discriminator model, see `AdversarialTrainer`.
        a: Target of the discriminator for fake logits.
        b: Target of the discriminator for real logits, not equal to `a`.
        c: Target of the generator for fake logits.
        **kwargs: Further arguments of `AdversarialTrainer`.

    >>> from tfgan_tricks import networks
    >>> trainer = LSGAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Mao et al., 2017, arXiv:1611.04076.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        a: float = losses.BINARY.a,
        b: float = losses.BINARY.b,
        c: float = losses.BINARY.c,
        **kwargs: Any,
    ):
        loss = losses.least_squares(a=a, b=b, c=c)
        super().__init__(generator, discriminator, loss=loss, **kwargs)
        self.a = a
        self.b = b
        self.c = c

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"a": self.a, "b": self.b, "c": self.c}

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
