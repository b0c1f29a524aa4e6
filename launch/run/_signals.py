"""SIGTERM and Ctrl-C, which end a run between two steps."""

import builtins
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

_GRACE = 5.0  # Seconds until a process that waits for others is ended.


class Terminated(SystemExit):
    """What SIGTERM raises; a script that does not catch it ends with code 143."""

    def __init__(self) -> None:
        super().__init__(143)


_ERRORS: dict[int, type[BaseException]]
_ERRORS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class _Inbox:
    """The error of the first signal; further ones change nothing."""

    error: type[BaseException] | None = None
    is_deferred = False

    def receive(self, number, frame):
        if self.error is None:
            self.error = _ERRORS[number]
            if not self.is_deferred:
                raise self.error


_inbox = _Inbox()


def _numbers():
    """The signals to handle: those that nobody else does, in the main thread.

    An interactive session, such as a notebook's, keeps its SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        return []
    is_interactive = hasattr(sys, "ps1") or hasattr(builtins, "__IPYTHON__")
    numbers = [signal.SIGINT] if is_interactive else list(_ERRORS)
    return [number for number in numbers if _is_free(signal.getsignal(number))]


def _is_free(handler):
    """Returns `True` if nobody handles a signal, or only `launch` before a program."""
    return handler in _DEFAULTS or getattr(handler, "__module__", "") == "launch"


@contextlib.contextmanager
def handled() -> Iterator[None]:
    """Lets the first signal raise, at once unless it is `deferred`.

    What somebody else handles already, this module around it too, stays as it is.
    """
    numbers = _numbers()
    if numbers:
        _inbox.error = None
    before = {number: signal.signal(number, _inbox.receive) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if numbers:
            _inbox.error = None


def listen() -> None:
    """Takes the handled signals once more: TensorFlow's workers take SIGTERM away."""
    if threading.current_thread() is threading.main_thread():
        for number in _ERRORS:
            if signal.getsignal(number) == _inbox.receive:
                signal.signal(number, _inbox.receive)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Keeps signals back until `release` is called, or the block is done."""
    _inbox.is_deferred = True
    try:
        yield
        release()
    finally:
        _inbox.is_deferred = False


def release() -> None:
    """Raises what was kept back, if anything was."""
    if _inbox.is_deferred and _inbox.error is not None:
        raise _inbox.error


@contextlib.contextmanager
def ended_while_waiting(last_words: Callable[[type[BaseException]], None]) -> Iterator:
    """Ends the process some seconds after a signal, even if it waits for others.

    Python runs no handler while TensorFlow waits for another worker.

    Args:
        last_words: A function of the signal's error, called before the end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    is_over = threading.Event()
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    arguments = (reader, is_over, last_words)
    watch = threading.Thread(target=_watch, args=arguments, daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()
        signal.set_wakeup_fd(before)
        os.close(writer)
        watch.join()


def _watch(reader, is_over, last_words):
    """Waits for a signal's number, or for the end of the pipe."""
    with open(reader, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            error = _ERRORS.get(number[0])
            if error is not None and not is_over.wait(_GRACE):
                last_words(error)
                os._exit(words(error)[1])


def received(error: BaseException) -> type[BaseException] | None:
    """Returns the signal that an error comes from, or `None`: imports replace them."""
    is_one = isinstance(error, (KeyboardInterrupt, Terminated))
    return type(error) if is_one else _inbox.error


def words(error: Any) -> tuple[str, int]:
    """Returns what to say of a signal, and the exit code: 128 and its number."""
    return ("Terminated", 143) if error is Terminated else ("Interrupted", 130)
