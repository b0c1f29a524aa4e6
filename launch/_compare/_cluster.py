"""Runs cells on the machines of a Ray cluster, which share a file system."""

import os
import re
import socket
from collections.abc import Generator
from collections.abc import Sequence
from typing import Any

from launch._compare import _local
from launch._compare import _processes
from launch._compare._outcomes import CRASHED
from launch._compare._outcomes import Outcome
from launch.run import _signals

_PATIENCE = 10.0  # Seconds in which a cluster must answer.
_PAUSE = 0.5  # Seconds between looks at the cluster.


def run(
    jobs: Sequence[Any], address: str, per_machine: int
) -> Generator[tuple[Any, Outcome], None, None]:
    """Runs jobs as tasks of Ray, and yields each with its outcome.

    Ray decides where a job runs, and runs it again if its machine is lost.

    Args:
        jobs: The jobs.
        address: Address of the cluster, or "auto".
        per_machine: Number of jobs at once on the smallest machine.

    Raises:
        ValueError: If the cluster cannot be reached.
    """
    ray = _connected(address)
    try:
        yield from _run(ray, jobs, per_machine)
    finally:
        ray.shutdown()


def _connected(address):
    import ray

    try:
        _check_listens(address)
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split()).removesuffix(".")[:200]
        raise ValueError(
            f"`ray` must be the address of a running cluster: {reason}. "
            f"Received: ray={address!r}"
        ) from error
    _signals.listen()
    return ray


def _check_listens(address):
    """Raises an error if nothing listens at an address: Ray would wait for minutes."""
    host, _, port = address.rpartition(":")
    if re.fullmatch(r"[\w.-]+", host) and re.fullmatch(r"[0-9]{1,5}", port):
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


def _run(ray, jobs, per_machine):
    share, gpus = _share(ray, per_machine)
    task = ray.remote(num_cpus=share, num_gpus=gpus)(_run_there)
    pending = {task.remote(job, os.getcwd(), share): job for job in jobs}
    with _signals.deferred():
        try:
            while pending:
                _signals.release()
                ended, _ = ray.wait(list(pending), timeout=_PAUSE)
                for reference in ended:
                    yield pending.pop(reference), _outcome(ray, reference)
        finally:
            for reference in pending:
                ray.cancel(reference)
            if pending:
                ray.wait(
                    list(pending), num_returns=len(pending), timeout=_processes.GRACE
                )


def _share(ray: Any, per_machine: int) -> tuple[int, int]:
    """Returns the numbers of cores and of GPUs of each job."""
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores = min((m["CPU"] for m in machines if m.get("CPU")), default=1)
    has_gpus = any(machine.get("GPU") for machine in machines)
    return max(1, int(cores) // per_machine), int(has_gpus)


def _outcome(ray: Any, reference: Any) -> Outcome:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        return Outcome(CRASHED, f"the machine was lost: {reason}")


def _run_there(job: Any, folder: str, threads: int) -> Outcome:
    """Runs one job on the machine that Ray has chosen."""
    os.chdir(folder)
    ((_, outcome),) = _local.run([job], 1, threads)
    return outcome
