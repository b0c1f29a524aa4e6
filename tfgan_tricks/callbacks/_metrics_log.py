"""The history of a training, in files."""

import functools
import json
import math
import os
import time
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tfgan_tricks.callbacks._after_all import Logs
from tfgan_tricks.callbacks._every import EveryNSteps


class MetricsLog(EveryNSteps):
    """Writes all values of the logs to a file of JSON lines, and to TensorBoard.

    A line is `{"step": 500, "seconds": 12.5, "d_loss": 0.69, ...}`: finished steps,
    seconds since this callback's training began, and the logs. JSON has no infinity
    and no NaN: they are written as null, and `"not_finite"` lists their names. Lines
    are appended to those of earlier runs, and each is on the disk at once.

    Args:
        path: the file, in a directory that is made if need be.
        every: number of training steps from line to line.
        log_dir: a directory for TensorBoard scalars, or `None`.

    Raises:
        ValueError: if `every` is not positive.

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
        self._seconds()

    def _seconds(self):
        return round(time.monotonic() - self._start, 3)

    def on_steps(self, step: int, logs: Mapping[str, Any]) -> None:
        values = {name: float(value) for name, value in logs.items()}
        self._write_line({"step": step, "seconds": self._seconds(), **_json(values)})
        if self.log_dir is not None:
            self._write_summaries(step, values)

    def _write_line(self, entry):
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        with open(self.path, "a+", encoding="utf-8") as file:
            file.write(_end_of_torn_line(self.path))
            file.write(json.dumps(entry, allow_nan=False) + "\n")

    def _write_summaries(self, step, values):
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)


def _json(values):
    not_finite = [name for name, v in values.items() if not math.isfinite(v)]
    flag = {"not_finite": not_finite} if not_finite else {}
    return {**values, **dict.fromkeys(not_finite), **flag}


def _end_of_torn_line(path):
    """A line end, if the last line of the file has none: its writer was killed."""
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return ""
        file.seek(-1, os.SEEK_END)
        return "" if file.read() == b"\n" else "\n"
