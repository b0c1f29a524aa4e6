"""The relativistic GAN."""

from typing import Any

import keras
import tensorflow as tf

from trainers._relativistic import RelativisticTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class RelativisticGAN(RelativisticTrainer):
    """GAN with the paired relativistic loss (`losses.relativistic`).

    It compares pairs of a real and a fake image. The base `non_saturating` makes it
    RSGAN, `least_squares` RLSGAN and `hinge` RHinge. For RSGAN-GP, add
    `penalties=[penalties.InterpolatedGradientPenalty()]`.

    The optimizer is the paper's choice for one discriminator update, Adam with learning
    rate 2e-4 and beta_1 0.5.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Discriminator model, see `AdversarialTrainer`.
        base: Loss to make relativistic: a name for `losses.get`, or an
            `AdversarialLoss`. By name, `least_squares` has the targets -1 and 1.
        **kwargs: Further arguments of `AdversarialTrainer`.

    Raises:
        ValueError: If the name is unknown. `get_config` raises it if `base` is a loss
            from outside this package.

    >>> from tfgan_tricks import networks
    >>> trainer = RelativisticGAN(
    ...     networks.mlp_generator((2,), latent_dim=4),
    ...     networks.mlp_discriminator((2,)),
    ...     base="hinge",
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Jolicoeur-Martineau, 2018, arXiv:1807.00734.
    """

    combinator = "relativistic"

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)
