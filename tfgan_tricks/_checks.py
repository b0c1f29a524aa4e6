"""Argument checks that report what was received."""

import difflib
import numbers
import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """Returns a sentence for errors that suggests the nearest name in `known`."""
    nearest = difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean '{nearest[0]}'?" if nearest else ""


def renamed(message: str, names: Mapping[str, str]) -> str:
    """Replaces names of arguments in an error's message, for example with flags.

    >>> renamed("`path` must be a file. Received: path='a'", {"path": "--output"})
    "`--output` must be a file. Received: --output='a'"
    """
    for argument, name in names.items():
        message = message.replace(f"`{argument}`", f"`{name}`")
        received = rf"(Received: | with |, ){re.escape(argument)}(?=[=,]|$)"
        message = re.sub(received, rf"\1{name}", message)
    return message


def unknown_name(argument: str, name: Any, known: Iterable[str]) -> ValueError:
    """Returns a `ValueError` for a name that is not in `known`, with the nearest."""
    known = sorted(known)
    return ValueError(
        f"`{argument}` must be one of {', '.join(known)}.{did_you_mean(name, known)} "
        f"Received: {argument}={name!r}"
    )


def positive(**arguments: Any) -> None:
    """Raises `ValueError` unless every argument is a number above 0."""
    for name, value in arguments.items():
        if not value > 0:
            raise ValueError(f"`{name}` must be positive. Received: {name}={value!r}")


def not_negative(**arguments: Any) -> None:
    """Raises `ValueError` unless every argument is a number of at least 0."""
    for name, value in arguments.items():
        if not value >= 0:
            raise ValueError(
                f"`{name}` must be zero or more. Received: {name}={value!r}"
            )


def decay(**arguments: Any) -> None:
    """Raises `ValueError` unless every argument is in [0, 1)."""
    for name, value in arguments.items():
        if not 0 <= value < 1:
            raise ValueError(f"`{name}` must be in [0, 1). Received: {name}={value!r}")


def channels(count: int) -> None:
    """Raises `ValueError` unless images can have that many channels."""
    if count not in (1, 2, 3, 4):
        raise ValueError(f"`channels` must be 1 to 4. Received: channels={count!r}")


def integer(**arguments: Any) -> None:
    """Raises `ValueError` unless every argument is an integer of at most 64 bits."""
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise ValueError(f"`{name}` must be an integer. Received: {name}={value!r}")
        if not -(1 << 63) <= int(value) < 1 << 63:
            raise ValueError(
                f"`{name}` must be an integer of at most 64 bits. "
                f"Received: {name}={value!r}"
            )


def positive_integer(**arguments: Any) -> None:
    """Raises `ValueError` unless every argument is an integer of at least 1."""
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(
                f"`{name}` must be an integer of at least 1. Received: {name}={value!r}"
            )
