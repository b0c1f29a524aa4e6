"""Counting finished training steps."""

import keras

from tfgan_tricks import _checks


class EveryNSteps(keras.callbacks.Callback):
    """Calls `on_steps` when a multiple of `every` is reached or passed, and at the end.

    Steps are those of the variable `model.step`, so that they go on after a restore;
    for models without it, the steps this callback has seen. In between, batches are
    counted, since to read the variable is to wait for the device.
    """

    def __init__(self, every):
        super().__init__()
        _checks.positive(every=every)
        self.every = every
        self.step = 0
        self._done = 0

    def on_steps(self, step, logs):
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self.step = self._done = self._finished_steps()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start = self.step

    def on_train_batch_end(self, batch, logs=None):
        self.step = self._epoch_start + batch + 1
        if self._is_due():
            self._call_if(self._is_due, logs)

    def on_train_end(self, logs=None):
        self._call_if(lambda: self.step > self._done, logs)

    def _is_due(self):
        return self.step // self.every > self._done // self.every

    def _call_if(self, condition, logs):
        # Keras 3 counts all steps of an execution that the dataset's end cut short.
        self.step = self._finished_steps()
        if condition():
            self._done = self.step
            self.on_steps(self.step, logs or {})

    def _finished_steps(self):
        step = getattr(self.model, "step", None)
        return self.step if step is None else int(step.numpy())
