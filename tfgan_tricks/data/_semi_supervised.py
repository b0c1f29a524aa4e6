"""Labels for a few examples only, as in semi-supervised learning."""

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.data import _source
from tfgan_tricks.data._batches import batches
from tfgan_tricks.data._source import Source


def labelled_subset(source: Source, labels_per_class: int, *, seed: int = 0) -> Source:
    """As many examples of each class as asked for, drawn at random by a seed.

    Args:
        source: a `Source` with labels.
        labels_per_class: how many of each class, at least 1.
        seed: an integer; which examples are drawn follows from it alone.

    Returns:
        A `Source`, in the order of the classes.

    Raises:
        ValueError: if there are no labels, they are not one integer for each example,
            or a class has fewer examples.

    >>> source = Source(np.arange(6.0)[:, None], np.array([0, 1, 0, 1, 0, 1]))
    >>> labelled_subset(source, 2).labels
    array([0, 0, 1, 1])
    """
    _checks.positive_integer(labels_per_class=labels_per_class)
    _checks.integer(seed=seed)
    if source.labels is None or not len(source.labels):
        raise ValueError(
            f"`source` must have labels. Received: source.labels={source.labels!r}"
        )
    source = _source.checked(source)
    labels = np.asarray(source.labels)
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < labels_per_class:
        raise ValueError(
            f"`labels_per_class` must be at most {counts.min()}, of which class "
            f"{classes[counts.argmin()]} has no more. "
            f"Received: labels_per_class={labels_per_class!r}"
        )
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = [shuffled[labels[shuffled] == c][:labels_per_class] for c in classes]
    rows = np.concatenate(by_class)
    return source._replace(examples=source.examples[rows], labels=labels[rows])


def semi_supervised_batches(
    source: Source,
    batch_size: int,
    *,
    labels_per_class: int,
    label_seed: int = 0,
    seed: int = 0,
    start: int = 0,
) -> tf.data.Dataset:
    """Endless batches for `SemiSupervisedGAN`: many unlabelled, few labelled examples.

    All examples serve as unlabelled ones. The labelled ones are those of
    `labelled_subset`; where they are fewer than a batch, each is repeated.

    Args:
        source: a `Source` with labels.
        batch_size: examples in a batch, of either kind.
        labels_per_class: how many labels of each class are used.
        label_seed: which labels are used follows from it alone.
        seed: of the order of the examples, as in `batches`.
        start: the index of the first batch, as in `batches`.

    Returns:
        A `tf.data.Dataset` of `(examples, (labelled_examples, labels))`, of infinite
        cardinality.

    Raises:
        ValueError: as `batches` and `labelled_subset`.

    >>> source = Source(np.zeros([8, 2]), np.array([0, 1] * 4))
    >>> dataset = semi_supervised_batches(source, 4, labels_per_class=1)
    >>> examples, (labelled_examples, labels) = next(iter(dataset))
    >>> examples.shape, labelled_examples.shape, sorted(labels.numpy().tolist())
    (TensorShape([4, 2]), TensorShape([4, 2]), [0, 0, 1, 1])
    """
    unlabelled = batches(source, batch_size, seed=seed, start=start)
    labelled = labelled_subset(source, labels_per_class, seed=label_seed)
    labels = np.asarray(labelled.labels)
    repeated = np.resize(
        np.arange(len(labels)), -(-batch_size // len(labels)) * len(labels)
    )
    labelled = Source(labelled.examples[repeated], labels[repeated])
    return tf.data.Dataset.zip(
        (
            unlabelled,
            batches(labelled, batch_size, with_labels=True, seed=seed, start=start),
        )
    )
