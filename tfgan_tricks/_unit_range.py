"""The one place where images change between uint8 and the range of a network."""

import math
from typing import Any

import tensorflow as tf

Range = tuple[float, float]
DEFAULT: Range = (-1.0, 1.0)


def checked_range(output_range: Any) -> Range:
    """Returns a range as two floats, or raises `ValueError` if it is none."""
    try:
        low, high = (float(bound) for bound in output_range)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(
            "`output_range` must be two finite numbers, the least and the greatest "
            f"value of an image. Received: output_range={output_range!r}"
        )
    return low, high


def to_unit_range(pictures: Any) -> tf.Tensor:
    """Pictures as networks see them: `x / 127.5 - 1`.

    Args:
        pictures: uint8 of any shape.

    Returns:
        float32 of the same shape, in [-1, 1].

    Raises:
        ValueError: if the pictures are not uint8, so perhaps scaled already.

    >>> to_unit_range(tf.constant([0, 255], tf.uint8)).numpy().tolist()
    [-1.0, 1.0]
    """
    pictures = tf.convert_to_tensor(pictures)
    if pictures.dtype != tf.uint8:
        raise ValueError(
            f"`pictures` must be uint8. Received: pictures.dtype={pictures.dtype.name}"
        )
    return tf.cast(pictures, tf.float32) / 127.5 - 1.0


def to_uint8(pictures: Any, output_range: Range = DEFAULT) -> tf.Tensor:
    """Images as files store them: `255 (x - low) / (high - low)`, rounded and clipped.

    Args:
        pictures: floats of any shape, nominally in `output_range`.
        output_range: The values (low, high) that become 0 and 255.

    Returns:
        uint8 of the same shape; by default the inverse of `to_unit_range`. NaN becomes
        the middle of the range.

    Raises:
        ValueError: if the pictures are not floats, or for a range that is none.

    >>> to_uint8(tf.constant([-1.0, 0.01, 1.5])).numpy().tolist()
    [0, 129, 255]
    >>> to_uint8(tf.constant([0.0, 0.01, 1.5]), (0.0, 1.0)).numpy().tolist()
    [0, 3, 255]
    """
    low, high = checked_range(output_range)
    pictures = tf.convert_to_tensor(pictures)
    if not pictures.dtype.is_floating:
        raise ValueError(
            f"`pictures` must be floats in [{low:g}, {high:g}]. "
            f"Received: pictures.dtype={pictures.dtype.name}"
        )
    values = tf.cast(pictures, tf.float32)
    values = tf.where(tf.math.is_nan(values), (low + high) / 2, values)
    scaled = tf.round((values - low) * (255.0 / (high - low)))
    return tf.cast(tf.clip_by_value(scaled, 0.0, 255.0), tf.uint8)
