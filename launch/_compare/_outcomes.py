"""The ends of cells."""

from typing import NamedTuple

FINISHED, DIVERGED, CRASHED = "finished", "diverged", "crashed"
MISSING, REFUSED = "missing", "refused"  # Of cells that did not run.


class Outcome(NamedTuple):
    """The end of a cell: its state, the reason for a failure, and its time."""

    state: str
    reason: str = ""
    seconds: float = 0.0
