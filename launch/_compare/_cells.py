"""The cells of a comparison: each combination of values and seeds, as flags."""

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import get_origin

from pydantic import TypeAdapter
from pydantic import ValidationError

from launch import _paths
from launch import _untrusted
from launch.config import configuration
from launch.config import errors
from launch.config import fields
from launch.config.configuration import Config
from tfgan_tricks import _checks

Changes = dict[str, str]  # Values by key or path.
Axes = dict[str, dict[str, Changes]]  # The changes of each value of each axis.

_MOST_CELLS = 10_000
_LONGEST = 120  # Characters of a folder's name, which is part of longer paths.


class Cell(NamedTuple):
    """A run of a comparison.

    Attributes:
        values: Dict from each axis to this cell's value, as texts.
        seed: Seed of the run.
        flags: Flags of `launch.train`, except those about the folder.
        config: The configuration, or `None` if the catalogue refuses it.
        refused: The reason for which the catalogue refuses it, or an empty text.
    """

    values: Mapping[str, str]
    seed: int
    flags: tuple[str, ...]
    config: Config | None
    refused: str = ""

    @property
    def label(self) -> str:
        """The values without the seed, for people."""
        return ", ".join(f"{key}={value}" for key, value in self.values.items())

    @property
    def name(self) -> str:
        """The name of its folder, which is different for each cell."""
        text = ",".join(
            f"{k}={v}" for k, v in {**self.values, "seed": self.seed}.items()
        )
        safe = re.sub(r"[^\w.+=,-]", "_", text, flags=re.ASCII)
        if safe == text and len(text) <= _LONGEST:
            return text
        return f"{safe[:_LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def axes(texts: Iterable[str]) -> Axes:
    """Returns the axes in texts `key=value,value`.

    >>> axes(["penalty=none,r1"])
    {'penalty': {'none': {'penalty': 'none'}, 'r1': {'penalty': 'r1'}}}
    """
    found: Axes = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (equals and values):
            raise ValueError(f"`vary` must be KEY=VALUE,VALUE. Received: vary={text!r}")
        _add(found, name, values.split(","))
    return found


def _add(found, name, values):
    if name in found:
        raise ValueError(f"`vary` must have each key once. Received: {name} twice")
    if len(set(values)) < len(values):
        raise ValueError(
            f"`vary` must have different values. Received: vary={name}="
            f"{','.join(values)}"
        )
    found[name] = {value: {name: value} for value in values}


def seeds(text: Any) -> list[int]:
    """Returns seeds from a text: a range with both ends, or a list.

    >>> seeds("0..3"), seeds("2,5")
    ([0, 1, 2, 3], [2, 5])
    """
    first, dots, last = str(text).partition("..")
    texts = [first, last] if dots else str(text).split(",")
    if not all(re.fullmatch(r"[0-9]{1,10}", each) for each in texts):
        raise _bad_seeds(text)
    numbers = list(map(int, texts))
    if dots:
        if not 0 <= numbers[1] - numbers[0] < _MOST_CELLS:
            raise _bad_seeds(text)
        numbers = list(range(numbers[0], numbers[1] + 1))
    if len(set(numbers)) < len(numbers):
        raise _bad_seeds(text)
    configuration.check_number("seed", max(numbers))
    return numbers


def _bad_seeds(text):
    return ValueError(
        "`seeds` must be a range such as 0..4, which has five seeds, or different "
        f"integers separated by commas. Received: seeds={text!r}"
    )


def from_file(path: str) -> tuple[Axes, list[int] | None]:
    """Returns the axes of a YAML file, and its seeds if it has any.

    Raises:
        ValueError: If the file is not a mapping with `vary`, and `seeds` at most.
    """
    _paths.check("axes", path)
    try:
        entries = _untrusted.yaml(path)
        return _of_entries(entries)
    except (OSError, ValueError) as error:
        raise ValueError(
            "`axes` must be a YAML file with `vary`, a mapping from keys to lists of "
            "values or from names to settings, and with `seeds` or nothing else: "
            f"{error}. Received: axes={path!r}"
        ) from error


def _of_entries(entries):
    vary = entries.get("vary")
    more = sorted(map(str, entries.keys() - {"vary", "seeds"}))
    if more:
        raise ValueError(f"it has the unknown key {more[0]}")
    if not isinstance(vary, dict) or not vary:
        raise ValueError("`vary` is not a mapping")
    found: Axes = {}
    for name, values in vary.items():
        if isinstance(values, dict) and values:
            found[str(name)] = _settings(values)
        elif isinstance(values, list) and values:
            _add(found, str(name), list(map(_text, values)))
        else:
            raise ValueError(f"{name} does not have a list or a mapping of values")
    given = entries.get("seeds")
    if isinstance(given, list):
        given = ",".join(map(str, given))
    return found, None if given is None else seeds(given)


