"""The building blocks of the catalogue's rows."""

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

# Models are built at their first use, so `--help` never builds them.
FORM = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

Path = tuple[str, ...]
Shape = tuple[int | None, ...]

# The bounds exclude sizes that no machine can handle, before memory is allocated.
Steps = Annotated[int, Field(ge=1, le=10**12)]
Units = Annotated[int, Field(ge=1, le=2**14)]
Start = Annotated[int, Field(ge=0, le=10**12)]
ImageSize = Annotated[int, Field(ge=1, le=2**12)]
Channels = Annotated[int, Field(ge=1, le=2**10)]
Latents = Annotated[int, Field(ge=1, le=2**16)]
Few = Annotated[int, Field(ge=1, le=100)]
Number = Annotated[float, Field(ge=-1e30, le=1e30)]
Rate = Annotated[float, Field(gt=0, le=1e30)]
Weight = Annotated[float, Field(ge=0, le=1e30)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[float, Field(gt=0, le=1)]
# Neither long texts nor characters that control a terminal.
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
    """Returns a field of a row or of the configuration.

    Args:
        default: Default value; `...` if the field has none.
        meaning: Text for `--help`.
        key: Name of the field without its row. `None` means its own name.
        flag: If `True`, `launch.train` has a flag for the field.
        may_change: If `True`, a resumed run may have another value.
    """
    extra: dict[str, Any] = {"key": key, "flag": flag, "may_change": may_change}
    return Field(default, description=meaning, json_schema_extra=extra)


class Row(BaseModel):
    """An entry of the catalogue, chosen by its name, with its options.

    Such an entry gives `name` a literal type and its only value as the default.
    """

    model_config = FORM
    at: ClassVar[str] = ""  # Module and name of its class or function.
    stays: ClassVar[tuple[str, ...]] = ()  # Options that another row keeps.

    name: str = ""

    @classmethod
    def own_names(cls) -> tuple[str, ...]:
        """Returns the names of this row itself, without its subclasses."""
        return get_args(cls.model_fields["name"].annotation)

    @classmethod
    def rows(cls) -> dict[str, type[Self]]:
        """Returns all rows of this kind, by name."""
        found: dict[str, type[Self]] = {}
        for row in cls.__subclasses__():
            found |= dict.fromkeys(row.own_names(), row) | row.rows()
        return found

    @classmethod
    def brings(cls) -> dict[str, Any]:
        """Returns defaults that choosing this row brings to other parts."""
        return {}

    @classmethod
    def names(cls) -> list[str]:
        """Returns the choices as a user writes them."""
        return list(cls.rows())

    @classmethod
    def read(cls, text: str) -> dict[str, Any]:
        """Returns the entries that a text stands for."""
        return {"name": text}

    def options(self) -> dict[str, Any]:
        """Returns the values of the options, without the name."""
        keys = (key for key in type(self).model_fields if key != "name")
        return {key: getattr(self, key) for key in keys}

    def __str__(self) -> str:
        return self.name


class OneOf:
    """Annotation of a field that contains one row of a kind, selected by its name."""

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
    """Returns rows as a tuple, from a list or from names separated by +."""
    if isinstance(value, str):
        names = value.split("+") if value != "none" else ()
        return tuple({"name": name} for name in names)
    return tuple(value) if isinstance(value, list) else value


class Key(NamedTuple):
    """A field of a configuration, or of a row that it may contain."""

    path: Path
    field: FieldInfo
    owner: type[BaseModel]

    @property
    def name(self) -> str:
        """The name of the field without its row."""
        return self.told("key") or self.path[-1]

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of its row, if the field belongs to a row."""
        return self.owner.own_names() if issubclass(self.owner, Row) else ()

    def told(self, what: str) -> Any:
        """Returns an argument that `option` got for the field."""
        extra = self.field.json_schema_extra
        return extra.get(what) if isinstance(extra, dict) else None


def keys(model: type[BaseModel], path: Path = ()) -> Iterator[Key]:
    """Yields all keys of a configuration, each choice before its options."""
    for name, field in model.model_fields.items():
        if name != "name":
            here = (*path, name)
            yield Key(here, field, model)
            kind = kind_of(field)
            for row in kind.rows().values() if kind else ():
                yield from keys(row, here)


def by_name(model: type[BaseModel]) -> dict[str, list[Key]]:
    """Returns the keys without their rows, and the fields that each may stand for."""
    found: dict[str, list[Key]] = {}
    for key in keys(model):
        found.setdefault(key.name, []).append(key)
    return found


def kind_of(field: FieldInfo) -> type[Row] | None:
    """Returns the kind of row that a field contains, or `None`."""
    for hint in _hints(field):
        if isinstance(hint, type) and issubclass(hint, Row):
            return hint
    return None


def may_be_none(field: FieldInfo) -> bool:
    """Returns `True` if a field may be `None`."""
    return type(None) in get_args(field.annotation)


def choices(field: FieldInfo) -> list[Any]:
    """Returns the possible values of a field, or the names of its rows, if limited."""
    kind = kind_of(field)
    if kind is not None:
        return kind.names()
    literals = (hint for hint in _hints(field) if get_origin(hint) is Literal)
    return [value for hint in literals for value in get_args(hint)]


def _hints(field):
    """Yields a field's type and the types inside it, without annotations."""
    for hint in (field.annotation, *get_args(field.annotation)):
        yield (
            getattr(hint, "__origin__", hint) if hasattr(hint, "__metadata__") else hint
        )
