"""Reads run folders and configurations that may come from someone else."""

import json
import os
import reprlib
from typing import Any

_MOST_BYTES = 2**22
_MOST_IN_YAML = 2**16  # The time of its parser grows with the square of the size.
_MOST_BRACKETS = 200  # Deep nesting takes quadratic time too.
_PLAIN = (os.path.isfile, os.path.isdir, os.path.islink)


def check_folder(folder):
    """Raises `ValueError` unless all files of a folder are inside it.

    Reading or writing a link that leads elsewhere would access files outside the
    folder. Reading a pipe or device could block.
    """
    top = os.path.realpath(folder)
    for parent, folders, files in os.walk(folder):
        for path in (os.path.join(parent, name) for name in (*folders, *files)):
            target = os.path.realpath(path)
            leads_out = os.path.commonpath([top, target]) != top
            plain = any(is_it(path) for is_it in _PLAIN)
            if leads_out or not plain and os.path.lexists(path):
                raise ValueError(
                    "`workdir` must contain only files and folders of its own. "
                    f"Received: {path!r}, which is {target!r}"
                )


def entries(path: str) -> dict[str, Any]:
    """Returns the object in a JSON file with different keys and finite numbers.

    Raises:
        ValueError: If the file does not contain such an object.
    """
    return _object(path, _json)


def yaml(path: str) -> dict[str, Any]:
    """Returns the mapping in a YAML file, without following its tags.

    Raises:
        ValueError: If the file does not contain a mapping.
    """
    return _object(path, _yaml)


def _object(path, parse):
    if os.path.lexists(path) and not os.path.isfile(path):
        raise ValueError("it must be a file")
    with open(path, "rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it must have at most {_MOST_BYTES} bytes")
    try:
        found = parse(content)
    except RecursionError:
        raise ValueError("it must not be nested so deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"it must be an object. Received: {reprlib.repr(found)}")
    return found


def _json(content):
    return json.loads(
        content, parse_constant=_refuse, object_pairs_hook=_different_keys
    )


def _yaml(content):
    from yaml import YAMLError
    from yaml import safe_load

    if len(content) > _MOST_IN_YAML:
        raise ValueError(f"it must have at most {_MOST_IN_YAML} bytes")
    if content.count(b"[") + content.count(b"{") > _MOST_BRACKETS:
        raise ValueError("it must not be nested so deeply")
    try:
        return safe_load(content)
    except YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _refuse(constant):
    raise ValueError(f"its numbers must be finite. Received: {constant}")


def _different_keys(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"its keys must differ. Received: {reprlib.repr(pairs)}")
    return found
