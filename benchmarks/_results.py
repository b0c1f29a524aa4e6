"""JSON files of results, which long measurements write again and again."""

import json
import pathlib
from typing import Any

from tfgan_tricks import _files


def read(path: Any, empty: Any) -> Any:
    """Returns the results in a file, or `empty` if there is no path or no file."""
    if not path or not pathlib.Path(path).exists():
        return empty
    return json.loads(pathlib.Path(path).read_text())


def write(path: Any, results: Any) -> None:
    """Writes results to a file, whole or not at all. Without a path, it does nothing.

    Missing folders are created.
    """
    if path:
        with _files.whole_file(path) as file:
            file.write((json.dumps(results, indent=2) + "\n").encode())
