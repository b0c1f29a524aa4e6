"""What `--help` says of the keys of a configuration."""

from collections.abc import Sequence

from launch.config import fields


def meaning(keys: Sequence[fields.Key]) -> str:
    """What a key means, of which rows, and which values it may have.

    Args:
        keys: All the fields that it may stand for.
    """
    rows: dict[str, list[str]] = {}
    for key in keys:
        rows.setdefault(key.field.description or "", []).extend(key.rows)
    choices = dict.fromkeys(v for key in keys for v in fields.choices(key.field))
    among = f" One of {', '.join(map(str, choices))}." if choices else ""
    return " ".join(map(_of_rows, rows, rows.values())) + among


def _of_rows(text, rows):
    """A meaning, and the rows that it is of where they are few."""
    return f"{text[:-1]} ({', '.join(rows)})." if 0 < len(rows) <= 3 else text
