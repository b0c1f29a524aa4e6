"""Arrays, and iterables of their chunks, in float64 blocks of one fixed size."""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import numpy as np

Features = np.ndarray | Iterable[np.ndarray]

_ROWS = 1024


def blocks(name: str, features: Features) -> Iterator[np.ndarray]:
    """Yields checked float64 blocks `[_ROWS, d]`, of which the last may be shorter.

    The blocks depend on the rows only, not on the chunks in which they come: sums over
    blocks are then equal, bit for bit, for any chunk size.
    """
    waiting: list[np.ndarray] = []
    count = 0
    for chunk in _chunks(name, features):
        waiting.append(chunk)
        count += len(chunk)
        if count >= _ROWS:
            joined = np.concatenate(waiting) if len(waiting) > 1 else chunk
            whole = count - count % _ROWS
            for start in range(0, whole, _ROWS):
                yield _checked(name, joined[start : start + _ROWS])
            waiting, count = [joined[whole:]], count - whole
    if count:
        yield _checked(name, np.concatenate(waiting))


def gathered(name: str, features: Features, at_least: int, why: str) -> np.ndarray:
    """Returns all rows as one float64 array, or raises if there are too few."""
    rows = list(blocks(name, features))
    count = sum(len(block) for block in rows)
    enough(name, count, at_least, why)
    return np.concatenate(rows)


def enough(name: str, count: int, at_least: int, why: str) -> None:
    """Raises `ValueError` if a set is smaller than a measure needs."""
    if count < at_least:
        raise ValueError(
            f"`{name}` must have at least {at_least} rows{why}. "
            f"Received: {name} with {count} rows"
        )


def same_width(real: int, other: int, name: str = "fake") -> None:
    """Raises `ValueError` unless another set has as many features as the real one."""
    if real != other:
        raise ValueError(
            f"`{name}` must have as many features as `real`, from the same extractor. "
            f"Received: {name} with {other} features, real with {real}"
        )


def _chunks(name: str, features: Any) -> Iterator[np.ndarray]:
    """Yields the chunks, all floating-point and with the same number of columns."""
    is_whole = hasattr(features, "__array__")
    if not is_whole and not isinstance(features, Iterable):
        raise _not_features(name, f"{name}={features!r}")
    width = 0
    for part in [features] if is_whole else features:
        chunk = np.asarray(part)
        width = width or (chunk.shape[1] if chunk.ndim == 2 else 0)
        fits = chunk.ndim == 2 and chunk.shape[1] == width and width > 0
        if not fits or not np.issubdtype(chunk.dtype, np.floating):
            shape = f"{chunk.dtype} of shape {chunk.shape}"
            raise _not_features(name, f"{name} with {shape}")
        yield chunk


def _not_features(name: str, received: str) -> ValueError:
    return ValueError(
        f"`{name}` must be a floating-point array [n, d], or an iterable of such "
        f"arrays with the same d. Flatten images to [n, d] first, in the same range as "
        f"the other set. Received: {received}"
    )


def _checked(name: str, block: np.ndarray) -> np.ndarray:
    """Returns a block in float64, or raises if it has NaN or infinite values."""
    block = block.astype("float64")
    if not np.isfinite(block).all():
        raise ValueError(
            f"`{name}` must be finite. Received: {name} with NaN or infinite values"
        )
    return block
