"""JSON files of results, which long measurements write again and again."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from tfgan_tricks import _files


def read(path: Any, empty: Any) -> Any:
    """Returns the results in a file, or `empty` if there is no path or no file."""
    if not path or not pathlib.Path(path).exists():
        return empty
    return json.loads(pathlib.Path(path).read_text())


def add(path: Any, result: dict[str, Any], same: Sequence[str]) -> None:
    """Adds a result to the list in a file, and removes those with equal `same` keys."""
    others = [
        other
        for other in read(path, [])
        if any(other[key] != result[key] for key in same)
    ]
    write(path, [*others, result])


def write(path: Any, results: Any) -> None:
    """Writes results to a file, whole or not at all. Without a path, it does nothing.

    Missing folders are created.
    """
    if path:
        with _files.whole_file(path) as file:
            file.write((json.dumps(results, indent=2) + "\n").encode())
