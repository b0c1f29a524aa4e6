"""The relativistic GAN."""

from typing import Any

import keras
import tensorflow as tf

from trainers._relativistic import RelativisticTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class RelativisticGAN(RelativisticTrainer):
    """GAN whose players compare pairs of a real and a fake image.

    The loss is `losses.relativistic`: RSGAN with the base `non_saturating`, RLSGAN with
    `least_squares`, RHinge with `hinge`; RSGAN-GP with
    `penalties=[penalties.InterpolatedGradientPenalty()]`. The optimizer is the paper's
    for one discriminator update, Adam with learning rate 2e-4 and beta_1 0.5.

    Args:
        generator: as in `AdversarialTrainer`.
        discriminator: likewise.
        base: the loss to make relativistic: a name for `losses.get`, where
            `least_squares` has the targets -1 and 1, or an `AdversarialLoss`.
        **kwargs: of `AdversarialTrainer`.

    Raises:
        ValueError: for an unknown name; from `get_config`, if `base` is not of this
            package and so cannot be saved.

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
