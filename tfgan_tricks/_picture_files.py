"""Image files below a folder, found without TensorFlow."""

import os
import pathlib
from collections.abc import Iterator

SUFFIXES = (
    ".bmp",
    ".gif",
    ".jfif",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
)
KINDS = "BMP, GIF, JPEG, PNG, TIFF or WebP"

# Files of archivers, desktops and storage servers whose names have no leading dot.
_LEFT_BEHIND = frozenset(
    {
        "$recycle.bin",
        "#recycle",
        "#snapshot",
        "@__thumb",
        "@eadir",
        "@recycle",
        "__macosx",
        "__pycache__",
        "desktop.ini",
        "ehthumbs.db",
        "icon\r",
        "lost+found",
        "network trash folder",
        "recycler",
        "system volume information",
        "temporary items",
        "thumbs.db",
    }
)


def files(folder: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Yields every file below a folder, images or not, except for hidden files.

    Names that begin with a dot do not count, nor do files that archivers and desktops
    leave behind. Links to folders are followed, unless they lead to a parent folder.
    """
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [
            name for name in folders if _counts(name) and not _loops(parent, name)
        ]
        paths = (pathlib.Path(parent, name) for name in names if _counts(name))
        yield from (path for path in paths if path.is_file())


def is_picture(path: pathlib.Path) -> bool:
    """Returns `True` if a file has the suffix of an image that can be read."""
    return path.suffix.lower() in SUFFIXES


def _counts(name):
    return not name.startswith(".") and name.lower() not in _LEFT_BEHIND


def _loops(parent, name):
    target = os.path.realpath(os.path.join(parent, name))
    return os.path.commonpath([target, os.path.realpath(parent)]) == target
