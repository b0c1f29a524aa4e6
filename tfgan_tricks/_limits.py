"""Checks of sizes before memory is allocated."""

import math
import os
from collections.abc import Iterable
from typing import Any

# 4 GB of float32 for a network, and three times as much with the slots of Adam.
MOST_WEIGHTS = 1_000_000_000


def check_weights(sizes: Iterable[int], **arguments: Any) -> None:
    """Raises `ValueError` if a network's matrices have more than `MOST_WEIGHTS`.

    Args:
        sizes: Number of entries of each matrix or kernel.
        **arguments: Arguments that determine the sizes.
    """
    count = sum(sizes)
    if count > MOST_WEIGHTS:
        raise ValueError(
            f"{_names(arguments)} must give a network of at most {MOST_WEIGHTS:,} "
            f"weights, not {_number(count)}. Received: {_received(arguments)}"
        )


def check_memory(num_bytes: int, **arguments: Any) -> None:
    """Raises `ValueError` if a number of bytes exceeds the machine's memory."""
    most = memory()
    if num_bytes > most:
        raise ValueError(
            f"{_names(arguments)} must fit in memory: {readable_size(num_bytes)} are "
            f"needed, but this machine has {readable_size(most)}. "
            f"Received: {_received(arguments)}"
        )


def memory() -> int:
    """Returns this machine's memory in bytes, or 2^63 if it is unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 1 << 63


def readable_size(count: int) -> str:
    """Returns a number of bytes as text."""
    power = min(max(count.bit_length() - 1, 0) // 10, 6)
    if count >> 80:
        return f"about 10^{_digits(count)} bytes"
    unit = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")[power]
    return f"{count / (1 << 10 * power):.3g} {unit}"


def chained(*sizes: int) -> list[int]:
    """Returns the number of entries of each matrix between consecutive sizes."""
    return [a * b for a, b in zip(sizes, sizes[1:], strict=False)]


def _names(arguments):
    *first, last = (f"`{name}`" for name in arguments)
    return f"{', '.join(first)} and {last}" if first else last


def _received(arguments):
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _number(count):
    return f"{count:,}" if count < 10**15 else f"about 10^{_digits(count)}"


def _digits(count):
    """Returns the exponent of the power of ten at or below a number of any length."""
    return int(math.log10(count))
