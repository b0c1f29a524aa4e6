"""The processes of one cell, which end with this process."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any

from launch._compare._outcomes import CRASHED
from launch._compare._outcomes import DIVERGED
from launch._compare._outcomes import FINISHED
from launch._compare._outcomes import Outcome

GRACE = 30.0  # Seconds in which a command may save a checkpoint and end.
_DIVERGED = "has diverged"  # In the last line of `launch.train`.
_TAIL = 2**14  # Bytes at the end of a log that contain the last line.


class Running:
    """A cell whose commands run one after the other.

    Args:
        job: The cell, a `Job`.
        environment: Environment of the commands.
    """

    def __init__(self, job: Any, environment: dict[str, str]) -> None:
        self.job = job
        self._environment = environment
        self._begin = time.monotonic()
        self._commands = job.commands()
        self._process: subprocess.Popen | None = None
        self._step = ""
        os.makedirs(os.path.dirname(job.log), exist_ok=True)
        self._log: Any = open(job.log, "wb")
        self._next()

    def _next(self):
        self._step, arguments = next(self._commands, ("", []))
        if not self._step:
            self._process = None
            return
        tether = [sys.executable, "-m", "launch._compare._tether", str(os.getpid())]
        self._process = subprocess.Popen(
            [*tether, sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=self._environment,
            process_group=0,  # Ctrl-C reaches this program alone, which then ends it.
        )

    def poll(self) -> Outcome | None:
        """Starts the next command if one has ended; returns the outcome at the end."""
        while self._process is not None:
            code = self._process.poll()
            if code is None:
                return None
            _kill_group(self._process)
            if code:
                return self._ended(self._failure(code))
            self._next()
        return self._ended(Outcome(FINISHED))

    def _ended(self, outcome):
        self._log.close()
        return outcome._replace(seconds=round(time.monotonic() - self._begin, 1))

    def _failure(self, code):
        reason = _last_line(self.job.log) or f"exit code {code}, without output"
        if code < 0:
            reason = f"ended by {signal.Signals(-code).name}; {reason}"
        if self._step != "train":
            return Outcome(FINISHED, f"{self._step} failed: {reason}")
        return Outcome(DIVERGED if _DIVERGED in reason else CRASHED, reason)

    def terminate(self) -> None:
        """Asks the current command to end."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def end(self, deadline: float) -> None:
        """Waits for the current command until a time, then kills it."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(deadline - time.monotonic(), 0.0))
            _kill_group(self._process)
            self._process.wait()
        self._log.close()


def end(running: list[Running]) -> None:
    """Ends cells: all are asked first, then those that do not end are killed."""
    for each in running:
        each.terminate()
    deadline = time.monotonic() + GRACE
    for each in running:
        each.end(deadline)


def _kill_group(process):
    """Kills what is left of a command and of the processes that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_line(path):
    """Returns the last line of a log, without the name of the program."""
    with open(path, "rb") as file:
        file.seek(max(os.path.getsize(path) - _TAIL, 0))
        lines = file.read().decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    printable = "".join(c for c in last.rpartition("\r")[2] if c.isprintable())
    return re.sub(r"^tfgan-\w+: error: ", "", printable)[:1000]
