"""The run folder as a Keras callback, for people who call `fit` themselves."""

import contextlib
import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from launch.run import _data
from launch.run import _exporting
from launch.run import _lock
from launch.run import _recovery
from launch.run import _writers
from launch.run._folder import Folder
from launch.run._writers import Logs
from tfgan_tricks import _checks
from tfgan_tricks.callbacks._after_all import AfterAll


class _InOrder(keras.callbacks.Callback):
    """Several callbacks as one, called in their order."""

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


class _AtTheEnd(keras.callbacks.Callback):
    """Callback that calls a function at the end, after all earlier callbacks."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__()
        self._function = function

    def on_train_begin(self, logs: Logs = None) -> None:
        self._after_all = AfterAll(self, lambda _: self._function())

    def on_train_end(self, logs: Logs = None) -> None:
        self._after_all.on_train_end(logs)


class RunFolder(_InOrder):
    """A Keras callback that writes checkpoints, samples, metrics and an export.

    It writes the same files as `Run`. `restore` restores a trainer from the newest
    checkpoint. You then choose the data of `fit`. Arrays continue where they were,
    because their order depends only on the trainer's seed and step.

    Args:
        folder: Folder to write to, created if missing. Only one run at a time can
            use it.
        checkpoint_every: Number of steps between checkpoints.
        sample_every: Number of steps between sample grids.
        log_every: Number of steps between lines of the metrics.

    Raises:
        ValueError: If an argument is out of range. `fit` raises it if the folder
            contains the run of another trainer, or is in use by another run.

    >>> import tempfile
    >>> import numpy as np
    >>> import trainers
    >>> from tfgan_tricks import networks
    >>> gan = trainers.LSGAN(
    ...     networks.mlp_generator((2,), 3, (8,)),
    ...     networks.mlp_discriminator((2,), (8,)),
    ... )
    >>> gan.compile()
    >>> folder = os.path.join(tempfile.mkdtemp(), "run")
    >>> points = np.random.default_rng(0).normal(size=[64, 2])
    >>> history = gan.fit(points, verbose=0, callbacks=[RunFolder(folder)])
    >>> RunFolder(folder).restore(gan)
    2
    >>> "export" in os.listdir(folder)
    True
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        *,
        checkpoint_every: int = 500,
        sample_every: int = 500,
        log_every: int = 50,
    ) -> None:
        self.folder = Folder(folder)
        self._every: dict[str, Any] = {
            "checkpoint_every": checkpoint_every,
            "sample_every": sample_every,
            "log_every": log_every,
        }
        _checks.positive_integer(**self._every)
        super().__init__([])

    def restore(self, trainer: keras.Model) -> int:
        """Restores a compiled trainer from the newest readable checkpoint.

        Returns:
            The number of finished steps, or 0 if there is no checkpoint.

        Raises:
            ValueError: If the checkpoint belongs to another trainer, or all checkpoints
                are damaged.
        """
        self.folder.check_same(_data.record_of(trainer))
        step = _recovery.newest_step(self.folder)
        _recovery.restore(trainer, self.folder, step)
        return step

    def on_train_begin(self, logs: Logs = None) -> None:
        with contextlib.ExitStack() as stack:
            hold = stack.enter_context(_lock.held(self.folder.path))
            self._begin(hold)
            super().on_train_begin(logs)
            self._until_the_end = stack.pop_all()

    def _begin(self, hold):
        self._record = record = _data.record_of(self.model)
        self.folder.check_same(record)
        self.folder.check_kinds()
        self.folder.sweep()
        self.folder.drop_metrics(after=int(self.model.step.numpy()))
        self.folder.write_record(record)
        writers = _writers.writers(
            self.folder,
            hold.check,
            **self._every,
            num_classes=record.generated_classes,
        )
        self.parts = [*writers, _AtTheEnd(self._export)]
        self.set_model(self.model)
        self.set_params(self.params)

    def _export(self):
        num_classes = self._record.generated_classes
        _exporting.replace(self.model, self.folder.export, num_classes, {})
        self._until_the_end.close()
