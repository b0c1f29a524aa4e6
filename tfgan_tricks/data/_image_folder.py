"""Images from the files below a folder."""

import collections
import os
import pathlib

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import _picture_files
from tfgan_tricks.data import _decode
from tfgan_tricks.data import _options
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source

_NUM_PARALLEL_CALLS = 4


def load(path: str, split: str, image_size: int | None, channels: int | None) -> Source:
    """Returns the readable images below a folder, labeled with their own folder."""
    if split != "train":
        raise _checks.unknown_name("split", split, ("train",))
    received = f"Received: name={f'image_folder:{path}'!r}"
    folder = pathlib.Path(os.path.expanduser(_files.text("name", path)))
    if not folder.is_dir():
        raise FileNotFoundError(f"`image_folder:PATH` must name a folder. {received}")
    files, left_out = _sorted_out(folder)
    _pictures.check_memory(len(files), image_size, channels or 3)
    pictures = _read(files, image_size, channels or 3)
    if not pictures:
        raise ValueError(
            f"`image_folder:PATH` must contain {_picture_files.KINDS} images; none of "
            f"{len(files)} such files can be read. {received}"
        )
    labels, names = _labels(folder, [files[i] for i in pictures])
    stacked = _stacked(list(pictures.values()))
    return Source(stacked, labels, len(files) - len(pictures), names, left_out)


def _sorted_out(folder):
    """Returns image files, sorted, and the number of other files of each suffix."""
    files = []
    others: collections.Counter[str] = collections.Counter()
    for file in _picture_files.files(folder):
        if _picture_files.is_picture(file):
            files.append(file)
        else:
            others[_readable(file.suffix.lower()) or "no suffix"] += 1
    return sorted(files), tuple(sorted(others.items()))


def _read(files, image_size, channels):
    """Returns the readable images by their position in `files`."""

    def decode(index, file):
        rgba = tf.numpy_function(_rgba, [file], tf.uint8, stateful=False)
        rgba.set_shape([None, None, 4])
        return index, rgba

    def fit(index, rgba):
        return index, _pictures.fit(rgba, image_size, channels)

    paths = tf.constant([os.fsencode(file) for file in files], tf.string)
    dataset = tf.data.Dataset.from_tensor_slices(paths).enumerate()
    dataset = dataset.map(decode, num_parallel_calls=_NUM_PARALLEL_CALLS)
    dataset = dataset.filter(lambda index, rgba: tf.size(rgba) > 0)
    dataset = dataset.map(fit, num_parallel_calls=_NUM_PARALLEL_CALLS)
    with _decode.quietly():
        return dict(dataset.with_options(_options.deterministic()).as_numpy_iterator())


def _rgba(file):
    return _decode.rgba(os.fsdecode(file))


def _stacked(pictures):
    shapes = sorted({picture.shape[:2] for picture in pictures})
    if len(shapes) > 1:
        raise ValueError(
            f"`image_size` must be given for images of {len(shapes)} sizes, such as "
            f"{shapes[0]} and {shapes[-1]}. Received: image_size=None"
        )
    return np.stack(pictures)


def _labels(folder, files):
    """Numbers the files' folders by name; without subfolders there are no labels."""
    if all(file.parent == folder for file in files):
        return None, ()
    names, labels = np.unique([file.parent.name for file in files], return_inverse=True)
    return labels.astype("int64"), tuple(map(_readable, names.tolist()))


def _readable(name):
    """Returns a name as printable text, whatever its bytes."""
    return os.fsencode(name).decode(errors="backslashreplace")
