"""Pictures from the files below a folder."""

import os
import pathlib

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.data import _options
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source

_SUFFIXES = (".png", ".jpg", ".jpeg")
_NUM_PARALLEL_CALLS = 4


def load(path, split, image_size, channels):
    """The readable pictures below a folder, labelled with the folder they are in."""
    if split != "train":
        raise _checks.unknown_name("split", split, ("train",))
    folder = pathlib.Path(path).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"`path` must be a folder. Received: path={path!r}")
    files = _picture_files(folder)
    pictures = _read(files, image_size, channels or 3)
    if not pictures:
        raise ValueError(
            f"`path` must hold PNG or JPEG pictures; of {len(files)} such files none "
            f"can be read. Received: path={path!r}"
        )
    labels, names = _labels(folder, [files[i] for i in pictures])
    stacked = _stacked(list(pictures.values()))
    return Source(stacked, labels, len(files) - len(pictures), names)


def _picture_files(folder):
    files = (file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES)
    return sorted(file for file in files if file.is_file())


def _read(files, image_size, channels):
    """The pictures that can be read, by their position in `files`."""

    def read(index, file):
        rgba = _decode_rgba(tf.io.read_file(file))
        return index, _pictures.fit(rgba, image_size, channels)

    paths = tf.constant([os.fsencode(file) for file in files], tf.string)
    dataset = tf.data.Dataset.from_tensor_slices(paths).enumerate()
    dataset = dataset.map(read, num_parallel_calls=_NUM_PARALLEL_CALLS)
    dataset = dataset.ignore_errors().with_options(_options.deterministic())
    return dict(dataset.as_numpy_iterator())


def _decode_rgba(content):
    """Red, green, blue and alpha, so that one graph fits all kinds of files."""
    # Asked for four channels, TensorFlow makes fewer than 8 bits nearly transparent.
    pixels = tf.io.decode_image(content, expand_animations=False)
    pixels.set_shape([None, None, None])
    height, width, num_channels = tf.unstack(tf.shape(pixels))
    num_colours = num_channels - 1 + num_channels % 2
    colours = tf.broadcast_to(pixels[..., :num_colours], [height, width, 3])
    or_opaque = tf.pad(pixels, [[0, 0], [0, 0], [0, 1]], constant_values=255)
    return tf.concat([colours, or_opaque[..., num_colours, tf.newaxis]], axis=-1)


def _stacked(pictures):
    shapes = sorted({picture.shape[:2] for picture in pictures})
    if len(shapes) > 1:
        raise ValueError(
            f"`image_size` must be given for pictures of {len(shapes)} sizes, such as "
            f"{shapes[0]} and {shapes[-1]}. Received: image_size=None"
        )
    return np.stack(pictures)


def _labels(folder, files):
    """Each file's folder as a number among the sorted names, if any is a sub-folder."""
    if all(file.parent == folder for file in files):
        return None, ()
    names, labels = np.unique([file.parent.name for file in files], return_inverse=True)
    return labels.astype("int64"), tuple(names.tolist())