def _settings(values):
    """Returns the changes of values that have names."""
    if not all(isinstance(changes, dict) for changes in values.values()):
        raise ValueError("settings with names must be mappings from keys to values")
    return {
        _text(label): {str(key): _text(value) for key, value in changes.items()}
        for label, changes in values.items()
    }


def _text(value):
    """Returns a value of YAML as on the command line."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if not isinstance(value, int | float | str):
        raise ValueError("values must be texts or numbers")
    return str(value)


def check(axes: Axes) -> None:
    """Raises `ValueError` for a key or a value that the catalogue does not have."""
    for axis, values in axes.items():
        _check_not_seed(axis)
        for changes in values.values():
            for name, value in changes.items():
                _check_value(name, _keys(name), value)


def _check_not_seed(name):
    if name == "seed":
        raise ValueError("`vary` must not have the seed. Use --seeds. Received: seed")


def _keys(name):
    """Returns the fields of a configuration that a key or path may stand for."""
    _check_not_seed(name)
    found = [key for key in fields.keys(Config) if key.path != ("preset",)]
    dotted = {".".join(key.path): [key] for key in found}
    known = dotted if "." in name else configuration.KEYS
    keys = known.get(name.removesuffix(".name") if "." in name else name)
    if not keys:
        raise ValueError(
            "`vary` must be KEY=VALUE,VALUE, with a key that --help lists."
            f"{_checks.did_you_mean(name, known)} Received: vary={name!r}"
        )
    return keys


def _check_value(name, keys, value):
    """Raises the first field's error if no field has the value."""
    reasons = []
    for key in keys:
        try:
            return _check_field(name, key.field, key, value)
        except ValueError as error:
            reasons.append(error)
    raise reasons[0]


def _check_field(name, field, key, value):
    kind = fields.kind_of(field)
    if kind is not None:
        is_tuple = get_origin(field.annotation) is tuple
        rows = fields.several(value) if is_tuple else [kind.read(value)]
        for row in rows:
            if row["name"] not in kind.rows():
                raise _checks.unknown_name(name, row["name"], kind.names())
    elif not (fields.may_be_none(field) and value.lower() in ("none", "null")):
        try:
            TypeAdapter(field.rebuild_annotation()).validate_python(value)
        except ValidationError as error:
            at = key.path[-1:]
            raise errors.one_line(error, key.owner, {at: name}, at) from None


def cells(
    base: Config,
    changes: Mapping[str, str],
    flags: Sequence[str],
    axes: Axes,
    seeds: Sequence[int],
) -> list[Cell]:
    """Returns all cells, with the seeds of a combination next to each other.

    Args:
        base: The configuration that all cells start from.
        changes: Changes of all cells, by key or path.
        flags: Flags of `launch.train` that give `base` and `changes`.
        axes: The changes of each value of each axis.
        seeds: The seeds of each combination.

    Raises:
        ValueError: If a key is given twice, there are too many cells, or the catalogue
            refuses all of them.
    """
    varied = [set().union(*values.values()) for values in axes.values()]
    _check_apart(varied, axes)
    twice = sorted(changes.keys() & {"seed"}.union(*varied))
    if twice:
        where = "--seeds" if twice[0] == "seed" else "--vary"
        raise ValueError(
            f"`{twice[0]}` must be given once. Received: {twice[0]}="
            f"{changes[twice[0]]!r}, which is for {where}"
        )
    combinations = list(itertools.product(*axes.values()))
    if len(combinations) * len(seeds) > _MOST_CELLS:
        raise ValueError(
            f"`vary` must give at most {_MOST_CELLS:,} cells. Received: "
            f"{len(combinations):,} combinations of {len(seeds):,} seeds"
        )
    found = [
        _cell(base, changes, flags, axes, dict(zip(axes, values, strict=True)), seed)
        for values in combinations
        for seed in seeds
    ]
    if all(cell.refused for cell in found):
        raise ValueError(f"`vary` must give a cell that can run. {found[0].refused}")
    return found


def _check_apart(varied, axes):
    counts = Counter(itertools.chain.from_iterable(varied))
    shared = [key for key, count in counts.items() if count > 1]
    if shared:
        raise ValueError(
            f"`{shared[0]}` must be in one axis of `vary` only. Received: "
            f"vary={', '.join(axes)}"
        )


def _cell(base, changes, flags, axes, values, seed):
    own = {k: v for name, value in values.items() for k, v in axes[name][value].items()}
    all_flags = (*flags, *itertools.starmap(_flag, own.items()), _flag("seed", seed))
    try:
        every = {**changes, **own, "seed": seed}
        return Cell(values, seed, all_flags, configuration.changed(base, every))
    except ValueError as error:
        return Cell(values, seed, all_flags, None, " ".join(str(error).split()))


def _flag(key, value):
    return f"--{key}={value}" if key in configuration.FLAGS else f"--set={key}={value}"
