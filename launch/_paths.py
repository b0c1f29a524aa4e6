"""Paths that flags give: what cannot be written to is told before TensorFlow comes."""

import errno
import os

from tfgan_tricks import _files


def check(name: str, path: str) -> None:
    """Raises `ValueError` unless a path is given, and the system can go there.

    It may be too long, say, or lead through a file or in circles.
    """
    if not path:
        raise ValueError(f"`{name}` must be given. Received: {name}={path!r}")
    try:
        os.stat(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            reason = os.strerror(error.errno or 0)
            raise ValueError(
                f"`{name}` must be a path that can be used ({reason}). "
                f"Received: {name}={path!r}"
            ) from error


def check_file(name: str, path: str) -> None:
    """Raises an error unless a file can be written there, or be replaced.

    Raises:
        ValueError: If the path is empty, or leads nowhere.
        OSError: If there is a folder, a device or a pipe, or nothing may be written.
    """
    check(name, path)
    _files.file(name, path)


def check_new(name: str, path: str) -> None:
    """Raises an error unless a file or a folder can be created there.

    An empty folder counts as none.

    Raises:
        ValueError: If the path is empty, is taken, or leads nowhere.
        OSError: If nothing may be written there.
    """
    check(name, path)
    is_empty = os.path.isdir(path) and not os.listdir(path)
    if os.path.lexists(path) and not is_empty:
        raise ValueError(f"`{name}` must not exist yet. Received: {name}={path!r}")
    _files.folder(name, path)
