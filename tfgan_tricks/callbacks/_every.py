"""Counting finished training steps."""

from collections.abc import Mapping
from typing import Any

import keras

from tfgan_tricks import _checks
from tfgan_tricks.callbacks._after_all import AfterAll
from tfgan_tricks.callbacks._after_all import Logs


class EveryNSteps(keras.callbacks.Callback):
    """Calls `on_steps` when a multiple of `every` is reached or passed, and at the end.

    Steps are those of the variable `model.step`, so that they go on after a restore;
    for models without it, the steps this callback has seen. In between, batches are
    counted, since to read the variable is to wait for the device. The end is that of
    all other callbacks.
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
        """Ends the training; the model does not change any more."""
        finished = self._finished_steps()
        # Best weights that were restored are of an earlier epoch, as is their step.
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
            # Keras 3 counts all steps of an execution that the dataset's end cut short.
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
