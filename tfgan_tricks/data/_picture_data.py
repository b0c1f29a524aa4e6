"""Images that are decoded when they are used."""

import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_tricks.data import _decode
from tfgan_tricks.data import _options
from tfgan_tricks.data import _pictures

_NUM_PARALLEL_CALLS = 4
# AutoGraph would only cost time.
_plain = tf.autograph.experimental.do_not_convert


class PictureFiles:
    """Images of equal size in files, with the shape and the indices of an array.

    The images stay in their files until rows are read.

    Args:
        files: Paths of files that can be decoded.
        shape: Shape of an image in its final size.
        image_size: Height and width to convert to. `None` keeps the size.
    """

    dtype = np.dtype("uint8")
    ndim = 4

    def __init__(
        self,
        files: Sequence[pathlib.Path],
        shape: tuple[int, ...],
        image_size: int | None,
    ):
        self.shape = (len(files), *shape)
        self._image_size = image_size
        self._paths = encoded(files)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        chosen = np.arange(len(self))[rows]
        dataset = tf.data.Dataset.from_tensor_slices(np.ravel(chosen))
        dataset = dataset.map(_plain(self._picture), _NUM_PARALLEL_CALLS)
        dataset = dataset.with_options(_options.deterministic())
        pictures = list(dataset.as_numpy_iterator())
        return np.reshape(pictures, [*np.shape(chosen), *self.shape[1:]])

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def gather(self, rows: tf.Tensor) -> tf.Tensor:
        """Decodes the images of a batch of rows, in a graph or not."""
        # In this process, other threads may decode at any time.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        return tf.map_fn(_plain(self._picture), rows, fn_output_signature=tf.uint8)

    def _picture(self, row):
        path = self._paths[row]
        picture = fitted(path, self._image_size, self.shape[-1])
        told = (
            "`image_folder:PATH` must not change in a run. Received: a file that can "
            "no longer be read in its old size, "
        )
        is_same = tf.reduce_all(tf.equal(tf.shape(picture), self.shape[1:]))
        with tf.control_dependencies([tf.debugging.Assert(is_same, [told, path])]):
            return tf.ensure_shape(picture, self.shape[1:])


def encoded(files: Sequence[pathlib.Path]) -> tf.Tensor:
    """Returns paths as a tensor of strings, whatever their bytes."""
    with tf.device("CPU:0"):
        return tf.constant([os.fsencode(file) for file in files], tf.string)


def fitted(path: tf.Tensor, image_size: int | None, channels: int) -> tf.Tensor:
    """Decodes a file and converts its image, or returns one without pixels.

    Args:
        path: Path of the file, a scalar.
        image_size: Height and width to convert to. `None` keeps the size.
        channels: Number of channels to convert to.
    """
    rgba = tf.numpy_function(_rgba, [path], tf.uint8, stateful=False)
    rgba.set_shape([None, None, 4])

    def fit():
        return _pictures.fit(rgba, image_size, channels)

    def nothing():
        return tf.zeros([0, 0, channels], tf.uint8)

    return tf.cond(tf.size(rgba) > 0, fit, nothing)


def readable(
    files: Sequence[pathlib.Path], image_size: int | None, channels: int
) -> tf.data.Dataset:
    """Returns a dataset of the positions and the images of readable files."""

    def picture(index, path):
        return index, fitted(path, image_size, channels)

    dataset = tf.data.Dataset.from_tensor_slices(encoded(files)).enumerate()
    dataset = dataset.map(_plain(picture), _NUM_PARALLEL_CALLS)
    dataset = dataset.filter(_plain(lambda index, picture: tf.size(picture) > 0))
    return dataset.with_options(_options.deterministic())


def _rgba(file):
    return _decode.rgba(os.fsdecode(file))
