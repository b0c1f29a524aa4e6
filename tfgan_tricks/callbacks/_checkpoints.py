"""Checkpoints from which a run resumes."""

import functools
import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _files
from tfgan_tricks.callbacks import _checkpoint_files
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps


class Checkpoints(EveryNSteps):
    """A callback that saves the full training state.

    The state consists of networks, moving averages, both optimizers and the step
    counter. The callback saves a checkpoint when a multiple of `every` steps is reached
    or passed, and when training ends. `restore` reads the newest checkpoint. If the
    process is killed, earlier checkpoints stay intact.

    The last checkpoint contains the state after all other callbacks, whatever their
    order. If `keras.callbacks.EarlyStopping` restores the best weights, it contains
    these weights and their `step`, and later checkpoints of the same run are deleted.
    Keras does not reset the optimizers.

    Args:
        directory: Folder to save to, created if it is missing. Existing checkpoints
            count in `max_to_keep`, and those at later steps are deleted first.
        every: Number of steps between checkpoints, at least 1. The last step always
            gets one.
        max_to_keep: Number of the newest checkpoints to keep.

    Raises:
        ValueError: If `every` is not positive, or `directory` is not a path.
        OSError: If `directory` is not a folder, or cannot be written to.
        FloatingPointError: If a value to save is NaN or infinite. `fit` raises it, and
            nothing is saved.

    >>> import tempfile
    >>> directory = tempfile.mkdtemp()
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = tf.ones([64, 1])
    >>> save = Checkpoints(directory, every=100)
    >>> history = model.fit(x, x, batch_size=32, callbacks=[save], verbose=0)
    >>> restore(model, directory)
    2
    """

    def __init__(
        self, directory: str | os.PathLike, every: int, max_to_keep: int = 3
    ) -> None:
        super().__init__(every)
        self.directory = _files.folder("directory", directory)
        self.max_to_keep = max_to_keep
        self._saved: int | None = None
        self._of_this_run: set[int] = set()

    @functools.cached_property
    def _checkpoint(self):
        return checkpoint_of(self.model)

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        _files.make_parents(self.directory)
        self._begun = self._saved = self.step
        self._of_this_run = set()

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        if step != self._saved:
            self._save(step)

    def on_end(self, logs: Logs) -> None:
        # Always, since other callbacks may have changed the saved state.
        if self.step > self._begun:
            self._save(self._finished_steps())

    def _save(self, step):
        turned_back = {other for other in self._of_this_run if other > step}
        _checkpoint_files.write(
            self._checkpoint, self.directory, step, self.max_to_keep, turned_back
        )
        self._saved = step
        self._of_this_run.add(step)


def save(model: keras.Model, directory: str | os.PathLike, max_to_keep: int = 3) -> int:
    """Saves a checkpoint of a compiled and built model, as `Checkpoints` does in `fit`.

    Args:
        model: A `keras.Model` with a variable `step`, such as a trainer.
        directory: Folder to save to, created if it is missing.
        max_to_keep: Number of the newest checkpoints to keep.

    Returns:
        The number of finished training steps, an int.

    Raises:
        FloatingPointError: If a value is NaN or infinite.
        OSError: If the checkpoint cannot be written.

    >>> import tempfile
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.step = tf.Variable(7)
    >>> directory = tempfile.mkdtemp()
    >>> save(model, directory)
    7
    >>> restore(model, directory)
    7
    """
    directory, step = _files.text("directory", directory), int(model.step.numpy())
    _files.make_parents(directory)
    _checkpoint_files.write(checkpoint_of(model), directory, step, max_to_keep)
    return step


def checkpoint_of(model: keras.Model) -> tf.train.Checkpoint:
    """Returns the state of a model, to save or restore."""
    checkpoint = tf.train.Checkpoint(model=model)
    checkpoint.save_counter.assign(0)  # `restore` expects one.
    return checkpoint


def restore(
    model: keras.Model, directory: str | os.PathLike, step: int | None = None
) -> int:
    """Restores a compiled and built model from a checkpoint of `Checkpoints`.

    Args:
        model: A `keras.Model` with the same structure as the saved model.
        directory: Folder that `Checkpoints` saves to.
        step: Step of the checkpoint. `None` means the newest checkpoint that can be
            read, see `newest`.

    Returns:
        The number of finished training steps, an int.

    Raises:
        ValueError: If there is no checkpoint that can be read, or its values do not
            match the model's.
        NotADirectoryError: If `directory` is a file.

    >>> restore(keras.Sequential([keras.layers.Dense(1)]), "nowhere")
    Traceback (most recent call last):
    ...
    ValueError: `directory` must contain a checkpoint. Received: directory='nowhere'
    """
    directory = _files.text("directory", directory)
    step = _checkpoint_files.newest(directory) if step is None else step
    with _files.plain(directory) as place:
        _restore_all(model, _checkpoint_files.prefix(place, step), directory)
    return step


def _restore_all(model, path, directory):
    """Restores the model, or raises if it and the checkpoint differ in any value."""
    status = None
    try:
        status = tf.train.Checkpoint(model=model).restore(path)
        status.assert_consumed()
    except (AssertionError, ValueError) as error:
        if status is not None:
            status.expect_partial()  # Otherwise it also logs the error.
        reason = str(error).partition(":")[0].partition("\n")[0]
        raise ValueError(
            "`directory` must contain a checkpoint of a model with this structure: the "
            "trainer, networks, version of tfgan_tricks and version of Keras determine "
            "it. Create the model with the code and the versions that saved it. "
            f"Received: directory={directory!r} ({reason})"
        ) from error
