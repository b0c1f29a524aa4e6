"""The training step that all adversarial trainers share."""

import abc
import functools
import zlib
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import Self

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks import replica
from tfgan_tricks.losses import AdversarialLoss
from tfgan_tricks.losses import _over_outputs
from tfgan_tricks.penalties import _checked
from tfgan_tricks.penalties import _passes
from trainers import _arguments
from trainers import _batch
from trainers import _forms
from trainers import _micro_batches
from trainers import _networks
from trainers import _packing
from trainers import _schedules
from trainers import _serializing
from trainers import _step_data
from trainers._batch import Batch
from trainers._player import Player
from trainers._updates import UpdatedModel
from trainers._updates import fold
from trainers._updates import kept_fake
from trainers._updates import passes


class AdversarialTrainer(UpdatedModel, abc.ABC):
    """A generator and a discriminator that `fit` trains against each other.

    Call the trainer on latents to draw samples. The averaged generator draws them if
    there is one.

    Create and compile the trainer, and create its networks, in a `tf.distribute`
    strategy's scope to train on several replicas. Weights and logs match a single
    replica, because batch statistics, latents and random numbers are computed for the
    global batch. This needs `synchronized=True` in your batch normalization layers.
    Keras layers that draw random numbers, such as `keras.layers.Dropout`, draw
    them on each replica. `layers.Dropout` draws them for the global batch.

    Randomness depends only on `seed` and the number of finished steps. Logits, losses,
    penalties and averages are float32 under any dtype policy of the networks. See
    `compile` for float16.

    Subclasses choose the loss and define `train_step`, the schedule of one step. They
    may also replace these methods:

    - `train_step(data)` calls `alternate`, or `real_batches`, `update_discriminator`,
      `update_generator` and `finish_step`. Only `alternate` follows `schedule` and
      `reuse_fake_batch`.
    - `arrange(batch)` converts a dataset's batches to the form of `train_step`.
    - `real_batches(data)` returns the `Batch` of each update.
    - `discriminator_objective(real, fake, seed)` and `generator_objective(real, seed)`
      return a dict of terms, whose sum the network minimizes. The class attribute
      `loss_names` lists the names of the terms that are not penalties.
    - `constrain_discriminator()` changes the discriminator's weights after each of its
      updates. It does nothing by default.
    - `read(batch)` returns the discriminator's outputs and the features to match, or
      `None`. Every call of the discriminator must go through it and
      `discriminator_player.run`.
    - `critic(batch)` returns float32 logits, computed from the result of `read`.

    The step adds regularizers and `add_loss` of the networks to these terms, as
    `d_losses` and `g_losses`, and historical averaging.

    Args:
        generator: A `keras.Model` from latents `[batch, latent_dim]`, or from
            `[latents, labels]`, to images or points.
        discriminator: A `keras.Model` from images, or from `[images, labels]`, to
            logits of shape `[batch]`, `[batch, 1]` or `[batch, height, width, 1]`. For
            a list of logits (multi-scale discriminators), losses are summed over its
            items. The trainer builds the discriminator if necessary. Labels are class
            indices of shape `[batch]` or `[batch, 1]`, or one-hot.
        loss: An `AdversarialLoss`.
        penalties: List of penalties on the discriminator, which are added to its loss.
        discriminator_history: Weight of the discriminator's historical averaging, at
            least 0, logged as `d_history`. `None` disables it. See
            `penalties.HistoricalAverage`.
        generator_history: Weight of the generator's historical averaging, at least 0,
            logged as `g_history`. `None` disables it.
        discriminator_steps: Number of discriminator updates per generator update, at
            least 1.
        reuse_real_batch: If `True`, all updates of a step share one batch of real
            images. If `False`, each update that uses real images draws its own batch,
            as in the papers.
        reuse_fake_batch: If `True`, the generator update uses the fake images of the
            step's last discriminator update, with their latents and labels, so one pass
            through the generator serves both updates. If `False`, the generator update
            draws its own latents.
        schedule: "alternating" updates the discriminator first, and then the generator
            against the updated discriminator. "simultaneous" computes both gradients at
            the same weights, on the same real and fake images, before it updates either
            network. One pass through each network then serves both updates. This
            requires `discriminator_steps=1` and a discriminator that judges each
            example independently, see `update_both`.
        micro_batches: Number of equal parts into which each update divides its batch.
            The parts run one after another, and their gradients are summed for one
            step of the optimizer. Memory falls, while updates and logs equal the whole
            batch's, up to rounding. The batch on each replica must be a
            multiple of it. Losses, penalties and layers must treat each example
            independently. Those that are known to use statistics of the batch, such as
            batch normalization, are refused.
        joint_batch: If `True`, every update calls the discriminator once, on real and
            fake images concatenated on axis 0, real first, as
            `layers.JointMinibatchDiscrimination` requires. Batch statistics in the
            discriminator then include both. `penalties` must be empty.
            `SemiSupervisedGAN` does not support it.
        packing: Number m of examples in a pack, at least 1. The discriminator judges
            packs: m consecutive examples of a batch, joined along the last axis, all
            real or all fake (PacGAN, Lin et al., 2018, arXiv:1712.04086). Losses,
            penalties and features are computed for packs. The discriminator's input has
            m times the channels of an image, and each replica's share of a batch must
            be a multiple of m. `SemiSupervisedGAN` and networks with a label input
            support only 1.
        ema_decay: Decay per step, in [0, 1), of an exponential moving average of the
            generator's weights. The averaged generator then draws the samples. It
            starts from the weights at step 0. `None` keeps no average.
        output_range: The least and greatest value of images, two numbers. `None` means
            the range of the generator's last activation.
        seed: Integer seed of the latents, the penalties and the order of arrays.
        **kwargs: `name` and `dtype`, as for `keras.Model`.

    Raises:
        ValueError: If an argument is out of range, or the networks do not fit together.

    Attributes:
        generator: The generator.
        discriminator: The discriminator.
        generator_optimizer: The generator's optimizer, or `None` before `compile`.
        discriminator_optimizer: The discriminator's optimizer, or `None` before
            `compile`.
        ema_generator: The averaged generator, or `None`.
        sampling_generator: The generator to sample from: the averaged generator if
            there is one.
        output_range: The range of images, or `None` if unknown.
        step: Number of finished steps.
    """

    loss_names: Sequence[str] = ("d_loss", "g_loss")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: AdversarialLoss,
        penalties: Sequence[Callable] = (),
        discriminator_history: float | None = None,
        generator_history: float | None = None,
        discriminator_steps: int = 1,
        reuse_real_batch: bool = False,
        reuse_fake_batch: bool = False,
        schedule: str = "alternating",
        micro_batches: int = 1,
        joint_batch: bool = False,
        packing: int = 1,
        ema_decay: float | None = None,
        output_range: tuple[float, float] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        penalties = _checked.checked(penalties, taken=self.loss_names)
        _arguments.check(discriminator_steps, penalties, joint_batch, seed)
        _packing.check(packing, generator, micro_batches)
        _networks.fit_together(generator, discriminator, packing)
        self.adversarial_loss = loss
        self.penalties = penalties
        self.discriminator_steps = discriminator_steps
        self.reuse_real_batch = reuse_real_batch
        self.reuse_fake_batch = reuse_fake_batch
        self.schedule = schedule
        self.micro_batches = micro_batches
        self.joint_batch = joint_batch
        self.packing = packing
        self.ema_decay = ema_decay
        self.output_range = _arguments.output_range(output_range, generator)
        self.seed = seed
        self.generator_player = Player(
            "generator", generator, judges=[discriminator], history=generator_history
        )
        self.generator_player.keep_average(ema_decay=ema_decay)
        self.discriminator_player = Player(
            "discriminator", discriminator, history=discriminator_history
        )
        self.latent_dim = _facts.latent_dim(generator)
        self.step = replica.add_state(self, "step", (), dtype="int64", mean=False)
        self.built = True
        _schedules.check(self, AdversarialTrainer)
        _micro_batches.check(self)

    @property
    def generator_needs_real(self) -> bool:
        """`True` if the generator's objective uses real images."""
        return self.joint_batch or self.adversarial_loss.generator_needs_real

    @property
    def batches_per_step(self) -> int:
        """The number of batches of real images that one training step draws."""
        if self.reuse_real_batch or self.schedule == "simultaneous":
            return 1
        return self.discriminator_steps + self.generator_needs_real

    @abc.abstractmethod
    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs one step, and returns the logs."""

    def alternate(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs the updates of one step, in the order that `schedule` names.

        These are `discriminator_steps` discriminator updates and then a generator
        update, or one update of both networks.

        Args:
            data: Data of one step, as `train_step` receives it.

        Returns:
            The logs.
        """
        *batches, last = self.real_batches(data)
        if self.schedule == "simultaneous":
            self.update_both(last)
            return self.finish_step()
        shared = batches.pop() if self.reuse_fake_batch else None
        for index, real in enumerate(batches):
            self.update_discriminator(real, index)
        if shared is None:
            self.update_generator(last)
        else:
            self._update_on_one_fake_batch(shared, last, len(batches))
        return self.finish_step()

    def real_batches(self, data: Any) -> list[Batch]:
        """Returns a `Batch` for each discriminator update and the generator update.

        Args:
            data: Data of one step, as `train_step` receives it.

        Returns:
            A list of `discriminator_steps + 1` batches of float32 images or packs.
        """
        labels_wanted = _facts.is_conditional(self.generator)
        batches = [
            Batch(self._packed(images), labels if labels_wanted else None)
            for images, labels in _step_data.pairs(data, self.batches_per_step)
        ]
        return _batch.one_per_update(batches, self.discriminator_steps)

    def _packed(self, images):
        images = _packing.checked(tf.cast(images, tf.float32), self.packing)
        return _packing.packed(images, self.packing)

    def finish_step(self) -> dict[str, tf.Tensor]:
        """Updates the moving averages and the step counter, and returns the logs."""
        self.step.assign_add(1)
        for player in self.players:
            player.update_average()
        return _compat.logs(self.trackers.values())

    def discriminator_objective(
        self, real: Batch, fake: Batch, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Returns the named terms whose sum the discriminator minimizes.

        Args:
            real: Real images.
            fake: Fake images.
            seed: Seed of the penalties, two integers.

        Returns:
            A dict of float32 scalars.
        """
        loss = _over_outputs.summed(self.adversarial_loss.discriminator)
        terms = {"d_loss": loss(**self.logits(real, fake))}
        return terms | self.penalty_terms(real, fake, seed)

    def penalty_terms(
        self, real: Batch, fake: Batch, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Returns the values of the penalties, by name.

        Penalties on the images themselves, such as R1 and R2, use the passes that
        `logits` has made in this update, unless another pass would differ.

        Args:
            real: Real images.
            fake: Fake images.
            seed: Seed of the penalties, two integers.

        Returns:
            A dict of float32 scalars.
        """

        images = {"real": real.images, "fake": fake.images}
        with self.discriminator_player.without_losses():
            return {
                penalty.name: penalty(critic, **images, seed=fold(seed, index), **due)
                for index, penalty in enumerate(self.penalties)
                for critic, due in [self._critic_of(penalty, real)]
            }

    def _critic_of(self, penalty, batch):
        """Returns the critic for a penalty, and further arguments of the penalty.

        A penalty that not every step computes is a branch. It makes passes of its own,
        so that the other steps contain nothing of it.
        """
        critic = functools.partial(self._judge, batch)
        if getattr(penalty, "every", 1) > 1:
            return critic, {"step": tf.identity(self.step)}
        return _passes.KnownCritic(critic, passes.value or ()), {}

    def _judge(self, batch, images):
        return self.critic(batch._replace(images=images))

    def generator_objective(self, real: Batch, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the named terms whose sum the generator minimizes.

        Args:
            real: Real images.
            seed: Seed of the latents, two integers.

        Returns:
            A dict of float32 scalars.
        """
        fake = self.sample_like(real, seed)
        if self.generator_needs_real:
            logits = self.logits(real, fake)
        else:
            logits = {"fake_logits": self.critic(fake)}
        return {
            "g_loss": _over_outputs.summed(self.adversarial_loss.generator)(**logits)
        }

    def logits(self, real: Batch, fake: Batch) -> dict[str, Any]:
        """Returns the critic's logits of real and fake images, as arguments of a loss.

        Args:
            real: Real images.
            fake: Fake images.

        Returns:
            A dict with `real_logits` and `fake_logits`.
        """
        both = _batch.of_both(self._kept, real, fake, self.joint_batch)
        return dict(zip(("real_logits", "fake_logits"), both, strict=True))

    def _kept(self, batch):
        """Returns the critic's logits, and keeps the pass if penalties may share it."""
        if passes.value is None or batch.images.dtype != tf.float32:
            return self.critic(batch)
        judge = functools.partial(self._judge, batch)
        passes.value.append(_passes.Pass(judge, batch.images))
        return passes.value[-1].outputs

    def read(self, batch: Batch) -> tuple[Any, tf.Tensor | None]:
        """Returns the discriminator's outputs, and its features or `None`.

        Args:
            batch: Real or fake images.

        Returns:
            A pair of the outputs and the features to match, or `None`.
        """
        return self.discriminator_player.run(batch.images, batch.labels), None

    def critic(self, batch: Batch) -> Any:
        """Returns the discriminator's logits in float32.

        Args:
            batch: Real or fake images.

        Returns:
            A float32 tensor, or several for a discriminator with several outputs.
        """
        outputs, _ = self.read(batch)
        return tf.nest.map_structure(lambda x: tf.cast(x, tf.float32), outputs)

    def sample_like(self, real: Batch, seed: tf.Tensor) -> Batch:
        """Generates fake images with the labels of `real`, or packs of fake images.

        Every call of the generator in a step must go through this method. With
        `reuse_fake_batch`, its first call in the generator's objective returns the fake
        images of the last discriminator update instead.

        Args:
            real: Real images or packs, for their number and their labels.
            seed: Seed of the latents, two integers.

        Returns:
            A `Batch` of as many fake images or packs.
        """
        if kept_fake.value:
            return kept_fake.value.pop()
        rows = tf.shape(real.images)[0] * self.packing
        latents = replica.stateless_normal([rows, self.latent_dim], seed)
        images = self.generator_player.run(latents, real.labels)
        return real._replace(images=_packing.packed(images, self.packing))

    def random_seed(self, tag: str) -> tf.Tensor:
        """Returns a seed for one draw of random numbers in the current step.

        Args:
            tag: Name of the draw, different for each draw in a step.

        Returns:
            Two integers, an int64 tensor.
        """
        start = tf.stack([tf.constant(self.seed, tf.int64), tf.identity(self.step)])
        return fold(start, zlib.crc32(tag.encode()))

    def arrange(self, batch: Any) -> Any:
        """Converts a dataset's batch to the form of `train_step`.

        Args:
            batch: Images, a tuple or a dict, see `fit`.

        Returns:
            Images, or `(images, labels)` if the networks have a label input.

        Raises:
            ValueError: If the trainer does not support the form of the batch.
        """
        pair = _forms.as_pair(batch)
        if _facts.is_conditional(self.generator):
            return _forms.with_labels(pair)
        return pair[0] if isinstance(pair, tuple) else pair

    @property
    def num_classes(self) -> int | None:
        """The number of classes of the networks, or `None` if unknown."""
        known = map(_facts.num_classes, (self.generator, self.discriminator))
        return next((count for count in known if count is not None), None)

    @property
    def logit_shapes(self) -> list:
        """The shapes of the discriminator's logits, one for each output."""
        shape = _facts.output_shape(self.discriminator)
        return shape if isinstance(shape, list) else [shape]

    def get_config(self) -> dict[str, Any]:
        histories = {
            f"{player.role}_history": player.history and player.history.weight
            for player in self.players
        }
        return histories | {
            "name": self.name,
            "generator": _serializing.of(self.generator),
            "discriminator": _serializing.of(self.discriminator),
            "penalties": [_serializing.of(penalty) for penalty in self.penalties],
            "discriminator_steps": self.discriminator_steps,
            "reuse_real_batch": self.reuse_real_batch,
            "reuse_fake_batch": self.reuse_fake_batch,
            "schedule": self.schedule,
            "micro_batches": self.micro_batches,
            "joint_batch": self.joint_batch,
            "packing": self.packing,
            "ema_decay": self.ema_decay,
            "output_range": self.output_range,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        parts = {
            name: _serializing.restored(config[name], custom_objects)
            for name in ("generator", "discriminator")
        }
        parts["penalties"] = [
            _serializing.restored(penalty, custom_objects)
            for penalty in config["penalties"]
        ]
        return cls(**config | parts)
