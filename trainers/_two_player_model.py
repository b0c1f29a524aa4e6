"""A Keras model of two players, each with an optimizer of its own."""

from collections.abc import Sequence
from typing import Any
from typing import NoReturn

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks.penalties import HistoricalAverage
from trainers import _arguments
from trainers import _feeding
from trainers import _optimizers
from trainers import _serializing
from trainers import _skipping
from trainers import _steps
from trainers import _warnings
from trainers import _watch
from trainers._optimizers import Paper
from trainers._player import Player
from trainers._watch import FirstBatch
from trainers._watch import Watch


class TwoPlayerModel(keras.Model):
    """What Keras calls around the training step, for two players instead of one model.

    Subclasses make `generator_player` and `discriminator_player`.
    """

    # Of both players, in the paper.
    paper_optimizer = Paper("Adam", learning_rate=2e-4, beta_1=0.5)
    loss_names: Sequence[str] = ()
    score_names: Sequence[str] = ()  # Of what `test_step` reports.
    train_function: Any
    test_function: Any

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.trackers: dict[str, Any] = {}
        self.penalties: tuple[Any, ...] = ()
        self._is_new = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "train_step" in vars(cls):
            cls.train_step = _steps.after_data(cls.train_step)  # type: ignore[method-assign]

    @property
    def players(self) -> tuple[Player, Player]:
        return self.discriminator_player, self.generator_player

    @property
    def generator(self) -> keras.Model:
        return self.generator_player.network

    @property
    def discriminator(self) -> keras.Model:
        return self.discriminator_player.network

    @property
    def generator_optimizer(self) -> Any:
        return self.generator_player.optimizer

    @property
    def discriminator_optimizer(self) -> Any:
        return self.discriminator_player.optimizer

    @property
    def generator_history(self) -> HistoricalAverage | None:
        return self.generator_player.history

    @property
    def discriminator_history(self) -> HistoricalAverage | None:
        return self.discriminator_player.history

    @property
    def ema_generator(self) -> keras.Model | None:
        return self.generator_player.average

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator to draw samples from: the averaged one where it is kept."""
        return self.generator_player.sampling_network

    @property  # type: ignore[misc]
    def layers(self) -> list[keras.Model]:
        """The networks and their averages, which `summary` lists."""
        networks = [player.network for player in self.players]
        averages = [player.average for player in self.players]
        return [*networks, *(average for average in averages if average is not None)]

    @property
    def metrics(self) -> list:
        return list(self.trackers.values())

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        return self.sampling_generator(inputs, training=training)

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        jit_compile: bool = False,
        steps_per_execution: int = 1,
        run_eagerly: bool = False,
        **unsupported: Any,
    ) -> None:
        """Configures training.

        An optimizer whose gradients pass through float16, by the networks' own dtypes,
        gets a `keras.mixed_precision.LossScaleOptimizer` around it, unless it has one.
        An update whose gradients overflow is then skipped, for that player alone; the
        logs' `d_skipped` and `g_skipped` count them from the beginning of training.
        Checkpoints and `.keras` files hold the scale, the latter in Keras 3 only.

        Gradients are clipped (`clipnorm`, `global_clipnorm`, `clipvalue`) after they
        were summed over the replicas. Averages that an optimizer keeps (`use_ema`) are
        put into the weights when `fit` ends, as in Keras.

        Args:
            generator_optimizer: A Keras or TensorFlow Addons optimizer, or the name of
                one, such as "adam", or "addons:LAMB" where Addons can be imported.
                `None` is the paper's.
            discriminator_optimizer: The discriminator's optimizer, as above.
            jit_compile: If `True`, the step is compiled with XLA; on one device only.
            steps_per_execution: Number of steps in one call of a compiled function.
            run_eagerly: If `True`, the step runs uncompiled, for debugging.
            **unsupported: Other arguments of `keras.Model.compile`, which have no
                meaning here.

        Raises:
            ValueError: If an optimizer's name is unknown or needs Addons where there is
                none, if both players get the same optimizer object, if an argument or
                option is unsupported, or for XLA on several replicas.
        """
        _arguments.refuse_compile_arguments(unsupported)
        _arguments.check_jit(jit_compile, self.num_replicas)
        _optimizers.check_distinct(generator_optimizer, discriminator_optimizer)
        super().compile(
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        paper = self.paper_optimizer
        with self.distribute_strategy.scope():
            self.generator_player.compile(generator_optimizer or paper.make())
            self.discriminator_player.compile(discriminator_optimizer or paper.make())
        # Keras has made one for the weights of both networks.
        self.optimizer = _optimizers.Pair(
            self.generator_optimizer, self.discriminator_optimizer
        )
        self.trackers = self._trackers()

    def _trackers(self):
        """What the logs are read from, by name."""
        names = [*self.loss_names, *(penalty.name for penalty in self.penalties)]
        names += [name for player in self.players for name in player.own_names()]
        means = {name: keras.metrics.Mean(name=name) for name in names}
        return means | _skipping.counts(self.players)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Trains both players; the arguments are those of `keras.Model.fit`.

        Args:
            x: Real examples in the generator's range (`output_range`): an array,
                shuffled in an order that follows from `seed` and `step`; a
                `keras.utils.PyDataset`; or a `tf.data.Dataset` of batches. Batches are
                images, `(images,)`, `(images, labels)`, or dicts with the keys `image`
                and, for labels, `label`. Each step takes `batches_per_step` of them;
                what an epoch leaves over comes first in the next one, unless the
                length of the dataset is unknown. A `tf.distribute.DistributedDataset`
                has an element for each step, which holds all its examples.
            y: Array of labels, with an array `x`. Labels condition both networks where
                these take labels, and are not used otherwise.
            batch_size: Examples in a batch of arrays; 32 by default.
            shuffle: If `False`, arrays and `PyDataset`s keep their order.
            validation_data: Data for `evaluate`, for trainers that have one.
            validation_split: Unsupported.
            class_weight: Unsupported.
            sample_weight: Unsupported.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If the data cannot be trained on, or an argument is unsupported.
        """
        _arguments.refuse(
            validation_split=validation_split or None,
            class_weight=class_weight,
            sample_weight=sample_weight,
        )
        _arguments.check_scored(self, "validation_data", validation_data)
        self._get_ready("fit")
        first_batch = FirstBatch() if self._is_new else None
        feed = _feeding.feed(
            self, x, y, batch_size, shuffle, steps_per_epoch, first_batch
        )
        if self._is_new:
            _warnings.warn_of_networks(self)
            self._is_new = False
        with _feeding.plain_errors(self):
            return super().fit(
                feed.dataset,
                epochs=epochs,
                verbose=verbose,
                callbacks=_watch.first(Watch(x, first_batch), callbacks),
                validation_data=validation_data,
                initial_epoch=initial_epoch,
                steps_per_epoch=feed.steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                validation_freq=validation_freq,
                shuffle=False,
            )

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Scores the trainer, where it has scores; as `keras.Model.evaluate`."""
        _arguments.check_scored(self, "x", x)
        return super().evaluate(x, *args, **kwargs)

    def test_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Scores a batch, where there are scores; as `keras.Model.test_on_batch`."""
        _arguments.check_scored(self, "x", x)
        return super().test_on_batch(x, *args, **kwargs)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Trains for one step, on the examples of all its `batches_per_step` batches.

        Args:
            x: Array of real examples, a multiple of `batches_per_step`.
            y: Array of labels, or `None`.
            sample_weight: Unsupported.
            class_weight: Unsupported.
            return_dict: If `True`, returns the logs by name.

        Returns:
            The logs, a dict or a list of numbers.

        Raises:
            ValueError: If the data cannot be trained on, or an argument is unsupported.
        """
        _arguments.refuse(sample_weight=sample_weight, class_weight=class_weight)
        self._get_ready("train_on_batch")
        dataset = _feeding.one_step(self, x, y)
        self.make_train_function()
        distribute = self.distribute_strategy.experimental_distribute_dataset
        with _feeding.plain_errors(self):
            logs = self.train_function(iter(distribute(dataset)))
        logs = {name: float(np.mean(value)) for name, value in logs.items()}
        return logs if return_dict else list(logs.values())

    def _get_ready(self, method):
        _arguments.check_compiled(self, method)
        is_first_step = int(self.step.numpy()) == 0
        for player in self.players:
            player.get_ready(is_first_step)

    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        """Does nothing; under a strategy, Keras 3 would read a batch of the data."""

    def make_train_function(self, force: bool = False) -> Any:
        if not self._needs_own_loop():
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = _steps.in_one_execution(
                self, self.train_step, self.trackers
            )
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        if not self._needs_own_loop():
            return super().make_test_function(force)
        if self.test_function is None or force:
            self.test_function = _steps.in_one_execution(
                self, self.test_step, self.score_names
            )
        return self.test_function

    def _needs_own_loop(self):
        """`True` if Keras could not run several steps in one execution."""
        in_graph = self.num_replicas > 1 and not self.run_eagerly
        return in_graph and _compat.steps_are_branches(self)

    @property
    def num_replicas(self) -> int:
        return self.distribute_strategy.num_replicas_in_sync

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Saves the whole trainer to a `.keras` file; as `keras.Model.save`."""
        if not str(filepath).endswith(".keras"):
            raise ValueError(
                "`filepath` must end in .keras: other formats lose a player's state. "
                f"Received: filepath={str(filepath)!r}"
            )
        super().save(filepath, *args, **kwargs)

    def export(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            "A trainer is not exported, its generator is: use "
            "`tfgan_tricks.export.save(gan.sampling_generator, path)`."
        )

    def get_compile_config(self) -> dict[str, Any] | None:
        if self.generator_optimizer is None:
            return None
        return {
            "generator_optimizer": _serializing.of_optimizer(self.generator_optimizer),
            "discriminator_optimizer": _serializing.of_optimizer(
                self.discriminator_optimizer
            ),
            "jit_compile": self.jit_compile,
            "steps_per_execution": int(self.steps_per_execution),
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config: dict[str, Any] | None) -> None:
        if config is not None:
            names = ("generator_optimizer", "discriminator_optimizer")
            made = {name: _serializing.restored(config[name]) for name in names}
            self.compile(**config | made)
