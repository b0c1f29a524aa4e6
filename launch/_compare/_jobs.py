"""A cell on any machine, and the commands that it still needs."""

import contextlib
import json
import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

from launch.run._folder import RECORD
from launch.run._folder import Folder

EVALUATION = "evaluation.json"
_CONFIG = "config.json"


class Job(NamedTuple):
    """A cell as another process or machine needs it.

    Attributes:
        name: Name of the cell.
        folder: Its run folder.
        log: File for the output of its commands.
        flags: Flags of `launch.train`, except those about the folder.
        steps: Number of steps of the run.
        todo: Functions by name, asked one after the other for their commands.
    """

    name: str
    folder: str
    log: str
    flags: tuple[str, ...]
    steps: int
    todo: Mapping[str, "Step"]

    @property
    def is_begun(self) -> bool:
        """`True` if the run can be resumed."""
        return os.path.isfile(os.path.join(self.folder, _CONFIG))

    @property
    def is_trained(self) -> bool:
        """`True` if the last checkpoint and the export are complete."""
        run = Folder(self.folder)
        return run.last_step() >= self.steps and run.exported_step() == run.last_step()

    @property
    def is_evaluated(self) -> bool:
        """`True` if the folder has an evaluation of the last step."""
        try:
            with open(os.path.join(self.folder, EVALUATION), "rb") as file:
                return json.load(file)["step"] == Folder(self.folder).last_step()
        except (KeyError, OSError, TypeError, ValueError, RecursionError):
            return False

    @property
    def is_complete(self) -> bool:
        """`True` if no step has a command left."""
        return all(step(self) is None for step in self.todo.values())

    def start(self) -> list[str]:
        """Returns the arguments of the interpreter that start the run."""
        return ["-m", "launch.train", *self.flags, f"--workdir={self.folder}"]

    def training(self) -> list[str]:
        """Returns the arguments of the interpreter that start or resume the run."""
        return [*self.start(), "--resume"] if self.is_begun else self.start()

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Yields the name and the arguments of the interpreter for each step to do.

        A step is judged only after the commands before it have ended.
        """
        if not self.is_begun:  # A run may have been killed before its files were whole.
            with contextlib.suppress(OSError):
                os.remove(os.path.join(self.folder, RECORD))
        for name, step in self.todo.items():
            arguments = step(self)
            if arguments is not None:
                yield name, arguments


def train(job: Job) -> list[str] | None:
    """Returns the arguments that train, or `None` for a trained run."""
    return None if job.is_trained else job.training()


def evaluate(job: Job) -> list[str] | None:
    """Returns the arguments that evaluate, or `None` if there is nothing to do."""
    if job.is_evaluated:
        return None
    return ["-m", "launch.evaluate", f"--workdir={job.folder}"]


Step = Callable[[Job], list[str] | None]
STEPS: dict[str, Step] = {"train": train, "evaluate": evaluate}
