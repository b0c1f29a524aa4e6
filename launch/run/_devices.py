"""On which devices, and beside which other processes, a training runs."""

import json
import re
from typing import NamedTuple

_ADDRESS = re.compile(r"[^\s/]+:[1-9]\d{0,4}")
STRATEGIES = ("none", "mirrored", "multi_worker")


class WorkersLost(RuntimeError):
    """Another worker of a run has ended."""


class Devices(NamedTuple):
    """What decides how fast a training is, but not what it learns."""

    strategy: str = "none"
    num_virtual_devices: int | None = None
    worker: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this is the worker that writes and reports."""
        return self.worker == 0

    @property
    def has_others(self) -> bool:
        """Whether other processes take part."""
        return self.strategy == "multi_worker"


ONE = Devices()


def worker(text: str | None) -> int:
    """Returns the index of this worker by the content of `TF_CONFIG`.

    Raises:
        ValueError: If it does not tell the addresses of workers, and one of them.
    """
    try:
        entries = json.loads(text)
        workers, task = entries["cluster"]["worker"], entries["task"]
        known = task["type"] == "worker" and set(entries["cluster"]) == {"worker"}
        index, addresses = task["index"], all(map(_ADDRESS.fullmatch, workers))
        if known and addresses and type(index) is int and 0 <= index < len(workers):
            return index
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    raise ValueError(
        "`TF_CONFIG` must hold the addresses of all workers and the index of this one, "
        'as in {"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": '
        f'"worker", "index": 0}}}}, for several workers. Received: {text!r}'
    )


def addresses(text: str) -> list[tuple[str, int]]:
    """Returns host and port of each worker by a `TF_CONFIG` that is right."""
    workers = json.loads(text)["cluster"]["worker"]
    pairs = (address.rpartition(":") for address in workers)
    return [(host, int(port)) for host, _, port in pairs]
