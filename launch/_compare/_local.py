"""Runs cells in processes of this machine."""

import os
import time
from collections.abc import Generator
from collections.abc import Sequence
from typing import Any

from launch._compare import _processes
from launch._compare._outcomes import Outcome
from launch.run import _signals

_PAUSE = 0.05  # Seconds between looks at the processes.
_THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def environment(threads: int) -> dict[str, str]:
    """Returns the environment of a cell that may use some cores.

    Variables that the user has set keep their values.
    """
    return dict.fromkeys(_THREADS, str(threads)) | os.environ


def run(
    jobs: Sequence[Any], processes: int, threads: int | None = None
) -> Generator[tuple[Any, Outcome], None, None]:
    """Runs jobs, and yields each with its outcome when it has ended.

    A signal ends the running jobs before it is raised.

    Args:
        jobs: Every `Job`, started in this order.
        processes: Number of jobs at once.
        threads: Number of threads of each. `None` shares the cores of this machine.
    """
    share = max(1, cores() // processes) if threads is None else threads
    waiting = list(jobs)
    running: list[_processes.Running] = []
    with _signals.deferred():
        try:
            while waiting or running:
                _signals.release()
                while waiting and len(running) < processes:
                    job = waiting.pop(0)
                    running.append(_processes.Running(job, environment(share)))
                ended = [(one, outcome) for one in running if (outcome := one.poll())]
                for one, outcome in ended:
                    running.remove(one)
                    yield one.job, outcome
                if not ended:
                    time.sleep(_PAUSE)
        finally:
            _processes.end(running)
