"""Log files of a run."""

import functools
import json
import math
import os
import time
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfgan_tricks import _files
from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps


class MetricsLog(EveryNSteps):
    """A callback that writes the logs to a file of JSON lines, and to TensorBoard.

    A line is `{"step": 500, "seconds": 12.5, "d_loss": 0.69, ...}`: the number of
    finished steps, the seconds since the beginning of training, and the logs. JSON has
    no values for NaN and infinity. They are written as null, and `"not_finite"` lists
    their names. Lines are appended to existing lines, and each is written to disk
    immediately.

    Args:
        path: Path of the file. Its folder is created if it is missing.
        every: Number of steps between lines, at least 1. The last step always gets one.
        log_dir: Folder for TensorBoard scalars. `None` disables them.

    Raises:
        ValueError: If `every` is not positive, an argument is not a path, or `log_dir`
            is not valid UTF-8.
        OSError: If the file or folder cannot be written. `fit` raises it if the disk is
            full, and leaves the file unchanged.

    >>> import keras, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "metrics.jsonl")
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, log = tf.ones([64, 1]), MetricsLog(path, every=1)
    >>> history = model.fit(x, x, batch_size=32, callbacks=[log], verbose=0)
    >>> with open(path) as file:
    ...     [sorted(json.loads(line)) for line in file]
    [['loss', 'seconds', 'step'], ['loss', 'seconds', 'step']]
    """

    def __init__(
        self,
        path: str | os.PathLike,
        every: int,
        log_dir: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(every)
        _files.file("path", path)
        if log_dir is not None:
            log_dir = _files.folder("log_dir", _files.utf8("log_dir", log_dir))
        self.path = path
        self.log_dir = log_dir

    @functools.cached_property
    def _start(self):
        return time.monotonic()

    @functools.cached_property
    def _writer(self):
        return tf.summary.create_file_writer(str(self.log_dir))

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        _files.make_parents(_files.file("path", self.path))
        self._seconds()

    def _seconds(self):
        return round(time.monotonic() - self._start, 3)

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        values = {name: float(value) for name, value in logs.items()}
        self._write_line({"step": step, "seconds": self._seconds(), **_json(values)})
        if self.log_dir is not None:
            self._write_summaries(step, values)

    def _write_line(self, entry):
        target = _files.file("path", self.path)
        line = json.dumps(entry, allow_nan=False) + "\n"
        with _files.writing("path", self.path):
            _append(target, line.encode())

    def _write_summaries(self, step, values):
        with _files.writing("log_dir", self.log_dir, tf.errors.OpError):
            with self._writer.as_default(step=step):
                for name, value in values.items():
                    tf.summary.scalar(name, value)


def _json(values):
    not_finite = [name for name, v in values.items() if not math.isfinite(v)]
    flag = {"not_finite": not_finite} if not_finite else {}
    return {**values, **dict.fromkeys(not_finite), **flag}


def _append(path, line):
    """Appends a line to a file, or leaves it as it was."""
    with open(path, "ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        line = _end_of_torn_line(file, size) + line
        try:
            # A nearly full disk accepts a part of the line and refuses the rest.
            while line:
                line = line[file.write(line) :]
        except OSError:
            file.truncate(size)
            raise


def _end_of_torn_line(file, size):
    """Returns a line end if the last line of the file has none, after a kill."""
    if not size:
        return b""
    file.seek(size - 1)
    return b"" if file.read(1) == b"\n" else b"\n"


def entry(line: str) -> dict[str, Any]:
    """Parses a line of the file; returns `{}` if it is not a complete JSON object."""
    try:
        read = json.loads(line)
    except (RecursionError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
