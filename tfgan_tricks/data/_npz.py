"""Pictures from a numpy archive."""

import pathlib
import zipfile
import zlib

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source


def load(path, split, image_size, channels):
    """The pictures, and the labels if there are any, of an archive."""
    if split != "train":
        raise _checks.unknown_name("split", split, ("train",))
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"`path` must be a file. Received: path={path!r}")
    arrays = _arrays(file)
    labels = arrays.pop("labels", None)
    pictures = _checked_pictures(*arrays.values())
    labels = _checked_labels(labels, len(pictures))
    return Source(_pictures.fit_array(pictures, image_size, channels), labels)


def _arrays(file):
    """The arrays that are wanted, read without unpickling anything."""
    try:
        with zipfile.ZipFile(file):
            pass
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in _wanted(archive.files)}
    except (EOFError, OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            "`path` must be an .npz archive of uint8 pictures, called `images` unless "
            f"they are its only array, and perhaps `labels`; but {error}. "
            f"Received: path='{file}'"
        ) from error


def _wanted(names):
    pictures = [name for name in names if name != "labels"]
    pictures = ["images"] if "images" in pictures else pictures
    if len(pictures) != 1:
        raise ValueError(f"it holds {', '.join(names) or 'nothing'}")
    return pictures + ["labels"] * ("labels" in names)


def _checked_pictures(pictures):
    pictures = np.asarray(pictures)
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    channels_fit = pictures.ndim == 4 and 1 <= pictures.shape[-1] <= 4
    if pictures.dtype != np.uint8 or not channels_fit or pictures.size == 0:
        raise ValueError(
            "`images` must be uint8 [N, height, width] or [N, height, width, channels]"
            " with 1 to 4 channels, at least one picture. Received: "
            f"images={pictures.dtype} {list(pictures.shape)}"
        )
    return pictures


def _checked_labels(labels, num_pictures):
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.shape != (num_pictures,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be {num_pictures} integers, one for each picture. "
            f"Received: labels={labels.dtype} {list(labels.shape)}"
        )
    return labels.astype("int64")
