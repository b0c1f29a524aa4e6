"""The GAN whose generator matches features of the discriminator."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from trainers import _batch
from trainers import _features
from trainers._batch import Batch
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class FeatureMatchingGAN(AdversarialTrainer):
    """GAN whose generator matches the mean of intermediate features f.

        L_G = ||E f(real) - E f(fake)||_2^2           "l2", as in the paper
        L_G = mean (E f(real) - E f(fake))^2          "mse", the authors' MNIST code
        L_G = mean |E f(real) - E f(fake)|            "l1", their CIFAR-10 code

    where E is over the global batch, and `mean` over the features. The discriminator
    minimises the loss `base`.

    Args:
        generator: as in `AdversarialTrainer`.
        discriminator: likewise; or with two outputs, logits and features.
        features: The name of the discriminator's layer whose outputs are f, or a list
            of names, over which distances are summed; `None` for a discriminator with
            two outputs.
        distance: "l2", "mse" or "l1".
        base: the discriminator's loss: a name for `losses.get`, or an
            `AdversarialLoss`.
        **kwargs: of `AdversarialTrainer`.

    Raises:
        ValueError: for an unknown name, with the names there are; from `get_config`, if
            `base` is not of this package and so cannot be saved.

    >>> from tfgan_tricks import networks
    >>> trainer = FeatureMatchingGAN(
    ...     networks.mlp_generator((2,), latent_dim=4),
    ...     networks.mlp_discriminator((2,)),
    ...     features="features",
    ... )
    >>> trainer.compile()
    >>> history = trainer.fit(tf.random.normal([256, 2]), verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss']

    Reference:
        Salimans et al., 2016, section 3.1, arXiv:1606.03498.
    """

    generator_needs_real = True

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        features: str | Sequence[str] | None = None,
        distance: str = "l2",
        base: str | Mapping[str, Any] | losses.AdversarialLoss = "non_saturating",
        **kwargs: Any,
    ):
        _features.check_distance(distance)
        loss = losses.get(base)
        super().__init__(generator, discriminator, loss=loss, **kwargs)
        self.features = features
        self.distance = distance
        self.base = base
        reader = _features.reader(discriminator, features)
        # A function, since Keras would take a model for a third network, to be saved.
        self._reader = lambda: reader

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)

    def generator_objective(self, real: Batch, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        of_real, of_fake = _batch.of_both(
            lambda batch: self.read(batch)[1],
            *(real, self.sample_like(real, seed)),
            joint=self.joint_batch,
        )
        return {"g_loss": _features.mean_distance(of_real, of_fake, self.distance)}

    def read(self, batch: Batch) -> tuple[Any, Any]:
        run = self.discriminator_player.run
        return run(batch.images, batch.labels, through=self._reader())

    @property
    def logit_shapes(self) -> list:
        return super().logit_shapes[:1]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "features": self.features,
            "distance": self.distance,
            "base": losses.config_of(self.base),
        }
