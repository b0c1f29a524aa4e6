"""From the devices of a training to TensorFlow's strategy."""

import contextlib

import tensorflow as tf


def make(devices):
    """The `tf.distribute.Strategy`; call it before anything else uses TensorFlow."""
    if devices.strategy == "none":
        return tf.distribute.get_strategy()
    if devices.strategy == "multi_worker":
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


@contextlib.contextmanager
def loss_of_workers():
    """Turns TensorFlow's error when another worker ends into a `ConnectionError`."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        raise ConnectionError("Another worker has ended") from error
