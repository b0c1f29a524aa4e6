"""Everything a training needs to go on, in files."""

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
    """Saves the whole model: networks, averages, both optimizers, step and all.

    A checkpoint is saved when a multiple of `every` steps was reached or passed, and
    when training ends. The newest checkpoint is the state at the end, after all other
    callbacks, whatever their order. Where `keras.callbacks.EarlyStopping` restores the
    best weights, it contains these and their `step`, and checkpoints of later steps of
    this training are deleted. Keras does not turn back optimizers. `restore` reads the
    newest. Whenever the process is killed, what was saved before is intact.

    Args:
        directory: where to save; made if need be. Checkpoints that are there stay
            and count in `max_to_keep`; those of later steps are the first to go.
        every: number of training steps from checkpoint to checkpoint.
        max_to_keep: how many of the newest checkpoints to keep.

    Raises:
        ValueError: If `every` is not positive, or `directory` is no path.
        OSError: If `directory` is no folder, or cannot be written to.
        FloatingPointError: From `fit`, instead of saving a value that is not finite.

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
        self._of_this_training: set[int] = set()

    @functools.cached_property
    def _checkpoint(self):
        return _checkpoint_of(self.model)

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        self._begun = self._saved = self.step
        self._of_this_training = set()

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        if step != self._saved:
            self._save(step)

    def on_end(self, logs: Logs) -> None:
        # Not only if it is due: other callbacks may have changed what was saved.
        if self.step > self._begun:
            self._save(self._finished_steps())

    def _save(self, step):
        turned_back = {other for other in self._of_this_training if other > step}
        _checkpoint_files.write(
            self._checkpoint, self.directory, step, self.max_to_keep, turned_back
        )
        self._saved = step
        self._of_this_training.add(step)


def save(model: keras.Model, directory: str | os.PathLike, max_to_keep: int = 3) -> int:
    """Saves a compiled and built model at once, as `Checkpoints` does while it trains.

    Args:
        model: A `keras.Model` with a variable `step`, as all trainers have.
        directory: The folder to save to; created if it is missing.
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
    _checkpoint_files.write(_checkpoint_of(model), directory, step, max_to_keep)
    return step


def _checkpoint_of(model):
    checkpoint = tf.train.Checkpoint(model=model)
    checkpoint.save_counter.assign(0)  # `restore` expects one.
    return checkpoint


def restore(
    model: keras.Model, directory: str | os.PathLike, step: int | None = None
) -> int:
    """Restores a compiled and built model from one of `Checkpoints`.

    Args:
        model: a `keras.Model` of the same structure as the one that was saved.
        directory: the one given to `Checkpoints`.
        step: that of the checkpoint; `None` takes the newest that can be read, see
            `newest`.

    Returns:
        The number of finished training steps, an int.

    Raises:
        ValueError: if there is no checkpoint that can be read, or it holds not exactly
            what the model holds.
        NotADirectoryError: if `directory` is a file.

    >>> restore(keras.Sequential([keras.layers.Dense(1)]), "nowhere")
    Traceback (most recent call last):
    ...
    ValueError: `directory` must hold a checkpoint. Received: directory='nowhere'
    """
    directory = _files.text("directory", directory)
    step = _checkpoint_files.newest(directory) if step is None else step
    with _files.plain(directory) as place:
        _restore_all(model, _checkpoint_files.prefix(place, step), directory)
    return step


def _restore_all(model, path, directory):
    """Restores every value of the model and of the checkpoint, or raises."""
    status = None
    try:
        status = tf.train.Checkpoint(model=model).restore(path)
        status.assert_consumed()
    except (AssertionError, ValueError) as error:
        if status is not None:
            status.expect_partial()  # Else it logs what we raise, again.
        reason = str(error).partition(":")[0].partition("\n")[0]
        raise ValueError(
            "`directory` must hold a checkpoint of a model with this structure, which "
            "another trainer, network, version of tfgan_tricks or version of Keras "
            "changes. Create the model with the code and the versions that saved it. "
            f"Received: directory={directory!r} ({reason})"
        ) from error
