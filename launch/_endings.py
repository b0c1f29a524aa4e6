"""The end of programs: an exit code, and after an error one line on stderr."""

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from launch.run import _signals
from launch.run._folder import RECORD
from tfgan_tricks import _checks
from tfgan_tricks._not_prepared import NotPrepared

_OURS = ("launch", "trainers", "tfgan_tricks")
_LONGEST = 1200  # Characters of an error's line.


class Stopped(Exception):
    """An error that ends a run that had begun, with an exit code.

    Args:
        reason: Text or error that says what has happened and how to resume.
        code: The exit code.
    """

    def __init__(self, reason: Any, code: int = 1) -> None:
        super().__init__(str(reason))
        self.code = code


class Program:
    """A program, whose errors print one line without a trace.

    Errors in the user's input end it with code 2. Any other error is a fault of this
    package or of a library. It ends the program with code 1, and its trace is written
    to a file.

    Args:
        name: Name of the program.
        flags: Dict from names of arguments in errors to their flags.
    """

    def __init__(self, name: str, flags: Mapping[str, str]) -> None:
        self.name = name
        self.flags = dict(flags)
        self.workdir: str | None = None

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Turns everything that is raised inside the block into `SystemExit`."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, SystemExit) and not _signals.received(error):
                raise
            text, code = self._told(error)
            self._complain(text)
            sys.exit(code)

    def _told(self, error):
        if isinstance(error, Stopped):
            print(flush=True)  # Ends the line of the progress bar.
            return str(error), error.code
        signal = _signals.received(error)
        if signal is not None:
            what, code = _signals.words(signal)
            return f"{what}.", code
        if isinstance(error, NotPrepared):
            return error.told(how="the same command and --download"), 2
        if is_of_user(error):
            return str(error), 2
        what = f"{type(error).__name__}: {_first_line(error)}".removesuffix(".")
        return f"{what}. {_kept_trace(self.name, self.workdir, error)}", 1

    def _complain(self, text):
        text = _checks.renamed(" ".join(text.split()), self.flags)
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
        if len(line) > _LONGEST:
            line = f"{line[: _LONGEST // 2]} [...] {line[-_LONGEST // 2 :]}"
        _print(sys.stdout)  # Flushes what is buffered.
        _print(sys.stderr, f"{self.name}: error: {line}\n")


def _print(stream, text=""):
    """Writes to a stream, or drops the text if the stream accepts no more."""
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def is_of_user(error: BaseException) -> bool:
    """Returns `True` if the user's input has caused an error.

    Such errors come from the system, about a file, or from this package, about an
    argument.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return True
    return isinstance(error, (OSError, ValueError)) and _is_raised_here(error)


def _is_raised_here(error):
    """Returns `True` if this package has raised an error, not a library below it."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    package = frames[-1].f_globals.get("__package__") or "" if frames else ""
    return package.partition(".")[0] in _OURS


def _first_line(error):
    return next(filter(None, map(str.strip, str(error).splitlines())), "no message")


def _kept_trace(program, workdir, error):
    """Writes the trace to a new file, and returns a text that says where."""
    has_run = workdir and os.path.isfile(os.path.join(workdir, RECORD))
    text = "".join(traceback.format_exception(error))
    for place in (workdir if has_run else None, None):
        with contextlib.suppress(OSError):
            number, path = tempfile.mkstemp(".txt", f"{program}-trace-", place)
            with open(number, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            return f"The full trace is in {path}"
    return "There is no room for its full trace."
