"""The one place where pictures change between uint8 and [-1, 1]."""

import tensorflow as tf


def to_unit_range(pictures):
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


def to_uint8(pictures):
    """Pictures as files keep them: `(x + 1) * 127.5`, rounded, clipped to [0, 255].

    Args:
        pictures: floats of any shape, nominally in [-1, 1].

    Returns:
        uint8 of the same shape; the inverse of `to_unit_range`.

    Raises:
        ValueError: if the pictures are not floats.

    >>> to_uint8(tf.constant([-1.0, 0.01, 1.5])).numpy().tolist()
    [0, 129, 255]
    """
    pictures = tf.convert_to_tensor(pictures)
    if not pictures.dtype.is_floating:
        raise ValueError(
            "`pictures` must be floats in [-1, 1]. "
            f"Received: pictures.dtype={pictures.dtype.name}"
        )
    scaled = tf.round((tf.cast(pictures, tf.float32) + 1.0) * 127.5)
    return tf.cast(tf.clip_by_value(scaled, 0.0, 255.0), tf.uint8)
