"""The identity of a run: the content of `run.json`."""

import re
from collections.abc import Iterator
from typing import Annotated
from typing import Any
from typing import Literal
from typing import Self

import pydantic
from pydantic import Field

_LARGEST = 2**24  # Size of a dimension, or number of classes.
MOST_BYTES = 2**22  # Room for the names of thousands of classes.

Size = Annotated[int, Field(ge=1, le=_LARGEST)]
Shape = tuple[Annotated[int, Field(ge=0, lt=2**63)], ...]
LONGEST = 2**12  # Characters of a text.
NO_CONTROL = re.compile(r"[^\x00-\x1f\x7f-\x9f]*")
Text = Annotated[str, Field(max_length=LONGEST, pattern=f"^{NO_CONTROL.pattern}$")]


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, frozen=True, extra="forbid")


class Data(_Strict):
    """Facts about the data of a run; `None` or empty means unknown."""

    example_shape: tuple[Size, ...] | None = None
    num_examples: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    num_classes: Size | None = None  # Only if the run uses labels.
    label_names: tuple[Text, ...] = ()  # Only if the run uses labels.

    @pydantic.model_validator(mode="after")
    def _check_names(self):
        if self.label_names and len(self.label_names) != self.num_classes:
            raise ValueError(f"label_names must be {self.num_classes or 0} texts")
        return self


class Record(_Strict):
    """The properties of a run that must not change when it is resumed."""

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
        """The number of labels of the generator, or `None`."""
        return self.data.num_classes if self.generates_by_class else None

    @property
    def generated_names(self) -> dict[str, list[str]]:
        """The entries about these labels in the metadata of an export."""
        names = self.data.label_names if self.generates_by_class else ()
        return {"label_names": list(names)} if names else {}

    @classmethod
    def parsed(cls, content: bytes) -> Self:
        """Returns the record in JSON text.

        Raises:
            ValueError: If the text is not a valid record. The message is one line.
        """
        if len(content) > MOST_BYTES:
            raise ValueError(f"it must have at most {MOST_BYTES} bytes")
        try:
            return cls.model_validate_json(content)
        except pydantic.ValidationError as error:
            first, *_ = error.errors(include_url=False, include_input=False)
            where = ".".join(map(str, first["loc"]))
            told = f"{where}: {first['msg']}" if where else first["msg"]
            raise ValueError(told) from error

    def text(self) -> str:
        """Returns the record as JSON text."""
        return self.model_dump_json(indent=2, exclude_none=True) + "\n"


def differing(old: _Strict, new: _Strict) -> Iterator[tuple[str, Any, Any]]:
    """Yields the name, old value and new value of each difference.

    Unknown values are not compared, and `Record.data` is not either.

    Args:
        old: A `Record` or `Data`.
        new: Another of the same class.
    """
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
    """Yields only the first weight with another shape: networks have many."""
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
