"""The folder of a comparison: its runs, their outcomes and their results."""

import contextlib
import os
import shlex
import statistics
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from launch._compare import _jobs
from launch._compare import _outcomes
from launch._compare import _results
from launch._compare._jobs import Job
from launch._compare._states import States
from launch.config import configuration
from launch.run import _report

Runner = Callable[[Sequence[Job]], Generator[tuple[Job, _outcomes.Outcome], None, None]]


def folder(workdir: str, name: str) -> str:
    """Returns the run folder of a cell."""
    return os.path.join(workdir, "cells", name)


def job(workdir: str, cell: Any) -> Job:
    """Returns the `Job` of a `Cell` that the catalogue accepts."""
    log = os.path.join(workdir, "logs", f"{cell.name}.txt")
    where = folder(workdir, cell.name)
    return Job(cell.name, where, log, cell.flags, cell.config.steps, _jobs.STEPS)


def shell(arguments: Sequence[str]) -> str:
    """Returns a command to paste into a shell, for arguments of the interpreter."""
    return shlex.join([_report.python(), *arguments])


class Comparison:
    """The cells of a comparison, and how to run them.

    Args:
        workdir: The folder.
        cells: The cells, each a `Cell`.
        run: Function of jobs that yields each with its outcome.
    """

    def __init__(self, workdir: str, cells: Sequence[Any], run: Runner) -> None:
        self.workdir = workdir
        self.cells = cells
        self._run = run
        self._states = States(workdir)
        self._states.write()

    def run_missing(self, cells: Iterable[Any]) -> None:
        """Runs the cells that have not ended, and prints how each ends."""
        possible = [cell for cell in cells if not cell.refused]
        jobs = [
            job(self.workdir, cell)
            for cell in possible
            if not self._states.has_diverged(cell.name, cell.flags)
        ]
        jobs = [one for one in jobs if not one.is_complete]
        with contextlib.closing(self._run(jobs)) as outcomes:
            for done, (one, outcome) in enumerate(outcomes, 1):
                self._states.record(one.name, one.flags, outcome)
                reason = f": {outcome.reason}" if outcome.reason else ""
                told = f"{outcome.state} after {outcome.seconds:.0f} s{reason}"
                print(f"[{done}/{len(jobs)}] {one.name} {told}", flush=True)

    def scores(
        self, combinations: Sequence[Mapping[str, str]], name: str
    ) -> list[float | None]:
        """Runs combinations, and returns the mean of a score over the seeds of each.

        A combination has no score if one of its runs has none.

        Raises:
            ValueError: If runs have finished, but none has the score.
        """
        cells = [
            [cell for cell in self.cells if cell.values == values]
            for values in combinations
        ]
        unique = {cell.name: cell for several in cells for cell in several}
        self.run_missing(unique.values())
        results = {key: self._result(cell) for key, cell in unique.items()}
        known = {key for each in results.values() for key in each.scores}
        if known and name not in known:
            raise ValueError(
                f"`search` must name one of {', '.join(sorted(known))}. "
                f"Received: search={name!r}"
            )
        found = []
        for several in cells:
            values = [results[cell.name].scores.get(name) for cell in several]
            found.append(None if None in values else statistics.fmean(values))
        return found

    def _result(self, cell):
        """Returns the `Result` of a cell."""
        result = _results.Result(
            name=cell.name,
            label=cell.label,
            values=cell.values,
            seed=cell.seed,
            state=_outcomes.REFUSED,
            reason=cell.refused,
            command="",
        )
        if cell.refused:
            return result
        of_cell, ended = job(self.workdir, cell), self._states.outcome(cell.name)
        state, reason, seconds = ended or _outcomes.Outcome(_outcomes.MISSING)
        if of_cell.is_trained:
            reason = reason if state == _outcomes.FINISHED else ""
            state = _outcomes.FINISHED
        elif state == _outcomes.FINISHED:  # It has lost files, or needs more steps.
            state, reason = _outcomes.MISSING, ""
        result = result._replace(
            state=state,
            reason=reason,
            command=shell(of_cell.start()),
            settings=configuration.settings(cell.config),
            seconds=seconds if ended else None,
        )
        return _results.read(result, of_cell.folder)

    def progress(self) -> str:
        """Returns a sentence about the cells that have finished."""
        states = [self._result(cell).state for cell in self.cells]
        counts = {state: states.count(state) for state in dict.fromkeys(states)}
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        return f"Of {len(states)} runs: {told}."

    def results(self, is_search: bool = False) -> list[_results.Result]:
        """Returns the results of all cells, or of a search's cells that have run."""
        found = [self._result(cell) for cell in self.cells]
        begun = [each for each in found if each.state != _outcomes.MISSING]
        return begun if is_search and begun else found
