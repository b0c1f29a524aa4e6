"""Drawing of samples as one image."""

import math
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import _unit_range

TILE = 64  # Least side of an image in a grid, in pixels.
GAP = 2
MOST_TILES = 32  # In a row or a column of a grid.
NUM_IMAGES = 64  # In a grid, unless another number is asked for.
NUM_OF_CLASS = 10  # In a row of a grid of classes, unless another number is asked for.
MOST_PIXELS = 8400  # Side of a grid of several images.
MOST_AREA = 100_000_000  # Pixels of an image.
MOST_SIDE = 1_000_000  # Pixels that readers of PNG files accept.
CANVAS = 320  # Side of a drawing of points.
REAL, FAKE = (190, 190, 190), (30, 80, 200)


def picture(
    samples: Any,
    real: Any = None,
    output_range: _unit_range.Range | None = None,
    num_classes: int | None = None,
) -> np.ndarray:
    """Draws samples as one image: a grid of images, or points of the plane.

    A grid shows the first 1,024 images, or as many as fit on 8,400 pixels a side. Small
    images are magnified without smoothing. With `num_classes`, each row shows up to 32
    images of one class, unless there are more classes than rows or fewer than two
    images of a class.

    Points are drawn in blue, on top of gray points `real`. The points `real`, if given,
    also determine the visible part of the plane.

    Args:
        samples: Images of shape `[batch, height, width, channels]` with one to four
            channels, floats or uint8, or points of shape `[batch, 2]`.
        real: Points of shape `[number, 2]` for the background, or `None`.
        output_range: The values (low, high) of black and white in images of floats.
            `None` means (-1, 1). uint8 images are drawn unchanged.
        num_classes: Number of classes, at least 1, if image i has the class
            `i % num_classes`. `None` means a grid without classes.

    Returns:
        A uint8 array of shape `[height, width, channels]`.

    Raises:
        ValueError: If `samples` or `real` has none of these shapes or types, if an
            image has more than 10^8 pixels, if `output_range` is not two finite
            numbers in ascending order, or if `num_classes` is below 1.

    >>> picture(np.zeros([5, 8, 8, 1])).shape
    (130, 196, 1)
    >>> picture(np.zeros([5, 8, 8, 1]), num_classes=2).shape
    (130, 196, 1)
    >>> picture(np.zeros([100, 2])).shape
    (320, 320, 3)
    >>> gray = picture(np.full([1, 64, 64, 3], 0.5), output_range=(0.0, 1.0))
    >>> gray[0, 0].tolist()
    [128, 128, 128]
    """
    samples = np.asarray(samples)
    if num_classes is not None:
        _checks.positive_integer(num_classes=num_classes)
    if samples.size and are_images(samples.shape):
        _check_area(samples.shape)
        grid = Grid.of(samples.shape, num_classes)
        pixels = _pixels(samples[: grid.capacity], output_range)
        return _tiled(_magnified(pixels), grid)
    if samples.size and are_points(samples.shape):
        return _plane(_points("samples", samples), _background(samples, real))
    raise ValueError(
        "`samples` must be images of shape (batch, height, width, 1 to 4) or points "
        f"of shape (batch, 2). Received: samples.shape={samples.shape}"
    )


def are_images(shape: Any) -> bool:
    """Returns `True` for the shape of a batch of images."""
    return len(shape) == 4 and shape[3] in (1, 2, 3, 4)


def are_points(shape: Any) -> bool:
    """Returns `True` for the shape of a batch of points in the plane."""
    return len(shape) == 2 and shape[1] == 2


