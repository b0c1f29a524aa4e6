"""From the file of a picture to its pixels, the right way up."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

# What `Image.open` may take a file for, whatever its suffix says.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_ORIENTATION = 0x0112
UNREADABLE = np.zeros([0, 0, 4], "uint8")


@contextmanager
def quietly() -> Iterator[None]:
    """A context in which odd files do not warn, and too large ones are unreadable."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def rgba(path: str) -> np.ndarray:
    """Returns uint8 `[height, width, 4]` of a file's first picture.

    The orientation that a camera noted is applied. `UNREADABLE` stands for whatever
    is damaged, is no picture, or has more bits than 16 for a level of grey.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as image:
            image.load()
            return np.array(_to_rgba(_upright(image)))
    except Exception:  # Of a damaged file, its decoder may raise nearly anything.
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
    """The number that EXIF has for it, or `None`, also where EXIF is damaged."""
    try:
        return image.getexif().get(_ORIENTATION)
    except Exception:  # The pixels are as good as without.
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
    colours = np.repeat((levels >> 8).astype("uint8")[..., np.newaxis], 3, axis=-1)
    alpha = np.where(levels == transparent, 0, 255).astype("uint8")
    return np.concatenate([colours, alpha[..., np.newaxis]], axis=-1)
