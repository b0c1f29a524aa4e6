"""A run's folder and the files in it, as far as they need no TensorFlow."""

import json
import os
import re
import shutil
from typing import Any

from launch.run import _files

RECORD = "run.json"
METRICS = "metrics.jsonl"
SAMPLES = "samples"
TENSORBOARD = "tensorboard"
CHECKPOINTS = "checkpoints"
EXPORT = "export"
_ALL = (RECORD, METRICS, SAMPLES, TENSORBOARD, CHECKPOINTS, EXPORT)
_FOLDERS = (SAMPLES, TENSORBOARD, CHECKPOINTS, EXPORT)
_LEFTOVERS = re.compile(rf"\.?{EXPORT}\.new.*|(run|config|metrics)\.jsonl?\.part")


class Folder:
    """The folder of a run.

    Args:
        path: The folder, which need not exist.
        name: What the user calls it.

    Raises:
        ValueError: If TensorFlow could not write to such a path.
    """

    def __init__(self, path: Any, name: str = "folder") -> None:
        self.name = name
        self.path = _files.checked_folder(name, path)

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    @property
    def checkpoints(self) -> str:
        return self.file(CHECKPOINTS)

    def holds(self, *more: str) -> list[str]:
        """Returns the names of what a run has left there, of its files and `more`."""
        names = (*more, *_ALL)
        return [name for name in names if os.path.lexists(self.file(name))]

    def check_kinds(self) -> None:
        """Raises `ValueError` where a file is in the place of a folder."""
        for name in _FOLDERS:
            path = self.file(name)
            if os.path.lexists(path) and not os.path.isdir(path):
                raise ValueError(
                    f"`{self.name}` must have a folder {name}, and there is a file. "
                    f"Remove it, or choose another folder. "
                    f"Received: {self.name}={self.path!r}"
                )

    def last_step(self) -> int:
        """Returns the step of the newest checkpoint, readable or not, or 0."""
        there = os.listdir(self.checkpoints) if os.path.isdir(self.checkpoints) else ()
        found = (re.fullmatch(r"ckpt-(\d+)\.index", name) for name in there)
        return max((int(match[1]) for match in found if match), default=0)

    def exported_step(self) -> int:
        """Returns the step whose generator is exported, or 0."""
        try:
            with open(self.file(os.path.join(EXPORT, "metadata.json")), "rb") as file:
                return int(json.load(file)["step"])
        except (KeyError, OSError, TypeError, ValueError, RecursionError):
            return 0

    def rollbacks(self) -> int:
        """Returns how many rollbacks the run has had, by its metrics."""
        return sum("rolled_back_to" in _entry(line) for line in self._metrics())

    def drop_metrics(self, after: int, new: dict[str, Any] | None = None) -> None:
        """Drops the metrics of steps that will be made again, and adds an entry.

        Entries about rollbacks stay.
        """
        lines = self._metrics()
        kept = [line for line in lines if _stays(_entry(line), after)]
        kept += [json.dumps(new) + "\n"] if new else []
        if kept != lines:
            _files.write_text(self.file(METRICS), "".join(kept))

    def _metrics(self):
        return _files.read_lines(self.file(METRICS))

    def sweep(self) -> None:
        """Removes what a run left unfinished that was killed while it wrote."""
        left = [name for name in os.listdir(self.path) if _LEFTOVERS.fullmatch(name)]
        samples = self.file(SAMPLES)
        there = os.listdir(samples) if os.path.isdir(samples) else ()
        left += [os.path.join(SAMPLES, n) for n in there if n.endswith(".png.part")]
        for path in map(self.file, left):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.remove(path)


def _entry(line):
    """Returns the JSON object in a line; an empty one where its writer was killed."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _stays(entry, after):
    step = entry.get("step")
    return "rolled_back_to" in entry or isinstance(step, int) and step <= after
