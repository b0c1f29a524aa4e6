"""Data for semi-supervised learning, with labels for few examples only."""

import numpy as np
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks.data import _source
from tfgan_tricks.data._batches import batches
from tfgan_tricks.data._source import Source


def labeled_subset(source: Source, labels_per_class: int, *, seed: int = 0) -> Source:
    """Draws a number of examples of each class at random.

    Args:
        source: A `Source` with labels.
        labels_per_class: Number of examples of each class, at least 1.
        seed: Integer seed of the draw.

    Returns:
        A `Source` in the order of the classes.

    Raises:
        ValueError: If there is not one integer label per example, or a class has fewer
            examples.

    >>> source = Source(np.arange(6.0)[:, None], np.array([0, 1, 0, 1, 0, 1]))
    >>> labeled_subset(source, 2).labels
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
            f"`labels_per_class` must be at most {counts.min()}, the number of "
            f"examples of class {classes[counts.argmin()]}. "
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
    """Returns an infinite dataset for `SemiSupervisedGAN`.

    All examples serve as unlabeled examples. `labeled_subset` draws the labeled
    examples, which are repeated if they are fewer than a batch.

    Args:
        source: A `Source` with labels.
        batch_size: Number of unlabeled and number of labeled examples in a batch.
        labels_per_class: Number of labels of each class to use, at least 1.
        label_seed: Integer seed that determines which labels are used.
        seed: Integer seed of the order of the examples.
        start: Index of the first batch, at least 0.

    Returns:
        A `tf.data.Dataset` of `(examples, (labeled_examples, labels))` with infinite
        cardinality, see `batches`.

    Raises:
        ValueError: If an argument is out of range, if there is not one integer label
            per example, or if a class has fewer examples than `labels_per_class`.

    >>> source = Source(np.zeros([8, 2]), np.array([0, 1] * 4))
    >>> dataset = semi_supervised_batches(source, 4, labels_per_class=1)
    >>> examples, (labeled_examples, labels) = next(iter(dataset))
    >>> examples.shape, labeled_examples.shape, sorted(labels.numpy().tolist())
    (TensorShape([4, 2]), TensorShape([4, 2]), [0, 0, 1, 1])
    """
    unlabeled = batches(source, batch_size, seed=seed, start=start)
    labeled = labeled_subset(source, labels_per_class, seed=label_seed)
    labels = np.asarray(labeled.labels)
    repeated = np.resize(
        np.arange(len(labels)), -(-batch_size // len(labels)) * len(labels)
    )
    labeled = Source(labeled.examples[repeated], labels[repeated])
    return tf.data.Dataset.zip(
        (
            unlabeled,
            batches(labeled, batch_size, with_labels=True, seed=seed, start=start),
        )
    )
