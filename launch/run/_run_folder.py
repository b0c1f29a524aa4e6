"""What a run writes to its folder, for people who call `fit` themselves."""

import contextlib
import os

import keras

from launch.run import _exporting
from launch.run import _lock
from launch.run import _parts
from launch.run import _record
from launch.run import _record_of
from launch.run import _recovery
from launch.run._folder import Folder
from launch.run._parts import Logs
from tfgan_tricks import _checks


class RunFolder(_parts.InOrder):
    """A Keras callback that keeps checkpoints, samples, metrics and an export.

    It writes to the folder what `Run` writes there. `restore` brings a trainer back to
    the newest checkpoint; which data `fit` is given then is up to the caller. An array
    goes on where it was, since its order follows from the trainer's seed and step.

    Args:
        folder: Folder to write to, created if it is missing. One process at a time
            may train into it.
        checkpoint_every: Number of steps from checkpoint to checkpoint.
        sample_every: Number of steps from sample grid to sample grid.
        log_every: Number of steps from line to line of the metrics.

    Raises:
        ValueError: If an argument is out of range; from `fit`, if another trainer's
            run is in the folder, or another process trains into it.

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
        self._every = {
            "checkpoint_every": checkpoint_every,
            "sample_every": sample_every,
            "log_every": log_every,
        }
        _checks.positive_integer(**self._every)
        super().__init__([])

    def restore(self, trainer: keras.Model) -> int:
        """Restores a compiled trainer from the newest checkpoint that can be read.

        Returns:
            The number of finished steps; 0 if there is no checkpoint.

        Raises:
            ValueError: If the checkpoint is of another trainer.
        """
        _record.check_same(self.folder, _record_of.record(trainer))
        step = _recovery.newest_step(self.folder)
        _recovery.restore(trainer, self.folder, step)
        return step

    def on_train_begin(self, logs: Logs = None) -> None:
        record = _record_of.record(self.model)
        self._until_the_end = contextlib.ExitStack()
        hold = self._until_the_end.enter_context(_lock.held(self.folder.path))
        _record.check_same(self.folder, record)
        self.folder.check_kinds()
        self.folder.sweep()
        self.folder.drop_metrics(after=int(self.model.step.numpy()))
        _record.write(self.folder, record)
        writers = _parts.writers(
            self.folder,
            hold.check,
            **self._every,
            num_classes=record.generated_classes,
        )
        self.parts = [*writers, _parts.AtTheEnd(self._export)]
        self.set_model(self.model)
        self.set_params(self.params)
        super().on_train_begin(logs)

    def _export(self):
        record = _record_of.record(self.model)
        _exporting.export_into(self.folder, self.model, record, {})
        self._until_the_end.close()
