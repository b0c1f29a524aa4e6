"""What one training is: a flat, frozen set of values."""

import dataclasses
import json
import types
import typing
from typing import Any

from launch import _check
from launch import _tables
from launch import _untrusted
from tfgan_tricks import _addons
from tfgan_tricks import _checks

_OPTIONS = {
    "trainer": _tables.TRAINERS,
    "network": _tables.NETWORKS,
    "learning_rate_schedule": _tables.SCHEDULES,
}


def _key(meaning, **kwargs):
    return dataclasses.field(metadata={"meaning": meaning}, **kwargs)


def _option(meaning):
    return _key(meaning, default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """All that determines a training.

    `None` says that the trainer or the network has no such option, or that the data
    decide; every other default is spelled out when a `Config` is made.

    >>> from launch import _presets
    >>> _presets.PRESETS["ring8"].dataset
    'ring8'
    """

    preset: str
    dataset: str = _key(f"one of {', '.join(_tables.DATASETS)}")
    data_dir: str | None = _option(
        "folder of TensorFlow Datasets, and where a relative PATH in the dataset starts"
    )
    image_size: int | None = _option("height and width to resize pictures to")
    channels: int | None = _option("1 for grey and 3 for colour pictures")
    trainer: str = _key(f"one of {', '.join(_tables.TRAINERS)}")
    loss: str | None = _option(
        "what a relativistic trainer starts from, or a feature matching one's "
        f"discriminator minimises: {', '.join(_tables.LOSSES)}"
    )
    real_label: float | None = _option("below 1, one-sided label smoothing")
    a: float | None = _option("least squares: the target of fakes")
    b: float | None = _option("least squares: the target of real examples")
    c: float | None = _option("least squares: the generator's target of fakes")
    clip: float | None = _option("bound of the critic's weights")
    features: str | None = _option("the discriminator's layer to match features of")
    feature_matching: bool | None = _option("whether the generator matches features")
    distance: str | None = _option(f"of mean features: {', '.join(_tables.DISTANCES)}")
    discriminator_ema_decay: float | None = _option(
        "of the average of the discriminator, which classifies"
    )
    labels_per_class: int | None = _option(
        "how many examples of each class have a label, drawn by the seed"
    )
    penalty: str = _key(
        f"none, or some of {', '.join(_tables.PENALTIES)}, with + between"
    )
    penalty_weight: float | None = _option("of each penalty")
    discriminator_history: float | None = _option(
        "weight of the discriminator's historical averaging, if it has any"
    )
    generator_history: float | None = _option("likewise, of the generator's")
    discriminator_steps: int = _key("discriminator updates in a step")
    reuse_real_batch: bool = _key(
        "whether a step draws only one batch of real examples", default=False
    )
    joint_batch: bool = _key(
        "whether the discriminator sees real and fake examples in one batch, and its "
        "minibatch discrimination compares with both",
        default=False,
    )
    optimizer: str | None = _option(
        "of both players, instead of the paper's, where TensorFlow Addons is there: "
        f"{', '.join(_addons.NAMES)}"
    )
    generator_learning_rate: float = _key("of the optimizer, which is the paper's")
    discriminator_learning_rate: float = _key("of the optimizer, which is the paper's")
    learning_rate_schedule: str = _key(
        f"of both learning rates: {', '.join(_tables.SCHEDULES)}", default="constant"
    )
    learning_rate_decay_start: int | None = _option(
        "the last step with the whole learning rates, if they decay"
    )
    learning_rate_decay_end: int | None = _option(
        "the first step with the final learning rates; the training's steps, as they "
        "are when it begins, unless given"
    )
    learning_rate_final: float | None = _option(
        "the final learning rates, as a fraction in [0, 1] of the whole ones"
    )
    beta_1: float | None = _option("of both optimizers, where they have it")
    beta_2: float | None = _option("of both optimizers, where they have it")
    ema_decay: float | None = _option("of the average that generates, if it is kept")
    network: str = _key(f"one of {', '.join(_tables.NETWORKS)}")
    latent_dim: int = _key("how many numbers the generator starts from", default=128)
    width: int | None = _option("channels at the finest level, or units of a layer")
    hidden_layers: int | None = _option("how many dense layers")
    normalization: str | None = _option(
        "of the generator: none, batch, virtual or spectral"
    )
    discriminator_normalization: str | None = _option("none, batch or spectral")
    minibatch_discrimination: bool | None = _option(
        "whether the discriminator compares the examples of a batch"
    )
    conditional: bool | None = _option(
        "whether both networks are told the data's labels, and generate by label"
    )
    label_dim: int | None = _option(
        "how many numbers stand for a label, if the networks are conditional"
    )
    steps: int = _key("training steps, that is, generator updates")
    batch_size: int = _key("examples in a batch")
    seed: int = _key("of all that is random", default=0)
    steps_per_execution: int = _key(
        "how many steps may run between two looks of Python", default=1
    )
    precision: str = _key(
        f"of both networks: {', '.join(_tables.PRECISIONS)}", default="float32"
    )
    jit_compile: bool = _key("whether to compile the step with XLA", default=False)
    checkpoint_every: int = _key("steps from checkpoint to checkpoint", default=500)
    sample_every: int = _key(
        "steps from picture to picture, the length of an epoch", default=500
    )
    rollbacks: int = _key(
        "how often a training that diverges may go back to its newest checkpoint, with "
        "half the learning rates of before; noise and order of the data stay",
        default=0,
    )
    log_every: int = _key("steps from line to line of the metrics", default=50)

    def __post_init__(self):
        _untrusted.check_types(self)
        _check.check(self)


KEYS = {f.name: f for f in dataclasses.fields(Config) if f.name != "preset"}

# What a resumed training may have otherwise than it had.
MAY_CHANGE = (
    "steps",
    "checkpoint_every",
    "sample_every",
    "log_every",
    "data_dir",
    "rollbacks",
)


def make(**values):
    """A `Config` with all defaults of its trainer and network.

    Raises:
        ValueError: if a value is out of range, or of no use in this company.
    """
    defaults = {"learning_rate_schedule": "constant"}
    for owner, table in _OPTIONS.items():
        defaults |= _defaults(owner, table, {**defaults, **values}[owner])
    return Config(**_with_end(defaults | values))


def changed(config, changes):
    """`config` with other values.

    Another trainer, network or penalty comes with its own defaults.

    Raises:
        ValueError: if a value is out of range, or of no use in this company.
    """
    defaults: dict[str, Any] = {}
    for owner, table in _OPTIONS.items():
        if changes.get(owner, getattr(config, owner)) != getattr(config, owner):
            defaults |= _defaults(owner, table, changes[owner])
    if changes.get("dataset") in _tables.POINT_DATASETS:
        defaults |= {"image_size": None, "channels": None}
    if "penalty" in changes:
        first = changes["penalty"].partition("+")[0]
        defaults["penalty_weight"] = _tables.PENALTIES.get(first)
    if "conditional" in changes:
        defaults["label_dim"] = _tables.LABEL_DIM if changes["conditional"] else None
    return Config(**_with_end(dataclasses.asdict(config) | defaults | changes))


def _with_end(values):
    """Values in which a decay ends with the training, unless they say where."""
    decays = values["learning_rate_schedule"] != "constant"
    if decays and values["learning_rate_decay_end"] is None:
        return values | {"learning_rate_decay_end": values["steps"]}
    return values


def _defaults(owner, table, name):
    """The options of one entry of a table, and `None` for those it does not have."""
    if name not in table:
        raise _checks.unknown_name(owner, name, table)
    return {key: None for entry in table.values() for key in entry} | table[name]


def parse_settings(texts):
    """A dict of changes from texts `key=value`, typed as the fields of `Config` are.

    Raises:
        ValueError: For an unknown key, with the nearest one, or a value of another
            type.

    >>> parse_settings(["width=32", "jit_compile=true", "ema_decay=none"])
    {'width': 32, 'jit_compile': True, 'ema_decay': None}
    """
    changes = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"`set` must be key=value. Received: set={text!r}")
        if key not in KEYS:
            raise _checks.unknown_name("set", key, KEYS)
        changes[key] = _typed(key, value)
    return changes


