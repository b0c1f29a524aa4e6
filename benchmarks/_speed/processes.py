"""Contenders in processes of their own, timed in turns."""

import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks._speed import contenders

ROOT = pathlib.Path(__file__).parents[2]
# Long enough for the threads of the contender before to have gone to sleep.
_PAUSE = 0.3
# The frameworks speak of what they find on the machine.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}


def command(contender, workload, python):
    return [python, "-m", "benchmarks._speed.worker", contender, workload]


class Process:
    """A contender in its own process, from its start to its first step.

    Args:
        contender: Name of the contender.
        workload: Name of the workload.
        python: The Python that has the contender's framework.
    """

    def __init__(self, contender, workload, python=sys.executable):
        self.contender, self.workload = contender, workload
        self.seconds_of_step = []
        self.peak_bytes = 0
        self._pace = None  # Seconds of a step in the last turn.
        self._log = tempfile.TemporaryFile("w+")
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            command(contender, workload, python),
            cwd=ROOT,
            env=os.environ | QUIET,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.parameters = self._answer()["parameters"]
        except RuntimeError:
            self.end()
            raise
        self.first_step_seconds = time.perf_counter() - begin

    def take_turn(self, seconds, granularity):
        """Times as many steps as take about a number of seconds.

        Their number is a multiple of `granularity`.
        """
        if self._pace is None:
            self._pace = self._run(granularity) / granularity
        count = max(1, round(seconds / self._pace / granularity)) * granularity
        self._pace = self._run(count) / count
        self.seconds_of_step.append(self._pace)

    def result(self):
        """Returns what was measured, times in milliseconds."""
        milliseconds = [round(1000 * each, 3) for each in self.seconds_of_step]
        return {
            "milliseconds": round(statistics.median(milliseconds), 3),
            "rounds": milliseconds,
            "first_step_seconds": round(self.first_step_seconds, 2),
            "peak_bytes": self.peak_bytes,
        }

    def end(self):
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._process.wait()
        self._log.close()

    def _run(self, steps):
        with contextlib.suppress(BrokenPipeError):  # The missing answer tells.
            self._process.stdin.write(f"{steps}\n")
            self._process.stdin.flush()
        answer = self._answer()
        self.peak_bytes = answer["peak_bytes"]
        return answer["seconds"]

    def _answer(self):
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._log.seek(0)
        *_, reason = self._log.read().strip().splitlines() or ["no reason"]
        raise RuntimeError(f"{self.contender} on {self.workload} has ended: {reason}")


def measured(pairs, rounds, seconds, granularity, pythons):
    """Times pairs of a contender and a workload in interleaved rounds.

    Args:
        pairs: Names of contenders and workloads.
        rounds: Number of rounds, in each of which every pair has a turn.
        seconds: How long a turn takes, about.
        granularity: Number of which the number of steps in a turn is a multiple.
        pythons: The Python of each engine that has one of its own.

    Returns:
        The `Process` of each pair that has not failed, in the order of pairs.
    """
    with contextlib.ExitStack() as stack:
        running = []
        for contender, workload in pairs:
            engine = contenders.ROWS[contender].engine
            python = pythons.get(engine, sys.executable)
            with skipping():
                process = Process(contender, workload, python)
                stack.callback(process.end)
                running.append(process)
        for _ in range(rounds):
            for process in running:
                time.sleep(_PAUSE)
                with skipping():
                    process.take_turn(seconds, granularity)
    return [each for each in running if len(each.seconds_of_step) == rounds]


@contextlib.contextmanager
def skipping():
    """Prints why a contender has ended, and continues with the others."""
    try:
        yield
    except RuntimeError as error:
        print(f"Skipped: {error}", flush=True)
