"""Checks of a run against its data, without TensorFlow."""

import math
import re
from collections.abc import Sequence

from tfgan_tricks import _checks
from tfgan_tricks import _limits

_NAMES_SHOWN = 20
_BYTES_PER_NUMBER = 5  # One float32, and one uint8 for the file.


def num_classes(config, data):
    """Returns the number of classes in the data, or `None` for a run without labels.

    Raises:
        ValueError: If the run needs labels and the data have none, or if a label is
            negative or has no name.
    """
    if not config.uses_labels:
        return None
    if data.labels is None:
        key, right, value = "trainer", "another one", repr(str(config.trainer))
        if config.conditional:
            key, right, value = "conditional", "false", "True"
        raise ValueError(
            f"`{key}` must be {right} for a dataset without labels. "
            f"Received: {key}={value} with dataset={str(config.dataset)!r}"
        )
    low, high = int(data.labels.min()), int(data.labels.max())
    count = len(data.label_names) or max(low, high, 0) + 1
    if low < 0 or high >= count:
        raise ValueError(
            f"`dataset` must have labels from 0 to {count - 1}. "
            f"Received: labels from {low} to {high}"
        )
    return count


def memory(num_images: int | None, shape: Sequence[int]) -> None:
    """Raises `ValueError` if samples of a shape would not fit in memory."""
    one = math.prod(shape) * _BYTES_PER_NUMBER
    _limits.check_memory((num_images or 1) * one, num_images=num_images)


def label(
    text: str | None, num_classes: int | None, names: Sequence[str]
) -> int | None:
    """Returns the label for the name or number of a class, or `None` for `None`.

    A class whose name is a number, such as a folder's, is found by its name.

    Raises:
        ValueError: If there is no such label, several classes have the name, or the
            run is not class-conditional.
    """
    if text is None:
        return None
    if num_classes is None:
        raise ValueError(
            "`class` must be given only for class-conditional runs, which this is not. "
            f"Received: class={text}"
        )
    found = [number for number, name in enumerate(names) if name == text]
    if len(found) > 1:
        raise ValueError(
            f"`class` must be a number for the labels {found[0]} and {found[1]}, which "
            f"have the same name. Received: class={text!r}"
        )
    return found[0] if found else _label_number(text, num_classes, names)


def _label_number(text, num_classes, names):
    if re.fullmatch(r"-?[0-9]+", text):
        if 0 <= int(text) < num_classes:
            return int(text)
    elif names:
        raise _unknown_class(text, names)
    raise ValueError(
        f"`class` must be from 0 to {num_classes - 1}. Received: class={text}"
    )


def _unknown_class(text, names):
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return ValueError(
        f"`class` must be one of {shown}{f' and {more} more' if more > 0 else ''}, or "
        f"a number from 0 to {len(names) - 1}.{_checks.did_you_mean(text, names)} "
        f"Received: class={text!r}"
    )
