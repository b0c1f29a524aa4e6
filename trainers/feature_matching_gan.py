"""The feature-matching GAN."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import losses
from trainers import _batch
from trainers import _features
from trainers import _micro_batches
from trainers._batch import Batch
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class FeatureMatchingGAN(AdversarialTrainer):
    """GAN whose generator matches the mean of intermediate features f.

        L_G = ||mean(f(x)) - mean(f(G(z)))||^2

    for real images x and fake images G(z), with means over the global batch. `distance`
    chooses another distance of the mean features. The discriminator minimizes the loss
    `base`.

    Args:
        generator: Generator model, see `AdversarialTrainer`.
        discriminator: Discriminator model, see `AdversarialTrainer`, or a model with
            two outputs, logits and features.
        features: Name of the discriminator's layer whose outputs are f, or a list of
            names. Distances are summed over several layers. `None` requires a
            discriminator with two outputs.
        distance: "l2" for the squared Euclidean distance, as in the paper; "mse" for
            its mean over the features, as in the authors' MNIST code. "l1" is the mean
            absolute difference, as in their CIFAR-10 code.
        base: Loss of the discriminator: a name for `losses.get`, or an
            `AdversarialLoss`.
        **kwargs: Further arguments of `AdversarialTrainer`.

    Raises:
        ValueError: If a name is unknown. The message lists the known names.
            `get_config` raises it if `base` is a loss from outside this package.

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
        _micro_batches.refuse_statistics(self, "feature matching")
        reader = _features.reader(discriminator, features)
        # A function, since Keras would save a model as a third network.
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
