"""Reads what may be someone else's: a training's folder and its configuration."""

import dataclasses
import json
import math
import os
import reprlib
import types
import typing
from typing import Any

from tfgan_tricks import _checks

_MOST_BYTES = 2**22  # Thousands of classes have names.
_LONGEST_TEXT = 2**12  # What paths may have.
_LARGEST = 2**24  # Numbers in an example, or classes.
_PLAIN = (os.path.isfile, os.path.isdir, os.path.islink)
_KINDS = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}


def check_folder(folder):
    """Raises `ValueError` unless a folder's files are all below it.

    A link that leads out of it could have files elsewhere read, or overwritten; what
    is neither file nor folder could keep its reader waiting.
    """
    top = os.path.realpath(folder)
    for parent, folders, files in os.walk(folder):
        for path in (os.path.join(parent, name) for name in (*folders, *files)):
            target = os.path.realpath(path)
            leads_out = os.path.commonpath([top, target]) != top
            plain = any(is_it(path) for is_it in _PLAIN)
            if leads_out or not plain and os.path.lexists(path):
                raise ValueError(
                    "`workdir` must hold files and folders of its own only. "
                    f"Received: {path!r}, which is {target!r}"
                )


def entries(path):
    """The object in a JSON file, all of whose keys differ and whose numbers are finite.

    Raises:
        ValueError: if there is none.
    """
    with open(path, "rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it must have at most {_MOST_BYTES} bytes")
    try:
        found = json.loads(
            content, parse_constant=_refuse, object_pairs_hook=_different_keys
        )
    except RecursionError:
        raise ValueError("it must not be nested that deep") from None
    if not isinstance(found, dict):
        raise ValueError(f"it must be an object. Received: {reprlib.repr(found)}")
    return found


def _refuse(constant):
    raise ValueError(f"its numbers must be finite. Received: {constant}")


def _different_keys(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"its keys must differ. Received: {reprlib.repr(pairs)}")
    return found


def check_keys(cls, values):
    """Raises `ValueError` unless a dataclass can be made of these keys."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in values.keys() - fields:
        raise _checks.unknown_name("key", key[:80], fields)
    for key, field in fields.items():
        if field.default is dataclasses.MISSING and key not in values:
            raise ValueError(f"`{key}` must be given. Received: {len(values)} others")


def check_types(instance):
    """Raises `ValueError` unless a dataclass holds what its fields are declared as.

    An integer is a number, but neither true nor false is an integer.
    """
    for key, hint in typing.get_type_hints(type(instance)).items():
        kinds = typing.get_args(hint) or (hint,)
        value = getattr(instance, key)
        if not any(_is(value, kind) for kind in kinds):
            wanted = " or ".join(_KINDS.get(kind, "null") for kind in kinds)
            raise ValueError(
                f"`{key}` must be {wanted}. Received: {key}={reprlib.repr(value)}"
            )


def _is(value, kind):
    if kind is types.NoneType:
        return value is None
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    if kind is str:
        return isinstance(value, str) and _is_plain(value)
    if not isinstance(value, (int, kind)) or isinstance(value, str):
        return False
    return -(2**63) <= value < 2**63 or isinstance(value, float)


def _is_plain(text):
    """Not too long, and without what steers a terminal."""
    steers = any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text)
    return len(text) <= _LONGEST_TEXT and not steers


def shape(value):
    """An example's shape, a tuple, from JSON; `ValueError` if it is none."""
    sizes = value if isinstance(value, list) else []
    known = all(type(size) is int and size > 0 for size in sizes)
    if len(sizes) not in (1, 3) or not known or math.prod(sizes) > _LARGEST:
        raise ValueError(
            "`example_shape` must be one or three positive integers. "
            f"Received: example_shape={reprlib.repr(value)}"
        )
    return tuple(sizes)


def num_examples(value: Any) -> int | None:
    """How many examples there were, from JSON; `ValueError` if that cannot be."""
    if value is not None and not (type(value) is int and value > 0):
        raise ValueError(
            "`num_examples` must be a positive integer or null. "
            f"Received: num_examples={reprlib.repr(value)}"
        )
    return value


def label_names(value: Any, count: int | None) -> tuple[str, ...]:
    """The names of as many classes, or none, from JSON; else `ValueError`."""
    names = value if isinstance(value, list | tuple) else [None]
    known = all(isinstance(name, str) and _is_plain(name) for name in names)
    if not known or len(names) not in (0, count):
        raise ValueError(
            f"`label_names` must be {count or 0} texts without control characters. "
            f"Received: label_names={reprlib.repr(value)}"
        )
    return tuple(names)


def num_classes(value, is_used):
    """How many classes, if any, from JSON; `ValueError` if that cannot be."""
    fits = type(value) is int and 0 < value <= _LARGEST if is_used else value is None
    if not fits:
        wanted = "a positive integer" if is_used else "null"
        raise ValueError(
            f"`num_classes` must be {wanted}. "
            f"Received: num_classes={reprlib.repr(value)}"
        )
    return value
