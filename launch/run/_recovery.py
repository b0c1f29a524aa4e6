"""Returning to a checkpoint, after the end of a process or a divergence."""

import os
import sys
import warnings
from typing import TYPE_CHECKING
from typing import Any

from tfgan_tricks import callbacks

if TYPE_CHECKING:
    from launch.run._folder import Folder
    from launch.run._lowered_rates import Rates

FACTOR = 0.5  # Of the learning rates, for each rollback.


def newest_step(folder: "Folder") -> int:
    """Returns the step of the newest readable checkpoint, or 0 without checkpoints.

    One line on stderr names damaged checkpoints.

    Raises:
        ValueError: If all checkpoints are damaged.
    """
    if not folder.last_step():
        return 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        step = callbacks.newest(folder.checkpoints)
    for warning in caught:
        print("warning:", " ".join(str(warning.message).split()), file=sys.stderr)
    return step


def chosen(folder: "Folder", checkpoint: str) -> tuple[str, int]:
    """Returns the folder and the step of the "last" or the "best" checkpoint.

    Raises:
        ValueError: If there is no such checkpoint, or all are damaged.
    """
    if folder.selected(checkpoint) == folder.best:
        best = callbacks.best(folder.best)
        if best is None:
            raise ValueError(
                "`checkpoint` must be last for a run without evaluations, which select "
                "the best. Train with `evaluate_every`. Received: checkpoint='best'"
            )
        return folder.best, best.step
    step = newest_step(folder)
    if not step:
        raise ValueError(
            f"`{folder.name}` must contain a checkpoint. Call `train` first. "
            f"Received: {folder.name}={folder.path!r}"
        )
    return folder.checkpoints, step


def restore(trainer: Any, folder: "Folder", step: int) -> None:
    """Restores a trainer, unless the run has no checkpoint yet."""
    if step or os.path.isfile(os.path.join(folder.checkpoints, "ckpt-0.index")):
        callbacks.restore(trainer, folder.checkpoints, step)


def roll_back(
    trainer: Any, folder: "Folder", rates: "Rates", most: int, error: FloatingPointError
) -> str:
    """Restores the newest checkpoint, lowers the learning rates, and records both.

    Noise and data order stay the same, because they depend only on seed and step.

    Returns:
        A text that says what was done.

    Raises:
        FloatingPointError: If no rollback is left. It is `error` itself.
    """
    count = folder.rollbacks() + 1
    if count > most:
        raise error
    diverged = int(trainer.step.numpy())
    step = newest_step(folder)
    restore(trainer, folder, step)
    rates.lower(FACTOR**count)
    entry = {"step": diverged, "rolled_back_to": step, "reason": str(error)}
    folder.drop_metrics(step, entry | rates.now())
    return f"\n{error}\nRollback {count} of {most}, to step {step}."
