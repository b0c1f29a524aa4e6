"""SIGTERM and Ctrl-C, which end a training between two steps."""

import contextlib
import signal
import threading


class Terminated(KeyboardInterrupt):
    """What SIGTERM raises."""


_ERRORS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}


class _Inbox:
    """The error of the first signal; further ones change nothing."""

    error = None
    is_deferred = False

    def receive(self, number, frame):
        if self.error is None:
            self.error = _ERRORS[number]
            if not self.is_deferred:
                raise self.error


_inbox = _Inbox()


@contextlib.contextmanager
def handled():
    """Lets the first signal raise, at once unless it is `deferred`."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Only that thread is told of signals.
        return
    _inbox.error = None
    before = listen()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listen():
    """Takes the signals; returns what they did before.

    Once more where there are several workers: TensorFlow takes SIGTERM from there.
    """
    return {number: signal.signal(number, _inbox.receive) for number in _ERRORS}


@contextlib.contextmanager
def deferred():
    """Keeps signals back until `release` is called, or the block is done."""
    _inbox.is_deferred = True
    try:
        yield
        release()
    finally:
        _inbox.is_deferred = False


def release(batch=None, logs=None):
    """Raises what was kept back, if anything was; Keras calls it at a batch's end."""
    if _inbox.error is not None:
        raise _inbox.error


def received(error):
    """The signal that an error comes from, or `None`: imports replace errors."""
    return type(error) if isinstance(error, KeyboardInterrupt) else _inbox.error


def words(error):
    """What to say of a signal, and the exit code: 128 and its number."""
    return ("Terminated", 143) if error is Terminated else ("Interrupted", 130)
