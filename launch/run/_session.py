"""One call of `Run.train`, while the folder is held for it."""

import contextlib
from collections.abc import Iterator
from typing import Any

from launch.run import _exporting
from launch.run import _files
from launch.run import _lock
from launch.run import _parts
from launch.run import _pipes
from launch.run import _record
from launch.run import _recovery
from launch.run import _rollback
from launch.run import _signals
from launch.run import _training
from launch.run._folder import Folder
from launch.run._rates import Rates
from tfgan_tricks import callbacks


@contextlib.contextmanager
def begun(run: Any) -> Iterator["Session"]:
    """Yields the `Session` of a `Run`, its trainer at the newest checkpoint."""
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        enter(_signals.handled())
        enter(_pipes.lasting())
        output, hold = enter(run.workers.output(run.folder))
        enter(hold.explained() if hold else contextlib.nullcontext())
        enter(_files.full_disk())
        enter(run.workers.together(output))
        yield Session(run, output, hold)


class Session:
    """The training of a run in this process.

    Args:
        run: The `Run`.
        output: The folder that this worker writes to.
        hold: The hold on the run's folder, or `None` if another worker has it.
    """

    def __init__(self, run: Any, output: Folder, hold: _lock.Held | None) -> None:
        self._run = run
        self._output = output
        self._check_folder = hold.check if hold else lambda: None
        run.folder.check_kinds()
        _record.check_same(run.folder, run.record)
        output.sweep()
        done = _recovery.newest_step(run.folder)
        _check_steps(run.steps, done)
        count = run.folder.rollbacks()
        self._rates = Rates.of(run.trainer) if count or run.rollbacks else None
        _recovery.restore(run.trainer, run.folder, done)
        if self._rates:
            self._rates.lower(_rollback.FACTOR**count)
        output.drop_metrics(after=run.step)
        ends = run.step, run.steps, run.every["sample_every"]
        _training.end_executions_at(run.trainer, *ends)
        _record.write(output, run.record)
        for name, text in run.files.items():
            _files.write_text(output.file(name), text)

    def train(self) -> None:
        """Trains to the last step; a signal ends this with a checkpoint."""
        run, begin = self._run, self._run.step
        with _signals.deferred():
            if run.rollbacks and not begin:
                callbacks.save(run.trainer, self._output.checkpoints)
            try:
                self._train()
            except (KeyboardInterrupt, _signals.Terminated):
                self._save_if_later(begin)
                raise

    def _train(self):
        run = self._run
        plan = _training.Plan(
            run.steps,
            run.every["sample_every"],
            run.validation_data,
            "auto" if run.is_verbose else 0,
        )
        while True:
            try:
                _training.train(
                    run.trainer, run.batches, plan, self._parts(), run.callbacks
                )
                return
            except FloatingPointError as error:
                if self._rates is None:
                    raise
                told = _rollback.roll_back(
                    run.trainer, run.folder, self._rates, run.rollbacks, error
                )
                run.say(told)

    def _parts(self):
        run = self._run
        return _parts.writers(
            self._output,
            self._check_folder,
            **run.every,
            num_classes=run.record.generated_classes,
            points=run.batches.points,
        )

    def _save_if_later(self, begin):
        """Not with other workers: they go on, and saving takes part of them."""
        if self._run.step > begin and not self._run.workers.has_others:
            self._check_folder()
            callbacks.save(self._run.trainer, self._output.checkpoints)

    def export(self) -> None:
        """Exports the generator, unless that of this step is exported already."""
        run = self._run
        self._check_folder()
        if self._output.exported_step() != run.step:
            _exporting.export_into(self._output, run.trainer, run.record, run.metadata)


def _check_steps(steps, done):
    if steps < done:
        raise ValueError(
            f"`steps` must be at least the {done} steps that are done. "
            f"Received: steps={steps}"
        )
