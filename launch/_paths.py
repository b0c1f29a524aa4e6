"""Checks of the paths in flags, which need no TensorFlow."""

import errno
import os

from tfgan_tricks import _files


def check(name: str, path: str) -> None:
    """Raises `ValueError` unless a path is given and the system can use it.

    It cannot use a path that is too long, or leads through a file or in circles.
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
    """Raises an error unless a file can be created or replaced at a path.

    Raises:
        ValueError: If the path is empty or unusable.
        OSError: If the path is a folder, device or pipe, or cannot be written to.
    """
    check(name, path)
    _files.file(name, path)


def check_new(name: str, path: str) -> None:
    """Raises an error unless a file or folder can be created at a path.

    The path may be an empty folder.

    Raises:
        ValueError: If the path is empty or unusable, or exists.
        OSError: If the path cannot be written to.
    """
    check(name, path)
    is_empty = os.path.isdir(path) and not os.listdir(path)
    if os.path.lexists(path) and not is_empty:
        raise ValueError(f"`{name}` must not exist yet. Received: {name}={path!r}")
    _files.folder(name, path)
