"""R3GAN: the paired relativistic loss with both zero-centered penalties."""

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
class R3GAN(AdversarialTrainer):
    """GAN with the paired relativistic loss and the penalties R1 and R2.

    The loss is RSGAN's, whose generator does not saturate. The paper states a zero-sum
    game, but the authors' code uses this loss.

    Choose the penalty weight for your data and resolution. The authors use 1 for
    Stacked MNIST, 0.05 for CIFAR-10 and up to 150 for 256x256 faces. The optimizer is
    Adam with learning rate 2e-4, beta_1 0 and beta_2 0.99.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Discriminator model, see `AdversarialTrainer`.
        penalties: List of penalties on the discriminator. Default: R1 and R2 with
            weight 1.
        **kwargs: Further arguments of `AdversarialTrainer`.

    >>> from tfgan_tricks import networks
    >>> trainer = R3GAN(
    ...     networks.mlp_generator((2,), latent_dim=4), networks.mlp_discriminator((2,))
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss', 'r1', 'r2']

    Reference:
        Huang et al., 2025, arXiv:2501.05441.
    """

    paper_optimizer = Paper("Adam", learning_rate=2e-4, beta_1=0.0, beta_2=0.99)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalties: Sequence[Callable] = (penalties.R1(1.0), penalties.R2(1.0)),
        **kwargs: Any,
    ):
        super().__init__(
            generator,
            discriminator,
            loss=losses.relativistic(losses.non_saturating()),
            penalties=penalties,
            **kwargs,
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
