"""What the rows of the catalogue are made of."""

from collections.abc import Iterator
from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal
from typing import NamedTuple
from typing import Self
from typing import Union
from typing import get_args
from typing import get_origin

from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema
from pydantic_core import core_schema

# Models are built when they are first used, which `--help` never does.
FORM = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

Path = tuple[str, ...]
Shape = tuple[int | None, ...]

# Bounds keep out what no machine can do, before memory is asked for.
Steps = Annotated[int, Field(ge=1, le=10**12)]
Units = Annotated[int, Field(ge=1, le=2**14)]
Start = Annotated[int, Field(ge=0, le=10**12)]
PictureSize = Annotated[int, Field(ge=1, le=2**12)]
Channels = Annotated[int, Field(ge=1, le=2**10)]
Latents = Annotated[int, Field(ge=1, le=2**16)]
Few = Annotated[int, Field(ge=1, le=100)]
Number = Annotated[float, Field(ge=-1e30, le=1e30)]
Rate = Annotated[float, Field(gt=0, le=1e30)]
Weight = Annotated[float, Field(ge=0, le=1e30)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[float, Field(gt=0, le=1)]
# Neither too long nor with what steers a terminal.
Text = Annotated[
    str, Field(min_length=1, max_length=2**12, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]


def option(
    default: Any,
    meaning: str,
    *,
    key: str | None = None,
    flag: bool = False,
    may_change: bool = False,
) -> Any:
    """A field of a row or of the configuration.

    Args:
        default: its value unless another is given; `...` for none.
        meaning: what `--help` says of it.
        key: what it is called without its row, if that is not its own name.
        flag: whether `launch.train` has a flag for it.
        may_change: whether a resumed run may have another value.
    """
    extra: dict[str, Any] = {"key": key, "flag": flag, "may_change": may_change}
    return Field(default, description=meaning, json_schema_extra=extra)


class Row(BaseModel):
    """One thing that can be chosen by its name, with its options.

    A row that stands for something gives `name` a literal type and that default.
    """

    model_config = FORM
    at: ClassVar[str] = ""  # The module and the name of what it stands for.
    stays: ClassVar[tuple[str, ...]] = ()  # Options that another row takes over.

    name: str = ""

    @classmethod
    def own_names(cls) -> tuple[str, ...]:
        """The names that this row stands for, by itself."""
        return get_args(cls.model_fields["name"].annotation)

    @classmethod
    def rows(cls) -> dict[str, type[Self]]:
        """All rows of this kind, by name."""
        found: dict[str, type[Self]] = {}
        for row in cls.__subclasses__():
            found |= dict.fromkeys(row.own_names(), row) | row.rows()
        return found

    @classmethod
    def brings(cls) -> dict[str, Any]:
        """Other parts of a configuration that come along when this row is chosen."""
        return {}

    @classmethod
    def names(cls) -> list[str]:
        """What can be chosen, in words."""
        return list(cls.rows())

    @classmethod
    def read(cls, text: str) -> dict[str, Any]:
        """The entries that a text stands for."""
        return {"name": text}

    def options(self) -> dict[str, Any]:
        """The options' values, without the name."""
        keys = (key for key in type(self).model_fields if key != "name")
        return {key: getattr(self, key) for key in keys}

    def __str__(self) -> str:
        return self.name


class OneOf:
    """Annotates a field that holds any row of a kind, told apart by their names."""

    def __get_pydantic_core_schema__(
        self, source: type[Row], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        rows: Any = Union[tuple(source.rows().values())]  # noqa: UP007
        union: Any = Annotated[rows, Field(discriminator="name")]
        schema = handler.generate_schema(union)

        def read(value):
            return source.read(value) if isinstance(value, str) else value

        return core_schema.no_info_before_validator_function(read, schema)


def several(value: Any) -> Any:
    """Entries of rows from their names with + between, or none; a tuple of a list."""
    if isinstance(value, str):
        names = value.split("+") if value != "none" else ()
        return tuple({"name": name} for name in names)
    return tuple(value) if isinstance(value, list) else value


class Key(NamedTuple):
    """A field of a configuration, or of a row that it may hold."""

    path: Path
    field: FieldInfo
    owner: type[BaseModel]

    @property
    def name(self) -> str:
        """What it is called without its row."""
        return self.told("key") or self.path[-1]

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of its row, if it is of one that can be chosen."""
        return self.owner.own_names() if issubclass(self.owner, Row) else ()

    def told(self, what: str) -> Any:
        """What `option` was told of it."""
        extra = self.field.json_schema_extra
        return extra.get(what) if isinstance(extra, dict) else None


def keys(model: type[BaseModel], path: Path = ()) -> Iterator[Key]:
    """Yields all that can be set in a configuration, choices before their options."""
    for name, field in model.model_fields.items():
        if name != "name":
            here = (*path, name)
            yield Key(here, field, model)
            kind = kind_of(field)
            for row in kind.rows().values() if kind else ():
                yield from keys(row, here)


def by_name(model: type[BaseModel]) -> dict[str, list[Key]]:
    """All keys without their rows, each with the fields that it may stand for."""
    found: dict[str, list[Key]] = {}
    for key in keys(model):
        found.setdefault(key.name, []).append(key)
    return found


def kind_of(field: FieldInfo) -> type[Row] | None:
    """The kind of row that a field holds one of, or several."""
    for hint in _hints(field):
        if isinstance(hint, type) and issubclass(hint, Row):
            return hint
    return None


def may_be_none(field: FieldInfo) -> bool:
    """Whether a field may have no value."""
    return type(None) in get_args(field.annotation)


def choices(field: FieldInfo) -> list[Any]:
    """The values that a field may have, or the names of its rows, if they are few."""
    kind = kind_of(field)
    if kind is not None:
        return kind.names()
    literals = (hint for hint in _hints(field) if get_origin(hint) is Literal)
    return [value for hint in literals for value in get_args(hint)]


def _hints(field):
    """A field's type and those that it is made of, without annotations."""
    for hint in (field.annotation, *get_args(field.annotation)):
        yield (
            getattr(hint, "__origin__", hint) if hasattr(hint, "__metadata__") else hint
        )
