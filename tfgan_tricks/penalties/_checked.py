"""Checks of the penalties that a trainer receives."""

import inspect
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from tfgan_tricks.penalties._historical_average import HistoricalAverage

_CALL = "`penalty(critic, *, real, fake, seed)`"


def checked(penalties: Any, taken: Iterable[str] = ()) -> tuple[Callable, ...]:
    """Checks a trainer's penalties.

    Args:
        penalties: List or tuple of callables with a `name`, each called as
            `penalty(critic, real=real, fake=fake, seed=seed)`.
        taken: Names in the logs that a penalty must not use, such as "d_loss".

    Returns:
        The penalties as a tuple.

    Raises:
        ValueError: If `penalties` is not a list or tuple, if one of its items cannot be
            called in this way or has no name, or if a name occurs twice or is taken.

    >>> from tfgan_tricks.penalties import R1
    >>> checked(R1())
    Traceback (most recent call last):
    ...
    ValueError: `penalties` must be a list: penalties=[R1(...)]. Received: ...
    """
    if not isinstance(penalties, (list, tuple)):
        only = f"{type(penalties).__name__}(...)" if callable(penalties) else ""
        raise ValueError(
            f"`penalties` must be a list: penalties=[{only}]. "
            f"Received: penalties={penalties!r}"
        )
    for penalty in penalties:
        _check_one(penalty)
    names = [penalty.name for penalty in penalties]
    if len(set(names)) < len(names):
        raise ValueError(
            "`penalties` must have different names. Subclass one of two penalties with "
            f"the same name, and set another `name`. Received: penalties={names!r}"
        )
    clashes = sorted(set(names) & set(taken))
    if clashes:
        raise ValueError(
            f"`penalties` must not use the name {clashes[0]!r}: the logs use it for "
            f"another value. Choose another `name`. Received: penalties={names!r}"
        )
    return tuple(penalties)


def _check_one(penalty):
    if isinstance(penalty, type):
        raise _unfit(
            penalty, f"objects, not classes. Write penalties=[{penalty.__name__}()]"
        )
    if isinstance(penalty, HistoricalAverage):
        raise _unfit(
            penalty,
            "penalties on the critic. Use `discriminator_history` or "
            "`generator_history` for historical averaging",
        )
    if not callable(penalty) or not _takes_what_it_gets(penalty):
        raise _unfit(penalty, f"callables that are called as {_CALL}")
    name = getattr(penalty, "name", None)
    if not isinstance(name, str) or not name:
        raise _unfit(
            penalty,
            "callables with a `name`, under which they are logged. "
            "Set one: penalty.name = 'my_penalty'",
        )


def _takes_what_it_gets(penalty):
    try:
        signature = inspect.signature(penalty)
    except ValueError:  # Some callables written in C have no signature.
        return True
    try:
        signature.bind(None, real=None, fake=None, seed=None)
    except TypeError:
        return False
    return True


def _unfit(penalty, expected):
    return ValueError(
        f"`penalties` must contain {expected}. Received: penalties=[{penalty!r}]"
    )
