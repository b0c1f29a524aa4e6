"""The GAN whose discriminator is a classifier of few labels."""

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import _ema
from tfgan_tricks import _replica
from tfgan_tricks import losses
from trainers import _arguments
from trainers import _batches
from trainers import _features
from trainers._optimizers import Paper
from trainers.base import AdversarialTrainer


@keras.saving.register_keras_serializable("tfgan_tricks")
class SemiSupervisedGAN(AdversarialTrainer):
    """GAN whose discriminator classifies, and learns from unlabelled images too.

    The discriminator has K logits l; that of class K + 1, "generated", is fixed at 0.
    With Z = log sum_k exp l_k the probability of a real image is sigmoid(Z), so Z is
    the critic's logit, and

        L_D = -E[log softmax(l(labelled))_label]
              + (E[softplus(-Z(unlabelled))] + E[softplus(Z(fake))]) / 2

    the first term being `supervised_loss` in the logs and the second `d_loss`. The
    generator matches features as in `FeatureMatchingGAN`; with
    `feature_matching=False` it minimises E[log(1 - sigmoid(Z(fake)))] instead, as the
    authors' code does with minibatch discrimination.

    `fit` takes a dataset of `(images, (labelled_images, labels))`, see
    `data.semi_supervised_batches`. `evaluate` takes `(images, labels)` and gives the
    test `error`, the share of wrong classes; `predict` gives classes `[batch]`. Both
    use the averaged discriminator where it is kept.

    Args:
        generator: as in `AdversarialTrainer`.
        discriminator: a `keras.Model` from images to logits `[batch, K]`; or with two
            outputs, logits and features.
        features: the name of the discriminator's layer whose features are matched;
            `None` for a discriminator with two outputs, or without feature matching.
        feature_matching: whether the generator matches features.
        distance: between mean features, "l2", "mse" or "l1".
        real_label: target of sigmoid(Z(unlabelled)), in (0, 1]; below 1, one-sided
            label smoothing.
        discriminator_ema_decay: decay per step, in [0, 1), of an exponential moving
            average of the discriminator's weights; `None` keeps no average.
        **kwargs: of `AdversarialTrainer`.

    Raises:
        ValueError: if an argument is out of range, or no layer has that name.

    Attributes:
        ema_discriminator: the averaged discriminator, or `None`.

    >>> from tfgan_tricks import data, networks
    >>> trainer = SemiSupervisedGAN(
    ...     networks.weight_norm_generator((8, 8, 1), hidden=(16,)),
    ...     networks.weight_norm_classifier((8, 8, 1), hidden=(32,)),
    ...     features="features",
    ... )
    >>> trainer.compile()
    >>> digits = data.load("digits")
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

    # Of both players, in the authors' code for MNIST, which adds 1e-8 under the root.
    paper_optimizer = Paper("Adam", learning_rate=3e-3, beta_1=0.5, epsilon=1e-4)
    loss_names = ("d_loss", "supervised_loss", "g_loss")
    score_names = ("error",)

    def __init__(
        self,
        generator,
        discriminator,
        *,
        features=None,
        feature_matching=True,
        distance="mse",
        real_label=1.0,
        discriminator_ema_decay=0.9999,
        **kwargs,
    ):
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
                "`joint_batch` must be false: labelled images would be in neither half "
                "of it. Received: joint_batch=True"
            )
        self.ema_discriminator = _arguments.average(
            discriminator, discriminator_ema_decay=discriminator_ema_decay
        )
        if feature_matching:
            self.read = _features.reader(discriminator, features)
        self.error = keras.metrics.Mean(name="error")

    @property
    def generator_needs_real(self):
        return self.feature_matching

    @property
    def metrics(self):
        return [*super().metrics, self.error]

    def train_step(self, data):
        logs = self.alternate(data)
        if self.ema_discriminator is not None:
            decay = self.discriminator_ema_decay
            _ema.update(self.ema_discriminator, self.discriminator, decay)
        return logs

    def real_batches(self, data):
        if not isinstance(data, tuple) or not isinstance(data[1], tuple):
            raise ValueError(
                f"`x` must hold `(images, (labelled_images, labels))`. Received: {data}"
            )
        count = self.batches_per_step
        batches = [
            unlabelled._replace(labelled=labelled)
            for unlabelled, labelled in zip(
                _batches.split(data[0], count, with_labels=False),
                _batches.split(data[1], count, with_labels=True),
                strict=True,
            )
        ]
        return _batches.one_per_update(batches, self.discriminator_steps)

    def discriminator_objective(self, real, fake, seed):
        images, labels, _ = real.labelled
        logits = self.class_logits(images)
        supervised = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        unsupervised = self.adversarial_loss.discriminator(
            real_logits=self.critic(real), fake_logits=self.critic(fake)
        )
        return {
            "d_loss": unsupervised / 2,
            "supervised_loss": tf.reduce_mean(supervised),
            **self.penalty_terms(real, fake, seed),
        }

    def generator_objective(self, real, seed):
        fake = self.sample_like(real, seed)
        if not self.feature_matching:
            loss = self.adversarial_loss.generator(fake_logits=self.critic(fake))
        else:
            features = [self.read(batch.images)[1] for batch in (real, fake)]
            loss = _features.mean_distance(*features, self.distance)
        return {"g_loss": loss}

    def critic(self, batch):
        return tf.reduce_logsumexp(self.class_logits(batch.images), axis=-1)

    def class_logits(self, images):
        """The K logits of images `[batch, K]`, in float32 and training mode."""
        return _logits(self.discriminator(images, training=True))

    def test_step(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        wrong = self._classes(images) != tf.cast(labels, tf.int64)
        # Of all replicas: Keras 3 gives their errors' mean, whatever their shares are.
        self.error.update_state(_replica.gather(tf.cast(wrong, tf.float32)))
        return _compat.logs([self.error])

    def predict_step(self, data):
        return self._classes(keras.utils.unpack_x_y_sample_weight(data)[0])

    def _classes(self, images):
        classifier = self.ema_discriminator or self.discriminator
        return tf.argmax(_logits(classifier(images, training=False)), axis=-1)

    def get_config(self):
        return super().get_config() | {
            "features": self.features,
            "feature_matching": self.feature_matching,
            "distance": self.distance,
            "real_label": self.real_label,
            "discriminator_ema_decay": self.discriminator_ema_decay,
        }


def _logits(outputs):
    """The first of two outputs, or the only one."""
    logits = outputs[0] if isinstance(outputs, (tuple, list)) else outputs
    return tf.cast(logits, tf.float32)
