"""The training step that all adversarial trainers share."""

import abc
import zlib

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _compat
from tfgan_tricks import _ema
from tfgan_tricks import _replica
from tfgan_tricks import layers
from trainers import _arguments
from trainers import _batches
from trainers import _ordering
from trainers import _skipping
from trainers._fitting import Fittable
from trainers._optimizers import Paper
from trainers._saving import Saveable

# A seed that is a function of a seed and a number, and unlike both.
fold = tf.random.experimental.stateless_fold_in


class AdversarialTrainer(Saveable, Fittable, keras.Model, abc.ABC):
    """A generator and a discriminator that `fit` trains against each other.

    Subclasses choose the loss and override `train_step`, where the schedule is stated
    in verbs: `alternate`, or `real_batches`, `update_discriminator`,
    `update_generator` and `finish_step` for anything else. What a player minimises is
    in `discriminator_objective` and `generator_objective`, which may be replaced whole.

    `fit` takes a `tf.data.Dataset` of batches, or arrays, of images or of
    `(images, labels)`. A step that draws several fresh batches takes them from the
    same dataset, `batches_per_step` at a time. Labels condition both networks where
    those take two inputs, `[latents, labels]` and `[images, labels]`; they are not
    used otherwise.

    Made and compiled in the scope of a `tf.distribute` strategy, it learns and reports
    on several replicas what it does on one: statistics, latents and random numbers are
    those of the global batch, and all state is the same on each. Batch normalization of
    your own needs `synchronized=True` for this; otherwise each replica normalises by
    itself. Batches must be of a set size that the number of replicas divides, as
    `batch(size, drop_remainder=True)` makes them; arrays lose a last batch that is not
    full. A `tf.distribute.DistributedDataset` is taken as it is, an element for each
    step, which holds the examples of all its `batches_per_step` batches.

    Randomness is a pure function of `seed` and the number of finished steps. Logits,
    losses, penalties and averages are float32 whatever the networks' dtype policy; see
    `compile` for float16.

    Args:
        generator: a `keras.Model` from latents `[batch, latent_dim]`, or from
            `[latents, labels]` with labels `[batch]`, to images.
        discriminator: a `keras.Model` from images to logits `[batch]`, `[batch, 1]` or
            `[batch, height, width, 1]`.
        loss: an `AdversarialLoss`.
        penalties: penalties on the discriminator, added to its loss.
        discriminator_history: weight, zero or more, of the discriminator's historical
            averaging, see `penalties.HistoricalAverage`; it is in the logs as
            `d_history`. `None` does without.
        generator_history: likewise, of the generator, `g_history`.
        discriminator_steps: discriminator updates per generator update, one or more.
        reuse_real_batch: whether all updates of a step share one batch of real images;
            otherwise each draws a fresh one, as in the papers.
        joint_batch: whether the discriminator is called on real and fake images joined
            on axis 0, real first, in the generator's updates too, as
            `layers.JointMinibatchDiscrimination` needs it. Batch statistics in the
            discriminator are then those of both. A penalty's points have no place in
            such a batch, so that `penalties` must be empty.
        ema_decay: decay per step, in [0, 1), of an exponential moving average of the
            generator's weights, which then generates; `None` keeps no average.
        seed: of the latents and of the penalties' random numbers.
        **kwargs: of `keras.Model`.

    Raises:
        ValueError: if an argument is out of its range, if two penalties have the same
            name, if there are any with `joint_batch`, or if the generator has no known
            input shape.

    Attributes:
        ema_generator: the averaged generator, or `None`.
        step: how many training steps are finished.
    """

    # Of both players, in the paper.
    paper_optimizer = Paper("Adam", learning_rate=2e-4, beta_1=0.5)
    loss_names = ("d_loss", "g_loss")
    score_names = ()  # Of what `test_step` reports.

    def __init__(
        self,
        generator,
        discriminator,
        *,
        loss,
        penalties=(),
        discriminator_history=None,
        generator_history=None,
        discriminator_steps=1,
        reuse_real_batch=False,
        joint_batch=False,
        ema_decay=None,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _arguments.check(discriminator_steps, penalties, joint_batch)
        self.generator = generator
        self.discriminator = discriminator
        self.adversarial_loss = loss
        self.penalties = tuple(penalties)
        history = _arguments.history
        self.discriminator_history = history(discriminator, discriminator_history, "d")
        self.generator_history = history(generator, generator_history, "g")
        self.discriminator_steps = discriminator_steps
        self.reuse_real_batch = reuse_real_batch
        self.joint_batch = joint_batch
        self.ema_decay = ema_decay
        self.seed = seed
        self.latent_dim = _checks.latent_dim(generator)
        self.ema_generator = _arguments.average(generator, ema_decay=ema_decay)
        self.step = _compat.add_state(self, "step", (), dtype="int64", mean=False)
        self.trackers = self._trackers()
        self.built = True

    @property
    def generator_needs_real(self):
        """Whether the generator's objective looks at real images."""
        return self.joint_batch or self.adversarial_loss.generator_needs_real

    @property
    def batches_per_step(self):
        """How many batches of real images one training step draws."""
        if self.reuse_real_batch:
            return 1
        return self.discriminator_steps + self.generator_needs_real

    @abc.abstractmethod
    def train_step(self, data):
        """The schedule of one step, in verbs; returns the logs."""

    def alternate(self, data):
        """`discriminator_steps` discriminator updates, then one of the generator."""
        *batches, last = self.real_batches(data)
        for index, real in enumerate(batches):
            self.update_discriminator(real, index)
        self.update_generator(last)
        return self.finish_step()

    def real_batches(self, data):
        """A `Batch` for each discriminator update of the step, and the generator's."""
        labelled = _checks.is_conditional(self.generator)
        batches = _batches.split(data, self.batches_per_step, labelled)
        return _batches.one_per_update(batches, self.discriminator_steps)

    @_skipping.undone("d_skipped")
    def update_discriminator(self, real, index=0):
        """The step's discriminator update number `index`."""
        seed = self.random_seed(f"discriminator {index}")
        with layers.updates_once(self.discriminator):
            fake = self.sample_like(real, fold(seed, 0))
            fake = fake._replace(images=tf.stop_gradient(fake.images))
            return self._descend(
                lambda: self.discriminator_objective(real, fake, fold(seed, 1)),
                self.discriminator,
                self.discriminator_optimizer,
                self.discriminator_history,
            )

    @_skipping.undone("g_skipped")
    def update_generator(self, real):
        seed = self.random_seed("generator")
        with layers.updates_once(self.generator):
            return self._descend(
                lambda: self.generator_objective(real, seed),
                self.generator,
                self.generator_optimizer,
                self.generator_history,
            )

    def finish_step(self):
        """Ends the step; returns the logs."""
        self.step.assign_add(1)
        if self.ema_generator is not None:
            _ema.update(self.ema_generator, self.generator, self.ema_decay)
        return _compat.logs(self.trackers.values())

    def discriminator_objective(self, real, fake, seed):
        """What the discriminator minimises: the sum of the returned, named terms."""
        loss = self.adversarial_loss.discriminator(**self.logits(real, fake))
        return {"d_loss": loss, **self.penalty_terms(real, fake, seed)}

    def penalty_terms(self, real, fake, seed):
        """The discriminator's penalties, by name."""

        def critic(images):
            return self.critic(real._replace(images=images))

        images = {"real": real.images, "fake": fake.images}
        return {
            penalty.name: penalty(critic, **images, seed=fold(seed, index))
            for index, penalty in enumerate(self.penalties)
        }

    def generator_objective(self, real, seed):
        """What the generator minimises: the sum of the returned, named terms."""
        fake = self.sample_like(real, seed)
        if self.generator_needs_real:
            logits = self.logits(real, fake)
        else:
            logits = {"fake_logits": self.critic(fake)}
        return {"g_loss": self.adversarial_loss.generator(**logits)}

    def logits(self, real, fake):
        """The critic on real and on fake images, by the names a loss takes."""
        both = _batches.of_both(self.critic, real, fake, self.joint_batch)
        return dict(zip(("real_logits", "fake_logits"), both, strict=True))

    def critic(self, batch):
        """The discriminator's logits, in float32; the only road to it."""
        return tf.cast(self.discriminator(batch.inputs, training=True), tf.float32)

    def sample_like(self, real, seed):
        """A `Batch` generated with the labels of `real`; the only road to fakes."""
        shape = [tf.shape(real.images)[0], self.latent_dim]
        latents = real._replace(images=_replica.stateless_normal(shape, seed))
        return real._replace(images=self.generator(latents.inputs, training=True))

    def random_seed(self, tag):
        """The seed of the draw `tag` in this step, two int64."""
        start = tf.stack([tf.constant(self.seed, tf.int64), tf.identity(self.step)])
        return fold(start, zlib.crc32(tag.encode()))

    def _descend(self, objective, player, optimizer, history):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        variables = player.trainable_variables
        if history:
            history.update(variables)
        with tf.GradientTape() as tape:
            terms = objective()
            if history:
                terms[history.name] = history(variables)
            # Keras sums gradients over the replicas.
            total = tf.add_n(list(terms.values())) / replicas
            total = _compat.scale_loss(optimizer, total)
        terms, gradients = _ordering.joined((terms, tape.gradient(total, variables)))
        gradients, is_finite = _skipping.unscaled(optimizer, gradients)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        for name, value in terms.items():
            self.trackers[name].update_state(value)
        return is_finite
