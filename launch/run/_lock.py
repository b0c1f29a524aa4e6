"""Locks that allow one run at a time in a folder."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator

_holders: dict[tuple[int, int], int] = {}  # The thread that has locked a folder.


class FolderLost(OSError):
    """An error for a run folder that was removed or replaced during the run."""


class Held:
    """A locked folder. The lock belongs to the folder, not to its path."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._identity = _identity(os.fstat(descriptor))

    def check(self) -> None:
        """Raises `FolderLost` unless the folder still has its path."""
        try:
            is_there = _identity(os.stat(self.path)) == self._identity
        except OSError:
            is_there = False
        if not is_there:
            raise FolderLost(
                "`folder` must stay where it is while the run writes to it. "
                f"Received: folder={self.path!r}, which was removed or replaced"
            )

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Raises `FolderLost` instead of other errors if the folder is lost."""
        try:
            yield
        except Exception:
            self.check()
            raise


@contextlib.contextmanager
def held(path: str, name: str = "folder") -> Iterator[Held]:
    """Locks a folder, created if missing, for this process alone.

    The kernel unlocks it when the process ends, even if the process is killed. A thread
    may lock a folder that it has locked already. Folders that were created here and
    are still empty at the end are removed.

    Args:
        path: The folder.
        name: The user's name for the folder, for errors.

    Raises:
        ValueError: If another process, or another thread, has locked the folder.
    """
    missing = _missing(path)
    os.makedirs(path, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY)
    folder, here = Held(path, descriptor), threading.get_ident()
    identity = _identity(os.fstat(descriptor))
    try:
        if _holders.get(identity) == here:
            yield folder
            return
        _lock(descriptor, path, name)
        _holders[identity] = here
        try:
            yield folder
        finally:
            del _holders[identity]
            _remove_empty(missing)
    finally:
        os.close(descriptor)


def _identity(status):
    return status.st_dev, status.st_ino


def _missing(path):
    """Returns the folders that have to be created, the innermost first."""
    path, missing = os.path.abspath(path), []
    while not os.path.lexists(path):
        missing.append(path)
        path = os.path.dirname(path)
    return missing


def _remove_empty(folders):
    with contextlib.suppress(OSError):
        for folder in folders:
            os.rmdir(folder)


def _lock(descriptor, path, name):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(
            f"`{name}` must not be in use by another run. Wait until that run ends, or "
            f"choose another folder. Received: {name}={path!r}"
        ) from None
    except OSError:
        pass  # Some network file systems cannot lock folders.
