"""The outcomes of a comparison's cells, in `compare.json`."""

import json
import os
from collections.abc import Sequence
from typing import Any

from launch import _untrusted
from launch._compare._outcomes import DIVERGED
from launch._compare._outcomes import Outcome
from tfgan_tricks import _files

FILE = "compare.json"


class States:
    """The outcomes of cells, by name, written to disk at each change.

    Args:
        workdir: The folder of the comparison.

    Raises:
        ValueError: If the file there is not one of a comparison.
    """

    def __init__(self, workdir: str) -> None:
        self._path = os.path.join(workdir, FILE)
        self._cells: dict[str, dict[str, Any]] = {}
        if os.path.lexists(self._path):
            try:
                self._cells = _read(self._path)
            except ValueError as error:
                raise ValueError(
                    f"`workdir` must contain a comparison, but its {FILE} cannot be "
                    f"read: {error}. Received: workdir={workdir!r}"
                ) from error

    def write(self) -> None:
        text = json.dumps({"format": 1, "cells": self._cells}, indent=2)
        with _files.whole_file(self._path, "workdir") as file:
            file.write(text.encode())

    def record(self, name: str, flags: Sequence[str], outcome: Outcome) -> None:
        """Keeps how a cell with these flags of `launch.train` has ended."""
        self._cells[name] = {**outcome._asdict(), "flags": list(flags)}
        self.write()

    def outcome(self, name: str) -> Outcome | None:
        """Returns how a cell has ended, or `None` if it has not."""
        found = self._cells.get(name)
        if found is None:
            return None
        return Outcome(found["state"], found["reason"], found["seconds"])

    def has_diverged(self, name: str, flags: Sequence[str]) -> bool:
        """Returns `True` if a cell would diverge again with these flags."""
        found = self._cells.get(name, {})
        return found.get("state") == DIVERGED and found["flags"] == list(flags)


_TYPES = {"state": str, "reason": str, "seconds": float, "flags": list}


def _read(path):
    cells = _untrusted.entries(path).get("cells")
    is_whole = isinstance(cells, dict) and all(
        isinstance(cell, dict)
        and all(isinstance(cell.get(key), kind) for key, kind in _TYPES.items())
        for cell in cells.values()
    )
    if not is_whole:
        raise ValueError("it does not have the outcomes of cells")
    return cells
