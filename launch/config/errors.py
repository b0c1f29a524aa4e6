"""Errors of pydantic, as one line in the style of this package."""

import reprlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic import ValidationError

from launch.config import fields
from tfgan_tricks import _checks

_TEXT = "a text of 1 to 4096 characters, without control characters"
# By pydantic's name of the error, or the beginning of several names.
_EXPECTED = {
    "int": "an integer",
    "float": "a number",
    "finite_number": "finite",
    "bool": "true or false",
    "string": _TEXT,
    "greater_than_equal": "at least {ge}",
    "greater_than": "above {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "below {lt}",
    "missing": "given",
    "tuple": "a list of rows",
}


def one_line(
    error: ValidationError,
    model: type[BaseModel],
    spelled: Mapping[fields.Path, str] | None = None,
    at: fields.Path = (),
) -> ValueError:
    """Returns one fault as a `ValueError` that spells the argument as the user did."""
    faults = error.errors(include_url=False)
    # An unknown key comes first: it may be why another key is missing.
    fault = min(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    kind, given, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "value_error":
        return ValueError(str(context["error"]))
    path, owner = _located(model, (*at, *fault["loc"]))
    name = (spelled or {}).get(path) or ".".join(path)
    if kind == "extra_forbidden":
        known = [".".join((*path[:-1], key)) for key in owner.model_fields]
        return _checks.unknown_name("key", name[:80], known)
    field = owner.model_fields[path[-1]] if path else None
    if kind == "union_tag_invalid":
        known = fields.kind_of(field).names()
        return _checks.unknown_name(name, context["tag"], known)
    if kind == "literal_error":
        return _checks.unknown_name(name, given, map(str, fields.choices(field)))
    nullable = field is not None and fields.may_be_none(field)
    null = " or null" if nullable and kind.endswith(("_type", "_parsing")) else ""
    received = f"{name}={_shown(given, kind)}" if kind != "missing" else "nothing"
    return ValueError(
        f"`{name}` must be {_expected(kind, context)}{null}. Received: {received}"
    )


def _shown(given, kind):
    """Returns a value as one line; numbers out of range as the user wrote them."""
    is_number = kind.startswith(("greater", "less", "finite"))
    return given[:80] if is_number and isinstance(given, str) else reprlib.repr(given)


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    for known, words in _EXPECTED.items():
        if kind.startswith(known):
            return words.format(**context)
    return "an object with a name"


def _located(model, location):
    """Returns a path without the names of rows, and the model of its last part."""
    path, owner, parts = [], model, list(location)
    while parts:
        part = parts.pop(0)
        path.append(str(part))
        kind = part in owner.model_fields and fields.kind_of(owner.model_fields[part])
        if kind and parts and isinstance(parts[0], int):
            parts.pop(0)
        if kind and parts:
            owner = kind.rows()[parts.pop(0)]
            if not parts:
                path.append("name")
    return tuple(path), owner
