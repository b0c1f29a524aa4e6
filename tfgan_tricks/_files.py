"""Checks of paths before they are written to, and atomic writing."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any
from typing import BinaryIO

PART = ".part"
# TensorFlow treats the prefix of a checkpoint as a pattern.
_PATTERN = frozenset("*?[]{}\\")


def text(argument: str, path: Any) -> str:
    """Returns a path as text; raises `ValueError` if no file can have that name."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        name = ""
    if not name or "\0" in name:
        raise ValueError(f"`{argument}` must be a path. Received: {argument}={path!r}")
    return name


def utf8(argument: str, path: Any) -> str:
    """Returns a path as text; raises `ValueError` if its bytes are not UTF-8."""
    name = text(argument, path)
    if not _is_utf8(name):
        raise ValueError(
            f"`{argument}` must be a path in UTF-8, which TensorFlow requires. "
            f"Received: {argument}={name!r}"
        )
    return name


def folder(argument: str, path: Any) -> str:
    """Returns the path of a folder that exists or can be created, and is writable.

    Raises:
        ValueError: If it is not a path.
        OSError: If it or its parent is not a folder, or cannot be written to.
    """
    name = text(argument, path)
    if os.path.lexists(name) and not os.path.isdir(name):
        raise NotADirectoryError(
            f"`{argument}` must be a folder. Received: {argument}={name!r}"
        )
    _check_place(argument, name, os.path.abspath(name))
    return name


def file(argument: str, path: Any) -> str:
    """Returns the real path of a file that exists or can be created, and is writable.

    Raises:
        ValueError: If it is not a path.
        OSError: If it is a folder, device, pipe or broken link, or if it or its folder
            cannot be written to.
    """
    name = text(argument, path)
    received = f"Received: {argument}={name!r}"
    if os.path.isdir(name) or name.endswith(os.sep):
        raise IsADirectoryError(
            f"`{argument}` must be a file, not a folder. {received}"
        )
    if os.path.islink(name) and not os.path.exists(name):
        raise FileNotFoundError(
            f"`{argument}` must be a file, not a broken link. {received}"
        )
    if os.path.exists(name) and not os.path.isfile(name):
        raise OSError(f"`{argument}` must be a file, not a device or pipe. {received}")
    target = os.path.realpath(name)
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise PermissionError(
            f"`{argument}` must be a file that can be written to. {received}"
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
            f"`{argument}` must be in a folder, but {place!r} is not one. {received}"
        )
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(
            f"`{argument}` must be in a folder that can be written to, but {place!r} "
            f"cannot. {received}"
        )


@contextlib.contextmanager
def writing(argument: str, path: Any, *errors: type[Exception]) -> Iterator[None]:
    """Adds the argument's name to an `OSError`, or other types, inside the block.

    The error becomes an `OSError` of the same number with a message of one line.
    """
    kinds: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except kinds as error:
        number = getattr(error, "errno", None) or _number_in(str(error))
        reason = os.strerror(number) if number else str(error).partition("\n")[0]
        named = type(OSError(number or 0, ""))(
            f"`{argument}` must be a path that can be written to: {reason}. "
            f"Received: {argument}={os.fsdecode(path)!r}"
        )
        named.errno = number
        raise named from error


def _number_in(message):
    """Returns the number of the system error that a library's message contains."""
    known = sorted(errno.errorcode, key=lambda number: -len(os.strerror(number)))
    return next((number for number in known if os.strerror(number) in message), None)


@contextlib.contextmanager
def whole_file(path: Any, argument: str = "path") -> Iterator[BinaryIO]:
    """Yields a file that replaces `path` when the block ends.

    If the block fails, neither a part of the file nor a new folder remains.

    Raises:
        ValueError: If `path` is not a path.
        OSError: If it cannot be written, see `file` and `writing`.
    """
    target = file(argument, path)
    with writing(argument, path), _made(os.path.dirname(target)):
        with replacing(target) as opened:
            yield opened


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """Yields a file that replaces `path`, in a folder that exists."""
    part = path + PART
    with _cleared(part):
        with open(part, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(part, path)


@contextlib.contextmanager
def whole(path: Any, argument: str, *errors: type[Exception]) -> Iterator[str]:
    """Yields a path for a file or folder that becomes `path` when the block ends.

    TensorFlow accepts the path unchanged. The remains of a killed process are removed.

    Raises:
        ValueError: If `path` is not a path, or exists and is not an empty folder.
        OSError: If it cannot be written, also instead of the given types of errors.
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
    """Yields a path of the same folder that TensorFlow accepts.

    TensorFlow globs the path of a checkpoint to find it, and treats all paths as UTF-8.
    If that would fail, this is the path of a link.
    """
    if _is_utf8(path) and not _PATTERN & set(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as beside:
        link = os.path.join(beside, "folder")
        os.symlink(os.path.abspath(path), link)
        yield link


def make_parents(path: str) -> None:
    """Creates the folders that a path lies in."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)


def make_folder(path: str) -> None:
    """Creates a folder if it is missing, in a folder that must still be there.

    One that was removed while a run writes to it must not come back half empty.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)


def remove(path: str) -> None:
    """Removes a file, link or folder with its contents, if it exists."""
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
    """Creates a folder and its parents, and removes them if the block fails."""
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
