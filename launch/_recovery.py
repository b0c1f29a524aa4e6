"""What a training goes on from, and what keeps it from being written."""

import contextlib
import errno
import os
import sys
import warnings

import tensorflow as tf

from launch import _workdir
from tfgan_tricks import callbacks

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def newest_step(workdir):
    """The step of the newest checkpoint that can be read; 0 if none was written.

    Damaged ones are named on stderr, in one line.

    Raises:
        ValueError: if all of them are damaged.
    """
    if not _workdir.last_step(workdir):
        return 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        step = callbacks.newest(os.path.join(workdir, _workdir.CHECKPOINTS))
    for warning in caught:
        print("warning:", " ".join(str(warning.message).split()), file=sys.stderr)
    return step


def restore(trainer, workdir, step):
    callbacks.restore(trainer, os.path.join(workdir, _workdir.CHECKPOINTS), step)


@contextlib.contextmanager
def full_disk():
    """Turns the errors of a disk that takes no more into `_workdir.DiskFull`."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        reasons = [os.strerror(n) for n in _FULL if os.strerror(n) in str(error)]
        if not reasons:
            raise
        raise _workdir.DiskFull(f"A file could not be written: {reasons[0]}") from error
