"""Conversion of images between uint8 and the range of a network."""

import math
from typing import Any

import tensorflow as tf

Range = tuple[float, float]
DEFAULT: Range = (-1.0, 1.0)


def checked_range(output_range: Any) -> Range:
    """Returns a range as two floats; raises `ValueError` for anything else."""
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


def to_unit_range(images: Any) -> tf.Tensor:
    """Scales uint8 images to [-1, 1], the range of tanh.

        y = x / 127.5 - 1

    Args:
        images: Array of uint8 images, of any shape.

    Returns:
        A float32 tensor of the same shape.

    Raises:
        ValueError: If the images are not uint8, and thus perhaps scaled already.

    >>> to_unit_range(tf.constant([0, 255], tf.uint8)).numpy().tolist()
    [-1.0, 1.0]
    """
    images = tf.convert_to_tensor(images)
    if images.dtype != tf.uint8:
        raise ValueError(
            f"`images` must be uint8. Received: images.dtype={images.dtype.name}"
        )
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images: Any, output_range: Range = DEFAULT) -> tf.Tensor:
    """Converts a network's images to uint8, as files store them.

        y = 255 (x - a) / (b - a)

    for the range [a, b], rounded, and clipped to [0, 255]. By default this is the
    inverse of `to_unit_range`. NaN becomes the middle of the range.

    Args:
        images: Array of floats of any shape, nominally in `output_range`.
        output_range: The values (a, b) that become 0 and 255.

    Returns:
        A uint8 tensor of the same shape.

    Raises:
        ValueError: If the images are not floats, or `output_range` is not two finite
            numbers in ascending order.

    >>> to_uint8(tf.constant([-1.0, 0.01, 1.5])).numpy().tolist()
    [0, 129, 255]
    >>> to_uint8(tf.constant([0.0, 0.01, 1.5]), (0.0, 1.0)).numpy().tolist()
    [0, 3, 255]
    """
    low, high = checked_range(output_range)
    images = tf.convert_to_tensor(images)
    if not images.dtype.is_floating:
        raise ValueError(
            f"`images` must be floats in [{low:g}, {high:g}]. "
            f"Received: images.dtype={images.dtype.name}"
        )
    values = tf.cast(images, tf.float32)
    values = tf.where(tf.math.is_nan(values), (low + high) / 2, values)
    scaled = tf.round((values - low) * (255.0 / (high - low)))
    return tf.cast(tf.clip_by_value(scaled, 0.0, 255.0), tf.uint8)
