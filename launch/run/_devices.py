"""The devices of a run, and the workers that it has."""

import contextlib
import json
import re
import socket
import time
from typing import NamedTuple

_ADDRESS = re.compile(r"[^\s/]+:[1-9]\d{0,4}")
_WORD = b"tfgan_tricks: all are here"
_PAUSE = 0.2  # Seconds between attempts.
STRATEGIES = ("none", "mirrored", "multi_worker")


class WorkersLost(RuntimeError):
    """Another worker of a run has ended."""


class Devices(NamedTuple):
    """Devices of a run, which change its speed but not its results."""

    strategy: str = "none"
    num_virtual_devices: int | None = None
    worker: int = 0

    @property
    def is_chief(self) -> bool:
        """`True` if this worker writes to the run folder and reports."""
        return self.worker == 0

    @property
    def has_others(self) -> bool:
        """`True` if the run has several workers."""
        return self.strategy == "multi_worker"


ONE = Devices()


def worker(text: str | None) -> int:
    """Returns the index of this worker in the content of `TF_CONFIG`.

    Raises:
        ValueError: If the content does not have the addresses of all workers and the
            index of this worker.
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
        "`TF_CONFIG` must contain the addresses of all workers and the index of this "
        'worker, such as {"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": '
        f'{{"type": "worker", "index": 0}}}}. Received: {text!r}'
    )


def addresses(text: str) -> list[tuple[str, int]]:
    """Returns the host and port of each worker in a valid `TF_CONFIG`."""
    workers = json.loads(text)["cluster"]["worker"]
    pairs = (address.rpartition(":") for address in workers)
    return [(host, int(port)) for host, _, port in pairs]


def meet(addresses: list[tuple[str, int]], index: int) -> None:
    """Waits until all workers have started.

    TensorFlow would wait by itself, but without running Python and after replacing the
    handler of SIGTERM. SIGTERM could not end a worker that waits there.
    """
    if len(addresses) == 1:
        return
    if index == 0:
        _wait_for(len(addresses) - 1, addresses[0][1])
    else:
        while not _is_told(addresses[0], index):
            time.sleep(_PAUSE)


def _wait_for(count, port):
    """Waits for `count` other workers, then tells them that all have come."""
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
                    here[name] = guest  # The last one, if a worker was restarted.
        for guest in here.values():
            with contextlib.suppress(OSError):
                guest.sendall(_WORD)


def _is_told(address, index):
    """Connects to the first worker; returns `True` once all workers have."""
    try:
        with socket.create_connection(address, timeout=_PAUSE) as host:
            host.sendall(f"{index:16d}".encode())
            host.settimeout(None)
            return host.recv(len(_WORD), socket.MSG_WAITALL) == _WORD
    except OSError:
        return False
