"""Pictures from a numpy archive."""

import pathlib
import zipfile
import zlib

import numpy as np

from tfgan_tricks import _checks
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source

_NAMES = ("label_names", "characters")


def load(path: str, split: str, image_size: int | None, channels: int | None) -> Source:
    """The pictures of an archive, with their labels and the labels' names, if any."""
    if split != "train":
        raise _checks.unknown_name("split", split, ("train",))
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"`path` must be a file. Received: path={path!r}")
    arrays = _arrays(file)
    labels = arrays.pop("labels", None)
    names = [arrays.pop(name) for name in _NAMES if name in arrays]
    pictures = _checked_pictures(*arrays.values())
    labels = _checked_labels(labels, len(pictures))
    label_names = _checked_names(names[0], labels) if names else ()
    pictures = _pictures.fit_array(pictures, image_size, channels)
    return Source(pictures, labels, label_names=label_names)


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
    about = [name for name in ("labels", *_NAMES) if name in names]
    pictures = [name for name in names if name not in about]
    pictures = ["images"] if "images" in pictures else pictures
    if len(pictures) != 1:
        raise ValueError(f"it holds {', '.join(names) or 'nothing'}")
    return pictures + about


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


def _checked_names(names, labels):
    if names.ndim != 1 or names.dtype.kind != "U":
        raise ValueError(
            f"`{_NAMES[0]}` or `{_NAMES[1]}` must be texts [number of labels]. "
            f"Received: {names.dtype} {list(names.shape)}"
        )
    if labels is not None and not (0 <= labels.min() <= labels.max() < len(names)):
        raise ValueError(
            f"`labels` must be from 0 to {len(names) - 1}, which are the ones with "
            f"names. Received: labels from {labels.min()} to {labels.max()}"
        )
    return tuple(names.tolist())
