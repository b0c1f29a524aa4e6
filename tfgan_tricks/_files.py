"""Paths that people give: which can be written to, and how to write them whole."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any
from typing import BinaryIO

PART = ".part"
# TensorFlow takes the prefix of a checkpoint for a pattern.
_PATTERN = frozenset("*?[]{}\\")


def text(argument: str, path: Any) -> str:
    """Returns a path as text, or raises `ValueError` if no file can have that name."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        name = ""
    if not name or "\0" in name:
        raise ValueError(f"`{argument}` must be a path. Received: {argument}={path!r}")
    return name


def utf8(argument: str, path: Any) -> str:
    """Returns a path as text, or raises `ValueError` if its bytes are not UTF-8."""
    name = text(argument, path)
    if not _is_utf8(name):
        raise ValueError(
            f"`{argument}` must be a path in UTF-8, as TensorFlow needs it. "
            f"Received: {argument}={name!r}"
        )
    return name


def folder(argument: str, path: Any) -> str:
    """Returns a path of a folder that can be written to, made or yet to be made.

    Raises:
        ValueError: If it is no path.
        OSError: If it, or what it lies in, is no folder or may not be written to.
    """
    name = text(argument, path)
    if os.path.lexists(name) and not os.path.isdir(name):
        raise NotADirectoryError(
            f"`{argument}` must be a folder. Received: {argument}={name!r}"
        )
    _check_place(argument, name, os.path.abspath(name))
    return name


def file(argument: str, path: Any) -> str:
    """Returns the real path of a file that can be written, there or yet to be made.

    Raises:
        ValueError: If it is no path.
        OSError: If it is a folder, device, pipe or a link to nothing, or if it or
            what it lies in may not be written to.
    """
    name = text(argument, path)
    received = f"Received: {argument}={name!r}"
    if os.path.isdir(name) or name.endswith(os.sep):
        raise IsADirectoryError(f"`{argument}` must be a file, no folder. {received}")
    if os.path.islink(name) and not os.path.exists(name):
        raise FileNotFoundError(
            f"`{argument}` must be a file, no link to nothing. {received}"
        )
    if os.path.exists(name) and not os.path.isfile(name):
        raise OSError(f"`{argument}` must be a file, no device or pipe. {received}")
    target = os.path.realpath(name)
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise PermissionError(
            f"`{argument}` must be a file that may be written to. {received}"
        )
    _check_place(argument, name, os.path.dirname(target))
    return target


def _check_place(argument, name, place):
    """Raises `OSError` if nothing can be written below `place`."""
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    received = f"Received: {argument}={name!r}"
    if not os.path.isdir(place):
        raise NotADirectoryError(
            f"`{argument}` must lie in a folder, and {place!r} is none. {received}"
        )
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(
            f"`{argument}` must lie in a folder that may be written to, and {place!r} "
            f"may not. {received}"
        )


@contextlib.contextmanager
def writing(argument: str, path: Any, *errors: type[Exception]) -> Iterator[None]:
    """A context whose `OSError`, or errors of other types, name what was written.

    They become an `OSError` of the same number, in one line.
    """
    kinds: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except kinds as error:
        number = getattr(error, "errno", None) or _number_in(str(error))
        reason = os.strerror(number) if number else str(error).partition("\n")[0]
        told = type(OSError(number or 0, ""))(
            f"`{argument}` must be fit to write to: {reason}. "
            f"Received: {argument}={os.fsdecode(path)!r}"
        )
        told.errno = number
        raise told from error


def _number_in(message):
    """The number of the system's error that a message of a library tells."""
    known = sorted(errno.errorcode, key=lambda number: -len(os.strerror(number)))
    return next((number for number in known if os.strerror(number) in message), None)


@contextlib.contextmanager
def whole_file(path: Any, argument: str = "path") -> Iterator[BinaryIO]:
    """Yields a file that takes the place of `path` once the block is done.

    Where the block fails, there is neither a part of the file nor a new folder.

    Raises:
        ValueError, OSError: See `file` and `writing`.
    """
    target = file(argument, path)
    part = target + PART
    with writing(argument, path), _made(os.path.dirname(target)), _cleared(part):
        with open(part, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(part, target)


@contextlib.contextmanager
def whole(path: Any, argument: str, *errors: type[Exception]) -> Iterator[str]:
    """Yields a path for a file or folder that becomes `path` once the block is done.

    It is one that TensorFlow takes as it is. What was there of an earlier process that
    was killed is cleared away.

    Raises:
        ValueError: If `path` is none, or there is something but an empty folder.
        OSError: If it cannot be written. Errors of the given types become one.
    """
    name = text(argument, path)
    target = os.path.realpath(name)
    is_free = os.path.isdir(target) and not os.listdir(target)
    if not is_free and os.path.lexists(name):
        raise ValueError(
            f"`{argument}` must not exist yet. Received: {argument}={name!r}"
        )
    parent, last = os.path.split(target)
    _check_place(argument, name, parent)
    part = os.path.join(parent, f".{last}{PART}")
    with writing(argument, path, *errors), _made(parent), _cleared(part):
        os.mkdir(part)
        staging = "new" + os.path.splitext(last)[1]
        with plain(part) as place:
            yield os.path.join(place, staging)
        os.replace(os.path.join(part, staging), target)


@contextlib.contextmanager
def plain(path: str) -> Iterator[str]:
    """Yields a path of the same folder that TensorFlow takes as it is.

    TensorFlow globs the path of a checkpoint to see whether it is there, and takes
    all paths for UTF-8. Where that would fail, the path is a link's.
    """
    if _is_utf8(path) and not _PATTERN & set(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as beside:
        link = os.path.join(beside, "folder")
        os.symlink(os.path.abspath(path), link)
        yield link


def remove(path: str) -> None:
    """Removes a file or link, or a folder with all that is in it, if there is one."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.remove(path)


@contextlib.contextmanager
def _cleared(path):
    remove(path)
    try:
        yield
    finally:
        remove(path)


@contextlib.contextmanager
def _made(path):
    """Makes a folder and what it lies in; where the block fails, it takes them back."""
    missing = []
    while not os.path.lexists(path):
        missing.append(path)
        path = os.path.dirname(path)
    try:
        for one in reversed(missing):
            os.makedirs(one, exist_ok=True)
        yield
    except BaseException:
        for one in missing:
            with contextlib.suppress(OSError):
                os.rmdir(one)
        raise


def _is_utf8(name):
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
