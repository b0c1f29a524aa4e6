"""A run folder and its files, as far as they need no TensorFlow."""

import json
import os
import re
import shutil
from typing import Any

from launch.run._record import MOST_BYTES
from launch.run._record import Record
from launch.run._record import differing
from tfgan_tricks import _checks
from tfgan_tricks import _files

RECORD = "run.json"
METRICS = "metrics.jsonl"
SAMPLES = "samples"
TENSORBOARD = "tensorboard"
CHECKPOINTS = "checkpoints"
EXPORT = "export"
BEST = "best"
EVALUATION = "evaluation{}.json"
LAST, OF_BEST = CHECKPOINT_NAMES = ("last", "best")
_ALL = (RECORD, METRICS, SAMPLES, TENSORBOARD, CHECKPOINTS, BEST, EXPORT)
_FOLDERS = (SAMPLES, TENSORBOARD, CHECKPOINTS, BEST, EXPORT)
_LEFTOVERS = re.compile(rf"\.?{EXPORT}\.new.*|(run|config|metrics)\.jsonl?\.part")


class Folder:
    """The folder of a run.

    Args:
        path: The folder, which need not exist.
        name: The user's name for the folder, for errors.

    Raises:
        ValueError: If `path` is not a path in UTF-8, which TensorBoard requires.
        OSError: If `path` is a file.
    """

    def __init__(self, path: Any, name: str = "folder") -> None:
        self.name = name
        self.path = _files.utf8(name, path)
        if os.path.lexists(self.path) and not os.path.isdir(self.path):
            raise NotADirectoryError(
                f"`{name}` must be a folder. Received: {name}={self.path!r}"
            )

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    @property
    def checkpoints(self) -> str:
        return self.file(CHECKPOINTS)

    @property
    def best(self) -> str:
        return self.file(BEST)

    @property
    def export(self) -> str:
        return self.file(EXPORT)

    @property
    def metrics(self) -> str:
        return self.file(METRICS)

    @property
    def samples(self) -> str:
        return self.file(SAMPLES)

    @property
    def tensorboard(self) -> str:
        return self.file(TENSORBOARD)

    def selected(self, checkpoint: str) -> str:
        """Returns the folder of the "last" or the "best" checkpoint.

        Raises:
            ValueError: If `checkpoint` is neither.
        """
        if checkpoint not in CHECKPOINT_NAMES:
            raise _checks.unknown_name("checkpoint", checkpoint, CHECKPOINT_NAMES)
        return self.best if checkpoint == OF_BEST else self.checkpoints

    def evaluation(self, checkpoint: str) -> str:
        """Returns the name of the file with the scores of a checkpoint."""
        return EVALUATION.format("" if checkpoint == LAST else f"-{checkpoint}")

    def holds(self, *more: str) -> list[str]:
        """Returns the names of existing files and folders of a run, or in `more`."""
        names = (*more, *_ALL)
        return [name for name in names if os.path.lexists(self.file(name))]

    def check_kinds(self) -> None:
        """Raises `ValueError` if a file has the name of a folder."""
        for name in _FOLDERS:
            path = self.file(name)
            if os.path.lexists(path) and not os.path.isdir(path):
                raise ValueError(
                    f"`{self.name}` must have a folder {name}, but it is a file. "
                    f"Remove {name}, or choose another folder. "
                    f"Received: {self.name}={self.path!r}"
                )

    def last_step(self) -> int:
        """Returns the step of the newest checkpoint, even if it is damaged, or 0."""
        there = os.listdir(self.checkpoints) if os.path.isdir(self.checkpoints) else ()
        found = (re.fullmatch(r"ckpt-(\d+)\.index", name) for name in there)
        return max((int(match[1]) for match in found if match), default=0)

    def exported_step(self) -> int:
        """Returns the step whose generator is exported, or 0."""
        try:
            with open(os.path.join(self.export, "metadata.json"), "rb") as file:
                return int(json.load(file)["step"])
        except (KeyError, OSError, TypeError, ValueError, RecursionError):
            return 0

    def rollbacks(self) -> int:
        """Returns the number of rollbacks in the metrics of the run."""
        return sum("rolled_back_to" in _entry(line) for line in self._metrics())

    def drop_metrics(self, after: int, new: dict[str, Any] | None = None) -> None:
        """Removes metrics of steps that will be repeated, and adds an entry.

        It keeps entries about rollbacks.
        """
        lines = self._metrics()
        kept = [line for line in lines if _stays(_entry(line), after)]
        kept += [json.dumps(new) + "\n"] if new else []
        if kept != lines:
            self.write(METRICS, "".join(kept))

    def _metrics(self):
        if not os.path.isfile(self.metrics):
            return []
        with open(self.metrics, encoding="utf-8", errors="replace") as file:
            return file.readlines()

    def write(self, name: str, text: str) -> None:
        """Writes a text file atomically."""
        with _files.whole_file(self.file(name), self.name) as file:
            file.write(text.encode())

    def record(self) -> Record | None:
        """Returns the record of the run, or `None` if there is no record.

        Raises:
            ValueError: If the record cannot be read.
        """
        path = self.file(RECORD)
        if not os.path.isfile(path):
            return None
        try:
            with open(path, "rb") as file:
                return Record.parsed(file.read(MOST_BYTES + 1))
        except ValueError as error:
            raise ValueError(
                f"`{self.name}` must contain a run, but its {RECORD} cannot be read: "
                f"{error}. Received: {self.name}={self.path!r}"
            ) from error

    def write_record(self, record: Record) -> None:
        self.write(RECORD, record.text())

    def check_same(self, new: Record) -> None:
        """Raises `ValueError` if the folder contains another run."""
        old = self.record()
        if old is None:
            self._check_no_other()
            return
        # Data first, because other data often cause other networks.
        parts = {"data": (old.data, new.data), self.name: (old, new)}
        for name, (was, now) in parts.items():
            told = [f"{key}={b!r} (it was {a!r})" for key, a, b in differing(was, now)]
            if told:
                raise ValueError(
                    f"`{name}` must match the run that began in {self.path!r}, to "
                    "resume it. Choose another folder for another run. "
                    f"Received: {', '.join(told)}"
                )

    def _check_no_other(self):
        if self.last_step():
            raise ValueError(
                f"`{self.name}` must contain no run, or a run of this version, but has "
                f"checkpoints and no {RECORD}. Choose another folder. "
                f"Received: {self.name}={self.path!r}"
            )

    def sweep(self) -> None:
        """Removes unfinished files of a run that was killed while it wrote them."""
        left = [name for name in os.listdir(self.path) if _LEFTOVERS.fullmatch(name)]
        there = os.listdir(self.samples) if os.path.isdir(self.samples) else ()
        left += [os.path.join(SAMPLES, n) for n in there if n.endswith(".png.part")]
        for path in map(self.file, left):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.remove(path)


def _entry(line):
    """Returns the JSON object in a line, or an empty dict if the line is cut off."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _stays(entry, after):
    step = entry.get("step")
    return "rolled_back_to" in entry or isinstance(step, int) and step <= after
