"""The callbacks of a run, which write to its folder and check it first."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import keras

from tfgan_tricks import callbacks

if TYPE_CHECKING:
    from launch.run._folder import Folder

_NUM_POINTS = 2000
Logs = Mapping[str, Any] | None


class Before(keras.callbacks.Callback):
    """Callback that calls a function before each batch, after the last is complete."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._function()

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._function()


class _Guard(keras.callbacks.Callback):
    """Callback that calls a function before other callbacks write."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._function()

    def on_train_end(self, logs: Logs = None) -> None:
        self._function()


def writers(
    folder: "Folder",
    guard: Callable[[], None],
    *,
    checkpoint_every: int,
    sample_every: int,
    log_every: int,
    num_classes: int | None = None,
    points: Any = None,
    evaluation: keras.callbacks.Callback | None = None,
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks that write, after the one that finds a divergence.

    Args:
        folder: Folder to write to.
        guard: Function that raises if the folder must not be written to.
        checkpoint_every: Number of steps between checkpoints.
        sample_every: Number of steps between sample grids.
        log_every: Number of steps between lines of the metrics.
        num_classes: Number of labels of the generator, or `None`.
        points: Real points for the background of grids, or `None`.
        evaluation: Callback that evaluates, or `None`.
    """
    log_dir = folder.tensorboard
    return [
        _Guard(guard),
        callbacks.StopOnNonFinite(),
        callbacks.MetricsLog(folder.metrics, log_every, log_dir),
        *([evaluation] if evaluation else ()),  # It logs its scores by itself.
        callbacks.SampleGrid(
            folder.samples,
            sample_every,
            num_samples=None if points is None else _NUM_POINTS,
            num_classes=num_classes,
            real=None if points is None else points[:_NUM_POINTS],
            log_dir=log_dir,
        ),
        callbacks.Checkpoints(folder.checkpoints, checkpoint_every),
    ]
