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
    """GAN with the Wasserstein loss and a gradient penalty.

    The critic must not use batch normalization, since the penalty needs the gradient of
    each single sample. The optimizer is the paper's, Adam with learning rate 1e-4,
    beta_1 0 and beta_2 0.9.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Critic model, see `AdversarialTrainer`.
        penalties: List of penalties on the critic. Default: the paper's gradient
            penalty with weight 10.
        discriminator_steps: Number of critic updates per generator update, at least 1,
            called n_critic in the paper.
        **kwargs: Further arguments of `AdversarialTrainer`.

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
