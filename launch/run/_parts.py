"""What `fit` writes to the folder of a run, as one callback."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras

from launch.run import _folder
from launch.run._folder import Folder
from tfgan_tricks import callbacks
from tfgan_tricks.callbacks._after_all import AfterAll

_NUM_POINTS = 2000
Logs = Mapping[str, Any] | None


class InOrder(keras.callbacks.Callback):
    """Several callbacks as one, each called in their order."""

    def __init__(self, parts: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self.parts = list(parts)

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        for part in self.parts:
            part.set_model(model)

    def set_params(self, params: Any) -> None:
        super().set_params(params)
        for part in self.parts:
            part.set_params(params)

    def on_train_begin(self, logs: Logs = None) -> None:
        for part in self.parts:
            part.on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        for part in self.parts:
            part.on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        for part in self.parts:
            part.on_train_batch_end(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for part in self.parts:
            part.on_epoch_end(epoch, logs)

    def on_train_end(self, logs: Logs = None) -> None:
        for part in self.parts:
            part.on_train_end(logs)


class Before(keras.callbacks.Callback):
    """Calls a function before each batch: all that belongs to the last one is done."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._function()

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._function()


class AtTheEnd(keras.callbacks.Callback):
    """Calls a function at the end, after all callbacks that were begun before."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function

    def on_train_begin(self, logs: Logs = None) -> None:
        self._after_all = AfterAll(self, lambda _: self._function())

    def on_train_end(self, logs: Logs = None) -> None:
        self._after_all.on_train_end(logs)


class _Guard(keras.callbacks.Callback):
    """Calls a function after each batch and at the ends, before others may write."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._function()

    def on_train_end(self, logs: Logs = None) -> None:
        self._function()


def writers(
    folder: Folder,
    guard: Callable[[], None],
    *,
    checkpoint_every: int,
    sample_every: int,
    log_every: int,
    num_classes: int | None = None,
    points: Any = None,
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks that write, after the one that finds a divergence.

    Args:
        folder: Where to.
        guard: A function that raises if the folder must not be written to.
        checkpoint_every: Steps from checkpoint to checkpoint.
        sample_every: Steps from sample grid to sample grid.
        log_every: Steps from line to line of the metrics.
        num_classes: The number of labels that the generator takes, or `None`.
        points: Real points, for the background of grids, or `None`.
    """
    log_dir = folder.file(_folder.TENSORBOARD)
    metrics = folder.file(_folder.METRICS)
    return [
        _Guard(guard),
        callbacks.StopOnNonFinite(),
        callbacks.MetricsLog(metrics, log_every, log_dir),
        callbacks.SampleGrid(
            folder.file(_folder.SAMPLES),
            sample_every,
            num_samples=None if points is None else _NUM_POINTS,
            num_classes=num_classes,
            real=None if points is None else points[:_NUM_POINTS],
            log_dir=log_dir,
        ),
        callbacks.Checkpoints(folder.checkpoints, checkpoint_every),
    ]
