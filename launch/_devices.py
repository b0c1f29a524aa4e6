"""On which devices, and beside which other processes, a training runs."""

import json
import os
from typing import NamedTuple

from tfgan_tricks import _checks

STRATEGIES = ("none", "mirrored", "multi_worker")


class Devices(NamedTuple):
    """What decides how fast a training is, but not what it learns."""

    strategy: str = "none"
    num_virtual_devices: int | None = None
    worker: int = 0

    @property
    def is_chief(self):
        """Whether this is the worker that writes and reports."""
        return self.worker == 0

    @property
    def has_others(self):
        """Whether other processes take part."""
        return self.strategy == "multi_worker"


ONE = Devices()


def from_flags(flags):
    """The `Devices` that flags, and for several workers `TF_CONFIG`, ask for.

    Raises:
        ValueError: If there can be no such devices.
    """
    strategy, count = flags.strategy, flags.num_virtual_devices
    if strategy not in STRATEGIES:
        raise _checks.unknown_name("strategy", strategy, STRATEGIES)
    if count is not None:
        _checks.positive_integer(num_virtual_devices=count)
        if strategy != "mirrored":
            raise ValueError(
                "`num_virtual_devices` needs --strategy=mirrored. "
                f"Received: num_virtual_devices={count} with strategy={strategy!r}"
            )
    if strategy != "multi_worker":
        return Devices(strategy, count)
    if not flags.workdir:
        raise ValueError(
            "`workdir` must be given, and be the same folder for all workers, with "
            "--strategy=multi_worker. Received: workdir=None"
        )
    return Devices(strategy, None, _worker(os.environ.get("TF_CONFIG")))


def _worker(text):
    """The index of this worker by `TF_CONFIG`."""
    try:
        entries = json.loads(text)
        workers, task = entries["cluster"]["worker"], entries["task"]
        known = task["type"] == "worker" and set(entries["cluster"]) == {"worker"}
        if known and task["index"] in range(len(workers)):
            return task["index"]
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError(
        "`TF_CONFIG` must hold the addresses of all workers and the index of this one, "
        'as in {"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": '
        f'"worker", "index": 0}}}}, with --strategy=multi_worker. Received: {text!r}'
    )
