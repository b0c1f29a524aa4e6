"""The TensorFlow strategy of a run, and this process's place among the workers."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from launch.run import _devices
from launch.run import _lock
from launch.run import _signals


def strategy(devices: _devices.Devices) -> tf.distribute.Strategy:
    """Returns the strategy. Call it before anything else uses TensorFlow."""
    if devices.strategy == "none":
        return tf.distribute.get_strategy()
    if devices.strategy == "multi_worker":
        addresses = _devices.addresses(os.environ["TF_CONFIG"])
        _devices.meet(addresses, devices.worker)
        return tf.distribute.MultiWorkerMirroredStrategy()
    names = _virtual(devices.num_virtual_devices)
    if names is None and tf.config.list_logical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    one_device = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(names, cross_device_ops=one_device)


def _virtual(count):
    """Creates virtual CPU devices and returns their names, or `None` for `None`."""
    if count is None:
        return None
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)
    return [f"CPU:{index}" for index in range(count)]


class Workers:
    """The place of this process among the workers of a strategy."""

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self.num_replicas = strategy.num_replicas_in_sync
        resolver = strategy.cluster_resolver
        cluster = resolver.cluster_spec().as_dict() if resolver else {}
        self.has_others = bool(cluster)
        first = "chief" if "chief" in cluster else "worker"
        place = (resolver.task_type, resolver.task_id) if cluster else (first, 0)
        self.is_chief = place == (first, 0)

    def check(
        self,
        batch_size: int | None,
        rollbacks: int,
        evaluate_every: int = 0,
        packing: int = 1,
    ) -> None:
        """Raises `ValueError` for arguments that do not fit several replicas."""
        shares = self.num_replicas * packing
        if batch_size is not None and batch_size % shares:
            told = f"the {self.num_replicas} replicas"
            if packing > 1:
                told = f"{shares}, the number of replicas times `packing`"
            raise ValueError(
                f"`batch_size` must be a multiple of {told}. "
                f"Received: batch_size={batch_size}"
            )
        for name, value in (
            ("rollbacks", rollbacks),
            ("evaluate_every", evaluate_every),
        ):
            if value and self.has_others:
                raise ValueError(
                    f"`{name}` must be 0 with several workers. Received: {name}={value}"
                )

    @contextlib.contextmanager
    def output(self, path: str) -> Iterator[tuple[str, _lock.Held | None]]:
        """Yields the folder that this worker writes to, and the lock of the run folder.

        Saving needs every worker, so all except the first write to a temporary folder.
        """
        if self.is_chief:
            with _lock.held(path) as hold:
                yield path, hold
            return
        own = tempfile.mkdtemp(prefix="tfgan_tricks-")
        try:
            yield own, None
        finally:
            shutil.rmtree(own, ignore_errors=True)

    @contextlib.contextmanager
    def together(self, output: str) -> Iterator[None]:
        """Ends the block if another worker is lost, or on a signal while waiting.

        Raises:
            WorkersLost: If another worker has ended.
        """
        if not self.has_others:
            yield
            return

        def last_words(error):
            what, _ = _signals.words(error)
            print(f"\n{what} while waiting for another worker.", file=sys.stderr)
            if not self.is_chief:
                shutil.rmtree(output, ignore_errors=True)

        _signals.listen()
        try:
            with _signals.ended_while_waiting(last_words):
                yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
            raise _devices.WorkersLost("Another worker has ended") from error


def of(trainer: Any) -> Workers:
    return Workers(trainer.distribute_strategy)
