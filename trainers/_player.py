"""A network in training, with its optimizer and state."""

import contextlib
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks import replica
from tfgan_tricks._ema import MovingAverage
from tfgan_tricks.penalties import HistoricalAverage
from trainers import _calls
from trainers import _filter_gradients
from trainers import _optimizers
from trainers import _own_losses
from trainers import _skipping


class Player(keras.layers.Layer):
    """A player of the game: a network with its optimizer, averages and other state.

    Args:
        role: "generator" or "discriminator".
        network: The built `keras.Model` to train.
        judges: Other networks that the player's gradient passes through.
        history: Weight of historical averaging, at least 0. `None` disables it.

    Attributes:
        initial: First letter of the role, the prefix of its names in the logs.
        optimizer: The optimizer, or `None` before the trainer is compiled.
        history: The `HistoricalAverage`, or `None`.
        average: The `MovingAverage`, or `None`.
        skipped: Number of skipped updates, or `None` without float16.
    """

    def __init__(
        self,
        role: str,
        network: keras.Model,
        *,
        judges: Iterable[keras.Model] = (),
        history: float | None = None,
    ):
        super().__init__(name=f"{role}_player", dtype="float32")
        _check_dtypes(role, network)
        self.role = role
        self.initial = role[0]
        self.network = network
        self.history = self._history(history)
        self.average: MovingAverage | None = None
        self._decay: float | None = None
        self.needs_loss_scale = _skipping.needs_loss_scale(network, *judges)
        self.skipped = self._count_of_skipped() if self.needs_loss_scale else None
        for index, state in enumerate(_compat.seed_states(network)):
            setattr(self, f"seed_{index}", state)
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            _compat.keep_losses_apart(network)
        self.optimizer: Any = None
        self.has_losses = False
        self.is_repeatable = False
        self._losses_of_calls = _compat.ListOfThread()
        self.built = True

    def keep_average(self, **decay: float | None) -> None:
        """Keeps a moving average of the network, unless the decay is `None`."""
        (self._decay,) = decay.values()
        if self._decay is not None:
            _checks.decay(**decay)
            self.average = MovingAverage(self.network)

    def compile(self, optimizer: Any) -> None:
        """Sets the optimizer of the network's trainable weights."""
        self._compiled = [id(v) for v in self.network.trainable_variables]
        if not self._compiled:
            raise ValueError(
                f"`{self.role}` must have trainable weights. Set its `trainable` to "
                "True, and compile again. "
                f"Received: {self.role}.trainable={self.network.trainable}"
            )
        self.optimizer = _optimizers.prepared(
            optimizer, self.network, self.needs_loss_scale
        )
        _filter_gradients.multiply(self.network)
        self.has_losses, self.is_repeatable = _calls.effects(self.network)

    def get_ready(self, is_first_step: bool) -> None:
        """Prepares for training, and checks the trainable weights."""
        trained = self.network.trainable_variables
        if self._compiled != [id(variable) for variable in trained]:
            raise ValueError(
                f"`{self.role}` must have the trainable weights that it was compiled "
                "with. Call `compile` again after freezing or unfreezing a layer. "
                f"Received: {len(trained)} trainable variables, "
                f"compiled with {len(self._compiled)}"
            )
        if is_first_step and self.average is not None:
            self.average.start()

    def run(
        self,
        x: tf.Tensor,
        labels: tf.Tensor | None = None,
        through: keras.Model | None = None,
    ) -> Any:
        """Returns the network's outputs in training mode, and stores its losses.

        Args:
            x: Tensor of latents or images.
            labels: Tensor of labels, ignored by networks without a label input.
            through: Model of the network's layers to run instead of the network.
                `None` runs the network.
        """
        inputs = _facts.inputs(self.network, x, labels)
        outputs = (through or self.network)(inputs, training=True)
        self._losses_of_calls.extend(_own_losses.of_call(self.network))
        return outputs

    @contextlib.contextmanager
    def without_losses(self) -> Iterator[None]:
        """Drops the losses that `run` stores inside the block."""
        kept = len(self._losses_of_calls)
        yield
        del self._losses_of_calls[kept:]

    @property
    def has_losses_of_calls(self) -> bool:
        """`True` if layers have added losses in calls since the update began."""
        return bool(self._losses_of_calls)

    def begin_update(self) -> None:
        """Drops the stored losses, and adds the weights to their history."""
        self._losses_of_calls.clear()
        if self.history is not None:
            self.history.update(self._parameters)

    def own_terms(self) -> dict[str, tf.Tensor]:
        """Returns the network's own terms of the objective, by name."""
        terms = {}
        if self.has_losses:
            of_weights = _own_losses.of_weights(self.network)
            losses = [tf.zeros([]), *self._losses_of_calls, *of_weights]
            terms[self.losses_name] = tf.add_n(losses)
        if self.history is not None:
            trained = self.network.trainable_variables
            terms[self.history.name] = self.history(self._parameters, trained)
        return terms

    def own_names(self) -> list[str]:
        """Returns the names of `own_terms`."""
        history = [] if self.history is None else [self.history.name]
        return [self.losses_name] * self.has_losses + history

    @property
    def losses_name(self) -> str:
        return f"{self.initial}_losses"

    @property
    def sampling_network(self) -> keras.Model:
        """The network to use after training: the moving average if there is one."""
        return self.network if self.average is None else self.average

    @property
    def state(self) -> list:
        """All variables that an update may change besides parameters."""
        owners = (
            [self.network] if self.history is None else [self.network, self.history]
        )
        return [v for owner in owners for v in owner.non_trainable_variables]

    def update_average(self) -> None:
        if self.average is not None:
            self.average.update(self._decay)

    def finalize(self) -> None:
        """Copies an average that the optimizer keeps to the weights."""
        _optimizers.finalize(self.optimizer, self.network.trainable_variables)

    def _history(self, weight):
        if weight is None:
            return None
        name = f"{self.initial}_history"
        return HistoricalAverage(self._parameters, weight, name=name)

    @property
    def _parameters(self):
        """All parameters, including frozen ones, which have a history too."""
        return _compat.parameters(self.network)

    def _count_of_skipped(self):
        return replica.add_state(self, "skipped", (), dtype="int64", mean=False)


def _check_dtypes(role, network):
    dtypes = {tf.as_dtype(variable.dtype) for variable in network.trainable_variables}
    if tf.float16 in dtypes:
        raise ValueError(
            f"`{role}` must have float32 weights. Create it under the dtype policy "
            "mixed_float16, which computes in float16. "
            "Received: weights of dtype float16"
        )
