"""Channels and sizes of uint8 images, eagerly or in a `tf.data` map."""

import numpy as np
import tensorflow as tf

from tfgan_tricks import _limits

_CHUNK = 1024


def fit(
    pictures: tf.Tensor, image_size: int | None = None, channels: int | None = None
) -> tf.Tensor:
    """Converts uint8 `[..., height, width, channels]` to a size and to channels."""
    pictures = _to_channels(tf.convert_to_tensor(pictures), channels)
    return pictures if image_size is None else _to_size(pictures, image_size)


def fit_array(
    pictures: np.ndarray, image_size: int | None = None, channels: int | None = None
) -> np.ndarray:
    """Applies `fit` to an array in chunks, since resizing needs float32."""
    check_memory(len(pictures), image_size, channels or pictures.shape[-1])
    starts = range(0, len(pictures), _CHUNK)
    chunks = (fit(pictures[i : i + _CHUNK], image_size, channels) for i in starts)
    return np.concatenate([chunk.numpy() for chunk in chunks])


def check_memory(count: int, image_size: int | None, channels: int) -> None:
    """Raises `ValueError` if that many resized images do not fit in memory."""
    if image_size is not None:
        picture = image_size**2 * channels
        in_float32 = 4 * picture if count else 0
        _limits.check_memory(count * picture + in_float32, image_size=image_size)


def _to_channels(pictures, channels):
    if channels in (None, pictures.shape[-1]):
        return pictures
    if pictures.shape[-1] in (2, 4):
        pictures = _over_white(pictures)
    if pictures.shape[-1] == channels:
        return pictures
    return _luma(pictures) if channels == 1 else tf.repeat(pictures, channels, axis=-1)


def _over_white(pictures):
    pictures = tf.cast(pictures, tf.int32)
    color, alpha = pictures[..., :-1], pictures[..., -1:]
    mixed = alpha * color + (255 - alpha) * 255
    return tf.cast((mixed + 127) // 255, tf.uint8)


def _luma(pictures):
    """Returns Rec. 601's luma, in integers: float weights can miss 255 for white."""
    weighted = tf.cast(pictures, tf.int32) * [299, 587, 114]
    total = tf.reduce_sum(weighted, axis=-1, keepdims=True)
    return tf.cast((total + 500) // 1000, tf.uint8)


def _to_size(pictures, image_size):
    if pictures.shape[-3] == pictures.shape[-2] == image_size:
        return pictures
    square = _center_square(pictures)
    size = (image_size, image_size)
    resized = tf.image.resize(square, size, method="bilinear", antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0.0, 255.0), tf.uint8)


def _center_square(pictures):
    height, width = tf.unstack(tf.shape(pictures)[-3:-1])
    side = tf.minimum(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pictures[..., top : top + side, left : left + side, :]
