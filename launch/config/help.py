"""The texts of `--help` for the keys of a configuration."""

from collections.abc import Sequence

from launch.config import fields


def meaning(keys: Sequence[fields.Key]) -> str:
    """Returns the meaning of a key, the rows that have it, and its choices.

    Args:
        keys: All fields that the key may stand for.
    """
    rows: dict[str, list[str]] = {}
    for key in keys:
        rows.setdefault(key.field.description or "", []).extend(key.rows)
    choices = dict.fromkeys(v for key in keys for v in fields.choices(key.field))
    among = f" One of {', '.join(map(str, choices))}." if choices else ""
    return " ".join(map(_of_rows, rows, rows.values())) + among


def _of_rows(text, rows):
    """Returns a meaning, with the names of its rows if they are few."""
    return f"{text[:-1]} ({', '.join(rows)})." if 0 < len(rows) <= 3 else text
