"""A run of any trainer, in a folder."""

import json
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
from launch.run._folder import LAST
from launch.run._folder import OF_BEST
from launch.run._folder import Folder
from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import callbacks
from tfgan_tricks import metrics
from tfgan_tricks.callbacks import _evaluate


class Run:
    """A run of a trainer in a folder, which resumes exactly where it was interrupted.

    The batches of step s start at number s * `batches_per_step`, and all randomness of
    the step depends only on the trainer's seed and s. A run that is interrupted, at
    any moment and in any way, and then resumed therefore has the weights of an
    uninterrupted run, bit for bit on a CPU.

    The run writes `checkpoints`, `samples`, `metrics.jsonl`, `tensorboard` and
    `run.json`, which identifies it, and `export` at the end. On Ctrl-C it saves a
    checkpoint, unless it has several workers, and raises `KeyboardInterrupt`. SIGTERM
    does the same in a script, which then ends with code 143. A notebook keeps its own
    handling of SIGTERM, and its kernel continues after Ctrl-C. The run handles signals
    only in the main thread, and only if the caller does not.

    To train on several devices, create and compile the trainer in the scope of a
    `tf.distribute.Strategy`. With several workers, each of them creates the same run,
    and the first worker writes.

    Args:
        folder: Run folder, created if missing. If it contains an earlier `Run` with the
            same trainer, networks, seeds, batch size and data, the run resumes. Any
            other run in it raises `ValueError`.
        trainer: A compiled trainer.
        data: Real examples in the generator's range, in one of five forms:

            - An array `[N, ...]` of floats, or of uint8, which is scaled to [-1, 1].
            - A pair `(images, labels)` of arrays.
            - A result of `tfgan_tricks.data.load`.
            - A function `start -> dataset` of the number of the first batch, which
              returns a `tf.data.Dataset` of this batch and all later batches, in any
              form that the trainer accepts. A resumed run reads no batch in vain.
            - A `tf.data.Dataset` of batches, repeated if it ends. A resumed run reads
              it from the start and skips the batches that were used. This is exact if
              a new process reads the same batches in the same order.

            `None` is for runs that only draw samples and export.
        steps: Number of steps of the whole run, at least 1.
        batch_size: Number of examples in a batch of arrays, over all replicas. Default:
            64. A dataset has its own batch size.
        seed: Integer seed of the order of arrays. The trainer's own `seed` determines
            latents and penalties.
        checkpoint_every: Number of steps between checkpoints.
        sample_every: Number of steps between sample grids, which is the length of an
            epoch.
        log_every: Number of steps between lines of the metrics.
        rollbacks: Maximum number of returns to the newest checkpoint when the run
            diverges. Each return halves both learning rates, also with a schedule.
        judge: A `metrics.Judge` to score samples with, or `None`.
        evaluate_every: Number of steps between evaluations by `judge`, see
            `callbacks.Evaluate`. They select the checkpoint "best". The last step is
            evaluated too. 0 means no evaluations.
        validation_data: Data for the trainer's own `evaluate` after each epoch, if the
            trainer has scores.
        callbacks: Further Keras callbacks. A resumed run calls them only for new steps.
        metadata: Dict of further entries for the export's `metadata.json`.
        verbose: If `False`, the run prints nothing.

    Raises:
        ValueError: If an argument is out of range, or the folder contains another run.
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
        judge: metrics.Judge | None = None,
        evaluate_every: int = 0,
        validation_data: Any = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        metadata: dict[str, Any] | None = None,
        verbose: bool = True,
    ) -> None:
        every = {"checkpoint_every": checkpoint_every, "sample_every": sample_every}
        every["log_every"] = log_every
        _checks.positive_integer(steps=steps, **every)
        _checks.integer(seed=seed, rollbacks=rollbacks, evaluate_every=evaluate_every)
        _checks.not_negative(rollbacks=rollbacks, evaluate_every=evaluate_every)
        self.folder = Folder(folder)
        self.trainer = trainer
        self.batches = _data.batches(data, trainer, batch_size, seed)
        self.record = _data.record_of(trainer, seed, self.batches)
        self.folder.check_same(self.record)
        self.workers = _workers.of(trainer)
        self.workers.check(
            self.record.batch_size, rollbacks, evaluate_every, trainer.packing
        )
        self.steps = steps
        self.every = every
        self.rollbacks = rollbacks
        self.evaluation = self._evaluation(judge, evaluate_every)
        self.validation_data = validation_data
        self.callbacks = list(callbacks)
        self.metadata = metadata or {}
        self.is_verbose = verbose and self.workers.is_chief
        self.report = _report.Report()
        self.files: dict[str, str] = {}  # Further files for the folder.
        self._restored: tuple[str, int] | None = None

    def _evaluation(self, judge, every):
        if (judge is None) != (every == 0):
            raise ValueError(
                "`judge` must be given with `evaluate_every`, and only then. "
                f"Received: judge={judge!r} with evaluate_every={every}"
            )
        return judge and callbacks.Evaluate(
            judge,
            every,
            num_classes=self.record.generated_classes,
            directory=self.folder.best,
            path=self.folder.metrics,
            log_dir=self.folder.tensorboard,
        )

    @property
    def step(self) -> int:
        """The number of steps that the trainer has finished."""
        return int(self.trainer.step.numpy())

    def train(self) -> None:
        """Trains to the last step, exports the generator, and lists the files.

        A run that has ended already creates only the files that are missing.

        Raises:
            ValueError: If the folder contains another run or is in use by another run,
                all checkpoints are damaged, or the data do not fit the trainer.
            FloatingPointError: If a loss or a weight is NaN or infinite, and no
                rollback is left.
            KeyboardInterrupt, SystemExit: If Ctrl-C or SIGTERM interrupts the run. A
                checkpoint is saved first, unless there are several workers.
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
            self._restored = LAST, self.step
            self.say(self.report.farewell(self, time.monotonic() - begin))

    def sample(
        self,
        num_images: int,
        seed: int = 0,
        label: int | None = None,
        checkpoint: str = LAST,
    ) -> np.ndarray:
        """Draws samples from the newest checkpoint, or from the best one.

        Args:
            num_images: Number of samples, at least 1.
            seed: Integer seed of the latents.
            label: Class of all samples, for a class-conditional generator. `None`
                cycles through all classes.
            checkpoint: "last" for the newest checkpoint, or "best" for the one that
                evaluations have selected.

        Returns:
            A float32 array of shape `[num_images, ...]`, in the generator's range.

        Raises:
            ValueError: If there is no checkpoint, or an argument is out of range.
        """
        self._restore(checkpoint)
        _checks.positive_integer(num_images=num_images)
        return self._samples(num_images, seed, label).examples

    def draw(
        self,
        path: str | os.PathLike,
        num_images: int | None = None,
        seed: int = 0,
        label: int | None = None,
        checkpoint: str = LAST,
    ) -> tuple[int, str]:
        """Draws the samples of `sample` to a PNG file.

        Each class has its own row if the samples cycle through all classes. If the grid
        cannot show all images, they are also written to a `.npz` file with the same
        name.

        Args:
            path: PNG file to create or replace.
            num_images: Number of samples, at least 1. Default: 64, or 10 of each class.
            seed: Integer seed of the latents.
            label: Class of all samples, see `sample`.
            checkpoint: "last" or "best", see `sample`.

        Returns:
            The number of samples, and a text that names the files.

        Raises:
            ValueError: If there is no checkpoint, or an argument is out of range.
            OSError: If `path` is not a file, or cannot be written to.
        """
        _files.file("path", path)
        self._restore(checkpoint)
        drawn = self._samples(num_images, seed, label)
        where = _exporting.draw(drawn, self.trainer.output_range, os.fsdecode(path))
        return len(drawn.examples), where

    def export(self, path: str | os.PathLike, checkpoint: str = LAST) -> None:
        """Exports the generator of the newest checkpoint, or of the best one.

        Args:
            path: New `.keras` file, or else new folder for a SavedModel, see
                `tfgan_tricks.export`.
            checkpoint: "last" or "best", see `sample`. The metadata of a SavedModel
                say if it is the best.

        Raises:
            ValueError: If there is no checkpoint, or `path` exists.
        """
        self._restore(checkpoint)
        more = {**self.metadata, **self.record.generated_names}
        more |= self._selection(checkpoint)
        _exporting.export(self.trainer, path, self.record.generated_classes, more)

    def evaluate(
        self, judge: metrics.Judge, checkpoint: str = LAST
    ) -> metrics.Evaluation:
        """Scores samples of the newest checkpoint, or of the best one.

        Writes `evaluation.json` to the folder, or `evaluation-best.json`: an object
        with `scores`, `protocol`, `step` and `checkpoint`, and for the best checkpoint
        the number of evaluations that it is best of.

        Args:
            judge: A `metrics.Judge`, which determines the number and the labels of the
                samples.
            checkpoint: "last" or "best", see `sample`.

        Returns:
            A `metrics.Evaluation`.

        Raises:
            ValueError: If there is no such checkpoint, or samples do not have the shape
                of the judge's examples.
            OSError: If the folder cannot be written to.
        """
        self._restore(checkpoint)
        classes = self.record.generated_classes
        found = _evaluate.evaluation(judge, self.trainer, num_classes=classes)
        told = {"step": self.step, **self._selection(checkpoint)}
        entries = {"checkpoint": checkpoint, **told, **found.entries()}
        self.folder.write(
            self.folder.evaluation(checkpoint), json.dumps(entries, indent=2) + "\n"
        )
        return found

    def _selection(self, checkpoint):
        """Returns entries that say how the best checkpoint was selected."""
        if checkpoint != OF_BEST:
            return {}
        best = callbacks.best(self.folder.best)
        return {
            "checkpoint": checkpoint,
            "best_by": best.by,
            "best_of": best.num_evaluations,
        }

    def _samples(self, num_images, seed, label):
        of = self.trainer.sampling_generator, self.record.generated_classes
        return _exporting.samples(*of, num_images, seed, label)

    def _restore(self, checkpoint):
        directory, step = _recovery.chosen(self.folder, checkpoint)
        if self._restored != (checkpoint, step) or self.step != step:
            callbacks.restore(self.trainer, directory, step)
            self.record = self.folder.record() or self.record
            self._restored = checkpoint, step

    def told(self, checkpoint: str) -> str:
        """Returns a text for the checkpoint that was restored, for messages."""
        if checkpoint != OF_BEST:
            return f"step {self.step}"
        return callbacks.best(self.folder.best).told()

    def say(self, text: str) -> None:
        """Prints a text, unless the run is silent."""
        if self.is_verbose:
            print(text, flush=True)
