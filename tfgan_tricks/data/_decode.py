"""Decoding of image files to pixels in their upright orientation."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

# The formats that `Image.open` tries, whatever the suffix of a file.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_ORIENTATION = 0x0112
UNREADABLE = np.zeros([0, 0, 4], "uint8")


@contextmanager
def quietly() -> Iterator[None]:
    """Suppresses warnings inside the block, and makes too large images unreadable."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def rgba(path: str) -> np.ndarray:
    """Returns a file's first image as uint8 `[height, width, 4]`.

    The EXIF orientation is applied. Returns `UNREADABLE` for damaged files, files of
    other kinds, and gray images with more than 16 bits.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as image:
            image.load()
            return np.array(_to_rgba(_upright(image)))
    except Exception:  # Decoders raise nearly anything for damaged files.
        return UNREADABLE


def _upright(image):
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image):
    """Returns the EXIF orientation, or `None` if it is missing or damaged."""
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # The pixels remain usable.
        return None


def _to_rgba(image):
    if image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.mode in ("I", "F"):
        raise ValueError(f"levels of unknown range: {image.mode}")
    return image.convert("RGBA")


def _from_16_bits(image):
    levels = np.asarray(image)
    transparent = image.info.get("transparency", -1)
    colors = np.repeat((levels >> 8).astype("uint8")[..., np.newaxis], 3, axis=-1)
    alpha = np.where(levels == transparent, 0, 255).astype("uint8")
    return np.concatenate([colors, alpha[..., np.newaxis]], axis=-1)
