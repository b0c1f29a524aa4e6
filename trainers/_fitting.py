"""How a model of two networks and two optimizers is compiled, fed and called."""

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from trainers import _arguments
from trainers import _batches
from trainers import _optimizers
from trainers import _skipping
from trainers import _steps


class Fittable:
    """The part of `AdversarialTrainer` that Keras calls around the training step."""

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs, training=False):
        return self.sampling_generator(inputs, training=training)

    @property
    def sampling_generator(self):
        """The generator to draw samples from: the averaged one where it is kept."""
        return self.ema_generator or self.generator

    @property
    def metrics(self):
        return list(self.trackers.values())

    def _trackers(self):
        """What the logs are read from, by name."""
        means = {name: keras.metrics.Mean(name=name) for name in self._terms()}
        return means | _skipping.counts(self)

    def _terms(self):
        """The names of all that the players minimise."""
        penalties = (penalty.name for penalty in self.penalties)
        histories = (self.discriminator_history, self.generator_history)
        averaging = (history.name for history in histories if history)
        return [*self.loss_names, *penalties, *averaging]

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        jit_compile=False,
        **kwargs,
    ):
        """Configures training.

        An optimizer whose gradients pass through float16, by the networks' own dtypes,
        gets a `keras.mixed_precision.LossScaleOptimizer` around it, unless it has one.
        An update whose gradients overflow is then skipped, for that player alone; the
        logs' `d_skipped` and `g_skipped` count them from the beginning of training.
        Checkpoints and `.keras` files hold the scale, the latter in Keras 3 only.

        Args:
            generator_optimizer: an optimizer of Keras or TensorFlow Addons; or the name
                of one, such as "adam", or "addons:LAMB" where Addons can be imported;
                `None` is the paper's.
            discriminator_optimizer: likewise.
            jit_compile: whether the step is compiled with XLA, on one device only.
            **kwargs: of `keras.Model.compile`: `steps_per_execution`, `run_eagerly`.

        Raises:
            ValueError: for an unknown name, one of Addons where there is none, one
                optimizer for both players, and XLA on several replicas.
        """
        _arguments.check_jit(jit_compile, self._num_replicas)
        super().compile(jit_compile=jit_compile, **kwargs)
        self.optimizer = None  # Keras would make one for both networks' weights.
        pair = _optimizers.pair(self, generator_optimizer, discriminator_optimizer)
        self.generator_optimizer, self.discriminator_optimizer = pair

    def fit(self, x=None, y=None, batch_size=None, shuffle=True, **kwargs):
        replicas = self._num_replicas
        dataset = _batches.as_dataset(
            x, y, batch_size, shuffle and self.seed, drop_remainder=replicas > 1
        )
        if isinstance(dataset, tf.data.Dataset):
            _batches.check_divisible(dataset, replicas)
            dataset = _batches.regroup(dataset, self.batches_per_step)
        return super().fit(dataset, shuffle=False, **kwargs)

    def make_train_function(self, force=False):
        if not self._needs_own_loop():
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = _steps.in_one_execution(
                self, self.train_step, self.trackers
            )
        return self.train_function

    def make_test_function(self, force=False):
        if not self._needs_own_loop():
            return super().make_test_function(force)
        if self.test_function is None or force:
            self.test_function = _steps.in_one_execution(
                self, self.test_step, self.score_names
            )
        return self.test_function

    def _needs_own_loop(self):
        """Whether Keras could not run several steps in one execution."""
        in_graph = self._num_replicas > 1 and not self.run_eagerly
        return in_graph and _compat.steps_are_branches(self)

    @property
    def _num_replicas(self):
        return self.distribute_strategy.num_replicas_in_sync