class Grid(NamedTuple):
    """The places of images in a grid.

    Attributes:
        rows: Number of rows.
        columns: Number of images in a row.
        by_class: If `True`, image i is in row `i % rows`, otherwise in column
            `i % columns`.
    """

    rows: int
    columns: int
    by_class: bool

    @classmethod
    def of(cls, shape: Sequence[int], num_classes: int | None) -> "Grid":
        """Returns the grid for a batch of images, see `picture`."""
        count, most = shape[0], _most_tiles(*shape[1:3])
        if num_classes is not None and num_classes <= min(most, count // 2):
            columns = min(math.ceil(count / num_classes), most)
            return cls(num_classes, columns, by_class=True)
        count = min(count, most**2)
        columns = math.ceil(math.sqrt(count))
        return cls(math.ceil(count / columns), columns, by_class=False)

    @property
    def capacity(self) -> int:
        return self.rows * self.columns

    def place(self, index: int) -> tuple[int, int]:
        """Returns the row and the column of an image."""
        if self.by_class:
            return index % self.rows, index // self.rows
        return divmod(index, self.columns)


def default_count(num_classes: int | None) -> int:
    """Returns the default number of images in a grid."""
    if num_classes is None or num_classes > MOST_TILES:
        return NUM_IMAGES
    return NUM_OF_CLASS * num_classes


def _most_tiles(height, width):
    """Returns the number of images of a size that fit in a row or a column."""
    side = max(height, width)
    side = side * _magnification(side) + GAP
    return min(MOST_TILES, max(1, MOST_PIXELS // side))


def write_png(path: Any, pixels: Any) -> None:
    """Writes an image to a PNG file, completely or not at all.

    Args:
        path: Path of the file. Its folder is created if it is missing. Links are
            followed.
        pixels: A uint8 array of shape `[height, width, channels]` with one to four
            channels and at most 10^6 pixels a side.

    Raises:
        ValueError: If `pixels` is not such an array, or `path` is not a path.
        OSError: If `path` cannot be written. It may be a folder, a device, a pipe or a
            broken link, its folder may be read-only, or the disk may be full.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "grid.png")
    >>> write_png(path, picture(np.zeros([4, 8, 8, 3])))
    >>> tf.io.decode_png(tf.io.read_file(path)).shape.as_list()
    [130, 130, 3]
    """
    pixels = _checked_pixels(pixels)
    with _files.whole_file(path) as file:
        file.write(tf.io.encode_png(pixels).numpy())


def _checked_pixels(pixels):
    pixels = np.asarray(pixels)
    is_picture = pixels.ndim == 3 and pixels.shape[2] in (1, 2, 3, 4) and pixels.size
    if pixels.dtype != np.uint8 or not is_picture or max(pixels.shape) > MOST_SIDE:
        raise ValueError(
            "`pixels` must be uint8 of shape (height, width, 1 to 4), at most "
            f"{MOST_SIDE:,} a side. Received: pixels={pixels.dtype} {pixels.shape}"
        )
    return pixels


def _check_area(shape):
    """Raises `ValueError` for single images that are too large to draw."""
    height, width = shape[1:3]
    if height * width > MOST_AREA:
        raise ValueError(
            f"`samples` must be images of at most {MOST_AREA:,} pixels each. "
            f"Received: samples.shape={shape}"
        )


def _points(argument, points):
    points = np.asarray(points)
    if not are_points(points.shape) or points.dtype.kind not in "fiu":
        raise ValueError(
            f"`{argument}` must be points of shape (number, 2). "
            f"Received: {argument}={points.dtype} {points.shape}"
        )
    return points


def _background(samples, real):
    return samples if real is None else _points("real", real)


def _pixels(images, output_range):
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "fiub":
        raise ValueError(
            f"`samples` must be uint8 or floats. Received: samples.dtype={images.dtype}"
        )
    if images.dtype.kind in "iub" and output_range is None:
        raise ValueError(
            "`samples` must be uint8 or floats, or `output_range` must be given. "
            f"Received: samples.dtype={images.dtype}, output_range=None"
        )
    bounds = _unit_range.DEFAULT if output_range is None else output_range
    return _unit_range.to_uint8(images.astype("float32"), bounds).numpy()


def _magnification(side):
    return max(1, TILE // side)


def _magnified(pixels):
    factor = _magnification(max(pixels.shape[1:3]))
    return pixels.repeat(factor, axis=1).repeat(factor, axis=2)


def _tiled(pixels, grid):
    height, width, channels = pixels.shape[1:]
    high, wide = height + GAP, width + GAP
    canvas = np.full([grid.rows * high, grid.columns * wide, channels], 255, "uint8")
    for index, tile in enumerate(pixels):
        row, column = grid.place(index)
        top, left = row * high, column * wide
        canvas[top : top + height, left : left + width] = tile
    return canvas[:-GAP, :-GAP]


def _plane(points, extent):
    extent = extent[np.isfinite(extent).all(axis=1)]
    if not len(extent):
        extent = np.zeros([1, 2])
    low, high = extent.min(axis=0), extent.max(axis=0)
    center, half = (low + high) / 2, 0.6 * max(*(high - low), 1e-6)
    canvas = np.full([CANVAS, CANVAS, 3], 255, "uint8")
    for drawn, color in ((extent, REAL), (points, FAKE)):
        _draw(canvas, (drawn - center) / half, color)
    return canvas


def _draw(canvas, points, color):
    points = points[(np.abs(points) < 0.99).all(axis=1)]  # Room for the dots.
    column, row = ((points * [1, -1] + 1) * CANVAS / 2).astype(int).T
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            canvas[row + down, column + right] = color
