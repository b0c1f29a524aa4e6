"""Learning rates that are lowered together, for any optimizer."""

import weakref
from typing import Any
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import _compat

_PLAYERS = ("generator", "discriminator")
_known: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


@keras.saving.register_keras_serializable("tfgan_tricks")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule times a factor, a number or a variable.

        rate(s) = factor * schedule(s)

    >>> schedule = keras.optimizers.schedules.PolynomialDecay(0.5, 10, 0.0)
    >>> float(Scaled(schedule, 0.5)(0))
    0.25
    """

    def __init__(self, schedule: Any, factor: Any) -> None:
        if isinstance(schedule, dict):
            schedule = keras.optimizers.schedules.deserialize(schedule)
        self.schedule = schedule
        self.factor = factor

    def __call__(self, step: Any) -> tf.Tensor:
        is_schedule = isinstance(
            self.schedule, keras.optimizers.schedules.LearningRateSchedule
        )
        rate = self.schedule(step) if is_schedule else self.schedule()
        rate = tf.convert_to_tensor(rate)
        return rate * tf.cast(self.factor, rate.dtype)

    def get_config(self) -> dict[str, Any]:
        schedule = keras.optimizers.schedules.serialize(self.schedule)
        return {"schedule": schedule, "factor": float(self.factor)}


class Rates:
    """The learning rates of a compiled trainer's two optimizers.

    Args:
        trainer: The trainer, whose present rates are the full rates.
    """

    def __init__(self, trainer: Any) -> None:
        self._optimizers = _optimizers(trainer)
        with trainer.distribute_strategy.scope():
            self._factor = tf.Variable(1.0, trainable=False, name="rate_factor")
        self._constant: dict[str, float] = {}
        for player, optimizer in self._optimizers.items():
            rate = _compat.learning_rate(optimizer)
            if callable(rate):
                _compat.set_schedule(optimizer, Scaled(rate, self._factor))
                trainer.train_function = None  # It has the old rate.
            else:
                self._constant[player] = float(rate)

    @classmethod
    def of(cls, trainer: Any) -> Self:
        """Returns the rates of a trainer, the same object until the next `compile`."""
        rates = _known.get(trainer)
        if rates is None or rates._optimizers != _optimizers(trainer):
            rates = _known[trainer] = cls(trainer)
        return rates

    def lower(self, factor: float) -> None:
        """Sets all rates to `factor` times the full rates."""
        self._factor.assign(factor)
        for player, rate in self._constant.items():
            if factor != 1.0:
                self._optimizers[player].learning_rate = rate * factor

    def now(self) -> dict[str, float]:
        """Returns the current rates, by names such as `generator_learning_rate`."""
        found = {}
        for player, optimizer in self._optimizers.items():
            rate = _compat.learning_rate(optimizer)
            if isinstance(rate, Scaled):
                rate = rate(optimizer.iterations)
            # The shortest text of the float32: 0.002, not 0.0020000000949949026.
            found[f"{player}_learning_rate"] = float(str(np.float32(rate)))
        return found


def _optimizers(trainer):
    return {player: getattr(trainer, f"{player}_optimizer") for player in _PLAYERS}
