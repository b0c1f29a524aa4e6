"""Two workers on this machine."""

import json
import os
import socket


def environments():
    """Returns an environment for each worker, with the `TF_CONFIG` of both."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    places = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    return [os.environ | {"TF_CONFIG": json.dumps(place)} for place in places]
