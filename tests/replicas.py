"""Two replicas on one CPU: a process may have one strategy, so scripts ask for it."""

import json
import pathlib
import subprocess
import sys

import tensorflow as tf

REDUCTION = tf.distribute.ReductionToOneDevice()


def two_replicas(cross_device_ops=REDUCTION):
    """A strategy; `None` exchanges by collectives, as several GPUs do."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops)


def printed_by(script):
    """The JSON in the last line that a script prints, in a process of its own."""
    return printed_by_each(script)[0]


def printed_by_each(*scripts):
    """What several scripts print, which run at the same time."""
    root = pathlib.Path(__file__).parents[1]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=root, text=True, stdout=subprocess.PIPE
        )
        for script in scripts
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(scripts)
    return [json.loads(output.splitlines()[-1]) for output in outputs]
