"""The texts that a run prints at its beginning and end."""

import math
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

_MOST = 0.1  # Of the time of a run, for evaluations.


class Report(NamedTuple):
    """The first and the last lines of a `Run`.

    Attributes:
        title: Name of the run. If it is empty, the report names the trainer's class.
        files: Dict from names of further files in the folder to descriptions.
        commands: Modules that can be run on the folder, with their arguments.
    """

    title: str = ""
    files: Mapping[str, str] = {}
    commands: tuple[str, ...] = ()

    def headline(self, run: Any) -> str:
        """Returns the first line."""
        title = self.title or type(run.trainer).__name__
        replicas = run.trainer.distribute_strategy.num_replicas_in_sync
        shared = f", on {replicas} replicas" if replicas > 1 else ""
        what = f" ({run.batches.description})" if run.batches.description else ""
        return (
            f"Training {title}{what}, steps {run.step} to {run.steps}{shared}, "
            f"in {run.folder.path}"
        )

    def farewell(self, run: Any, seconds: float) -> str:
        """Returns the last lines: where everything is, and what to do next."""
        files = {
            f"samples/step-{run.step:06d}.png": "the last sample grid",
            "export": "the generator, as a SavedModel that needs only TensorFlow",
            "checkpoints": "the states to resume the run from",
            "metrics.jsonl, tensorboard": "the losses",
            **self.files,
            **_evaluated(run),
        }
        path = run.folder.path
        begin = f"\nTrained to step {run.step} in {seconds:.0f} s. In {path} are"
        lines = [begin, *(f"  {name}: {what}" for name, what in files.items()), "Next:"]
        commands = (*self.commands, "tensorboard.main --logdir={folder}")
        lines += [_command(each, path) for each in commands]
        return "\n".join([*lines, *_cost(run.evaluation, seconds)])


def _evaluated(run):
    """Returns the names and descriptions of the best and the last checkpoint."""
    best = run.evaluation and run.evaluation.best()
    if not best:
        return {}
    last = run.evaluation.known(run.step).get(best.by, math.nan)
    return {
        "checkpoints": f"the last states; the last step has {best.by} {last:.4g}",
        "best": f"the checkpoint of {best.told()}, for --checkpoint=best",
    }


def _cost(evaluation, seconds):
    """Returns a line about the time of evaluations, if there were any."""
    if not evaluation or not evaluation.seconds:
        return []
    share = evaluation.seconds / max(seconds, evaluation.seconds)
    told = f"Evaluations took {evaluation.seconds:.0f} s, {share:.0%} of the time."
    advice = " Evaluate less often to stay below a tenth." if share > _MOST else ""
    return [told + advice]


def _command(text, path):
    """Returns a command to paste into the shell that started the run."""
    module = text.format(folder=shlex.quote(path))
    return f"  {shlex.quote(python())} -m {module}"


def python() -> str:
    """Returns the command of the interpreter for the shell, as short as possible."""
    if shutil.which("python") == sys.executable:
        return "python"
    return min(sys.executable, os.path.relpath(sys.executable), key=len)
