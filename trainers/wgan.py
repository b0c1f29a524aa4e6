"""The Wasserstein GAN with weight clipping."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import losses
from trainers._optimizers import Paper
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class WGAN(AdversarialTrainer):
    """GAN with the Wasserstein loss and clipped critic weights.

    After each critic update, every weight is clipped to [-clip, clip]. The optimizer is
    the paper's, RMSprop with learning rate 5e-5.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Critic model, see `AdversarialTrainer`.
        clip: Bound of the critic's weights, above 0.
        discriminator_steps: Number of critic updates per generator update, at least 1,
            called n_critic in the paper.
        **kwargs: Further arguments of `AdversarialTrainer`.

    Raises:
        ValueError: If `clip` is not positive.

    >>> from tfgan_tricks import networks
    >>> trainer = WGAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Arjovsky et al., 2017, algorithm 1, arXiv:1701.07875.
    """

    paper_optimizer = Paper("RMSprop", learning_rate=5e-5)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        clip: float = 0.01,
        discriminator_steps: int = 5,
        **kwargs: Any,
    ):
        _checks.positive(clip=clip)
        super().__init__(
            generator,
            discriminator,
            loss=losses.wasserstein(),
            discriminator_steps=discriminator_steps,
            **kwargs,
        )
        self.clip = clip

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)

    def constrain_discriminator(self) -> None:
        for weight in self.discriminator.trainable_variables:
            weight.assign(tf.clip_by_value(weight, -self.clip, self.clip))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"clip": self.clip}
