"""Images from TensorFlow Datasets."""

import os
import re

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks._not_prepared import NotPrepared
from tfgan_tricks.data import _options
from tfgan_tricks.data import _pictures
from tfgan_tricks.data._source import Source

_READ_BATCH = 1024
_NUM_PARALLEL_CALLS = 2


def load(
    dataset: str,
    split: str,
    image_size: int | None,
    channels: int | None,
    data_dir: str | None,
    download: bool,
) -> Source:
    """Returns the images of a prepared dataset, with class labels if there are any."""
    data_dir = _checked_dir(data_dir, download)
    builder = _builder(dataset, data_dir)
    if download:
        _prepare(builder, dataset, data_dir)
    if not builder.info.splits:
        raise NotPrepared(dataset, data_dir)
    features = builder.info.features
    picture, label = _keys(dataset, features, builder.info.supervised_keys)
    _check_picture(dataset, features[picture], image_size)
    try:
        examples = _read(builder, split, picture, label, image_size, channels)
    except tf.errors.OpError as error:
        raise NotPrepared(
            dataset, data_dir, _reason(error), os.fspath(builder.data_dir)
        ) from error
    if label is None:
        return Source(examples[picture])
    names = tuple(features[label].names)
    return Source(examples[picture], examples[label], label_names=names)


def _checked_dir(data_dir, download):
    """Checks the folder to read or write: TensorFlow Datasets needs UTF-8 names."""
    if data_dir is None:
        return None
    name = _files.utf8("data_dir", data_dir)
    if download:
        _files.folder("data_dir", os.path.expanduser(name))
    elif os.path.exists(name) and not os.path.isdir(name):
        raise NotADirectoryError(
            f"`data_dir` must be a folder. Received: data_dir={name!r}"
        )
    return name


def _prepare(builder, dataset, data_dir):
    try:
        builder.download_and_prepare()
    except Exception as error:  # From the network, the disk, or the dataset's code.
        told = OSError(
            f"`download` must be able to prepare `tfds:{dataset}` ({_reason(error)}). "
            f"Received: download=True, data_dir={data_dir!r}"
        )
        told.errno = getattr(error, "errno", None)
        raise told from error


def _reason(error):
    """Returns the first line of an error's message, without the node of a graph."""
    line = next(filter(None, str(error).splitlines()), type(error).__name__)
    return re.sub(r"^\{\{.*?\}\} | \[Op:.*", "", line)


def _builder(dataset, data_dir):
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(dataset, data_dir=data_dir)
    except (AssertionError, ImportError, ValueError) as error:
        reason = _reason(error)
        hint = _checks.did_you_mean(dataset, tfds.list_builders())
        raise ValueError(
            f"`tfds:NAME` must name a dataset of TensorFlow Datasets ({reason}).{hint} "
            f"Received: name='tfds:{dataset}'"
        ) from error
    except Exception as error:  # The records of a prepared dataset are damaged.
        parent = os.path.expanduser(data_dir or tfds.core.constants.DATA_DIR)
        folder = os.path.join(parent, dataset.partition(":")[0])
        raise NotPrepared(dataset, data_dir, _reason(error), folder) from error


def _keys(dataset, features, supervised_keys):
    """Returns the names of the image and of the label, or `None`, in an example."""
    import tensorflow_datasets as tfds

    preferred = supervised_keys or ()
    picture = _find(features, tfds.features.Image, preferred)
    if picture is None:
        raise ValueError(
            "`tfds:NAME` must have images: a supervised or a single image feature. "
            f"Received: name='tfds:{dataset}' with {', '.join(features)}"
        )
    return picture, _find(features, tfds.features.ClassLabel, preferred)


def _find(features, kind, preferred):
    found = [key for key, value in features.items() if isinstance(value, kind)]
    wanted = [key for key in preferred if key in found]
    if wanted or len(found) == 1:
        return (wanted or found)[0]
    return None


def _check_picture(dataset, feature, image_size):
    *sides, channels = feature.shape
    if np.dtype(feature.np_dtype) != np.uint8 or channels not in (1, 2, 3, 4):
        raise ValueError(
            "`tfds:NAME` must have uint8 images with 1 to 4 channels. Received: "
            f"name='tfds:{dataset}' with {feature.dtype} {feature.shape}"
        )
    if None in sides and image_size is None:
        raise ValueError(
            f"`image_size` must be given for `tfds:{dataset}`, whose images differ in "
            "size. Received: image_size=None"
        )


def _read(builder, split, picture, label, image_size, channels):
    """Returns the arrays of the image and the label, in file order."""

    def prepare(example):
        fitted = _pictures.fit(example[picture], image_size, channels)
        return {**example, picture: fitted}

    dataset = _dataset(builder, split, filter(None, (picture, label)))
    count = max(int(dataset.cardinality()), 0)
    depth = channels or builder.info.features[picture].shape[-1]
    _pictures.check_memory(count, image_size, depth)
    dataset = dataset.map(prepare, num_parallel_calls=_NUM_PARALLEL_CALLS)
    batches = list(dataset.batch(_READ_BATCH).as_numpy_iterator())
    return {key: np.concatenate([x[key] for x in batches]) for key in batches[0]}


def _dataset(builder, split, keys):
    import tensorflow_datasets as tfds

    read_config = tfds.ReadConfig(
        options=_options.deterministic(),
        interleave_cycle_length=1,
        try_autocache=False,
    )
    try:
        return builder.as_dataset(
            split=split,
            decoders=tfds.decode.PartialDecoding(dict.fromkeys(keys, True)),
            read_config=read_config,
        )
    except ValueError as error:
        raise ValueError(
            f"`split` must be a split such as {', '.join(builder.info.splits)}. "
            f"Received: split={split!r}"
        ) from error
