"""Samples drawn as one picture."""

import contextlib
import math
import os

import numpy as np
import tensorflow as tf

from tfgan_tricks._unit_range import to_uint8

TILE = 64  # Least side of an image in a grid, in pixels.
GAP = 2
CANVAS = 320  # Side of a picture of points.
REAL, FAKE = (190, 190, 190), (30, 80, 200)


def picture(samples, real=None):
    """Draws samples as one picture: a grid of images, or points of the plane.

    Small images are magnified without smoothing. Points are blue, on the grey ones of
    `real`, which then also say what part of the plane is seen.

    Args:
        samples: images of shape `[batch, height, width, channels]` with values in
            [-1, 1] and one to four channels, or points of shape `[batch, 2]`.
        real: points of shape `[number, 2]`, or `None`.

    Returns:
        A uint8 array of shape `[height, width, channels]`.

    Raises:
        ValueError: if `samples` has none of these shapes.

    >>> picture(np.zeros([5, 8, 8, 1])).shape
    (130, 196, 1)
    >>> picture(np.zeros([100, 2])).shape
    (320, 320, 3)
    """
    samples = np.asarray(samples)
    if samples.ndim == 4 and samples.size and 1 <= samples.shape[3] <= 4:
        return _grid(_pixels(samples))
    if samples.ndim == 2 and samples.size and samples.shape[1] == 2:
        return _plane(samples, samples if real is None else np.asarray(real))
    raise ValueError(
        "`samples` must be images of shape (batch, height, width, 1 to 4) or points "
        f"of shape (batch, 2). Received: samples.shape={samples.shape}"
    )


def write_png(path, pixels):
    """Writes a picture to a PNG file, whole or not at all.

    Args:
        path: the file, in a directory that is made if need be.
        pixels: a uint8 array of shape `[height, width, channels]`, one to four
            channels.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "grid.png")
    >>> write_png(path, picture(np.zeros([4, 8, 8, 3])))
    >>> tf.io.decode_png(tf.io.read_file(path)).shape.as_list()
    [130, 130, 3]
    """
    path = os.path.abspath(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    try:
        with open(part, "wb") as file:
            file.write(tf.io.encode_png(pixels).numpy())
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)


def _pixels(images):
    pixels = to_uint8(np.nan_to_num(images.astype("float32"))).numpy()
    factor = max(1, TILE // max(images.shape[1:3]))
    return pixels.repeat(factor, axis=1).repeat(factor, axis=2)


def _grid(pixels):
    columns = math.ceil(math.sqrt(len(pixels)))
    rows = math.ceil(len(pixels) / columns)
    height, width, channels = pixels.shape[1:]
    high, wide = height + GAP, width + GAP
    canvas = np.full([rows * high, columns * wide, channels], 255, "uint8")
    for index, tile in enumerate(pixels):
        top, left = index // columns * high, index % columns * wide
        canvas[top : top + height, left : left + width] = tile
    return canvas[:-GAP, :-GAP]


def _plane(points, extent):
    extent = extent[np.isfinite(extent).all(axis=1)]
    if not len(extent):
        extent = np.zeros([1, 2])
    low, high = extent.min(axis=0), extent.max(axis=0)
    center, half = (low + high) / 2, 0.6 * max(*(high - low), 1e-6)
    canvas = np.full([CANVAS, CANVAS, 3], 255, "uint8")
    for drawn, colour in ((extent, REAL), (points, FAKE)):
        _draw(canvas, (drawn - center) / half, colour)
    return canvas


def _draw(canvas, points, colour):
    points = points[(np.abs(points) < 0.99).all(axis=1)]  # Room for the dots.
    column, row = ((points * [1, -1] + 1) * CANVAS / 2).astype(int).T
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            canvas[row + down, column + right] = colour
