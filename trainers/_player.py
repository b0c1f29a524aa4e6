"""One side of the game, and all that belongs to it."""

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
from trainers import _optimizers
from trainers import _own_losses
from trainers import _skipping


class Player(keras.layers.Layer):
    """A network in training: its optimizer, averages, own losses and other state.

    Args:
        role: "generator" or "discriminator".
        network: The built `keras.Model` to train.
        judges: Other networks that its gradient passes through.
        history: Weight of the historical averaging, or `None`.

    Attributes:
        initial: The first letter of the role, with which its names in the logs begin.
        optimizer: The optimizer, once the trainer is compiled.
        history: The `HistoricalAverage`, or `None`.
        average: The `MovingAverage`, or `None`.
        skipped: The number of skipped updates, or `None` without float16.
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
        self._losses_of_calls = _compat.ListOfThread()
        self.built = True

    def keep_average(self, **decay: float | None) -> None:
        """Keeps a moving average of the network, unless its decay is `None`."""
        (self._decay,) = decay.values()
        if self._decay is not None:
            _checks.decay(**decay)
            self.average = MovingAverage(self.network)

    def compile(self, optimizer: Any) -> None:
        """Takes an optimizer for the network's trainable weights."""
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
        self.has_losses = _own_losses.are_added_by(self.network)

    def get_ready(self, is_first_step: bool) -> None:
        """Does what is due before training begins or continues."""
        trained = self.network.trainable_variables
        if self._compiled != [id(variable) for variable in trained]:
            raise ValueError(
                f"`{self.role}` must have the trainable weights that it was compiled "
                "with. Call `compile` again after a layer was frozen or thawed. "
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
        """Returns the network's outputs in training mode; keeps the losses it adds.

        Args:
            x: Latents or images.
            labels: Labels, for a network that takes them.
            through: A model of the network's layers to run instead of it.
        """
        inputs = _facts.inputs(self.network, x, labels)
        outputs = (through or self.network)(inputs, training=True)
        self._losses_of_calls.extend(_own_losses.of_call(self.network))
        return outputs

    @contextlib.contextmanager
    def without_losses(self) -> Iterator[None]:
        """A context in which `run` keeps no losses."""
        kept = len(self._losses_of_calls)
        yield
        del self._losses_of_calls[kept:]

    def begin_update(self) -> None:
        """Drops the losses that were kept; takes the weights into their history."""
        self._losses_of_calls.clear()
        if self.history is not None:
            self.history.update(self._parameters)

    def own_terms(self) -> dict[str, tf.Tensor]:
        """The terms of its objective that the player brings, by their names."""
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
        """The names of `own_terms`."""
        history = [] if self.history is None else [self.history.name]
        return [self.losses_name] * self.has_losses + history

    @property
    def losses_name(self) -> str:
        return f"{self.initial}_losses"

    @property
    def sampling_network(self) -> keras.Model:
        """The network to use after training: the average where it is kept."""
        return self.network if self.average is None else self.average

    @property
    def state(self) -> list:
        """All that one of the player's updates may change besides parameters."""
        owners = (
            [self.network] if self.history is None else [self.network, self.history]
        )
        return [v for owner in owners for v in owner.non_trainable_variables]

    def update_average(self) -> None:
        if self.average is not None:
            self.average.update(self._decay)

    def finalize(self) -> None:
        """Puts an average that the optimizer keeps into the weights."""
        _optimizers.finalize(self.optimizer, self.network.trainable_variables)

    def _history(self, weight):
        if weight is None:
            return None
        name = f"{self.initial}_history"
        return HistoricalAverage(self._parameters, weight, name=name)

    @property
    def _parameters(self):
        """All that may ever be trained; a frozen weight has a history too."""
        return _compat.parameters(self.network)

    def _count_of_skipped(self):
        return replica.add_state(self, "skipped", (), dtype="int64", mean=False)


def _check_dtypes(role, network):
    dtypes = {tf.as_dtype(variable.dtype) for variable in network.trainable_variables}
    if tf.float16 in dtypes:
        raise ValueError(
            f"`{role}` must have float32 weights. Make it under the dtype policy "
            "mixed_float16, which computes in float16. "
            "Received: weights of dtype float16"
        )
