"""A run of any trainer, in a folder."""

import os
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from launch.run import _data
from launch.run import _exporting
from launch.run import _recovery
from launch.run import _report
from launch.run import _training
from launch.run import _workers
from launch.run._folder import Folder
from tfgan_tricks import _checks
from tfgan_tricks import _files


class Run:
    """A run of a trainer in a folder, which resumes exactly where it was ended.

    The batch of step s has the number s * `batches_per_step`, and all that is random
    in the step follows from the trainer's seed and s. So a run that is ended, at any
    moment and in any way, and then resumed has the weights of one that was not ended,
    bit for bit on a CPU.

    The folder gets `checkpoints`, `samples`, `metrics.jsonl`, `tensorboard`, at the
    end `export`, and `run.json`, by which the run is known. Ctrl-C leaves a checkpoint
    and raises `KeyboardInterrupt`; so does SIGTERM in a script, which then ends with
    code 143. In a notebook the kernel goes on. Both are handled in the main thread
    only, and unless the caller handles them.

    On several devices, create and compile the trainer in the scope of a
    `tf.distribute.Strategy`. Of several workers, each creates the same run; the first
    one writes.

    Args:
        folder: Folder of the run, created if it is missing. What an earlier `Run` of
            the same trainer, networks, seeds, batch size and data has left there is
            resumed; anything else is refused.
        trainer: A compiled trainer.
        data: Real examples in the generator's range, in one of five forms:

            - an array `[N, ...]` of floats, or of uint8, which is scaled to [-1, 1];
            - a pair `(images, labels)` of arrays;
            - what `tfgan_tricks.data.load` returns;
            - a function `start -> dataset` of the number of the first batch, which
              returns a `tf.data.Dataset` of all batches from that one on. Any batches
              that the trainer takes can be given so, and nothing is read in vain when
              the run is resumed;
            - a `tf.data.Dataset` of batches, repeated if it ends. A resumed run reads
              it from its beginning and skips the batches that were used, which is
              exact if a new process reads the same batches in the same order.

            `None` is for runs that are only sampled and exported.
        steps: Number of steps of the whole run, at least 1.
        batch_size: Number of examples in a batch of arrays, 64 by default; over all
            replicas. Datasets have their own.
        seed: Integer seed of the order of arrays. The trainer's own `seed` is that of
            latents and penalties.
        checkpoint_every: Number of steps from checkpoint to checkpoint.
        sample_every: Number of steps from sample grid to sample grid, the length of an
            epoch.
        log_every: Number of steps from line to line of the metrics.
        rollbacks: How often a run that diverges may go back to its newest checkpoint,
            with half the learning rates, constant or not, from then on.
        validation_data: What trainers that have scores are tested on after each epoch.
        callbacks: Further Keras callbacks. They are not called again for steps that
            are resumed from.
        metadata: Dict of further entries for the export's `metadata.json`.
        verbose: If `False`, nothing is printed.

    Raises:
        ValueError: If an argument is out of range, or another run is in the folder.
        OSError: If `folder` is a file.

    >>> import tempfile
    >>> import trainers
    >>> from tfgan_tricks import networks
    >>> def gan():
    ...     gan = trainers.RelativisticGAN(
    ...         networks.mlp_generator((2,), 3, (8,)),
    ...         networks.mlp_discriminator((2,), (8,)),
    ...     )
    ...     gan.compile()
    ...     return gan
    >>> points = np.random.default_rng(0).normal(size=[100, 2])
    >>> folder = os.path.join(tempfile.mkdtemp(), "run")
    >>> for steps in (2, 4):
    ...     run = Run(folder, gan(), points, steps=steps, verbose=False)
    ...     run.train()
    >>> run.step, run.sample(5, seed=0).shape
    (4, (5, 2))
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        trainer: keras.Model,
        data: Any,
        *,
        steps: int,
        batch_size: int | None = None,
        seed: int = 0,
        checkpoint_every: int = 500,
        sample_every: int = 500,
        log_every: int = 50,
        rollbacks: int = 0,
        validation_data: Any = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        metadata: dict[str, Any] | None = None,
        verbose: bool = True,
    ) -> None:
        every = {"checkpoint_every": checkpoint_every, "sample_every": sample_every}
        every["log_every"] = log_every
        _checks.positive_integer(steps=steps, **every)
        _checks.integer(seed=seed, rollbacks=rollbacks)
        _checks.not_negative(rollbacks=rollbacks)
        self.folder = Folder(folder)
        self.trainer = trainer
        self.batches = _data.batches(data, trainer, batch_size, seed)
        self.record = _data.record_of(trainer, seed, self.batches)
        self.folder.check_same(self.record)
        self.workers = _workers.of(trainer)
        self.workers.check(self.record.batch_size, rollbacks)
        self.steps = steps
        self.every = every
        self.rollbacks = rollbacks
        self.validation_data = validation_data
        self.callbacks = list(callbacks)
        self.metadata = metadata or {}
        self.is_verbose = verbose and self.workers.is_chief
        self.report = _report.Report()
        self.files: dict[str, str] = {}  # Further ones for the folder.
        self._restored: int | None = None

    @property
    def step(self) -> int:
        """The number of steps that the trainer has finished."""
        return int(self.trainer.step.numpy())

    def train(self) -> None:
        """Trains to the last step, exports the generator, and says where all is.

        A run that has ended already gets what is missing in its folder, and keeps
        everything else.

        Raises:
            ValueError: If another run or process is in the folder, if no checkpoint
                can be read, or if the data cannot be trained on.
            FloatingPointError: If a loss or a weight is NaN or infinite, and no
                rollback is left.
            KeyboardInterrupt, SystemExit: After Ctrl-C or SIGTERM, and a checkpoint.
            OSError: If the disk is full, or the folder was removed.
            RuntimeError: If another worker has ended.
        """
        if self.batches is None:
            raise ValueError("`data` must be given to train a run. Received: data=None")
        begin = time.monotonic()
        with _training.begun(self) as session:
            self.say(self.report.headline(self))
            session.train()
            session.export()
            self._restored = self.step
            self.say(self.report.farewell(self, time.monotonic() - begin))

    def sample(
        self, num_images: int, seed: int = 0, label: int | None = None
    ) -> np.ndarray:
        """Draws samples of the newest checkpoint.

        Args:
            num_images: Number of samples, at least 1.
            seed: Integer seed of the latents.
            label: Class of all samples, where the generator takes labels. `None` draws
                all classes in turn.

        Returns:
            A float32 array of shape `[num_images, ...]`, in the generator's range.

        Raises:
            ValueError: If there is no checkpoint, or an argument is out of range.
        """
        self._restore_newest()
        _checks.positive_integer(num_images=num_images)
        return self._samples(num_images, seed, label).examples

    def draw(
        self,
        path: str | os.PathLike,
        num_images: int | None = None,
        seed: int = 0,
        label: int | None = None,
    ) -> tuple[int, str]:
        """Draws samples, as `sample` returns them, to a PNG file, which is replaced.

        If all classes are drawn, each has a row of its own. More images than a grid
        shows are all in a `.npz` file beside it, too. `None` images are 64, or ten of
        each class.

        Returns:
            The number of samples, and in words where they are.

        Raises:
            ValueError: As `sample`.
            OSError: If `path` is anything but a file, or cannot be written.
        """
        _files.file("path", path)
        self._restore_newest()
        drawn = self._samples(num_images, seed, label)
        where = _exporting.draw(drawn, self.trainer.output_range, os.fsdecode(path))
        return len(drawn.examples), where

    def export(self, path: str | os.PathLike) -> None:
        """Exports the generator of the newest checkpoint.

        Args:
            path: What to create: a `.keras` file, or else the folder of a SavedModel,
                as `tfgan_tricks.export` describes them.

        Raises:
            ValueError: If there is no checkpoint, or `path` exists.
        """
        self._restore_newest()
        more = {**self.metadata, **self.record.generated_names}
        _exporting.export(self.trainer, path, self.record.generated_classes, more)

    def _samples(self, num_images, seed, label):
        of = self.trainer.sampling_generator, self.record.generated_classes
        return _exporting.samples(*of, num_images, seed, label)

    def _restore_newest(self):
        step = _recovery.newest_step(self.folder)
        if not step:
            raise ValueError(
                "`folder` must hold a checkpoint. Call `train` before. "
                f"Received: folder={self.folder.path!r}"
            )
        if not step == self._restored == self.step:
            _recovery.restore(self.trainer, self.folder, step)
            self.record = self.folder.record() or self.record
            self._restored = step

    def say(self, text: str) -> None:
        """Prints a text, unless the run is silent."""
        if self.is_verbose:
            print(text, flush=True)
