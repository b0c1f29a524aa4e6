"""Datasets whose elements contain the batches of one training step."""

import tensorflow as tf

from trainers._step_data import StepData


def grouped(dataset: tf.data.Dataset, count: int) -> tf.data.Dataset:
    """Returns a dataset of `StepData` with `count` batches each, or of single batches.

    Batches at the end that do not fill a step are dropped. Batches are not joined,
    since they may differ in size.
    """
    if count == 1:
        return dataset
    spec = dataset.element_spec
    blank = tf.nest.map_structure(_blank, spec)

    def collect(state, batch):
        position, held = state
        held = (*held[1:], batch)
        return ((position + 1) % count, held), (position + 1 == count, held)

    def as_step_data(_, held):
        return StepData(tuple(_with_shapes(batch, spec) for batch in held))

    start = tf.constant(0), (blank,) * count
    steps = dataset.scan(start, collect).filter(lambda is_full, _: is_full)
    steps = steps.map(as_step_data).prefetch(1)
    length = int(dataset.cardinality())
    if length == tf.data.UNKNOWN_CARDINALITY:
        return steps
    length = length // count if length > 0 else length
    return steps.apply(tf.data.experimental.assert_cardinality(length))


def _blank(spec):
    """Returns an empty tensor, the placeholder of a batch."""
    return tf.zeros([size or 0 for size in spec.shape], spec.dtype)


def _with_shapes(batch, specs):
    return tf.nest.map_structure(
        lambda tensor, spec: tf.ensure_shape(tensor, spec.shape), batch, specs
    )
