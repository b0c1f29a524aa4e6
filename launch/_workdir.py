"""The files of a training, as far as they need no TensorFlow."""

import dataclasses
import json
import os
import re
import time
from typing import NamedTuple

from launch import _check
from launch import _config
from launch import _untrusted

CONFIG = "config.json"
METRICS = "metrics.jsonl"
SAMPLES = "samples"
TENSORBOARD = "tensorboard"
CHECKPOINTS = "checkpoints"
EXPORT = "export"
_ALL = (CONFIG, METRICS, SAMPLES, TENSORBOARD, CHECKPOINTS, EXPORT)


def default(preset):
    """A new directory below `runs`, named by preset and time."""
    return os.path.join("runs", f"{preset}-{time.strftime('%Y%m%d-%H%M%S')}")


def check_new(workdir):
    """Raises `ValueError` if there is a training in a directory."""
    if os.path.exists(workdir) and not os.path.isdir(workdir):
        raise ValueError(f"`workdir` must be a folder. Received: workdir={workdir!r}")
    there = [name for name in _ALL if os.path.lexists(os.path.join(workdir, name))]
    if there:
        raise ValueError(
            f"`workdir` holds a training already ({', '.join(there)}): give another "
            f"one, or --resume to go on with it. Received: workdir={workdir!r}"
        )


class Facts(NamedTuple):
    """What the data decided about a training; `None` or empty is not known."""

    shape: tuple[int, ...]  # Of an example.
    num_classes: int | None = None  # Of a training that uses labels.
    conditional: bool = False
    label_names: tuple[str, ...] = ()  # Of a training that uses labels.
    num_examples: int | None = None

    @property
    def generated_classes(self) -> int | None:
        """How many labels the generator takes, or `None` if it takes none."""
        return self.num_classes if self.conditional else None


def write_config(workdir, config, facts):
    """Makes the directory and its configuration file, whole or not at all."""
    os.makedirs(workdir, exist_ok=True)
    entries = dataclasses.asdict(config) | {"example_shape": list(facts.shape)}
    for key in ("num_examples", "num_classes", "label_names"):
        if getattr(facts, key):
            entries[key] = getattr(facts, key)
    _write_whole(os.path.join(workdir, CONFIG), json.dumps(entries, indent=2) + "\n")


def _write_whole(path, text):
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


class DiskFull(OSError):
    """A file could not be written for lack of room."""


def drop_metrics(workdir, after, new_line=""):
    """Drops the metrics of steps that are going to be made again, and adds a line.

    What is said of rollbacks stays.
    """
    lines = _metrics(workdir)
    kept = [line for line in lines if _stays(_entry(line), after)]
    if kept != lines or new_line:
        _write_whole(os.path.join(workdir, METRICS), "".join([*kept, new_line]))


def rollbacks(workdir):
    """How many rollbacks a training has had, by its metrics."""
    return sum("rolled_back_to" in _entry(line) for line in _metrics(workdir))


def _metrics(workdir):
    path = os.path.join(workdir, METRICS)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.readlines()


def _entry(line):
    """The JSON object in a line; an empty one where its writer was killed."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _stays(entry, after):
    step = entry.get("step")
    return "rolled_back_to" in entry or isinstance(step, int) and step <= after


def read_config(workdir):
    """The `Config` of a training, and the `Facts` of its data.

    Raises:
        ValueError: If there is none.
    """
    path = os.path.join(workdir, CONFIG)
    if not os.path.isfile(path):
        raise ValueError(
            f"`workdir` must hold a training; there is no {CONFIG}. "
            f"Received: workdir={workdir!r}"
        )
    _untrusted.check_folder(workdir)
    try:
        return _training(_untrusted.entries(path))
    except ValueError as error:
        raise ValueError(
            f"`workdir` must hold a training; its {CONFIG} cannot be read: "
            f"{error}. Received: workdir={workdir!r}"
        ) from error


def _training(entries):
    shape = _untrusted.shape(entries.pop("example_shape", None))
    count = entries.pop("num_classes", None)
    names = entries.pop("label_names", [])
    num_examples = _untrusted.num_examples(entries.pop("num_examples", None))
    config = _config.from_dict(entries)
    count = _untrusted.num_classes(count, _check.uses_labels(config))
    names = _untrusted.label_names(names, count)
    _check.check_network(config, shape)
    return config, Facts(shape, count, bool(config.conditional), names, num_examples)


def check_same_data(workdir: str, new: Facts) -> None:
    """Raises `ValueError` if a training there has begun on other data.

    A training of before these facts were kept goes on with what it gets.
    """
    if not os.path.isfile(os.path.join(workdir, CONFIG)):
        return
    _, old = read_config(workdir)
    pairs = {
        "example_shape": (old.shape, new.shape),
        "num_examples": (old.num_examples, new.num_examples),
        "num_classes": (old.num_classes, new.num_classes),
    }
    for label, name in enumerate(old.label_names):
        pairs[f"the name of label {label}"] = (name, _item(new.label_names, label))
    for key, (was, now) in pairs.items():
        if was is not None and was != now:
            raise ValueError(
                "`dataset` must hold the data that the training began with, to resume "
                f"it. Received: {key}={now!r} (it was {was!r})"
            )


def _item(names, label):
    return names[label] if label < len(names) else None


def last_step(workdir):
    """The step of the newest checkpoint, or 0; without TensorFlow."""
    folder = os.path.join(workdir, CHECKPOINTS)
    names = os.listdir(folder) if os.path.isdir(folder) else ()
    found = (re.fullmatch(r"ckpt-(\d+)\.index", name) for name in names)
    return max((int(match[1]) for match in found if match), default=0)


def exported_step(workdir):
    """The step whose generator is in `EXPORT`, or 0."""
    try:
        with open(os.path.join(workdir, EXPORT, "metadata.json"), "rb") as file:
            return int(json.load(file)["step"])
    except (KeyError, OSError, TypeError, ValueError):
        return 0


def check_trained(workdir):
    """The `Facts` of a training; raises `ValueError` if there is no checkpoint."""
    if not workdir:
        raise ValueError(f"`workdir` must be given. Received: workdir={workdir!r}")
    _, facts = read_config(workdir)
    if not last_step(workdir):
        raise ValueError(
            f"`workdir` must hold a checkpoint. Received: workdir={workdir!r}"
        )
    return facts
