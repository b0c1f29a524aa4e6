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
    """A Keras model that trains two networks instead of one.

    It contains all that Keras calls around the training step. Subclasses create
    `generator_player` and `discriminator_player`.
    """

    # The optimizer of both networks in the paper.
    paper_optimizer = Paper("Adam", learning_rate=2e-4, beta_1=0.5)
    loss_names: Sequence[str] = ()
    score_names: Sequence[str] = ()  # The names of the values in `test_step`'s logs.
    train_function: Any
    test_function: Any

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.trackers: dict[str, Any] = {}
        self.penalties: tuple[Any, ...] = ()
        self._is_new = True
        _compat.log_first_replica(self)

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
        """The generator to sample from: the averaged generator if there is one."""
        return self.generator_player.sampling_network

    @property  # type: ignore[misc]
    def layers(self) -> list[keras.Model]:
        """The networks and their moving averages, which `summary` lists."""
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

        Without arguments, both networks get the optimizer of the trainer's paper.

        If gradients pass through a float16 network, `compile` wraps the optimizer in
        `keras.mixed_precision.LossScaleOptimizer`, unless it already is one. An update
        whose gradients overflow is then skipped, and the optimizer halves its loss
        scale. The other network is updated as usual. `g_skipped` and `d_skipped` in the
        logs count the skipped updates since step 0. Checkpoints contain the loss scale.
        `.keras` files contain it in Keras 3 only.

        On several replicas, gradients are clipped (`clipnorm`, `global_clipnorm`,
        `clipvalue`) after they have been summed over the replicas. Averages that an
        optimizer keeps (`use_ema`) replace the weights when `fit` ends, as in Keras.

        Args:
            generator_optimizer: A Keras or TensorFlow Addons optimizer, or its name,
                such as "adam", or "addons:LAMB" if Addons can be imported. `None` means
                the optimizer of the trainer's paper.
            discriminator_optimizer: The discriminator's optimizer, see
                `generator_optimizer`.
            jit_compile: If `True`, XLA compiles the step. Must be `False` on several
                replicas.
            steps_per_execution: Number of steps in one call from Python, at least 1.
            run_eagerly: If `True`, the step runs uncompiled, for debugging.
            **unsupported: Other arguments of `keras.Model.compile`. They must be
                `None`.

        Raises:
            ValueError: If an optimizer's name is unknown or needs Addons, which cannot
                be imported, if both networks get the same optimizer object, if an
                argument or option is unsupported, or if `jit_compile` is `True` on
                several replicas.
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
        # Keras has created one optimizer for the weights of both networks.
        self.optimizer = _optimizers.Pair(
            self.generator_optimizer, self.discriminator_optimizer
        )
        self.trackers = self._trackers()

    def _trackers(self):
        """Returns the metrics behind the logs, by name."""
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
        """Trains both networks; accepts the arguments of `keras.Model.fit`.

        Real images must be in the generator's range, `output_range`. Each step uses
        `batches_per_step` batches. Batches that are left at the end of an epoch come
        first in the next epoch, unless the length of the dataset is unknown.

        Args:
            x: Array of real examples, `keras.utils.PyDataset` or `tf.data.Dataset` of
                batches. Batches are images, `(images,)`, `(images, labels)`, or dicts
                with the keys `image` and `label`. The elements of a
                `tf.distribute.DistributedDataset` contain all examples of one step.
            y: Array of labels for an array `x`. Networks without a label input ignore
                labels. `None` means no labels.
            batch_size: Number of examples in a batch of arrays. `None` means 32.
            epochs: Number of epochs, as in `keras.Model.fit`.
            verbose: Amount of progress output, as in `keras.Model.fit`.
            callbacks: List of callbacks, as in `keras.Model.fit`.
            shuffle: If `True`, arrays and `PyDataset`s are shuffled in an order that
                depends on `seed` and `step` only. If `False`, they keep their order.
            initial_epoch: Number of the first epoch, as in `keras.Model.fit`.
            steps_per_epoch: Number of steps in an epoch. `None` means one pass over the
                data, which must be finite.
            validation_data: Data for `evaluate`, for trainers with scores. `None` means
                no validation.
            validation_steps: Number of validation steps, as in `keras.Model.fit`.
            validation_batch_size: Validation batch size, as in `keras.Model.fit`.
            validation_freq: Number of epochs between validations.
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
        """Evaluates the trainer's scores, if it has any, like `keras.Model.evaluate`.

        Args:
            x: Data to evaluate, as in `keras.Model.evaluate`.
            *args: Further arguments of `keras.Model.evaluate`.
            **kwargs: Further arguments of `keras.Model.evaluate`.

        Returns:
            The scores, as `keras.Model.evaluate` returns them.

        Raises:
            ValueError: If the trainer has no scores.
        """
        _arguments.check_scored(self, "x", x)
        return super().evaluate(x, *args, **kwargs)

    def test_on_batch(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Evaluates the scores of one batch, like `keras.Model.test_on_batch`.

        Args:
            x: Array of examples, as in `keras.Model.test_on_batch`.
            *args: Further arguments of `keras.Model.test_on_batch`.
            **kwargs: Further arguments of `keras.Model.test_on_batch`.

        Returns:
            The scores, as `keras.Model.test_on_batch` returns them.

        Raises:
            ValueError: If the trainer has no scores.
        """
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
        """Trains for one step.

        Args:
            x: Array of real examples: the step's `batches_per_step` batches of equal
                size, one after another.
            y: Array of labels, or `None`.
            sample_weight: Unsupported.
            class_weight: Unsupported.
            return_dict: If `True`, the logs are returned as a dict.

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
        """Does nothing. Keras 3 would read a batch of the data under a strategy."""

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
        """Returns `True` if Keras cannot run several steps in one execution."""
        in_graph = self.num_replicas > 1 and not self.run_eagerly
        return in_graph and _compat.steps_are_branches(self)

    @property
    def num_replicas(self) -> int:
        return self.distribute_strategy.num_replicas_in_sync

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Saves the trainer with its networks and optimizers to a `.keras` file.

        Args:
            filepath: Path of the file, ending in `.keras`.
            *args: Further arguments of `keras.Model.save`.
            **kwargs: Further arguments of `keras.Model.save`.

        Raises:
            ValueError: If `filepath` does not end in `.keras`.
        """
        if not str(filepath).endswith(".keras"):
            raise ValueError(
                "`filepath` must end in .keras: other formats lose part of the state. "
                f"Received: filepath={str(filepath)!r}"
            )
        super().save(filepath, *args, **kwargs)

    def export(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            "Trainers cannot be exported, but their generators can. Use "
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
            "steps_per_execution": _compat.steps_per_execution(self),
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config: dict[str, Any] | None) -> None:
        if config is not None:
            names = ("generator_optimizer", "discriminator_optimizer")
            made = {name: _serializing.restored(config[name]) for name in names}
            self.compile(**config | made)
