"""Two workers on this machine."""

import json
import os
import socket


def environments():
    """The environment of each, with a `TF_CONFIG` by which they find each other."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    places = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    return [os.environ | {"TF_CONFIG": json.dumps(place)} for place in places]
