"""A meeting of all workers before TensorFlow's own.

TensorFlow waits for workers without letting Python run, and takes SIGTERM away before:
a worker that waited for another one could not be ended.
"""

import contextlib
import socket
import time

_WORD = b"tfgan_tricks: all are here"
_PAUSE = 0.2  # Seconds from try to try.


def meet(addresses: list[tuple[str, int]], index: int) -> None:
    """Waits until all workers do, each at its address."""
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
