"""Checkpoints as files: each is whole, or it is noticed that it is not."""

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
    """What the names of a checkpoint's files begin with."""
    return os.path.join(directory, f"ckpt-{step}")


def newest(directory: str | os.PathLike) -> int:
    """The step of the newest of `Checkpoints` that can be read.

    Every value is read, and compared with its checksum. What TensorFlow's own file
    `checkpoint` says is not asked: it may name files that are elsewhere.

    Args:
        directory: the one given to `Checkpoints`.

    Returns:
        The number of finished training steps, an int. Damaged checkpoints that are
        newer are named in a warning.

    Raises:
        ValueError: if there is no checkpoint, or none can be read.
        NotADirectoryError: if `directory` is a file.

    >>> newest("nowhere")
    Traceback (most recent call last):
    ...
    ValueError: `directory` must hold a checkpoint. Received: directory='nowhere'
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
    if _steps(directory) != there:  # A training that goes on deletes its oldest.
        return newest(directory)
    told = f" that can be read, and not {', '.join(damaged)}" if damaged else ""
    raise ValueError(
        f"`directory` must hold a checkpoint{told}. Received: directory={directory!r}"
    )


def _warn(directory, damaged, step):
    if damaged:
        warnings.warn(
            f"`directory` holds what cannot be read: {', '.join(damaged)}; ckpt-{step} "
            f"takes its place. Received: directory={directory!r}",
            stacklevel=3,
        )


def damage(path: str) -> str | None:
    """Why a checkpoint cannot be read, or `None` if it can."""
    if not os.path.isfile(path + ".index"):
        return "its index is missing"
    if not all(map(os.path.isfile, _data(path))):
        return "its data are no file"
    try:
        for _ in _tensors(path):
            pass
    except _UNREADABLE as error:
        return _first_line(error)
    return None


def _data(path):
    """The files of a checkpoint's values; to read a pipe would be to wait for ever."""
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
    """Writes a `tf.train.Checkpoint`; it appears once it is complete and finite.

    One of the same step gives way to it, unless it has the same content. The oldest
    are deleted, and those of the `dropped` steps.

    Raises:
        FloatingPointError: if a value is not finite, naming the step and such values.
        OSError: if it cannot be written.
    """
    _files.folder("directory", directory)
    # Keras takes some errors of TensorFlow for the end of the data.
    with _files.writing("directory", directory, tf.errors.OpError):
        os.makedirs(directory, exist_ok=True)
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
    """Reads back what was written, so that no wreck takes the place of a good one."""
    wrong = [
        name
        for name, value in _tensors(path)
        if tf.as_dtype(value.dtype).is_floating
        and not np.isfinite(value.astype("float32", copy=False)).all()
    ]
    if wrong:
        raise _divergence.of_weights(step, sorted(wrong))


def _is_there(part, directory):
    """Whether a checkpoint of the same step and the same content is there already."""
    names = os.listdir(part)
    same, _, _ = filecmp.cmpfiles(part, directory, names, shallow=False)
    return len(same) == len(names)


def _publish(part, directory):
    """Moves files to where they count, the index last: it makes them a checkpoint."""
    for name in sorted(os.listdir(part)):
        _flush(os.path.join(part, name))
        os.replace(os.path.join(part, name), os.path.join(directory, name))
    _flush(directory)


def _flush(path):
    """Waits until a file or a directory is on the disk."""
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
    """The newest up to this step; later ones, of a lost future, only as long as few."""
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
    with _files.whole_file(path, "directory") as file:
        file.write("".join(lines).encode())
