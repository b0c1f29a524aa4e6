"""The best of the checkpoints that were evaluated, with all evaluations."""

import contextlib
import json
import math
import os
from typing import Any
from typing import NamedTuple

from tfgan_tricks import _files
from tfgan_tricks.callbacks import _checkpoint_files

FILE = "evaluations.json"
_MOST_BYTES = 2**26
# Scores that are better if they are lower; all others are better if they are higher.
_LOWER = ("distance", "divergence", "error", "fid", "kid", "kl", "loss")


class Best(NamedTuple):
    """The best evaluated checkpoint, and the number of evaluations that it is best of.

    Attributes:
        step: Step of the checkpoint.
        by: Name of the score that selected it.
        scores: All its scores.
        num_evaluations: Number of evaluated checkpoints.

    >>> Best(1500, "coverage", {"coverage": 0.75}, 8).told()
    'step 1500, the best of 8 evaluations by coverage (0.75)'
    """

    step: int
    by: str
    scores: dict[str, float]
    num_evaluations: int

    def told(self) -> str:
        """Returns a text that says of how many evaluations it is the best."""
        value = self.scores.get(self.by, math.nan)
        return (
            f"step {self.step}, the best of {self.num_evaluations} evaluations by "
            f"{self.by} ({value:.4g})"
        )


class Evaluations:
    """The scores of all evaluated steps, in a file next to the best checkpoint.

    The file names the scores of a step before its checkpoint replaces another one, and
    the checkpoint in the folder is the best. So both agree after a kill at any moment.

    Args:
        directory: Folder of the best checkpoint, which need not exist.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        entries = _entries(os.path.join(directory, FILE))
        self.by = str(entries.get("by", ""))
        self.protocol = entries.get("protocol")
        self.scores = _checked(entries.get("scores"))

    def add(self, step: int, scores: dict[str, float], protocol: Any, by: str) -> bool:
        """Records scores; returns `True` if they are the best, to be saved now."""
        best = self._best_step()
        known = self.scores.get(best, {}) if best is not None else {}
        self.scores[step] = scores
        self.by, self.protocol = by, protocol
        self._write()
        value, before = scores.get(by, math.nan), known.get(by, math.nan)
        if math.isnan(value):
            return False
        sign = -1 if is_lower_better(by) else 1
        return math.isnan(before) or best == step or sign * value > sign * before

    def best(self) -> Best | None:
        """Returns the best checkpoint that can be read, or `None`."""
        step = self._best_step()
        if step is None:
            return None
        return Best(step, self.by, self.scores.get(step, {}), len(self.scores))

    def _best_step(self):
        with contextlib.suppress(ValueError, NotADirectoryError):
            return _checkpoint_files.newest(self.directory)
        return None

    def _write(self):
        _files.make_folder(self.directory)
        ordered = {str(step): _json(self.scores[step]) for step in sorted(self.scores)}
        entries = {"by": self.by, "scores": ordered, "protocol": self.protocol}
        path = os.path.join(self.directory, FILE)
        with _files.whole_file(path, "directory") as file:
            file.write(json.dumps(entries, indent=1).encode() + b"\n")


def is_lower_better(score: str) -> bool:
    """Returns `True` if lower values of a score are better, judged by its name."""
    return score.endswith(_LOWER)


def _entries(path):
    """Returns the content of the file, or `{}` if it cannot be read."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                entries = json.loads(file.read(_MOST_BYTES))
                return entries if isinstance(entries, dict) else {}
    return {}


def _json(scores):
    """Returns scores with `None`, since JSON has no infinity."""
    return {k: v if math.isfinite(v) else None for k, v in scores.items()}


def _number(value):
    return value if isinstance(value, (int, float)) else math.nan


def _checked(scores):
    """Returns scores by step, NaN for those that are not numbers."""
    return {
        int(step): {name: _number(value) for name, value in each.items()}
        for step, each in (scores.items() if isinstance(scores, dict) else ())
        if step.isascii() and step.isdigit() and isinstance(each, dict)
    }
