"""Going back to a checkpoint: after an end, and after a divergence."""

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
    """Returns the step of the newest checkpoint that can be read; 0 without one.

    Damaged ones are named on stderr, in one line.

    Raises:
        ValueError: If all of them are damaged.
    """
    if not folder.last_step():
        return 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        step = callbacks.newest(folder.checkpoints)
    for warning in caught:
        print("warning:", " ".join(str(warning.message).split()), file=sys.stderr)
    return step


def restore(trainer: Any, folder: "Folder", step: int) -> None:
    """Restores a trainer, unless it is new and so is the run."""
    if step or os.path.isfile(os.path.join(folder.checkpoints, "ckpt-0.index")):
        callbacks.restore(trainer, folder.checkpoints, step)


def roll_back(
    trainer: Any, folder: "Folder", rates: "Rates", most: int, error: FloatingPointError
) -> str:
    """Restores the newest checkpoint, lowers the learning rates, and records it.

    Noise and the order of the data stay, as functions of seed and step.

    Returns:
        What was done, in words.

    Raises:
        FloatingPointError: The error itself, if no rollback is left.
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
