"""The configuration in the folder of a run, and the folder that flags name."""

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
    """A new folder below `runs`, named by preset and time."""
    return os.path.join("runs", f"{preset}-{time.strftime('%Y%m%d-%H%M%S')}")


def folder(workdir):
    """The `Folder` that --workdir names.

    Raises:
        ValueError: If it is not given, or TensorFlow could not write there.
    """
    _paths.check("workdir", workdir)
    return Folder(workdir, "workdir")


def check_new(workdir):
    """Raises an error if there is a run in a folder, or none can be.

    Raises:
        ValueError: If there is one.
        OSError: If nothing may be written there.
    """
    there = folder(workdir).holds(CONFIG)
    if there:
        raise ValueError(
            f"`workdir` holds a run already ({', '.join(there)}): give another "
            f"one, or --resume to go on with it. Received: workdir={workdir!r}"
        )
    _files.folder("workdir", workdir)


def check_steps(workdir, steps):
    """Raises `ValueError` if a run cannot go on to a number of steps."""
    where = folder(workdir)
    where.check_kinds()
    if steps < where.last_step():
        raise ValueError(
            f"`steps` must be at least the {where.last_step()} steps that are done, to "
            f"go on. Received: steps={steps}"
        )


def read_config(workdir):
    """The `Config` of a run.

    Raises:
        ValueError: If there is none, or it is one of an earlier version.
    """
    path = folder(workdir).file(CONFIG)
    if not os.path.isfile(path):
        raise ValueError(
            f"`workdir` must hold a run; there is no {CONFIG}. "
            f"Received: workdir={workdir!r}"
        )
    _untrusted.check_folder(workdir)
    _check_files(workdir)
    try:
        return configuration.from_entries(_untrusted.entries(path))
    except ValueError as error:
        raise ValueError(
            f"`workdir` must hold a run; its {CONFIG} cannot be read: "
            f"{error}. Received: workdir={workdir!r}"
        ) from error


def _check_files(workdir):
    for name in (RECORD, METRICS):
        if os.path.isdir(os.path.join(workdir, name)):
            raise ValueError(
                f"`workdir` must have a file {name}, and there is a folder. Remove it, "
                f"or choose another folder. Received: workdir={workdir!r}"
            )


def read_trained(workdir):
    """The `Config` and the record of a run that has a checkpoint.

    Raises:
        ValueError: If there is none.
    """
    config, where = read_config(workdir), folder(workdir)
    record = where.record()
    if record is None or record.data.example_shape is None or not where.last_step():
        raise ValueError(
            f"`workdir` must hold a checkpoint. Received: workdir={workdir!r}"
        )
    config.check_shape(record.data.example_shape)
    _check_classes(config, record)
    return config, record


def _check_classes(config, record):
    if config.uses_labels != (record.data.num_classes is not None):
        raise ValueError(
            f"`num_classes` must be known of a run that uses labels, and of no other. "
            f"Received: num_classes={record.data.num_classes!r}"
        )
