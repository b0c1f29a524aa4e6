"""Checks of a configuration, and of its data, that need no TensorFlow."""

import math
import os
import re
from collections.abc import Sequence

from launch import _tables
from tfgan_tricks import _addons
from tfgan_tricks import _checks
from tfgan_tricks import _picture_files

_NAMES_SHOWN = 20
_WHOLE: tuple[str, ...]
_WHOLE = ("steps", "batch_size", "image_size", "discriminator_steps", "latent_dim")
_WHOLE += (
    "labels_per_class",
    "width",
    "hidden_layers",
    "label_dim",
    "steps_per_execution",
    "learning_rate_decay_end",
)
_WHOLE += ("checkpoint_every", "sample_every", "log_every")
_RATES = ("clip", "generator_learning_rate", "discriminator_learning_rate")
_DECAYS = ("ema_decay", "discriminator_ema_decay", "beta_1", "beta_2")
_WEIGHTS = ("penalty_weight", "discriminator_history", "generator_history")
# Keys that must have a value only in the company of another one.
_COMPANIONS = ("penalty_weight", "label_dim")
_RANGES = {
    **dict.fromkeys(_WHOLE, ("at least 1", lambda value: value >= 1)),
    **dict.fromkeys(_RATES, ("positive", lambda value: value > 0)),
    **dict.fromkeys(_DECAYS, ("in [0, 1)", lambda value: 0 <= value < 1)),
    **dict.fromkeys("abc", ("finite", math.isfinite)),
    **dict.fromkeys(_WEIGHTS, ("zero or more", lambda value: value >= 0)),
    "learning_rate_decay_start": ("zero or more", lambda value: value >= 0),
    "learning_rate_final": ("in [0, 1]", lambda value: 0 <= value <= 1),
    "real_label": ("in (0, 1]", lambda value: 0 < value <= 1),
    "rollbacks": ("zero or more", lambda value: value >= 0),
    "channels": ("1 or 3", lambda value: value in (1, 3)),
    "seed": ("at least 0 and below 2**31", lambda value: 0 <= value < 2**31),
}


def check(config):
    """Raises `ValueError` for values that cannot be, alone or together."""
    _names(config)
    _options("trainer", _tables.TRAINERS, config)
    _options("network", _tables.NETWORKS, config)
    _options("learning_rate_schedule", _tables.SCHEDULES, config)
    _numbers(config)
    _decay(config)
    _smoothing(config)
    _classifying(config)
    _conditioning(config)
    _batch(config)
    check_network(config, _known_shape(config))


def check_number(key, value):
    """Raises `ValueError` if a key must not have a value that is not `None`."""
    wanted, holds = _RANGES[key]
    if value is not None and not (holds(value) and math.isfinite(value)):
        raise ValueError(f"`{key}` must be {wanted}. Received: {key}={value!r}")


def check_network(config, shape):
    """Raises `ValueError` if the network cannot make examples of `shape`.

    Dimensions that are not known yet are `None`.
    """
    if len(shape) == 1 and config.network != "mlp":
        raise ValueError(
            "`network` must be mlp for points. "
            f"Received: network={config.network!r} with dataset={config.dataset!r}"
        )
    sizes = _tables.IMAGE_SIZES.get(config.network)
    if sizes is None or shape[0] is None:
        return
    if shape[0] != shape[1] or shape[0] not in sizes:
        raise ValueError(
            f"`image_size` must be one of {', '.join(map(str, sizes))} for the network "
            f"{config.network}; give it to have the pictures resized. "
            f"Received: pictures of {shape[0]}x{shape[1]}"
        )


def check_replicas(config, count):
    """Raises `ValueError` if a batch cannot be shared out among replicas."""
    if config.batch_size % count:
        raise ValueError(
            f"`batch_size` must be a multiple of the {count} replicas. "
            f"Received: batch_size={config.batch_size}"
        )


def uses_labels(config):
    """Whether a training is one of labels, as far as the configuration says."""
    return bool(config.conditional) or config.trainer in _tables.CLASSIFYING


def num_classes(config, data):
    """How many classes a training with labels has, from its data; else `None`.

    Raises:
        ValueError: if there are no labels, or one below zero or without a name.
    """
    if not uses_labels(config):
        return None
    if data.labels is None:
        key = "conditional" if config.conditional else "trainer"
        raise ValueError(
            f"`{key}` needs data with labels. Received: "
            f"{key}={getattr(config, key)!r} with dataset={config.dataset!r}"
        )
    low, high = int(data.labels.min()), int(data.labels.max())
    count = len(data.label_names) or high + 1
    if low < 0 or high >= count:
        raise ValueError(
            f"`dataset` must have labels from 0 to {count - 1}. "
            f"Received: labels from {low} to {high}"
        )
    return count


