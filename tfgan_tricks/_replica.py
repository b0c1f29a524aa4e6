"""Batch statistics and noise of the global batch under `tf.distribute`."""

import contextlib
import threading
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

_thread = threading.local()


@contextlib.contextmanager
def each_for_itself() -> Iterator[None]:
    """Inside, a replica's batch is the global one: for a batch that all have alike."""
    outer, _thread.is_alone = getattr(_thread, "is_alone", False), True
    try:
        yield
    finally:
        _thread.is_alone = outer


def _context():
    """The replica context, or `None` where there is only one replica."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return None if getattr(_thread, "is_alone", False) else context


def global_mean(values: tf.Tensor, axis: Any = None) -> tf.Tensor:
    """The mean of `values` over `axis` (all) and the replicas; differentiable."""
    context = _context()
    if context is None:
        return tf.reduce_mean(values, axis)
    total = tf.reduce_sum(values, axis)
    count = tf.cast(tf.size(values) / tf.size(total), values.dtype)
    total, count = context.all_reduce(tf.distribute.ReduceOp.SUM, [total, count])
    return total / count


def gather(values: tf.Tensor) -> tf.Tensor:
    """`values` of all replicas, joined on axis 0 in replica order; differentiable."""
    context = _context()
    return values if context is None else context.all_gather(values, axis=0)


def _global_rows(local_rows):
    """How many rows the global batch has, and which of them is our first."""
    context = _context()
    if context is None:
        return local_rows, 0
    me = context.replica_id_in_sync_group
    rows = tf.one_hot(me, context.num_replicas_in_sync, dtype=tf.int32) * local_rows
    rows = context.all_reduce(tf.distribute.ReduceOp.SUM, rows)
    return tf.reduce_sum(rows), tf.cumsum(rows, exclusive=True)[me]


def _rows_of_global_draw(draw, shape, seed):
    rows, first = _global_rows(shape[0])
    values = draw([rows, *shape[1:]], seed=seed, alg="philox")
    return values if _context() is None else values[first : first + shape[0]]


def stateless_normal(shape: Sequence, seed: Any) -> tf.Tensor:
    """This replica's rows of a standard normal draw for the global batch."""
    return _rows_of_global_draw(tf.random.stateless_normal, shape, seed)


def stateless_uniform(shape: Sequence, seed: Any) -> tf.Tensor:
    """This replica's rows of a uniform draw in [0, 1) for the global batch."""
    return _rows_of_global_draw(tf.random.stateless_uniform, shape, seed)
