"""Counting finished training steps."""

from collections.abc import Mapping
from typing import Any

import keras

from tfgan_tricks import _checks
from tfgan_tricks.callbacks._after_all import AfterAll
from tfgan_tricks.callbacks._after_all import Logs


class EveryNSteps(keras.callbacks.Callback):
    """A callback that calls `on_steps` every `every` steps, and at the end.

    It counts the steps of the variable `model.step`, which continue after a restore. In
    models without it, it counts its own steps. Between two calls it counts batches,
    since reading the variable would wait for the device. The end comes after the ends
    of all other callbacks.
    """

    def __init__(self, every: int) -> None:
        super().__init__()
        _checks.positive(every=every)
        self.every = every
        self.step = 0
        self._done = 0

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def on_end(self, logs: Logs) -> None:
        """Ends training, after the last change of the model."""
        finished = self._finished_steps()
        # Restored best weights and their step come from an earlier epoch.
        if finished > self._epoch_start:
            self.step = finished
        if self.step > self._done:
            self._done = self.step
            self.on_steps(self.step, logs or {})

    def on_train_begin(self, logs: Logs = None) -> None:
        self.step = self._done = self._epoch_start = self._finished_steps()
        self._after_all = AfterAll(self, self.on_end)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch_start = self.step

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.step = self._epoch_start + batch + 1
        if self._is_due():
            # Keras 3 counts all steps of an execution, even if the dataset ends in it.
            self.step = self._finished_steps()
        if self._is_due():
            self._done = self.step
            self.on_steps(self.step, logs or {})

    def on_train_end(self, logs: Logs = None) -> None:
        self._after_all.on_train_end(logs)

    def _is_due(self) -> bool:
        return self.step // self.every > self._done // self.every

    def _finished_steps(self) -> int:
        step = getattr(self.model, "step", None)
        return self.step if step is None else int(step.numpy())
