"""The semi-supervised GAN."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks import losses
from tfgan_tricks import replica
from trainers import _arguments
from trainers import _batch
from trainers import _features
from trainers import _micro_batches
from trainers import _packing
from trainers import _step_data
from trainers import _together
from trainers._batch import Batch
from trainers._optimizers import Paper
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class SemiSupervisedGAN(AdversarialTrainer):
    """GAN whose discriminator is a classifier that also learns from unlabeled images.

    The discriminator has one logit l_k for each of K classes. The logit of class K + 1,
    "generated", is fixed at 0, so an image is real with probability sigmoid(C):

        C(x) = log sum_k exp(l_k(x))
        L_D = L_s + 1/2 mean(softplus(-C(x))) + 1/2 mean(softplus(C(G(z))))
        L_s = mean(C(x_y) - l_y(x_y))

    for unlabeled images x, fake images G(z), and labeled images x_y of class y. L_s is
    `supervised_loss` in the logs, and the rest is `d_loss`.

    The generator matches features, see `FeatureMatchingGAN`. With
    `feature_matching=False` it minimizes mean(log(1 - sigmoid(C(G(z))))) instead, as
    the authors' code does together with minibatch discrimination.

    The discriminator's update calls it once, on labeled, unlabeled and fake images, if
    it is a `keras.Sequential` of layers that cannot mix examples, without losses of
    their own. Otherwise it calls it three times, which takes longer.

    `fit` accepts a dataset of `(images, (labeled_images, labels))`, see
    `data.semi_supervised_batches`. `evaluate` accepts `(images, labels)` and returns
    the test `error`, the fraction of wrong classes. `predict` returns classes of shape
    `[batch]`. Both use the averaged discriminator if there is one.

    Args:
        generator: Generator model without a label input, see `AdversarialTrainer`.
        discriminator: A `keras.Model` without a label input from images to logits
            `[batch, K]`, or to two outputs, logits and features.
        features: Name of the discriminator's layer whose features are matched. `None`
            requires a discriminator with two outputs, or `feature_matching=False`.
        feature_matching: If `True`, the generator matches features.
        distance: Distance between mean features, "l2", "mse" or "l1", see
            `FeatureMatchingGAN`.
        real_label: Target of sigmoid(C) for unlabeled images, in (0, 1]. Below 1 this
            is one-sided label smoothing.
        discriminator_ema_decay: Decay per step, in [0, 1), of an exponential moving
            average of the discriminator's weights. `None` keeps no average.
        **kwargs: Further arguments of `AdversarialTrainer`, except `joint_batch` and
            `packing`.

    Raises:
        ValueError: If an argument is out of range, no layer has the name `features`,
            `joint_batch` is `True`, `packing` is not 1, or a network has a label input.

    Attributes:
        ema_discriminator: The averaged discriminator, or `None`.

    >>> from tfgan_tricks import data, networks
    >>> trainer = SemiSupervisedGAN(
    ...     networks.weight_norm_generator((8, 8, 1), hidden=(16,)),
    ...     networks.weight_norm_classifier((8, 8, 1), hidden=(32,)),
    ...     features="features",
    ... )
    >>> trainer.compile()
    >>> digits = data.load("digits8")
    >>> batches = data.semi_supervised_batches(digits, 50, labels_per_class=5)
    >>> history = trainer.fit(batches, steps_per_epoch=2, verbose=0)
    >>> sorted(history.history)
    ['d_loss', 'g_loss', 'supervised_loss']
    >>> images = data.to_unit_range(digits.examples)
    >>> 0.0 <= trainer.evaluate(images, digits.labels, verbose=0) <= 1.0
    True

    Reference:
        Salimans et al., 2016, section 5, arXiv:1606.03498.
    """

    # The authors' code for MNIST has 1e-8 under the root, and corrects its bias. The
    # first steps of small gradients are therefore much shorter here.
    paper_optimizer = Paper("Adam", learning_rate=3e-3, beta_1=0.5, epsilon=1e-4)
    loss_names = ("d_loss", "supervised_loss", "g_loss")
    score_names = ("error",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        features: str | Sequence[str] | None = None,
        feature_matching: bool = True,
        distance: str = "mse",
        real_label: float = 1.0,
        discriminator_ema_decay: float | None = 0.9999,
        **kwargs: Any,
    ):
        _packing.refuse("the discriminator classifies each single image", **kwargs)
        _features.check_distance(distance)
        loss = losses.minimax(real_label=real_label)
        super().__init__(generator, discriminator, loss=loss, **kwargs)
        self.features = features
        self.feature_matching = feature_matching
        self.distance = distance
        self.real_label = real_label
        self.discriminator_ema_decay = discriminator_ema_decay
        if self.joint_batch:
            raise ValueError(
                "`joint_batch` must be False: labeled images would belong to neither "
                "half of the batch. Received: joint_batch=True"
            )
        _check_unlabeled(generator, discriminator)
        self.discriminator_player.keep_average(
            discriminator_ema_decay=discriminator_ema_decay
        )
        reader = discriminator
        if feature_matching:
            _micro_batches.refuse_statistics(self, "feature matching")
            reader = _features.reader(discriminator, features)
        # A function, since Keras would save a model as a third network.
        self._reader = lambda: reader
        self.error = keras.metrics.Mean(name="error")

    @property
    def generator_needs_real(self) -> bool:
        return self.feature_matching

    @property
    def metrics(self) -> list:
        return [*super().metrics, self.error]

    @property
    def ema_discriminator(self) -> keras.Model | None:
        return self.discriminator_player.average

    @property
    def num_classes(self) -> int:
        return _class_logits(_facts.output_shape(self.discriminator))[-1]

    @property
    def logit_shapes(self) -> list:
        return []

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        return self.alternate(data)

    def arrange(self, batch: Any) -> Any:
        fits = isinstance(batch, tuple) and len(batch) == 2
        if not fits or not isinstance(batch[1], tuple) or len(batch[1]) != 2:
            raise ValueError(
                "`x` must consist of `(images, (labeled_images, labels))`. Use "
                f"`data.semi_supervised_batches`. Received: {_arguments.shown(batch)}"
            )
        return batch

    def real_batches(self, data: Any) -> list[Batch]:
        batches = []
        for images, (labeled_images, labels) in _step_data.pairs(
            data, self.batches_per_step
        ):
            labeled = Batch(tf.cast(labeled_images, tf.float32), labels)
            batches.append(Batch(tf.cast(images, tf.float32), labeled=labeled))
        return _batch.one_per_update(batches, self.discriminator_steps)

    def discriminator_objective(
        self, real: Batch, fake: Batch, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        labels = tf.reshape(real.labeled.labels, [-1])
        of_labeled, of_real, of_fake = self._logits_of(real.labeled, real, fake)
        supervised = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, of_labeled)
        unsupervised = self.adversarial_loss.discriminator(
            real_logits=_of_being_real(of_real), fake_logits=_of_being_real(of_fake)
        )
        return {
            "d_loss": unsupervised / 2,
            "supervised_loss": tf.reduce_mean(supervised),
            **self.penalty_terms(real, fake, seed),
        }

    def generator_objective(self, real: Batch, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        fake = self.sample_like(real, seed)
        if not self.feature_matching:
            loss = self.adversarial_loss.generator(fake_logits=self.critic(fake))
        else:
            of_real, of_fake = (self.read(batch)[1] for batch in (real, fake))
            loss = _features.mean_distance(of_real, of_fake, self.distance)
        return {"g_loss": loss}

    def read(self, batch: Batch) -> tuple[Any, Any]:
        outputs = self.discriminator_player.run(batch.images, through=self._reader())
        both = outputs if isinstance(outputs, (tuple, list)) else (outputs, None)
        logits, features = both
        return logits, features

    def critic(self, batch: Batch) -> tf.Tensor:
        return _of_being_real(self.class_logits(batch))

    def class_logits(self, batch: Batch) -> tf.Tensor:
        """Returns the K class logits in training mode.

        Args:
            batch: Real or fake images.

        Returns:
            A float32 tensor of shape `[batch, K]`.
        """
        return tf.cast(self.read(batch)[0], tf.float32)

    def _logits_of(self, *batches):
        """Returns the class logits of several batches."""
        player = self.discriminator_player
        apart = player.has_losses or not _together.is_known_to_be_independent(
            player.network
        )
        if apart:
            return [self.class_logits(batch) for batch in batches]
        return _together.each(self.class_logits, *batches)

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        wrong = self._classes(images) != tf.cast(labels, tf.int64)
        # Of all replicas: Keras 3 averages their errors, whatever their batch sizes.
        self.error.update_state(replica.gather(tf.cast(wrong, tf.float32)))
        return _compat.logs([self.error])

    def predict_step(self, data: Any) -> tf.Tensor:
        return self._classes(keras.utils.unpack_x_y_sample_weight(data)[0])

    def _classes(self, images):
        outputs = self.discriminator_player.sampling_network(images, training=False)
        return tf.argmax(tf.cast(_class_logits(outputs), tf.float32), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "features": self.features,
            "feature_matching": self.feature_matching,
            "distance": self.distance,
            "real_label": self.real_label,
            "discriminator_ema_decay": self.discriminator_ema_decay,
        }


def _of_being_real(class_logits):
    """Returns C, the logit of being real rather than generated."""
    return tf.reduce_logsumexp(class_logits, axis=-1)


def _class_logits(outputs):
    """Returns the first of two outputs, or the only output."""
    return outputs[0] if isinstance(outputs, list) else outputs


def _check_unlabeled(*networks):
    for network in networks:
        shapes = _facts.input_shapes(network)
        if len(shapes) > 1:
            raise ValueError(
                "`generator` and `discriminator` must have no labels as inputs: here "
                "labels are targets of the discriminator. Received: inputs of shape "
                f"{', '.join(map(str, shapes))}"
            )
