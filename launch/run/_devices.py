"""On which devices, and beside which other processes, a training runs."""

import contextlib
import json
import re
import socket
import time
from typing import NamedTuple

_ADDRESS = re.compile(r"[^\s/]+:[1-9]\d{0,4}")
_WORD = b"tfgan_tricks: all are here"
_PAUSE = 0.2  # Seconds from try to try.
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


def meet(addresses: list[tuple[str, int]], index: int) -> None:
    """Waits until all workers do, each at its address.

    TensorFlow's own meeting lets no Python run, and takes SIGTERM away before: a worker
    that waited there for another one could not be ended.
    """
    if len(addresses) == 1:
        return
    if index == 0:
        _wait_for(len(addresses) - 1, addresses[0][1])
    else:
        while not _is_told(addresses[0], index):
            time.sleep(_PAUSE)


def _wait_for(count, port):
    """Lets so many others come, then tells all of them that they have."""
    here: dict[bytes, socket.socket] = {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("", port)))
        server.settimeout(_PAUSE)
        while len(here) < count:
            with contextlib.suppress(OSError):
                guest, _ = server.accept()
                stack.enter_context(guest)
                guest.settimeout(_PAUSE)
                if name := guest.recv(16):
                    here[name] = guest  # One that comes again was started anew.
        for guest in here.values():
            with contextlib.suppress(OSError):
                guest.sendall(_WORD)


def _is_told(address, index):
    """Comes to the first worker; returns `True` once all have."""
    try:
        with socket.create_connection(address, timeout=_PAUSE) as host:
            host.sendall(f"{index:16d}".encode())
            host.settimeout(None)
            return host.recv(len(_WORD), socket.MSG_WAITALL) == _WORD
    except OSError:
        return False
