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

_GRACE = 5.0  # Seconds before a process that waits for other workers is ended.


class Terminated(SystemExit):
    """The error of SIGTERM. A script that does not catch it ends with code 143."""

    def __init__(self) -> None:
        super().__init__(143)


_ERRORS: dict[int, type[BaseException]]
_ERRORS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class _Inbox:
    """The error of the first signal. Further signals are ignored."""

    error: type[BaseException] | None = None
    is_deferred = False

    def receive(self, number, frame):
        if self.error is None:
            self.error = _ERRORS[number]
            if not self.is_deferred:
                raise self.error


_inbox = _Inbox()


def _numbers():
    """Returns the signals to handle: in the main thread, all without other handlers.

    An interactive session, such as a notebook, keeps its handling of SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        return []
    is_interactive = hasattr(sys, "ps1") or hasattr(builtins, "__IPYTHON__")
    numbers = [signal.SIGINT] if is_interactive else list(_ERRORS)
    return [number for number in numbers if _is_free(signal.getsignal(number))]


def _is_free(handler):
    """Returns `True` if a signal has no handler, or only the early one of `launch`."""
    return handler in _DEFAULTS or getattr(handler, "__module__", "") == "launch"


@contextlib.contextmanager
def handled() -> Iterator[None]:
    """Raises the first signal as an error, at once unless signals are `deferred`.

    Signals that have a handler already, also from an outer block, keep it.
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
    """Sets the handlers again, because TensorFlow's workers replace SIGTERM's."""
    if threading.current_thread() is threading.main_thread():
        for number in _ERRORS:
            if signal.getsignal(number) == _inbox.receive:
                signal.signal(number, _inbox.receive)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Defers signals until `release` is called, or the block ends."""
    _inbox.is_deferred = True
    try:
        yield
        release()
    finally:
        _inbox.is_deferred = False


def release() -> None:
    """Raises the deferred signal, if there is one."""
    if _inbox.is_deferred and _inbox.error is not None:
        raise _inbox.error


@contextlib.contextmanager
def ended_while_waiting(last_words: Callable[[type[BaseException]], None]) -> Iterator:
    """Ends the process some seconds after a signal, even if it waits for others.

    Python runs no handler while TensorFlow waits for another worker.

    Args:
        last_words: Function of the signal's error, called before the end.
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
    """Waits for the number of a signal, or for the end of the pipe."""
    with open(reader, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            error = _ERRORS.get(number[0])
            if error is not None and not is_over.wait(_GRACE):
                last_words(error)
                os._exit(words(error)[1])


def received(error: BaseException) -> type[BaseException] | None:
    """Returns the signal behind an error, which an import may replace, or `None`."""
    is_one = isinstance(error, (KeyboardInterrupt, Terminated))
    return type(error) if is_one else _inbox.error


def words(error: Any) -> tuple[str, int]:
    """Returns a word for a signal, and the exit code: 128 plus its number."""
    return ("Terminated", 143) if error is Terminated else ("Interrupted", 130)
