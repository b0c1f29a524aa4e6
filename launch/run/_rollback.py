"""Going back after a divergence, to train on with lower learning rates."""

from typing import Any

from launch.run import _recovery
from launch.run._folder import Folder
from launch.run._rates import Rates

FACTOR = 0.5


def roll_back(
    trainer: Any, folder: Folder, rates: Rates, most: int, error: FloatingPointError
) -> str:
    """Restores the newest checkpoint, halves the learning rates, and records it.

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
    step = _recovery.newest_step(folder)
    _recovery.restore(trainer, folder, step)
    rates.lower(FACTOR**count)
    entry = {"step": diverged, "rolled_back_to": step, "reason": str(error)}
    folder.drop_metrics(step, entry | rates.now())
    return f"\n{error}\nRollback {count} of {most}, to step {step}."