def _typed(key, text):
    hint = typing.get_type_hints(Config)[key]
    kind, *rest = typing.get_args(hint) or (hint,)
    # For normalizations, "none" is a choice.
    may_be_none = types.NoneType in rest and key not in _tables.NORMALIZATIONS
    if text.lower() == "none" and may_be_none:
        return None
    read = {"true": True, "false": False}.__getitem__ if kind is bool else kind
    try:
        return read(text.lower() if kind is bool else text)
    except (KeyError, ValueError):
        wanted = {bool: "true or false", int: "an integer", float: "a number"}[kind]
        error = f"`{key}` must be {wanted}. Received: {key}={text!r}"
        raise ValueError(error) from None


def to_json(config):
    """All values as a JSON text."""
    return json.dumps(dataclasses.asdict(config), indent=2)


def from_dict(values):
    """The `Config` whose `dataclasses.asdict` is `values`.

    Raises:
        ValueError: if there is none.
    """
    _untrusted.check_keys(Config, values)
    return Config(**values)


def refused_changes(old: Config, new: Config) -> list[str]:
    """The keys that differ and must not; the data may have been moved."""
    differing = (
        field.name
        for field in dataclasses.fields(Config)
        if getattr(old, field.name) != getattr(new, field.name)
    )
    allowed = (*MAY_CHANGE, *(["dataset"] if _only_moved(old, new) else []))
    return [key for key in differing if key not in allowed]


def _only_moved(old, new):
    kind, there = (config.dataset.partition(":")[0] for config in (old, new))
    return kind == there and kind in _tables.PATH_DATASETS
