"""From the devices of a training to TensorFlow's strategy."""

import os

import tensorflow as tf

from launch.run import _devices
from launch.run import _meeting


def make(devices: _devices.Devices) -> tf.distribute.Strategy:
    """Returns the strategy; call it before anything else uses TensorFlow."""
    if devices.strategy == "none":
        return tf.distribute.get_strategy()
    if devices.strategy == "multi_worker":
        addresses = _devices.addresses(os.environ["TF_CONFIG"])
        _meeting.meet(addresses, devices.worker)
        return tf.distribute.MultiWorkerMirroredStrategy()
    names = _virtual(devices.num_virtual_devices)
    if names is None and tf.config.list_logical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    one_device = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(names, cross_device_ops=one_device)


def _virtual(count):
    """The names of as many parts of the CPU."""
    if count is None:
        return None
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)
    return [f"CPU:{index}" for index in range(count)]
