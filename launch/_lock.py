"""One training at a time in a folder."""

import contextlib
import fcntl
import os


@contextlib.contextmanager
def held(workdir):
    """Holds a folder, made if need be, for this process alone.

    The kernel lets go of it when the process ends, however it ends. A folder that is
    still empty at the end is removed.

    Raises:
        ValueError: if another process holds it.
    """
    os.makedirs(workdir, exist_ok=True)
    folder = os.open(workdir, os.O_RDONLY)
    try:
        _lock(folder, workdir)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                os.rmdir(workdir)
    finally:
        os.close(folder)


def _lock(folder, workdir):
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(
            "`workdir` must not be that of a training which is running. "
            f"Received: workdir={workdir!r}"
        ) from None
    except OSError:
        pass  # Some network file systems lock no folders.
