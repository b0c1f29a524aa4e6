"""Changes of a configuration's entries, by path or by a key, which is shorter."""

import copy
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from pydantic import BaseModel

from launch.config import fields
from tfgan_tricks import _checks

Entries = dict[str, Any]


def parsed(texts: Iterable[str]) -> dict[str, str]:
    """Returns changes from texts `key=value`.

    >>> parsed(["width=32", "trainer.a=-1"])
    {'width': '32', 'trainer.a': '-1'}
    """
    changes: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"`set` must be key=value. Received: set={text!r}")
        changes[key] = value
    return changes


def applied(
    model: type[BaseModel], entries: Entries, changes: Mapping[str, Any]
) -> tuple[Entries, dict[fields.Path, str]]:
    """Returns changed entries of a `model`, and the key that changed each path.

    Another row brings its own defaults, and defaults of other parts. The order of
    changes does not matter: rows are chosen before their options are set.

    Raises:
        ValueError: If a key is unknown, or the chosen row does not have it.
    """
    entries = copy.deepcopy(entries)
    spelled: dict[fields.Path, str] = {}
    known = list(fields.keys(model))
    paths = {name: _paths(known, name) for name in changes}
    choices = [key.path for key in known if fields.kind_of(key.field)]
    for name in sorted(changes, key=lambda name: _rank(choices, paths[name])):
        found = next((p for p in paths[name] if _places(model, entries, p)), None)
        if found is None:
            raise _not_here(model, entries, name, changes[name], paths[name])
        if found in spelled:
            raise ValueError(
                f"`{name}` must be given once. Received: {spelled[found]} and {name}"
            )
        spelled[found] = name
        for place in _places(model, entries, found):
            entries |= _set(place, found[-1], changes[name])
    return entries, spelled


def filled(row: type[fields.Row], given: Mapping[str, Any]) -> Entries:
    """Returns the entries of a row, with defaults for those that are not given."""
    options = row.model_fields.items()
    defaults = {key: each.default for key, each in options if not each.is_required()}
    entries = defaults | dict(given)
    return {
        key: value.model_dump() if isinstance(value, BaseModel) else value
        for key, value in entries.items()
    }


class _Place(NamedTuple):
    """Entries and their model."""

    owner: type[BaseModel]
    entries: Entries


def _places(model, entries, path):
    """Returns the places that contain the last part of a path.

    A path may have several places, for example one in each penalty.
    """
    name, *rest = path
    if name not in model.model_fields:
        return []
    if not rest:
        return [_Place(model, entries)]
    kind, below = fields.kind_of(model.model_fields[name]), entries.get(name)
    rows = kind.rows() if kind else {}
    return [
        place
        for each in (below if isinstance(below, list | tuple) else [below])
        if isinstance(each, dict) and each.get("name") in rows
        for place in _places(rows[each["name"]], each, rest)
    ]


def _paths(known, name):
    """Returns the paths that a key may stand for; a path stands for itself."""
    settable = [key for key in known if key.path != ("preset",)]
    dotted = {".".join(key.path): key.path for key in settable}
    if "." in name:
        name = name.removesuffix(".name")
        paths = [dotted[name]] if name in dotted else []
    else:
        paths = list(dict.fromkeys(key.path for key in settable if key.name == name))
    if not paths:
        names = dotted if "." in name else {key.name for key in settable}
        raise ValueError(
            "`set` must be key=value, with a key that --help lists."
            f"{_checks.did_you_mean(name, names)} Received: set={name!r}"
        )
    return paths


def _rank(choices, paths):
    return choices.index(paths[0]) if paths[0] in choices else len(choices)


def _set(place, name, value):
    """Sets one entry of a place; returns the defaults that it brings to other parts."""
    field = place.owner.model_fields[name]
    kind, old = fields.kind_of(field), place.entries.get(name)
    if kind is None:
        none = fields.may_be_none(field) and str(value).lower() in ("none", "null")
        place.entries[name] = None if none else value
        return {}
    if isinstance(old, list | tuple):
        place.entries[name] = _rows(kind, old, fields.several(value))
        return {}
    given = kind.read(value) if isinstance(value, str) else value
    place.entries[name] = _row(kind, old, given)
    row = kind.rows().get(given["name"])
    another = row is not None and given["name"] != old["name"]
    return copy.deepcopy(row.brings()) if another else {}


def _rows(kind, old, given):
    if [each["name"] for each in given] == [each["name"] for each in old]:
        return old
    return [_row(kind, {"name": ""}, each) for each in given]


def _row(kind, old, given):
    """Returns the entries of the chosen row.

    An unknown row is returned unchanged, and the model will reject it.
    """
    row = kind.rows().get(given["name"])
    if row is None:
        return given
    if given["name"] == old["name"]:
        return old | given
    stays = (key for key in row.stays if key in old and key in row.model_fields)
    return filled(row, {key: old[key] for key in stays} | given)


def _not_here(model, entries, name, value, paths):
    """Returns the error for an option that the chosen row does not have."""
    path = max(paths, key=lambda p: bool(_places(model, entries, p[:-1])) * len(p))
    known = list(fields.keys(model))
    parent = next(key for key in known if key.path == path[:-1])
    takers = dict.fromkeys(row for key in known if key.path == path for row in key.rows)
    (place, *_) = _places(model, entries, parent.path)
    chosen = place.entries[parent.path[-1]]
    several = chosen if isinstance(chosen, list | tuple) else [chosen]
    names = [each["name"] for each in several]
    return ValueError(
        f"`{name}` must be given only with the {parent.name} {' or '.join(takers)}. "
        f"Received: {name}={value!r} with {parent.name}={'+'.join(names) or 'none'!r}"
    )


def refused(model: type[BaseModel], old: Entries, new: Entries) -> list[str]:
    """Returns texts of the differences that a resumed run must not have."""
    allowed = {key.path for key in fields.keys(model) if key.told("may_change")}
    was, now = flat(old), flat(new)
    return [
        f"{'.'.join(path)}={now.get(path)!r} (it was {was.get(path)!r})"
        for path in was | now
        if path not in allowed and was.get(path) != now.get(path)
    ]


def flat(entries: Entries, above: fields.Path = ()) -> dict[fields.Path, Any]:
    """Returns entries by path. Rows of a list have their names in their paths."""
    found: dict[fields.Path, Any] = {}
    for name, value in entries.items():
        path = (*above, name)
        if isinstance(value, list | tuple):  # Of rows.
            found[path] = "+".join(each["name"] for each in value) or "none"
            value = {each.pop("name"): each for each in copy.deepcopy(value)}
        found |= flat(value, path) if isinstance(value, dict) else {path: value}
    return found
