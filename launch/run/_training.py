"""One call of `Run.train`, from the newest checkpoint to the last step."""

import contextlib
import math
from collections.abc import Iterator
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from launch.run import _exporting
from launch.run import _lock
from launch.run import _pipes
from launch.run import _recovery
from launch.run import _signals
from launch.run import _writers
from launch.run._lowered_rates import Rates
from tfgan_tricks import _compat
from tfgan_tricks import callbacks

if TYPE_CHECKING:
    from launch.run._data import Batches
    from launch.run._folder import Folder


class Plan(NamedTuple):
    """The length of a run, and further arguments of `fit`."""

    steps: int
    epoch: int  # Number of steps.
    validation_data: Any = None
    verbose: Any = "auto"


def train(
    trainer: Any,
    batches: "Batches",
    plan: Plan,
    writers: Sequence[Any],
    more: Sequence[Any],
) -> None:
    """Trains to the plan's last step, or to a signal between two steps.

    Args:
        trainer: The compiled trainer, at the step to start from.
        batches: The data.
        plan: The length of the run and arguments of `fit`.
        writers: Callbacks that write to the folder.
        more: Other callbacks, which are called before `writers`.

    Raises:
        KeyboardInterrupt: If Ctrl-C interrupts the run.
        Terminated: If SIGTERM interrupts the run.
        ValueError: If the data end too early.
    """
    begin, per_step = int(trainer.step.numpy()), trainer.batches_per_step
    done = begin
    for initial_epoch, epochs, length in legs(begin, plan.steps, plan.epoch):
        until = done + (epochs - initial_epoch) * length
        trainer.fit(
            batches.between(done * per_step, until * per_step),
            initial_epoch=initial_epoch,
            epochs=epochs,
            steps_per_epoch=length,
            callbacks=[*more, *writers, _writers.Before(_signals.release)],
            validation_data=plan.validation_data,
            verbose=plan.verbose,
        )
        _signals.release()
        if trainer.stop_training:  # A callback of the user has stopped training.
            return
        done = until
        _check_arrived(trainer, done)


def _check_arrived(trainer, step):
    """Raises `ValueError` if the data ended too early; `fit` only warns."""
    reached = int(trainer.step.numpy())
    if reached < step:
        raise ValueError(
            "`data` must have batches for all steps. Pass an infinite dataset, or one "
            "that can be repeated. "
            f"Received: data that ended at step {reached} of {step}"
        )


def end_executions_at(trainer: Any, *steps: int) -> None:
    """Lowers `steps_per_execution` so that executions end at these steps.

    Keras 3 only runs complete executions.
    """
    wanted = _compat.steps_per_execution(trainer)
    possible = math.gcd(wanted, *steps)
    if possible != wanted:
        trainer.steps_per_execution = possible
        trainer.train_function = trainer.test_function = None  # Have the old value.


def legs(start: int, stop: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yields the arguments of `fit` to train from one step to another.

    Epochs have `size` steps, counted from step 0. The first and the last may be
    shorter. Each item is (initial_epoch, epochs, steps_per_epoch).

    >>> list(legs(130, 475, 100))
    [(1, 2, 70), (2, 4, 100), (4, 5, 75)]
    """
    while start < stop:
        epoch = start // size
        whole = 0 if start % size else (stop - start) // size
        length = size if whole else min((epoch + 1) * size, stop) - start
        yield epoch, epoch + max(whole, 1), length
        start += max(whole, 1) * length


@contextlib.contextmanager
def begun(run: Any) -> Iterator["Session"]:
    """Yields the `Session` of a `Run`, with its trainer at the newest checkpoint."""
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        enter(_signals.handled())
        enter(_pipes.lasting())
        path, hold = enter(run.workers.output(run.folder.path))
        enter(hold.explained() if hold else contextlib.nullcontext())
        enter(run.workers.together(path))
        yield Session(run, run.folder if hold else type(run.folder)(path), hold)


class Session:
    """The part of a run that this process trains.

    Args:
        run: The `Run`.
        output: The folder that this worker writes to.
        hold: The lock of the run folder, or `None` if another worker has it.
    """

    def __init__(self, run: Any, output: "Folder", hold: _lock.Held | None) -> None:
        self._run = run
        self._output = output
        self._check_folder = hold.check if hold else lambda: None
        run.folder.check_kinds()
        run.folder.check_same(run.record)
        output.sweep()
        done = _recovery.newest_step(run.folder)
        _check_steps(run.steps, done)
        count = run.folder.rollbacks()
        self._rates = Rates.of(run.trainer) if count or run.rollbacks else None
        _recovery.restore(run.trainer, run.folder, done)
        if self._rates:
            self._rates.lower(_recovery.FACTOR**count)
        output.drop_metrics(after=run.step)
        ends = [run.step, run.steps, run.every["sample_every"]]
        ends += [run.evaluation.every] if run.evaluation else []
        end_executions_at(run.trainer, *ends)
        output.write_record(run.record)
        for name, text in run.files.items():
            output.write(name, text)

    def train(self) -> None:
        """Trains to the last step, or to a signal, which leaves a checkpoint."""
        run, begin = self._run, self._run.step
        with _signals.deferred():
            if run.rollbacks and not begin:
                callbacks.save(run.trainer, self._output.checkpoints)
            try:
                self._train()
                self._evaluate_last()
            except (KeyboardInterrupt, _signals.Terminated):
                self._save_if_later(begin)
                raise

    def _train(self):
        run = self._run
        plan = Plan(
            run.steps,
            run.every["sample_every"],
            run.validation_data,
            "auto" if run.is_verbose else 0,
        )
        while True:
            try:
                train(run.trainer, run.batches, plan, self._writers(), run.callbacks)
                return
            except FloatingPointError as error:
                if self._rates is None:
                    raise
                told = _recovery.roll_back(
                    run.trainer, run.folder, self._rates, run.rollbacks, error
                )
                run.say(told)

    def _writers(self):
        run = self._run
        return _writers.writers(
            self._output,
            self._check_folder,
            **run.every,
            num_classes=run.record.generated_classes,
            points=run.batches.points,
            evaluation=run.evaluation,
        )

    def _evaluate_last(self):
        """Evaluates the last step too, unless it was evaluated already."""
        evaluation = self._run.evaluation
        if evaluation and not evaluation.known(self._run.step):
            evaluation.set_model(self._run.trainer)
            evaluation.evaluate()

    def _save_if_later(self, begin):
        """Saves new steps, unless there are other workers, which saving would need."""
        if self._run.step > begin and not self._run.workers.has_others:
            self._check_folder()
            callbacks.save(self._run.trainer, self._output.checkpoints)

    def export(self) -> None:
        """Exports the generator, unless the export of this step exists."""
        run = self._run
        self._check_folder()
        if self._output.exported_step() != run.step:
            _exporting.replace(
                run.trainer,
                self._output.export,
                run.record.generated_classes,
                {**run.metadata, **run.record.generated_names},
            )


def _check_steps(steps, done):
    if steps < done:
        raise ValueError(
            f"`steps` must be at least the {done} steps already done. "
            f"Received: steps={steps}"
        )
