"""Images from a numpy archive."""

import math
import os
import zipfile

import numpy as np
from numpy.lib import format as npy

from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import _limits
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source

_NAMES = ("label_names", "characters")
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_ENCRYPTED = 0x1


def load(path: str, split: str, image_size: int | None, channels: int | None) -> Source:
    """Returns the images of an archive, with labels and their names, if any."""
    if split != "train":
        raise _checks.unknown_name("split", split, ("train",))
    file = os.path.expanduser(_files.text("name", path))
    received = f"Received: name={f'npz:{path}'!r}"
    if not os.path.isfile(file):
        raise FileNotFoundError(f"`npz:PATH` must name a file. {received}")
    try:
        arrays = _arrays(file)
    except Exception as error:  # Reading a damaged archive raises nearly anything.
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(
            "`npz:PATH` must name an .npz archive with an array `images` of uint8, or "
            "with one array only, and optionally `labels`. It cannot be read: "
            f"{reason}. {received}"
        ) from error
    labels = arrays.pop("labels", None)
    names = [arrays.pop(name) for name in _NAMES if name in arrays]
    pictures = _checked_pictures(*arrays.values())
    labels = _checked_labels(labels, len(pictures))
    label_names = _checked_names(names[0], labels) if names else ()
    pictures = _pictures.fit_array(pictures, image_size, channels)
    return Source(pictures, labels, label_names=label_names)


def _arrays(file):
    """Reads the arrays that are needed, without unpickling anything."""
    with zipfile.ZipFile(file) as archive:
        members = {
            info.filename.removesuffix(".npy"): info for info in archive.infolist()
        }
        wanted = {name: members[name] for name in _wanted(list(members))}
        sizes = {name: _size(archive, info) for name, info in wanted.items()}
        needed, memory = sum(sizes.values()), _limits.memory()
        if needed > memory:
            raise ValueError(
                f"{' and '.join(sizes)} need {_limits.readable_size(needed)}, but this "
                f"machine has {_limits.readable_size(memory)}"
            )
        return {name: _array(archive, info) for name, info in wanted.items()}


def _size(archive, info):
    """Returns the bytes of an array, if its header and the archive agree."""
    if info.flag_bits & _ENCRYPTED:
        raise ValueError(f"{info.filename} is encrypted")
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version not in _HEADERS:
            raise ValueError(f"{info.filename} has an unknown format {version}")
        shape, _, dtype = _HEADERS[version](member)
        begin = member.tell()
    if dtype.hasobject:
        raise ValueError(f"{info.filename} contains Python objects, not numbers")
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or begin + size != info.file_size:
        raise ValueError(
            f"{info.filename} claims to be {dtype} {list(shape)}, which takes {size:,} "
            f"bytes, and has {info.file_size - begin:,}"
        )
    return size


def _array(archive, info):
    with archive.open(info) as member:
        return npy.read_array(member, allow_pickle=False)


def _wanted(names):
    about = [name for name in ("labels", *_NAMES) if name in names]
    pictures = [name for name in names if name not in about]
    pictures = ["images"] if "images" in pictures else pictures
    if len(pictures) != 1:
        raise ValueError(f"it contains {', '.join(names) or 'nothing'}")
    return pictures + about


def _checked_pictures(pictures):
    pictures = np.asarray(pictures)
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    channels_fit = pictures.ndim == 4 and 1 <= pictures.shape[-1] <= 4
    if pictures.dtype != np.uint8 or not channels_fit or pictures.size == 0:
        raise ValueError(
            "`images` must be uint8 [N, height, width] or [N, height, width, channels]"
            " with 1 to 4 channels, at least one image. Received: "
            f"images={pictures.dtype} {list(pictures.shape)}"
        )
    return pictures


def _checked_labels(labels, num_pictures):
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.shape != (num_pictures,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be {num_pictures} integers, one for each image. "
            f"Received: labels={labels.dtype} {list(labels.shape)}"
        )
    return labels.astype("int64")


def _checked_names(names, labels):
    if names.ndim != 1 or names.dtype.kind != "U":
        raise ValueError(
            f"`{_NAMES[0]}` or `{_NAMES[1]}` must be strings [number of labels]. "
            f"Received: {names.dtype} {list(names.shape)}"
        )
    if labels is not None and not (0 <= labels.min() <= labels.max() < len(names)):
        raise ValueError(
            f"`labels` must be from 0 to {len(names) - 1}, one for each name. "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    return tuple(names.tolist())
