"""Two replicas on one CPU: a process may have one strategy, so scripts ask for it."""

import atexit
import functools
import json
import pathlib
import subprocess
import sys
import tempfile

import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[1]
REDUCTION = tf.distribute.ReductionToOneDevice()
# TensorFlow takes seconds to import, and its runtime starts with the first tensor:
# before that, a process can be forked.
SERVER = """
import json
import os
import sys
import traceback
import trainers

def started(script, output):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return child

for line in sys.stdin:
    children = [started(*arguments) for arguments in json.loads(line)]
    print(json.dumps([os.waitpid(child, 0)[1] for child in children]), flush=True)
"""


def two_replicas(cross_device_ops=REDUCTION):
    """Returns a strategy; `None` exchanges by collectives, as several GPUs do."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops)


@functools.cache
def server():
    """Returns the process that processes of scripts are forked from."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    atexit.register(process.communicate)
    return process


def run(*scripts):
    """Runs several scripts at the same time, each in a process, and returns outputs."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [pathlib.Path(folder, str(index)) for index in range(len(scripts))]
        pairs = [[script, str(o)] for script, o in zip(scripts, outputs, strict=True)]
        server().stdin.write(json.dumps(pairs) + "\n")
        assert json.loads(server().stdout.readline()) == [0] * len(scripts)
        return [output.read_text() for output in outputs]


def printed_by(script):
    """Runs a script in a process, and returns the JSON of its last line."""
    return printed_by_each(script)[0]


def printed_by_each(*scripts):
    """Runs several scripts at the same time, and returns the JSON of the last lines."""
    return [json.loads(output.splitlines()[-1]) for output in run(*scripts)]
