"""Two replicas on one CPU: a process may have one strategy, so scripts ask for it."""

import json
import pathlib
import subprocess
import sys

import tensorflow as tf


def two_replicas():
    cpu = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    return tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
    )


def printed_by(script):
    """The JSON in the last line that a script prints, in a process of its own."""
    root = pathlib.Path(__file__).parents[1]
    command = [sys.executable, "-c", script]
    output = subprocess.check_output(command, cwd=root, text=True)
    return json.loads(output.splitlines()[-1])
