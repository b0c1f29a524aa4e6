"""Infinite batches, each of which depends on its index only."""

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks._unit_range import to_unit_range
from tfgan_tricks.data import _options
from tfgan_tricks.data import _source
from tfgan_tricks.data._picture_data import PictureFiles
from tfgan_tricks.data._source import Source

_NUM_PARALLEL_CALLS = 2
_PREFETCH = 2


def batches(
    source_or_array: Source | np.ndarray,
    batch_size: int,
    *,
    seed: int = 0,
    start: int = 0,
    with_labels: bool = False,
) -> tf.data.Dataset:
    """Returns an infinite dataset of shuffled batches.

    Batch i depends only on i and the seed, so a run that starts at any index sees the
    same batches as an uninterrupted run. Every epoch permutes the examples again, and
    drops those that do not fill a batch.

    Args:
        source_or_array: A `Source`, or an array `[N, ...]` of uint8 or floats.
        batch_size: Number of examples in a batch, from 1 to N.
        seed: Integer seed of the order of the examples.
        start: Index of the first batch, at least 0.
        with_labels: If `True`, elements are pairs of examples and labels.

    Returns:
        A `tf.data.Dataset` of float32 tensors `[batch_size, ...]`. uint8 is scaled to
        [-1, 1], floats are unchanged. Labels are int64 `[batch_size]`. The cardinality
        is infinite, so `fit` needs `steps_per_epoch`.

    Raises:
        ValueError: If an argument is out of range, or `with_labels` is `True` and there
            is not one integer label per example.

    >>> points = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> epoch = [batch.numpy() for batch in batches(points, 2).take(2)]
    >>> sorted(np.concatenate(epoch).ravel().tolist())
    [0.0, 1.0, 2.0, 3.0]
    >>> resumed = next(iter(batches(points, 2, start=1)))
    >>> bool((resumed.numpy() == epoch[1]).all())
    True
    """
    examples, labels = _parts(source_or_array, with_labels)
    _checks.positive_integer(batch_size=batch_size)
    _checks.integer(seed=seed, start=start)
    _checks.not_negative(start=start)
    if batch_size > len(examples):
        raise ValueError(
            f"`batch_size` must be at most the {len(examples)} examples available. "
            f"Received: batch_size={batch_size!r}"
        )
    dataset = _row_batches(len(examples), batch_size, seed, start)
    gather = tf.autograph.experimental.do_not_convert(_gather(examples, labels))
    dataset = dataset.map(gather, num_parallel_calls=_NUM_PARALLEL_CALLS)
    infinite = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    dataset = dataset.apply(infinite).prefetch(_PREFETCH)
    return dataset.with_options(_options.deterministic())


def _parts(source_or_array, with_labels):
    given = source_or_array
    source = given if isinstance(given, Source) else Source(given)
    if with_labels and source.labels is None:
        raise ValueError(
            "`with_labels` must be False for data without labels. Pass a `Source` with "
            "labels. Received: with_labels=True"
        )
    source = _source.checked(source if with_labels else source._replace(labels=None))
    return source.examples, source.labels


def _row_batches(num_examples, batch_size, seed, start):
    """Returns the rows `[batch_size]` of each batch, starting with batch `start`."""
    num_batches = num_examples // batch_size
    first_epoch, first_batch = divmod(start, num_batches)

    def epoch_rows(epoch):
        uniforms = tf.random.stateless_uniform(
            [num_examples], seed=[seed, epoch], alg="philox"
        )
        rows = tf.argsort(uniforms, stable=True)[: num_batches * batch_size]
        skipped = tf.where(epoch == first_epoch, first_batch, 0)
        rows = tf.reshape(rows, [num_batches, batch_size])[skipped:]
        return tf.data.Dataset.from_tensor_slices(rows)

    # AutoGraph would only cost time.
    epoch_rows = tf.autograph.experimental.do_not_convert(epoch_rows)
    return tf.data.Dataset.range(first_epoch, tf.int64.max).flat_map(epoch_rows)


def _gather(examples, labels):
    is_uint8 = examples.dtype == np.uint8
    with tf.device("CPU:0"):  # By default constants go to a GPU, far from the pipeline.
        if not isinstance(examples, PictureFiles):
            examples = tf.constant(examples, None if is_uint8 else tf.float32)
        labels = None if labels is None else tf.constant(labels)

    def gather(rows):
        in_files = isinstance(examples, PictureFiles)
        batch = examples.gather(rows) if in_files else tf.gather(examples, rows)
        batch = to_unit_range(batch) if is_uint8 else batch
        return batch if labels is None else (batch, tf.gather(labels, rows))

    return gather
