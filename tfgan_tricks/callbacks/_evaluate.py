"""Scores of samples over the course of a run, and the best checkpoint."""

import os
import time
from typing import Any

import keras
import numpy as np

from tfgan_tricks import _files
from tfgan_tricks import _unit_range
from tfgan_tricks.callbacks import _best
from tfgan_tricks.callbacks import _checkpoint_files
from tfgan_tricks.callbacks import _checkpoints
from tfgan_tricks.callbacks import _subject
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._best import Best
from tfgan_tricks.callbacks._every import EveryNSteps
from tfgan_tricks.callbacks._metrics_log import MetricsLog


class Evaluate(EveryNSteps):
    """A callback that scores samples of the generator, and keeps the best checkpoint.

    When a multiple of `every` steps is reached or passed, it draws samples of fixed
    latents and scores them with a `metrics.Judge`. The score `by` joins the logs of the
    step, and so the progress bar. All scores join the logs of the epoch, and so the
    history.

    Evaluations use none of the trainer's random numbers, and change no weight. The
    weights after training are the same with and without this callback.

    With a `directory`, the callback keeps the checkpoint with the best value of one
    score there, and all scores in `evaluations.json`. `restore` reads the checkpoint.
    It is the best of several, so its score is too good: noise in the scores helped to
    select it. `best` therefore says of how many evaluations it is the best. To compare
    trainers or tricks, compare the last checkpoints, or score the best one again with
    another seed.

    `seconds` is the time of all evaluations. They should take at most a tenth of the
    time of training. One evaluation with 1,000 digits and the features of a classifier
    takes about 2 s of processor time.

    Args:
        judge: A `metrics.Judge`.
        every: Number of steps between evaluations, at least 1.
        generator: The `keras.Model` to draw from. Default: the model's
            `sampling_generator`, or its `generator`.
        num_classes: Number of labels of a conditional generator. `None` means the
            number in its label input or layers.
        output_range: The values (low, high) of black and white. Default: as in
            `SampleGrid`.
        directory: Folder for the best checkpoint, or `None`. Evaluations of an earlier
            run in it count, so that a resumed run keeps the best of all.
        by: Name of the score to select the checkpoint by. Default: `judge.best_by`.
        path: File of JSON lines to append the scores to, as `MetricsLog` does, or
            `None`.
        log_dir: Folder for TensorBoard scalars, or `None`. Needs `path`.

    Attributes:
        scores: The scores of the last evaluation, by name.
        seconds: Seconds that evaluations have taken.

    Raises:
        ValueError: If `every` is not positive, or a path is invalid. `fit` raises it if
            the samples do not have the shape of the real examples.
        FloatingPointError: If a sample is NaN or infinite. `fit` raises it.
        OSError: If a file or folder cannot be written.

    >>> import tempfile
    >>> import trainers
    >>> from tfgan_tricks import metrics, networks
    >>> gan = trainers.LSGAN(
    ...     networks.mlp_generator((2,), 3, (8,)),
    ...     networks.mlp_discriminator((2,), (8,)),
    ... )
    >>> gan.compile()
    >>> points = np.random.default_rng(0).normal(size=[64, 2])
    >>> judge = metrics.Judge(points)
    >>> evaluate = Evaluate(judge, every=2, directory=tempfile.mkdtemp())
    >>> history = gan.fit(points, epochs=2, verbose=0, callbacks=[evaluate])
    >>> evaluate.best().num_evaluations, "coverage" in history.history
    (2, True)
    """

    def __init__(
        self,
        judge: Any,
        every: int,
        *,
        generator: keras.Model | None = None,
        num_classes: int | None = None,
        output_range: _unit_range.Range | None = None,
        directory: str | os.PathLike | None = None,
        by: str | None = None,
        path: str | os.PathLike | None = None,
        log_dir: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(every)
        self.judge = judge
        self.generator = generator
        self.num_classes = num_classes
        self.output_range = output_range
        self.directory = (
            None if directory is None else _files.folder("directory", directory)
        )
        self.by = by or judge.best_by
        self._log = None if path is None else MetricsLog(path, every, log_dir)
        self.scores: dict[str, float] = {}
        self.seconds = 0.0

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        if self.directory is not None:
            _files.make_parents(self.directory)
        if self._log is not None:
            self._log.on_train_begin(logs)

    def on_steps(self, step: int, logs: Any) -> None:
        logs[self.by] = self.evaluate()[self.by]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        super().on_epoch_begin(epoch, logs)
        self._of_epoch: dict[str, float] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs.update(self._of_epoch)

    def on_end(self, logs: Logs) -> None:
        """Does nothing: a resumed run evaluates the steps of an uninterrupted one."""

    def evaluate(self) -> dict[str, float]:
        """Scores the model now, and returns the scores by name."""
        begin = time.monotonic()
        step = self._finished_steps()
        found = evaluation(
            self.judge, self.model, self.generator, self.num_classes, self.output_range
        )
        self.scores = self._of_epoch = dict(found.scores)
        if self.directory is not None:
            self._keep(self.directory, step, found)
        if self._log is not None:
            self._log.on_steps(step, self.scores)
        self.seconds += time.monotonic() - begin
        return self.scores

    def _keep(self, directory, step, found):
        kept = _best.Evaluations(directory)
        if kept.add(step, self.scores, found.protocol.entries(), self.by):
            checkpoint = _checkpoints.checkpoint_of(self.model)
            _checkpoint_files.write(checkpoint, directory, step, max_to_keep=1)

    def known(self, step: int) -> dict[str, float]:
        """Returns the scores of a step in the folder, or `{}` without an evaluation."""
        if self.directory is None:
            return {}
        return _best.Evaluations(self.directory).scores.get(step, {})

    def best(self) -> Best | None:
        """Returns the step and scores of the best checkpoint, or `None`."""
        return None if self.directory is None else best(self.directory)


def best(directory: str | os.PathLike) -> Best | None:
    """Returns the step and scores of the best checkpoint that `Evaluate` has kept.

    Args:
        directory: Folder that `Evaluate` writes to.

    Returns:
        A tuple of the `step`, the score that selected it (`by`), its `scores` and the
        number of evaluations (`num_evaluations`). `None` if there is no checkpoint that
        can be read.

    >>> best("nowhere") or "no checkpoint"
    'no checkpoint'
    """
    return _best.Evaluations(_files.text("directory", directory)).best()


def evaluation(
    judge: Any,
    model: Any,
    generator: keras.Model | None = None,
    num_classes: int | None = None,
    output_range: _unit_range.Range | None = None,
) -> Any:
    """Returns a judge's evaluation of a model's generator.

    The generator draws the labels of the judge's real examples, if there are any.

    Raises:
        FloatingPointError: If a sample is NaN or infinite.
        ValueError: If the generator does not know a label.
    """
    subject = _subject.of(model, generator, num_classes, output_range)
    _check_labels(judge.labels, subject.num_classes)
    samples = subject.samples(judge.num_examples, judge.seed, judge.labels)
    if not np.isfinite(samples).all():
        step = getattr(model, "step", None)
        where = "" if step is None else f" at step {int(step.numpy())}"
        raise FloatingPointError(
            f"Training has diverged{where}: every sample must be finite. "
            f"Received: {np.sum(~np.isfinite(samples))} values that are not"
        )
    return judge(samples, subject.output_range)


def _check_labels(labels, num_classes):
    if labels is not None and num_classes is not None and labels.max() >= num_classes:
        raise ValueError(
            f"`labels` must be from 0 to {num_classes - 1}, the labels of the "
            f"generator. Received: labels up to {labels.max()}"
        )
