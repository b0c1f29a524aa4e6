"""The results of cells, read from their run folders."""

import csv
import glob
import io
import json
import math
import os
import statistics
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from launch import _untrusted
from launch._compare._outcomes import FINISHED
from launch._compare._outcomes import REFUSED
from launch.run._folder import Folder

EVALUATION = "evaluation.json"  # Of `launch.evaluate`.
LOGGED = {"source": "the last line of metrics.jsonl, without an evaluation"}
_NOT_CURVES = {"step", "seconds"}


class Result(NamedTuple):
    """A cell with everything that its folder tells.

    Attributes:
        name: Name of the cell.
        label: Its values without the seed.
        values: Its values by axis.
        seed: Its seed.
        state: "finished", "diverged", "crashed", "refused" or "missing".
        reason: The reason for a failure.
        command: The command that starts the run.
        settings: The values of its configuration by path.
        seconds: Time of the last training and evaluation, or `None` if it is unknown.
        step: Step of the scores, or `None`.
        protocol: What the scores measure with what, or `None` without scores.
        scores: The scores by name.
        curves: The lines of the metrics, dicts with a step.
        image: Path of the last sample grid, or `None`.
    """

    name: str
    label: str
    values: Mapping[str, str]
    seed: int
    state: str
    reason: str
    command: str
    settings: Mapping[str, Any] = {}
    seconds: float | None = None
    step: int | None = None
    protocol: Mapping[str, Any] | None = None
    scores: Mapping[str, float] = {}
    curves: Sequence[Mapping[str, Any]] = ()
    image: str | None = None

    @property
    def is_failure(self) -> bool:
        """`True` for a run that has failed, or whose evaluation has."""
        return self.state != REFUSED and bool(self.reason)


def read(result: Result, folder: str) -> Result:
    """Returns a result with what the run folder of a cell contains.

    A finished cell has the scores of its evaluation. If it has none, it has the last
    logged metrics, whose protocol says so.
    """
    run = Folder(folder)
    curves = _lines(run.metrics)
    images = sorted(glob.glob(os.path.join(glob.escape(run.samples), "step-*.png")))
    result = result._replace(curves=curves, image=images[-1] if images else None)
    if result.state != FINISHED:
        return result
    try:
        return result._replace(**_evaluation(folder))
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            result = result._replace(reason=f"the evaluation cannot be read: {error}")
    last: Mapping[str, Any] = curves[-1] if curves else {}
    logged = numbers({k: v for k, v in last.items() if k not in _NOT_CURVES})
    return result._replace(step=last.get("step"), protocol=LOGGED, scores=logged)


def _evaluation(folder):
    found = _untrusted.entries(os.path.join(folder, EVALUATION))
    scores, protocol, step = map(found.get, ("scores", "protocol", "step"))
    if not isinstance(scores, dict) or not isinstance(protocol, dict):
        raise ValueError("it must have scores and a protocol")
    if type(step) is not int:
        raise ValueError("it must have a step")
    return {"scores": numbers(scores), "protocol": protocol, "step": step}


def numbers(entries):
    """Returns the finite numbers of a mapping."""
    return {
        str(name): float(value)
        for name, value in entries.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    }


def _lines(path):
    """Returns the lines of a file of metrics that have a step and are whole."""
    if not os.path.isfile(path):
        return []
    found = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict) and type(entry.get("step")) is int:
                found.append(entry)
    return found


def by_protocol(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Returns the results with scores by the letter of their protocol: A, B, ...

    Results of different protocols are not comparable.
    """
    letters: dict[str, str] = {}
    found: dict[str, list[Result]] = {}
    for result in results:
        if result.protocol is None:
            continue
        key = json.dumps(result.protocol, sort_keys=True, default=str)
        letter = letters.setdefault(key, _letter(len(letters)))
        found.setdefault(letter, []).append(result)
    return found


def _letter(number):
    """Returns A to Z, then A2 to Z2, and so on."""
    more, index = divmod(number, 26)
    return chr(ord("A") + index) + (str(more + 1) if more else "")


def table(results: Sequence[Result]) -> str:
    """Returns `results.csv`: a line for each score of each cell, with its protocol.

    A cell without scores has one line, with its state and the reason.
    """
    axes = list(results[0].values)
    letters = {
        each.name: letter
        for letter, several in by_protocol(results).items()
        for each in several
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    more = ["state", "step", "seconds", "protocol", "score", "value", "reason"]
    writer.writerow(["cell", *axes, "seed", *more])
    for each in results:
        begin = [each.name, *each.values.values(), each.seed, each.state]
        begin += [each.step, each.seconds, letters.get(each.name)]
        for name, value in each.scores.items() or [(None, None)]:
            writer.writerow([*begin, name, value, each.reason])
    return text.getvalue()


def curve_names(results: Iterable[Result]) -> list[str]:
    """Returns the names of all metrics with numbers, in the order of the logs."""
    names = (name for each in results for line in each.curves for name in numbers(line))
    return [name for name in dict.fromkeys(names) if name not in _NOT_CURVES]


def groups(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Returns the results of each configuration, by its label."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.label, []).append(result)
    return found


def spread(group: Iterable[Result], name: str) -> dict[int, tuple[float, ...]]:
    """Returns the least, mean and greatest value of a metric over seeds, by step."""
    found: dict[int, list[float]] = {}
    for result in group:
        by_step = {line["step"]: line for line in result.curves}  # Its last line.
        for step, line in by_step.items():
            for value in numbers({name: line.get(name)}).values():
                found.setdefault(step, []).append(value)
    return {
        step: (min(values), statistics.fmean(values), max(values))
        for step, values in sorted(found.items())
    }