def label(
    text: str | None, num_classes: int | None, names: Sequence[str]
) -> int | None:
    """The label of a conditional training that a text names, by name or by number.

    Where a class is named by a number, as folders may be, the name counts.

    Raises:
        ValueError: if there is no such label, or a name is that of several.
    """
    if text is None:
        return None
    if num_classes is None:
        raise ValueError(
            "`class` is for conditional trainings only, and this one is not. "
            f"Received: class={text}"
        )
    found = [number for number, name in enumerate(names) if name == text]
    if len(found) > 1:
        raise ValueError(
            f"`class` must be a number for the labels {found[0]} and {found[1]}, which "
            f"have the same name. Received: class={text!r}"
        )
    return found[0] if found else _label_number(text, num_classes, names)


def _label_number(text, num_classes, names):
    if re.fullmatch(r"-?[0-9]+", text):
        if 0 <= int(text) < num_classes:
            return int(text)
    elif names:
        raise _unknown_class(text, names)
    raise ValueError(
        f"`class` must be from 0 to {num_classes - 1}. Received: class={text}"
    )


def _unknown_class(text, names):
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return ValueError(
        f"`class` must be one of {shown}{f' and {more} more' if more > 0 else ''}, or "
        f"a number from 0 to {len(names) - 1}.{_checks.did_you_mean(text, names)} "
        f"Received: class={text!r}"
    )


def source(config):
    """The dataset's name, with the whole path where it has one."""
    kind, colon, path = config.dataset.partition(":")
    if kind in _tables.PATH_DATASETS:
        path = os.path.join(config.data_dir or "", os.path.expanduser(path))
    return kind + colon + path


_MOVED = " If the data have moved, give --dataset or --data_dir, with --resume too."


def check_source(config):
    """Raises `ValueError` if the data are missing, as far as file names tell."""
    kind, _, path = source(config).partition(":")
    if kind == "npz" and not os.path.isfile(path):
        raise ValueError(
            f"`dataset` must be a file.{_MOVED} Received: dataset='npz:{path}'"
        )
    if kind == "image_folder" and not _has_pictures(path):
        raise ValueError(
            f"`dataset` must be a folder with {_picture_files.KINDS} pictures."
            f"{_MOVED} Received: dataset='image_folder:{path}'"
        )
    if kind == "tfds" and not _is_prepared(path, config.data_dir):
        raise ValueError(
            f"`data_dir` must hold the data set {path} as TensorFlow Datasets has "
            f"prepared it. Received: data_dir={config.data_dir!r}"
        )


def check_optimizer(config):
    """Raises `ValueError` if the optimizer needs Addons, and there is none."""
    if config.optimizer is not None:
        _addons.check(config.optimizer)


def _has_pictures(folder):
    return any(map(_picture_files.is_picture, _picture_files.files(folder)))


def _is_prepared(dataset, data_dir):
    """Whether there is a folder of that name; where no folder is given, who knows."""
    folder = os.path.join(data_dir or "", dataset.partition("/")[0])
    return data_dir is None or os.path.isdir(folder)


def _names(config):
    choices = {
        "trainer": _tables.TRAINERS,
        "network": _tables.NETWORKS,
        "learning_rate_schedule": _tables.SCHEDULES,
        "loss": _tables.LOSSES,
        "distance": _tables.DISTANCES,
        "precision": _tables.PRECISIONS,
        "optimizer": _addons.NAMES,
        **{k: v.get(config.network, ()) for k, v in _tables.NORMALIZATIONS.items()},
    }
    for key, known in choices.items():
        value = getattr(config, key)
        if value is not None and value not in known:
            raise _checks.unknown_name(key, value, known)
    for name in config.penalty.split("+"):
        if name not in _tables.PENALTIES and config.penalty != "none":
            raise _checks.unknown_name("penalty", name, ["none", *_tables.PENALTIES])
    _dataset_name(config.dataset)


