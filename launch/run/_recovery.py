"""What a run resumes from."""

import os
import sys
import warnings
from typing import Any

from launch.run._folder import Folder
from tfgan_tricks import callbacks


def newest_step(folder: Folder) -> int:
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


def restore(trainer: Any, folder: Folder, step: int) -> None:
    """Restores a trainer, unless it is new and so is the run."""
    if step or has_start(folder):
        callbacks.restore(trainer, folder.checkpoints, step)


def has_start(folder: Folder) -> bool:
    """Returns `True` if the state before the first step was saved."""
    return os.path.isfile(os.path.join(folder.checkpoints, "ckpt-0.index"))
