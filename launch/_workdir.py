"""The run folder that --workdir names, and the configuration in it."""

import os
import time

from launch import _paths
from launch import _untrusted
from launch.config import configuration
from launch.run._folder import METRICS
from launch.run._folder import RECORD
from launch.run._folder import Folder
from tfgan_tricks import _files

CONFIG = configuration.FILE


def default(preset):
    """Returns a new folder in `runs`, named after the preset and the time."""
    return os.path.join("runs", f"{preset}-{time.strftime('%Y%m%d-%H%M%S')}")


def folder(workdir):
    """Returns the `Folder` that --workdir names.

    Raises:
        ValueError: If the path is missing, or TensorFlow could not write to it.
    """
    _paths.check("workdir", workdir)
    return Folder(workdir, "workdir")


def check_new(workdir):
    """Raises an error unless a new run can be written to a folder.

    Raises:
        ValueError: If the folder contains a run.
        OSError: If the folder cannot be written to.
    """
    there = folder(workdir).holds(CONFIG)
    if there:
        raise ValueError(
            f"`workdir` must be a new folder, but contains a run ({', '.join(there)}). "
            "Choose another folder, or resume the run with --resume. "
            f"Received: workdir={workdir!r}"
        )
    _files.folder("workdir", workdir)


def check_steps(workdir, steps):
    """Raises `ValueError` if a run has more than a number of steps already."""
    where = folder(workdir)
    where.check_kinds()
    if steps < where.last_step():
        raise ValueError(
            f"`steps` must be at least the {where.last_step()} steps already done. "
            f"Received: steps={steps}"
        )


def read_config(workdir):
    """Returns the `Config` of a run.

    Raises:
        ValueError: If the folder contains no run, or a run of an earlier version.
    """
    path = folder(workdir).file(CONFIG)
    if not os.path.isfile(path):
        raise ValueError(
            f"`workdir` must contain a run of tfgan-train, but has no {CONFIG}. Use "
            "`launch.Run` in Python for a run that began there. "
            f"Received: workdir={workdir!r}"
        )
    _untrusted.check_folder(workdir)
    _check_files(workdir)
    try:
        return configuration.from_entries(_untrusted.entries(path))
    except ValueError as error:
        raise ValueError(
            f"`workdir` must contain a run, but its {CONFIG} cannot be read: "
            f"{error}. Received: workdir={workdir!r}"
        ) from error


def _check_files(workdir):
    for name in (RECORD, METRICS):
        if os.path.isdir(os.path.join(workdir, name)):
            raise ValueError(
                f"`workdir` must have a file {name}, but it is a folder. Remove "
                f"{name}, or choose another folder. Received: workdir={workdir!r}"
            )


def read_trained(workdir):
    """Returns the `Config` and the record of a run with a checkpoint.

    Raises:
        ValueError: If the folder contains no such run.
    """
    config, where = read_config(workdir), folder(workdir)
    record = where.record()
    if record is None or record.data.example_shape is None or not where.last_step():
        raise ValueError(
            f"`workdir` must contain a checkpoint. Received: workdir={workdir!r}"
        )
    config.check_shape(record.data.example_shape)
    _check_classes(config, record)
    return config, record


def _check_classes(config, record):
    if config.uses_labels != (record.data.num_classes is not None):
        raise ValueError(
            f"`num_classes` must be recorded if a run uses labels, and only then. "
            f"Received: num_classes={record.data.num_classes!r}"
        )
