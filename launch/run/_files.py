"""Files that appear whole, and what keeps files from being written."""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

_GLOBS = "*?[\\"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotWritable(OSError):
    """A file cannot be written, for a reason that one line tells."""


def checked_folder(name: str, folder: Any) -> str:
    """Returns a folder's path as text, if TensorFlow and a terminal can show it.

    Raises:
        ValueError: If it is empty, is a file, holds characters that TensorFlow takes
            for patterns, or is not UTF-8.
    """
    path = os.fsdecode(folder) if folder else ""
    received = f"Received: {name}={ascii(path)}"
    if not path:
        raise ValueError(f"`{name}` must be given. {received}")
    whole = os.path.abspath(path)
    if any(letter in whole for letter in _GLOBS):
        raise ValueError(
            f"`{name}` must have none of * ? [ \\ in its path, which TensorFlow takes "
            f"for patterns. Choose another folder. {received}"
        )
    if not whole.isprintable():  # Nor are bytes that are not UTF-8.
        raise ValueError(
            f"`{name}` must be a path of printable UTF-8 text. Choose another folder. "
            f"{received}"
        )
    if os.path.lexists(path) and not os.path.isdir(path):
        raise ValueError(f"`{name}` must be a folder. {received}")
    return path


def check_replaceable(name: str, path: str) -> None:
    """Raises `ValueError` unless a path is that of a regular file, or of none."""
    if not path:
        raise ValueError(f"`{name}` must be given. Received: {name}={path!r}")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise ValueError(
            f"`{name}` must be a file, or not exist yet. Received: {name}={path!r}"
        )


def write_text(path: str, text: str) -> None:
    """Writes a text file, whole or not at all."""
    part = path + ".part"
    try:
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise


def read_lines(path: str) -> list[str]:
    """Returns a text file's lines, with their ends; none where there is no file."""
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.readlines()


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Turns the errors of a disk without room into `NotWritable`.

    TensorFlow reports them as errors of its own, with the system's words in them.
    """
    try:
        yield
    except Exception as error:
        reasons = [os.strerror(n) for n in _FULL if os.strerror(n) in str(error)]
        if not reasons or isinstance(error, NotWritable):
            raise
        raise NotWritable(f"A file could not be written: {reasons[0]}") from error
