"""What makes a run the run that it is: the content of `run.json`."""

import os
from typing import Annotated
from typing import Literal

import pydantic
from pydantic import Field

from launch.run import _files
from launch.run._folder import RECORD
from launch.run._folder import Folder

_LARGEST = 2**24  # Numbers in an example, or classes.
_MOST_BYTES = 2**22  # Thousands of classes have names.

Size = Annotated[int, Field(ge=1, le=_LARGEST)]
Shape = tuple[Annotated[int, Field(ge=0, lt=2**63)], ...]
Text = Annotated[str, Field(max_length=2**12, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, frozen=True, extra="forbid")


class Data(_Strict):
    """What is known of the data of a run; `None` or empty is not known."""

    example_shape: tuple[Size, ...] | None = None
    num_examples: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    num_classes: Size | None = None  # Of a run that uses labels.
    label_names: tuple[Text, ...] = ()  # Likewise.

    @pydantic.model_validator(mode="after")
    def _check_names(self):
        if self.label_names and len(self.label_names) != self.num_classes:
            raise ValueError(f"label_names must be {self.num_classes or 0} texts")
        return self


class Record(_Strict):
    """A run, as far as one that resumes it must be the same."""

    format: Literal[1] = 1
    trainer: Text
    generator_weights: tuple[Shape, ...]
    discriminator_weights: tuple[Shape, ...]
    trainer_seed: int | None = None
    batches_per_step: Size = 1
    generates_by_class: bool = False
    seed: int | None = None
    batch_size: Size | None = None
    data: Data = Data()

    @property
    def generated_classes(self) -> int | None:
        """The number of labels that the generator takes, or `None`."""
        return self.data.num_classes if self.generates_by_class else None


def read(folder: Folder) -> Record | None:
    """Returns the record in a folder, or `None` where there is none.

    Raises:
        ValueError: If it cannot be read.
    """
    path = folder.file(RECORD)
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"it must have at most {_MOST_BYTES} bytes")
        return Record.model_validate_json(content)
    except ValueError as error:
        raise ValueError(
            f"`{folder.name}` must hold a run; its {RECORD} cannot be read: "
            f"{_first(error)}. Received: {folder.name}={folder.path!r}"
        ) from error


def _first(error):
    """Returns what the first of pydantic's errors says, on one line."""
    if not isinstance(error, pydantic.ValidationError):
        return str(error)
    first, *_ = error.errors(include_url=False, include_input=False)
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def write(folder: Folder, record: Record) -> None:
    """Writes the record, whole or not at all."""
    text = record.model_dump_json(indent=2, exclude_none=True)
    _files.write_text(folder.file(RECORD), text + "\n")


def check_same(folder: Folder, new: Record) -> None:
    """Raises `ValueError` if another run is in a folder, naming what differs.

    What is not known of one of them is not compared.
    """
    old = read(folder)
    if old is None:
        _check_no_other(folder)
        return
    for name, pair in {folder.name: (old, new), "data": (old.data, new.data)}.items():
        told = [
            f"{key}={now!r} (it was {was!r})" for key, was, now in _differing(*pair)
        ]
        if told:
            raise ValueError(
                f"`{name}` must be that of the run which began in {folder.path!r}, to "
                "resume it. Choose another folder for another run. "
                f"Received: {', '.join(told)}"
            )


def _check_no_other(folder):
    if folder.last_step():
        raise ValueError(
            f"`{folder.name}` must hold a run of this version, or none: there are "
            f"checkpoints, but no {RECORD}. Choose another folder. "
            f"Received: {folder.name}={folder.path!r}"
        )


def _differing(old, new):
    for key in type(old).model_fields:
        was, now = getattr(old, key), getattr(new, key)
        if key == "data" or was in (None, ()) or now in (None, ()):
            continue
        if key in ("generator_weights", "discriminator_weights"):
            yield from _differing_weights(key, was, now)
        elif key == "label_names":
            yield from _differing_names(was, now)
        elif was != now:
            yield key, was, now


def _differing_weights(key, was, now):
    """The first weight whose shape differs; networks have many."""
    name = key.partition("_")[0]
    if len(was) != len(now):
        yield f"number of the {name}'s weights", len(was), len(now)
        return
    for index, shapes in enumerate(zip(was, now, strict=True)):
        if shapes[0] != shapes[1]:
            yield f"shape of the {name}'s weight {index}", *shapes
            return


def _differing_names(was, now):
    for label, name in enumerate(was):
        other = now[label] if label < len(now) else None
        if name != other:
            yield f"the name of label {label}", name, other
            return
