"""The calls of `fit` that lead from one step of a run to another."""

import math
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from launch.run import _signals
from launch.run._data import Batches
from launch.run._parts import Before
from launch.run._parts import InOrder


class Plan(NamedTuple):
    """How long a run is, and what `fit` is given beside the data."""

    steps: int
    epoch: int  # Steps of an epoch.
    validation_data: Any = None
    verbose: Any = "auto"


def train(
    trainer: Any,
    batches: Batches,
    plan: Plan,
    parts: Sequence[Any],
    more: Sequence[Any],
) -> None:
    """Trains to the plan's last step; signals end this between two steps.

    Args:
        trainer: The compiled trainer, at the step to begin from.
        batches: The data.
        plan: How long.
        parts: The callbacks that write, which are called in their order.
        more: Other callbacks.

    Raises:
        KeyboardInterrupt: If a signal came.
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
            callbacks=[*more, InOrder(parts), Before(_signals.release)],
            validation_data=plan.validation_data,
            verbose=plan.verbose,
        )
        _signals.release()
        if trainer.stop_training:  # A callback of the user's has ended it.
            return
        done = until
        _check_arrived(trainer, done)


def _check_arrived(trainer, step):
    """Raises `ValueError` where data ended before; `fit` warns of that only."""
    reached = int(trainer.step.numpy())
    if reached < step:
        raise ValueError(
            "`data` must have batches for all steps: an endless dataset, or one that "
            f"can be repeated. Received: data that ended at step {reached} of {step}"
        )


def end_executions_at(trainer: Any, *steps: int) -> None:
    """Lets a trainer run as many steps in an execution as end at these steps.

    Keras 3 makes whole executions only.
    """
    wanted = int(trainer.steps_per_execution)
    possible = math.gcd(wanted, *steps)
    if possible != wanted:
        trainer.steps_per_execution = possible
        trainer.train_function = trainer.test_function = None  # They have the old one.


def legs(start: int, stop: int, size: int) -> Iterator[tuple[int, int, int]]:
    """The arguments of `fit` that lead from one step to another.

    Epochs are of `size` steps, counted from step 0; the first and the last may be
    shorter. Yields (initial_epoch, epochs, steps_per_epoch).

    >>> list(legs(130, 475, 100))
    [(1, 2, 70), (2, 4, 100), (4, 5, 75)]
    """
    while start < stop:
        epoch = start // size
        whole = 0 if start % size else (stop - start) // size
        length = size if whole else min((epoch + 1) * size, stop) - start
        yield epoch, epoch + max(whole, 1), length
        start += max(whole, 1) * length
