"""Training programs in separate processes, forked from one that imports everything.

TensorFlow takes ten seconds to import, and its runtime starts with the first tensor.
Until then, a process can be forked.
"""

import json
import os
import subprocess
import sys
import time

from tests.launch.programs import ROOT

SCRIPT = """
import json
import os
import sys
from launch import _build
from launch import train

for line in sys.stdin:
    arguments, stderr = json.loads(line)
    child = os.fork()
    if child == 0:
        sink = os.open(os.devnull, os.O_WRONLY)
        log = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(sink, 1), os.dup2(log, 2)
        code = 70
        try:
            code = train.main([train.PROGRAM, *arguments])
        except SystemExit as end:
            code = end.code
        finally:
            sys.stderr.flush()
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Server:
    """Starts programs, one at a time, and tells how they end."""

    def __init__(self, folder):
        self.stderr = folder / "stderr"
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )

    def start(self, *flags):
        arguments = [f"--{flag}" for flag in flags]
        self.process.stdin.write(json.dumps([arguments, str(self.stderr)]) + "\n")
        self.child = int(self.process.stdout.readline())

    def send(self, number):
        """Sends a signal; a program that has just ended is still there to get it."""
        os.kill(self.child, number)

    def end(self):
        """Waits for the program; returns its exit code, below zero for a signal."""
        return int(self.process.stdout.readline())

    def run(self, *flags):
        self.start(*flags)
        return self.end()

    def errors(self):
        """Returns the program's lines on stderr, without TensorFlow's own lines."""
        lines = self.stderr.read_text().splitlines()
        return [line for line in lines if line.startswith(("tfgan-", "warning:"))]

    def close(self):
        self.process.communicate()


def wait_for(condition, seconds=120):
    """Waits until a condition holds; returns whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True