def _dataset_name(name):
    kind, colon, rest = name.partition(":")
    for known in _tables.DATASETS:
        known_kind, _, placeholder = known.partition(":")
        if kind == known_kind and bool(placeholder) == bool(colon and rest):
            return
    hint = _checks.did_you_mean(name, [*_tables.DATASETS, "tfds:mnist"])
    raise ValueError(
        f"`dataset` must be one of {', '.join(_tables.DATASETS)}.{hint} "
        f"Received: dataset={name!r}"
    )


def _options(owner, table, config):
    """Options that the trainer or network has must have values, and no others."""
    name = getattr(config, owner)
    for key in sorted({key for entry in table.values() for key in entry}):
        value = getattr(config, key)
        if key not in table[name] and value is not None:
            takers = [taker for taker, entry in table.items() if key in entry]
            raise ValueError(
                f"`{key}` is for the {owner} {' or '.join(takers)} only. "
                f"Received: {key}={value!r} with {owner}={name!r}"
            )
        if key in table[name] and value is None and key not in _COMPANIONS:
            raise ValueError(
                f"`{key}` must be given for the {owner} {name}. Received: {key}=None"
            )


def _numbers(config):
    for key in _RANGES:
        check_number(key, getattr(config, key))
    if (config.penalty_weight is None) != (config.penalty == "none"):
        raise ValueError(
            "`penalty_weight` must be given if there is a penalty, and only then. "
            f"Received: penalty_weight={config.penalty_weight!r} with "
            f"penalty={config.penalty!r}"
        )
    if config.joint_batch and config.penalty != "none":
        raise ValueError(
            "`penalty` must be none with `joint_batch`. "
            f"Received: penalty={config.penalty!r}"
        )


def _decay(config):
    start, end = config.learning_rate_decay_start, config.learning_rate_decay_end
    if end is None:
        return
    if start >= end:
        raise ValueError(
            "`learning_rate_decay_start` must be below `learning_rate_decay_end`. "
            f"Received: learning_rate_decay_start={start} with "
            f"learning_rate_decay_end={end}"
        )
    if config.learning_rate_final == 0 and config.steps > end:
        raise ValueError(
            "`steps` must be at most `learning_rate_decay_end`, since nothing is "
            "learned once the rates are zero. Begin with a later end, or with "
            f"`learning_rate_final` above 0. Received: steps={config.steps} with "
            f"learning_rate_decay_end={end}"
        )


def _classifying(config):
    if (config.network in _tables.CLASSIFIERS) != (
        config.trainer in _tables.CLASSIFYING
    ):
        raise ValueError(
            f"`network` must be {' or '.join(_tables.CLASSIFIERS)} for the trainer "
            f"{' or '.join(_tables.CLASSIFYING)}, and for no other. "
            f"Received: network={config.network!r} with trainer={config.trainer!r}"
        )


def _smoothing(config):
    has_target = config.loss in (None, *_tables.CROSS_ENTROPIES)
    if not has_target and config.real_label not in (None, 1.0):
        raise ValueError(
            f"`real_label` is for the loss {' or '.join(_tables.CROSS_ENTROPIES)} "
            f"only. Received: real_label={config.real_label} with loss={config.loss!r}"
        )


def _conditioning(config):
    if bool(config.conditional) != (config.label_dim is not None):
        raise ValueError(
            "`label_dim` must be given if `conditional` is true, and only then. "
            f"Received: label_dim={config.label_dim!r} with "
            f"conditional={config.conditional!r}"
        )
    if config.conditional and config.normalization == "virtual":
        raise ValueError(
            "`normalization` must not be virtual if `conditional` is true. "
            "Received: normalization='virtual'"
        )


def _batch(config):
    needs = {
        "the trainer relativistic_average_gan": config.trainer
        == "relativistic_average_gan",
        "batch normalization": "batch"
        in (config.normalization, config.discriminator_normalization)
        or config.network == "standard_cnn",
        "minibatch discrimination": config.minibatch_discrimination,
    }
    for what, needed in needs.items():
        if needed and config.batch_size < 2:
            raise ValueError(
                f"`batch_size` must be at least 2 for {what}. "
                f"Received: batch_size={config.batch_size}"
            )


def _known_shape(config):
    """The shape of an example, with `None` for what only the data can tell."""
    size, channels = config.image_size, config.channels
    if config.dataset in _tables.POINT_DATASETS:
        if size or channels:
            raise ValueError(
                "`image_size` and `channels` are for pictures, not for points. "
                f"Received: image_size={size}, channels={channels}"
            )
        return (2,)
    size = size or _tables.PICTURE_SIZES.get(config.dataset)
    return (size, size, channels)
