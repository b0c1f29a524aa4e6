"""Infinite batches of arrays and `PyDataset`s, in an order that a seed determines."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from tfgan_tricks.data import _options


class Endless(NamedTuple):
    """An infinite dataset of batches, one epoch after the other.

    Attributes:
        batches: A `tf.data.Dataset`.
        per_epoch: Number of batches in an epoch.
    """

    batches: tf.data.Dataset
    per_epoch: int


def of_arrays(
    arrays: Any,
    batch_size: int,
    *,
    seed: int | None,
    first: Callable[[], int],
    drop_remainder: bool,
) -> Endless:
    """Returns batches of the examples of arrays.

    Args:
        arrays: Nested tensors with the same number of examples.
        batch_size: Number of examples in a batch.
        seed: Integer seed of the order in each epoch. `None` keeps the order.
        first: Function that returns the number of the first batch. It is called when
            an iteration over the dataset starts.
        drop_remainder: If `True`, an epoch contains only full batches.
    """
    count = len(tf.nest.flatten(arrays)[0])
    per_epoch = count // batch_size if drop_remainder else -(-count // batch_size)
    with tf.device("CPU:0"):  # By default constants go to a GPU, far from the pipeline.
        arrays = tf.nest.map_structure(tf.constant, arrays)

    def gather(rows):
        return tf.nest.map_structure(lambda array: tf.gather(array, rows), arrays)

    def rows_of(epoch):
        rows = tf.data.Dataset.from_tensor_slices(_order(count, seed, epoch))
        return rows.batch(batch_size, drop_remainder=drop_remainder)

    return Endless(_from(first, per_epoch, rows_of).map(gather), per_epoch)


def of_py_dataset(
    batches: Any, *, seed: int | None, first: Callable[[], int]
) -> Endless:
    """Returns the batches of a `keras.utils.PyDataset`; see `of_arrays`."""
    count = len(batches)
    structure = batches[0]
    specs = [_spec(part) for part in tf.nest.flatten(structure)]

    def read(index):
        def parts(index):
            return [*tf.nest.flatten(batches[int(index)])]

        found = tf.numpy_function(parts, [index], [spec.dtype for spec in specs])
        for tensor, spec in zip(found, specs, strict=True):
            tensor.set_shape(spec.shape)
        return tf.nest.pack_sequence_as(structure, found)

    def indices_of(epoch):
        return tf.data.Dataset.from_tensor_slices(_order(count, seed, epoch))

    return Endless(_from(first, count, indices_of).map(read), count)


def _spec(part):
    part = tf.convert_to_tensor(part)
    return tf.TensorSpec([None, *part.shape[1:]], part.dtype)


def _order(count, seed, epoch):
    if seed is None:
        return tf.range(count)
    uniforms = tf.random.stateless_uniform([count], seed=[seed, epoch], alg="philox")
    return tf.argsort(uniforms, stable=True)


def _from(first, per_epoch, items_of):
    """Returns the items of all epochs, starting with number `first()`."""

    def starting_at(number):
        begun, done = number // per_epoch, number % per_epoch
        later = tf.data.Dataset.range(begun + 1, tf.int64.max).flat_map(items_of)
        return items_of(begun).skip(done).concatenate(later)

    start = tf.data.Dataset.from_generator(
        lambda: [first()], output_signature=tf.TensorSpec([], tf.int64)
    )
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    dataset = start.flat_map(starting_at).apply(endless)
    return dataset.with_options(_options.deterministic())
