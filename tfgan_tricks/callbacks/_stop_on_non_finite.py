"""An error instead of further training after divergence."""

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfgan_tricks.callbacks import _divergence
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps

_STEPS_PER_LOOK = 100


class StopOnNonFinite(EveryNSteps):
    """A callback that raises an error if a loss or a weight is NaN or infinite.

    Put it before callbacks that save. `keras.callbacks.TerminateOnNaN` checks only
    `logs["loss"]`, which a GAN does not have.

    The callback checks the logs of every batch. Losses can stay finite while weights
    are lost, since `relu(NaN)` is 0. Every 100 steps, and at the end of each epoch and
    of training, it therefore also checks all floating-point weights. On two CPU cores,
    a check of the weights takes 2 ms for a DCGAN with 3 million weights and steps of
    125 ms, and 0.5 ms for a multilayer perceptron with steps of 3 ms. This is 0.02% and
    0.15% of the time.

    Raises:
        FloatingPointError: If a value in the logs or a weight is NaN or infinite. `fit`
            raises it, with the step and the names of the values or weights.

    >>> import keras
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = tf.ones([8, 1]) * float("inf")
    >>> model.fit(x, x, callbacks=[StopOnNonFinite()], verbose=0)
    Traceback (most recent call last):
    ...
    FloatingPointError: Training has diverged at step 1: ...
    """

    def __init__(self) -> None:
        super().__init__(every=1)
        self._weights: list = []

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        self._last_look = self.step

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        wrong = {name: v for name, v in logs.items() if not math.isfinite(v)}
        if wrong:
            received = ", ".join(f"{name}={value}" for name, value in wrong.items())
            raise FloatingPointError(
                f"Training has diverged at step {step}: every loss must be finite. "
                f"Received: {received}"
            )
        if step // _STEPS_PER_LOOK > self._last_look // _STEPS_PER_LOOK:
            self._look_at_weights(step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._look_at_weights(self._finished_steps())

    def on_end(self, logs: Logs) -> None:
        super().on_end(logs)
        self._look_at_weights(self.step)

    def _look_at_weights(self, step):
        self._last_look = step
        weights = [w for w in self.model.weights if tf.as_dtype(w.dtype).is_floating]
        if list(map(id, weights)) != list(map(id, self._weights)):
            self._weights, self._are_finite = weights, _compiled(weights)
        if not weights:
            return
        are_finite = self._are_finite().numpy()
        if not are_finite.all():
            names = [
                getattr(weight, "path", weight.name)
                for weight, is_finite in zip(weights, are_finite, strict=True)
                if not is_finite
            ]
            raise _divergence.of_weights(step, names)


def _compiled(weights):
    """Returns a compiled function that checks whether each weight is finite."""

    def are_finite():
        tensors = map(tf.convert_to_tensor, weights)
        return tf.stack([tf.reduce_all(tf.math.is_finite(x)) for x in tensors])

    return tf.function(are_finite, autograph=False)
