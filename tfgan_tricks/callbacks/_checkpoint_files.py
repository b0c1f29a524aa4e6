"""Checkpoint files, written atomically and checked when they are read."""

import filecmp
import os
import re
import warnings
from collections.abc import Collection
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfgan_tricks import _files
from tfgan_tricks.callbacks import _divergence

_NAME = re.compile(r"ckpt-(\d+)\.(?:index|data-\d+-of-\d+)", re.ASCII)
_UNREADABLE = (tf.errors.OpError, IndexError, RuntimeError, ValueError)


def prefix(directory: str, step: int) -> str:
    """Returns the common prefix of a checkpoint's files."""
    return os.path.join(directory, f"ckpt-{step}")


def newest(directory: str | os.PathLike) -> int:
    """Returns the step of the newest checkpoint that can be read.

    Reads every value and compares it with its checksum. Ignores TensorFlow's own file
    `checkpoint`, which may name files elsewhere. Warns of newer checkpoints that are
    damaged.

    Args:
        directory: Folder that `Checkpoints` saves to.

    Returns:
        The number of finished training steps, an int.

    Raises:
        ValueError: If there is no checkpoint, or none can be read.
        NotADirectoryError: If `directory` is a file.

    >>> newest("nowhere")
    Traceback (most recent call last):
    ...
    ValueError: `directory` must contain a checkpoint. Received: directory='nowhere'
    """
    directory = _files.text("directory", directory)
    there = _steps(directory)
    damaged: list[str] = []
    for step in reversed(there):
        reason = damage(prefix(directory, step))
        if reason is None:
            _warn(directory, damaged, step)
            return step
        damaged.append(f"ckpt-{step} ({reason})")
    if _steps(directory) != there:  # A run in progress deletes its oldest checkpoints.
        return newest(directory)
    found = f" that can be read, not {', '.join(damaged)}" if damaged else ""
    raise ValueError(
        f"`directory` must contain a checkpoint{found}. "
        f"Received: directory={directory!r}"
    )


def _warn(directory, damaged, step):
    if damaged:
        warnings.warn(
            f"`directory` contains damaged checkpoints: {', '.join(damaged)}. "
            f"Using ckpt-{step} instead. Received: directory={directory!r}",
            stacklevel=3,
        )


def damage(path: str) -> str | None:
    """Returns the reason why a checkpoint cannot be read, or `None` if it can."""
    if not os.path.isfile(path + ".index"):
        return "its index is missing"
    if not all(map(os.path.isfile, _data(path))):
        return "its data file is missing or not a file"
    try:
        for _ in _tensors(path):
            pass
    except _UNREADABLE as error:
        return _first_line(error)
    return None


def _data(path):
    """Returns the files of a checkpoint's values. A pipe would be read forever."""
    folder, name = os.path.split(path)
    start = f"{name}.data-"
    names = (other for other in os.listdir(folder) if other.startswith(start))
    return [os.path.join(folder, other) for other in names]


def _first_line(error):
    return str(error).partition("\n")[0]


def write(
    checkpoint: tf.train.Checkpoint,
    directory: str,
    step: int,
    max_to_keep: int,
    dropped: Collection[int] = (),
) -> None:
    """Writes a `tf.train.Checkpoint` atomically, if all its values are finite.

    It replaces a checkpoint of the same step, unless the content is the same. The
    oldest checkpoints are deleted, and those at the `dropped` steps.

    Raises:
        FloatingPointError: If a value is NaN or infinite. The message names the step
            and the values.
        OSError: If the checkpoint cannot be written.
    """
    _files.folder("directory", directory)
    # Keras mistakes some errors of TensorFlow for the end of the data.
    with _files.writing("directory", directory, tf.errors.OpError):
        _files.make_folder(directory)
        part = os.path.join(directory, _files.PART)
        _files.remove(part)
        try:
            os.mkdir(part)
            with _files.plain(part) as place:
                checkpoint.write(prefix(place, step))
            _check_finite(prefix(part, step), step)
            if not _is_there(part, directory):
                _publish(part, directory)
        finally:
            _files.remove(part)
        kept = [n for n in _kept(directory, step, max_to_keep) if n not in dropped]
        _tell_tensorflow(directory, step, kept)
        _delete_all_but(kept, directory)


def _tensors(path: str) -> Iterator[tuple[str, np.ndarray]]:
    folder, name = os.path.split(path)
    with _files.plain(folder) as place:
        reader = tf.train.load_checkpoint(os.path.join(place, name))
        for name in reader.get_variable_to_shape_map():
            value = np.asarray(reader.get_tensor(name))
            yield name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE"), value


def _check_finite(path, step):
    """Reads the written values, so that NaN never replaces a good checkpoint."""
    wrong = [
        name
        for name, value in _tensors(path)
        if tf.as_dtype(value.dtype).is_floating
        and not np.isfinite(value.astype("float32", copy=False)).all()
    ]
    if wrong:
        raise _divergence.of_weights(step, sorted(wrong))


def _is_there(part, directory):
    """Returns `True` if a checkpoint with this step and content already exists."""
    names = os.listdir(part)
    same, _, _ = filecmp.cmpfiles(part, directory, names, shallow=False)
    return len(same) == len(names)


def _publish(part, directory):
    """Moves files to their final place, the index last: it makes them a checkpoint."""
    for name in sorted(os.listdir(part)):
        _flush(os.path.join(part, name))
        os.replace(os.path.join(part, name), os.path.join(directory, name))
    _flush(directory)


def _flush(path):
    """Waits until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _steps(directory):
    if os.path.lexists(directory) and not os.path.isdir(directory):
        raise NotADirectoryError(
            f"`directory` must be a folder. Received: directory={directory!r}"
        )
    names = os.listdir(directory) if os.path.isdir(directory) else ()
    return sorted({int(m[1]) for m in map(_NAME.fullmatch, names) if m})


def _kept(directory, step, max_to_keep):
    """Returns the steps to keep, later steps of an abandoned run only if few."""
    there = _steps(directory)
    ours = [other for other in there if other <= step]
    lost = [other for other in there if other > step]
    return sorted((lost + ours)[-max_to_keep:])


def _delete_all_but(kept, directory):
    for name in os.listdir(directory):
        match = _NAME.fullmatch(name)
        if match and int(match[1]) not in kept:
            os.remove(os.path.join(directory, name))


def _tell_tensorflow(directory, step, kept):
    """Writes the file that `tf.train.latest_checkpoint` reads."""
    path = os.path.join(directory, "checkpoint")
    lines = [f'model_checkpoint_path: "ckpt-{step}"\n']
    lines += [f'all_model_checkpoint_paths: "ckpt-{each}"\n' for each in kept]
    # The folder may have been removed while a run writes to it.
    with _files.replacing(path) as file:
        file.write("".join(lines).encode())
