"""Learning rates that change during a run."""

import math
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfgan_tricks")
class Decay(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rate that falls from one training step to another.

        rate(s) = initial * (final + (1 - final) * m(t))
        t = (s - start) / (end - start), at least 0 and at most 1
        m(t) = 1 - t (linear) or (1 + cos(pi t)) / 2 (cosine)

    Args:
        kind: "linear" or "cosine".
        initial: Learning rate up to step `start`.
        start: Last step with the initial rate, zero or more.
        end: First step with the final rate, above `start`.
        final: Final rate as a fraction of the initial rate, in [0, 1].
        clock: Variable with the number of finished training steps. `None` means the
            optimizer's number of updates, which differs if a step has several updates,
            or if updates were skipped because of the loss scale.

    >>> decay = Decay("linear", initial=0.5, start=2, end=6, final=0.2)
    >>> [round(float(decay(step)), 3) for step in (0, 2, 3, 6, 7)]
    [0.5, 0.5, 0.4, 0.1, 0.1]
    """

    def __init__(
        self,
        kind: str,
        initial: float,
        start: int,
        end: int,
        final: float = 0.0,
        clock: tf.Variable | None = None,
    ):
        self.kind = kind
        self.initial = initial
        self.start = start
        self.end = end
        self.final = final
        self._clock = clock

    def __call__(self, step: Any) -> tf.Tensor:
        step = tf.cast(step if self._clock is None else self._clock, tf.float32)
        t = tf.clip_by_value((step - self.start) / (self.end - self.start), 0.0, 1.0)
        m = 1 - t if self.kind == "linear" else (1 + tf.cos(math.pi * t)) / 2
        return self.initial * (self.final + (1 - self.final) * m)

    def get_config(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "initial": self.initial,
            "start": self.start,
            "end": self.end,
            "final": self.final,
        }


def both(config: Any, clock: tf.Variable) -> tuple[float | Decay, float | Decay]:
    """Returns the learning rates of the generator and the discriminator.

    Constant rates are numbers, which the optimizers store. A rate that decays follows
    `clock`.

    Args:
        config: Configuration with an optimizer's two rates and their schedule.
        clock: Variable with the number of finished training steps.
    """
    optimizer, schedule = config.optimizer, config.schedule
    rates = optimizer.generator_learning_rate, optimizer.discriminator_learning_rate
    if not schedule.options():
        return rates
    of_generator, of_discriminator = (
        Decay(schedule.name, rate, **schedule.options(), clock=clock) for rate in rates
    )
    return of_generator, of_discriminator
