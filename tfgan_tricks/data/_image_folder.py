"""Images from the files below a folder."""

import collections
import os
import pathlib

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import _picture_files
from tfgan_tricks.data import _decode
from tfgan_tricks.data import _picture_data
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source

# Bytes of all images. Images in memory are copied once for the pipeline.
MOST_IN_MEMORY = 2**28


def load(path: str, split: str, image_size: int | None, channels: int | None) -> Source:
    """Returns the readable images below a folder, labeled with their own folder."""
    if split != "train":
        raise _checks.unknown_name("split", split, ("train",))
    received = f"Received: name={f'image_folder:{path}'!r}"
    folder = pathlib.Path(os.path.expanduser(_files.text("name", path)))
    if not folder.is_dir():
        raise FileNotFoundError(f"`image_folder:PATH` must name a folder. {received}")
    files, left_out = _sorted_out(folder)
    _pictures.check_memory(min(len(files), 1), image_size, channels or 3)
    rows, pictures = _read(files, image_size, channels or 3)
    if not rows:
        raise ValueError(
            f"`image_folder:PATH` must contain {_picture_files.KINDS} images; none of "
            f"{len(files)} such files can be read. {received}"
        )
    labels, names = _labels(folder, [files[row] for row in rows])
    examples = np.stack(pictures) if isinstance(pictures, list) else pictures
    return Source(examples, labels, len(files) - len(rows), names, left_out)


def _sorted_out(folder):
    """Returns image files, sorted, and the number of other files of each suffix."""
    files = []
    others: collections.Counter[str] = collections.Counter()
    for file in _picture_files.files(folder):
        if _picture_files.is_picture(file):
            files.append(file)
        else:
            others[_readable(file.suffix.lower()) or "no suffix"] += 1
    return sorted(files), tuple(sorted(others.items()))


def _read(files, image_size, channels):
    """Returns the positions of the readable files in `files`, and their images.

    All files are decoded, so that damaged ones are known before training starts. Images
    that would be too large together are decoded again when they are used.
    """
    rows, shapes, kept, num_bytes = [], set(), [], 0
    with _decode.quietly():
        for row, picture in _picture_data.readable(
            files, image_size, channels
        ).as_numpy_iterator():
            rows.append(int(row))
            shapes.add(picture.shape)
            num_bytes += picture.nbytes
            if num_bytes <= MOST_IN_MEMORY:
                kept.append(picture)
            else:
                kept.clear()
    if len(shapes) > 1:
        first, *_, last = sorted(shapes)
        raise ValueError(
            f"`image_size` must be given for images of {len(shapes)} sizes, such as "
            f"{first[:2]} and {last[:2]}. Received: image_size=None"
        )
    if kept or not rows:
        return rows, kept
    (shape,) = shapes
    chosen = [files[row] for row in rows]
    return rows, _picture_data.PictureFiles(chosen, shape, image_size)


def _labels(folder, files):
    """Numbers the files' folders by name; without subfolders there are no labels."""
    if all(file.parent == folder for file in files):
        return None, ()
    names, labels = np.unique([file.parent.name for file in files], return_inverse=True)
    return labels.astype("int64"), tuple(map(_readable, names.tolist()))


def _readable(name):
    """Returns a name as printable text, whatever its bytes."""
    return os.fsencode(name).decode(errors="backslashreplace")
