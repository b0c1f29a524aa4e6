"""The configuration of a run: a frozen set of rows and values, without TensorFlow."""

import json
import os
from collections.abc import Mapping
from typing import Annotated
from typing import Any
from typing import Literal
from typing import Self

from pydantic import BaseModel
from pydantic import BeforeValidator
from pydantic import Field
from pydantic import TypeAdapter
from pydantic import ValidationError
from pydantic import model_validator

from launch import _paths
from launch import _untrusted
from launch.config import changes as changing
from launch.config import errors
from launch.config import fields
from launch.config import rules
from launch.config.datasets import Dataset
from launch.config.fields import OneOf
from launch.config.fields import option
from launch.config.networks import Network
from launch.config.optimizers import Constant
from launch.config.optimizers import Optimizer
from launch.config.optimizers import Schedule
from launch.config.penalties import Penalty
from launch.config.presets import PRESETS
from launch.config.trainers import Trainer
from tfgan_tricks import _checks

Penalties = Annotated[
    tuple[Annotated[Penalty, OneOf()], ...], BeforeValidator(fields.several)
]
FILE = "config.json"  # In the folder of a run.
BatchSize = Annotated[int, Field(ge=1, le=2**20)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Count = Annotated[int, Field(ge=0, le=10**6)]


class Config(BaseModel):
    """The complete configuration of a run, in which every default has its value.

    >>> preset("ring8").dataset.name
    'ring8'
    """

    model_config = fields.FORM

    preset: fields.Text = option(
        "custom", "Name of the preset that the run is based on."
    )
    dataset: Annotated[Dataset, OneOf()] = option(
        ..., "Dataset to train on, downloaded only with --download.", flag=True
    )
    trainer: Annotated[Trainer, OneOf()] = option(
        ..., "Training method: a loss with the options of its paper.", flag=True
    )
    penalty: Penalties = option(
        ..., "Penalties of the discriminator, separated by +, or none."
    )
    optimizer: Annotated[Optimizer, OneOf()] = option(
        ...,
        "Optimizer of both networks. Default: the optimizer of the trainer's paper.",
        flag=True,
    )
    schedule: Annotated[Schedule, OneOf()] = option(
        Constant(), "Schedule of both learning rates.", key="learning_rate_schedule"
    )
    network: Annotated[Network, OneOf()] = option(
        ..., "Architecture of the generator and the discriminator."
    )
    steps: fields.Steps = option(
        ...,
        "Number of steps of the whole run, each with one generator update.",
        flag=True,
        may_change=True,
    )
    batch_size: BatchSize = option(
        ..., "Number of examples in a batch, over all replicas.", flag=True
    )
    seed: Seed = option(
        0,
        "Seed for all random numbers: initial weights, data order, latents and noise.",
        flag=True,
    )
    steps_per_execution: fields.Steps = option(
        1, "Maximum number of training steps per call from Python."
    )
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = option(
        "float32", "Dtype policy of both networks."
    )
    jit_compile: bool = option(False, "If true, XLA compiles the training step.")
    checkpoint_every: fields.Steps = option(
        500, "Number of steps between checkpoints.", flag=True, may_change=True
    )
    sample_every: fields.Steps = option(
        500,
        "Number of steps between sample grids, which is the length of an epoch.",
        flag=True,
        may_change=True,
    )
    rollbacks: Count = option(
        0,
        "Maximum number of returns to the newest checkpoint, with halved learning "
        "rates, when the run diverges.",
        flag=True,
        may_change=True,
    )
    evaluate_every: fields.Start = option(
        0,
        "Number of steps between evaluations of samples, which select the best "
        "checkpoint, or 0 for none.",
        flag=True,
        may_change=True,
    )
    log_every: fields.Steps = option(
        50, "Number of steps between lines of the metrics.", may_change=True
    )

    @property
    def conditional(self) -> bool:
        """`True` if the networks are class-conditional."""
        return self.network.by_label

    @property
    def uses_labels(self) -> bool:
        """`True` if the data must have labels."""
        return self.conditional or self.trainer.classifies

    def check_there(self, download: bool = False) -> None:
        """Raises an error if the dataset or the optimizer is missing.

        Args:
            download: If `True`, the data may be missing, since they will be downloaded.
        """
        self.dataset.check(download)
        self.optimizer.check()

    @model_validator(mode="before")
    @classmethod
    def _brought(cls, entries: Any) -> Any:
        """Returns entries with the trainer's optimizer and penalties as defaults."""
        given = entries.get("trainer") if isinstance(entries, dict) else None
        name = given.get("name") if isinstance(given, dict) else given
        row = Trainer.rows().get(name) if isinstance(name, str) else None
        if row is None:
            return entries
        optimizer, paper = entries.get("optimizer", {}), row.optimizer
        if isinstance(optimizer, dict) and optimizer.get("name") in (
            None,
            paper["name"],
        ):
            entries = entries | {"optimizer": paper | optimizer}
        return {"penalty": row.penalty} | entries

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rules.check(self)
        return self

    def check_shape(self, shape: fields.Shape) -> None:
        """Raises `ValueError` if the network cannot generate examples of a shape."""
        rules.check_shape(self, shape)


KEYS = {name: keys for name, keys in fields.by_name(Config).items() if name != "preset"}
# Keys that have flags, and keys that a resumed run may change.
FLAGS = tuple(name for name, (key, *_) in KEYS.items() if key.told("flag"))
MAY_CHANGE = tuple(name for name, (key, *_) in KEYS.items() if key.told("may_change"))
DEFAULT = "digits"


def make(entries: Any, spelled: Any = None, strict: bool = False) -> Config:
    """Returns the `Config` of nested entries.

    A decay of the learning rates ends with the run unless the entries set its end.

    Args:
        entries: Entries as in `config.json`.
        spelled: The user's names for the paths of entries, for errors.
        strict: If `True`, a text is not accepted as a number.

    Raises:
        ValueError: If a value is out of range, or does not fit the other values.
    """
    try:
        config = Config.model_validate(entries, strict=strict)
    except ValidationError as error:
        raise errors.one_line(error, Config, spelled) from None
    if getattr(config.schedule, "end", config) is None:
        end = {"schedule": config.schedule.model_dump() | {"end": config.steps}}
        return make(config.model_dump() | end, spelled)
    return config


def preset(name: str) -> Config:
    """Returns the `Config` of a preset."""
    if name not in PRESETS:
        raise _checks.unknown_name("preset", name, PRESETS)
    return make({"preset": name} | PRESETS[name])


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """Returns `config` with other values, by path or key; texts are converted.

    Another trainer, network or penalty has its own defaults.

    Raises:
        ValueError: If a key is unknown, a value is out of range, or a value does not
            fit the other values.

    >>> str(changed(preset("ring8"), {"trainer": "ls_gan", "a": "-1"}).trainer.a)
    '-1.0'
    """
    return make(*changing.applied(Config, config.model_dump(), changes))


def settings(config: Config) -> dict[str, Any]:
    """Returns all values by path, without the name of the preset and the seed.

    >>> settings(preset("ring8"))["penalty.r1.weight"]
    0.2
    """
    entries = config.model_dump(mode="json", exclude={"preset", "seed"})
    return {".".join(path): value for path, value in changing.flat(entries).items()}


def to_json(config: Config) -> str:
    """Returns all values as JSON text."""
    return json.dumps(config.model_dump(mode="json"), indent=2)


def from_entries(entries: Mapping[str, Any], strict: bool = True) -> Config:
    """Returns the `Config` of a file's entries, which may be from someone else.

    Raises:
        ValueError: If the entries are not a complete and valid configuration.
    """
    if "generator_learning_rate" in entries:
        raise ValueError(
            "it was written by an earlier version, whose runs cannot be resumed. Train "
            "again"
        )
    return make(entries, strict=strict)


def from_file(path: str) -> Config:
    """Returns the `Config` in a file: YAML if its suffix says so, otherwise JSON.

    Raises:
        ValueError: If the file cannot be read as a complete configuration.
    """
    _paths.check("config", path)
    is_yaml = os.path.splitext(path)[1].lower() in (".yaml", ".yml")
    try:
        entries = _untrusted.yaml(path) if is_yaml else _untrusted.entries(path)
        # YAML 1.1 reads 1e-3 as a text.
        return from_entries(entries, strict=not is_yaml)
    except (OSError, ValueError) as error:
        raise ValueError(
            "`config` must be a file with a complete configuration, such as a run's "
            f"config.json: {error}. Received: config={path!r}"
        ) from error


def check_number(key: str, value: Any) -> None:
    """Raises `ValueError` if a value is not allowed for a key."""
    try:
        TypeAdapter(Config.model_fields[key].rebuild_annotation()).validate_python(
            value
        )
    except ValidationError as error:
        raise errors.one_line(error, Config, at=(key,)) from None


def refused_changes(old: Config, new: Config) -> list[str]:
    """Returns texts of the differences that a resumed run must not have."""
    return changing.refused(Config, old.model_dump(), new.model_dump())
