"""The report of a comparison: one page that needs no network and no other file."""

import base64
import importlib.resources
import json
import statistics
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


class Row(NamedTuple):
    """A configuration in the table of a score.

    Attributes:
        label: The values of the configuration.
        summary: Mean and spread, or `None` without results.
        by_seed: The score by seed.
        difference: Paired difference to the first configuration with results, or
            `None` for that configuration and without shared seeds.
        is_baseline: `True` for the configuration that others are compared with.
        failed: Number of cells without this score.
    """

    label: str
    summary: _statistics.Summary | None
    by_seed: Mapping[int, float]
    difference: _statistics.Difference | None
    is_baseline: bool
    failed: int


class Table(NamedTuple):
    """The table of a score under one protocol."""

    score: str
    rows: list[Row]
    seeds: list[int]


def tables(results: Results, every: Results) -> list[Table]:
    """Returns a table for each score of results with one protocol.

    Args:
        results: Results with one protocol.
        every: The results of all cells, for the configurations without any score.
    """
    names = dict.fromkeys(name for result in results for name in result.scores)
    return [_table(name, results, _results.groups(every)) for name in names]


def _table(name, results, configurations):
    scored = {result.name for result in results if name in result.scores}
    by_label = {
        label: {each.seed: each.scores[name] for each in group if each.name in scored}
        for label, group in configurations.items()
    }
    baseline = next(label for label, values in by_label.items() if values)
    rows = []
    for label, values in by_label.items():
        is_baseline = label == baseline
        rows.append(
            Row(
                label,
                _statistics.summary(list(values.values())) if values else None,
                values,
                None
                if is_baseline
                else _statistics.difference(values, by_label[baseline]),
                is_baseline,
                len(configurations[label]) - len(values),
            )
        )
    seeds = dict.fromkeys(each.seed for each in results)
    return Table(name, rows, list(seeds))


def html(results: Results, command: str) -> str:
    """Returns the page.

    Args:
        results: The results of all cells.
        command: The command of the comparison.
    """
    import jinja2

    configurations = _results.groups(results)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    source = importlib.resources.files(__package__) / "report.html"
    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(
        command=command,
        results=results,
        counts=_counts(results),
        protocols=list(_protocols(results)),
        curves=[
            (
                name,
                _curves.svg(
                    [_results.spread(g, name) for g in configurations.values()]
                ),
            )
            for name in _results.curve_names(results)
        ],
        legend=[(label, *_curves.style(i)) for i, label in enumerate(configurations)],
        images=_images(results),
        failures=[each for each in results if each.is_failure],
        refused=[each for each in results if each.state == REFUSED],
        confidence=_statistics.CONFIDENCE,
    )


def _counts(results):
    states = [result.state for result in results]
    return {state: states.count(state) for state in dict.fromkeys(states)}


def _protocols(results) -> Iterator[tuple[str, Any, list[Table], Any]]:
    """Yields the letter, text, tables and median time of each protocol."""
    for letter, several in _results.by_protocol(results).items():
        protocol = json.dumps(several[0].protocol, indent=2, default=str)
        times = [each.seconds for each in several if each.seconds]
        seconds = statistics.median(times) if times else None
        is_logged = several[0].protocol == _results.LOGGED
        yield letter, protocol, tables(several, results), (is_logged, seconds)


def _images(results):
    """Returns the last sample grids of each configuration, as data of the page."""
    found = {
        label: [(each, _embedded(each.image)) for each in group if each.image]
        for label, group in _results.groups(results).items()
    }
    return {label: several for label, several in found.items() if several}


def _embedded(path):
    with open(path, "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode()


def number(value: float, sign: bool = False) -> str:
    """Returns a number with four digits.

    >>> number(0.000123456), number(12.0), number(3.14159, sign=True)
    ('0.0001235', '12', '+3.142')
    """
    return f"{value:+.4g}" if sign else f"{value:.4g}"
