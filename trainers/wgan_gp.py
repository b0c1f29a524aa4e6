"""The Wasserstein GAN with gradient penalty."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from tfgan_tricks import penalties
from trainers._optimizers import Paper
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class WGANGP(AdversarialTrainer):
    """GAN of the Wasserstein loss with the gradient penalty.

    The critic must not use batch normalization: the penalty is on the gradient of each
    sample's own logit. The optimizer is the paper's, Adam with learning rate 1e-4,
    beta_1 0 and beta_2 0.9.

    Args:
        generator: as in `AdversarialTrainer`.
        discriminator: likewise; the critic.
        penalties: the paper's gradient penalty of weight 10, or others in its place.
        discriminator_steps: critic updates per generator update; the paper's n_critic.
        **kwargs: of `AdversarialTrainer`.

    >>> from tfgan_tricks import networks
    >>> trainer = WGANGP(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss', 'gradient_penalty']

    Reference:
        Gulrajani et al., 2017, algorithm 1, arXiv:1704.00028.
    """

    paper_optimizer = Paper("Adam", learning_rate=1e-4, beta_1=0.0, beta_2=0.9)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalties: Sequence[Callable] = (penalties.InterpolatedGradientPenalty(10.0),),
        discriminator_steps: int = 5,
        **kwargs: Any,
    ):
        super().__init__(
            generator,
            discriminator,
            loss=losses.wasserstein(),
            penalties=penalties,
            discriminator_steps=discriminator_steps,
            **kwargs,
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
