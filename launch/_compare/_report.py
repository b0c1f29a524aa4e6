"""The report of a comparison: one page that needs no network and no other file."""

import base64
import collections
import importlib.resources
import itertools
import json
import os
import statistics
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from launch._compare import _curves
from launch._compare import _results
from launch._compare import _statistics
from launch._compare._outcomes import REFUSED

Results = Sequence[_results.Result]

_MOST_BYTES = 4 * 2**20  # Of the sample grids in a page.


class Row(NamedTuple):
    """A configuration in the table of a score.

    Attributes:
        label: The values of the configuration.
        summary: Mean and spread, or `None` without results.
        by_seed: The score by seed.
        difference: Paired difference to the baseline, the first configuration with
            results. `None` for the baseline and without shared seeds.
        is_baseline: `True` for the baseline.
        lacking: Numbers of cells without the score, by state.
    """

    label: str
    summary: _statistics.Summary | None
    by_seed: Mapping[int, float]
    difference: _statistics.Difference | None
    is_baseline: bool
    lacking: Mapping[str, int]


class Table(NamedTuple):
    """The table of a score under one protocol."""

    score: str
    rows: list[Row]
    seeds: list[int]


class Failure(NamedTuple):
    """The cells of a configuration that have failed, or are refused, for one reason."""

    label: str
    state: str
    reason: str
    seeds: list[int]


def tables(results: Results, every: Results) -> list[Table]:
    """Returns a table for each score of results with one protocol.

    Configurations without any score are in each table, to show that they have failed.

    Args:
        results: Results with one protocol.
        every: The results of all cells.
    """
    names = dict.fromkeys(name for result in results for name in result.scores)
    here = {result.label for result in results}
    shown = {
        label: group
        for label, group in _results.groups(every).items()
        if label in here or not any(e.scores or e.state == REFUSED for e in group)
    }
    return [_table(name, results, shown) for name in names]


def _table(name, results, shown):
    scored = {result.name for result in results if name in result.scores}
    by_label = {
        label: {each.seed: each.scores[name] for each in group if each.name in scored}
        for label, group in shown.items()
    }
    baseline = next(label for label, values in by_label.items() if values)
    rows = []
    for label, values in by_label.items():
        is_baseline = label == baseline
        summary = _statistics.summary(list(values.values())) if values else None
        difference = _statistics.difference(values, by_label[baseline])
        lacking = counts(each for each in shown[label] if each.name not in scored)
        paired = None if is_baseline else difference
        rows.append(Row(label, summary, values, paired, is_baseline, lacking))
    seeds = dict.fromkeys(each.seed for group in shown.values() for each in group)
    return Table(name, rows, list(seeds))


def settings(results: Results) -> tuple[list[str], dict[str, Mapping[str, Any]]]:
    """Returns the paths in which settings differ, and all settings of each label.

    What only one trainer has, or only one penalty, does not differ.
    """
    by_label = {
        label: several[0].settings
        for label, several in _results.groups(results).items()
        if several[0].settings
    }
    values: dict[str, set[str]] = {}
    for each in by_label.values():
        for path, value in each.items():
            values.setdefault(path, set()).add(str(value))
    return [path for path, several in values.items() if len(several) > 1], by_label


def failures(results: Iterable[_results.Result]) -> list[Failure]:
    """Returns failures; the seeds of one configuration with one reason are together."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for each in results:
        reason = (each.label, each.state, each.reason)
        found.setdefault(reason, []).append(each.seed)
    return [Failure(*reason, seeds) for reason, seeds in found.items()]


def counts(results: Iterable[_results.Result]) -> dict[str, int]:
    """Returns the number of results in each state."""
    return dict(collections.Counter(result.state for result in results))


def html(results: Results, command: str) -> str:
    """Returns the page.

    Args:
        results: The results of all cells.
        command: The command of the comparison.
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    source = importlib.resources.files(__package__) / "report.html"
    template = environment.from_string(source.read_text(encoding="utf-8"))
    drawn = _results.groups(each for each in results if each.curves)
    return template.render(
        command=command,
        results=results,
        configurations=len(_results.groups(results)),
        counts=counts(results),
        protocols=list(_protocols(results)),
        settings=settings(results),
        curves=list(_drawn(drawn.values())),
        legend=[(label, *_curves.style(i)) for i, label in enumerate(drawn)],
        images=_images(results),
        pictured=sum(bool(each.image) for each in results),
        failures=failures(each for each in results if each.is_failure),
        refused=failures(each for each in results if each.state == REFUSED),
        confidence=_statistics.CONFIDENCE,
    )


def _drawn(groups):
    """Yields the name and the figure of each metric."""
    for name in _results.curve_names(each for group in groups for each in group):
        yield name, _curves.svg([_results.spread(group, name) for group in groups])


def _protocols(results: Results) -> Iterator[tuple[str, Any, list[Table], Any]]:
    """Yields the letter, text, tables and median time of each protocol."""
    for letter, several in _results.by_protocol(results).items():
        protocol = json.dumps(several[0].protocol, indent=2, default=str)
        times = [each.seconds for each in several if each.seconds]
        seconds = statistics.median(times) if times else None
        is_logged = several[0].protocol == _results.LOGGED
        yield letter, protocol, tables(several, results), (is_logged, seconds)


def _images(results):
    """Returns the last sample grids of each configuration, as data of the page.

    It has the grids of as many seeds as the page has room for, at least of one.
    """
    by_seed: dict[int, list[_results.Result]] = {}
    for each in results:
        if each.image:
            by_seed.setdefault(each.seed, []).append(each)
    sizes = [sum(os.path.getsize(e.image) for e in s) for s in by_seed.values()]
    totals = itertools.accumulate(sizes)
    count = max(1, sum(total <= _MOST_BYTES for total in totals))
    shown = itertools.chain.from_iterable(list(by_seed.values())[:count])
    return {
        label: [(each, _embedded(each.image)) for each in group]
        for label, group in _results.groups(shown).items()
    }


def _embedded(path):
    with open(path, "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode()


def number(value: float, sign: bool = False) -> str:
    """Returns a number with four digits.

    >>> number(0.000123456), number(12.0), number(3.14159, sign=True)
    ('0.0001235', '12', '+3.142')
    """
    return f"{value:+.4g}" if sign else f"{value:.4g}"
