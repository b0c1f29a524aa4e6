"""From what users pass to `fit` to one element per training step."""

from typing import Any
from typing import NamedTuple

import tensorflow as tf


class Batch(NamedTuple):
    """Images, or latents, and what goes into the network with them."""

    images: tf.Tensor
    labels: tf.Tensor | None = None
    labelled: Any = None

    @property
    def inputs(self):
        """What a network takes."""
        return self.images if self.labels is None else [self.images, self.labels]

    def joined(self, other):
        """Both on axis 0."""
        images = tf.concat([self.images, other.images], axis=0)
        if self.labels is None:
            return self._replace(images=images)
        labels = tf.concat([self.labels, other.labels], axis=0)
        return self._replace(images=images, labels=labels)


def as_dataset(x, y, batch_size, shuffle_seed, drop_remainder=False):
    """`x` as a dataset of batches.

    Args:
        x: a `tf.data.Dataset`, returned as it is, or an array of images.
        y: an array of labels, or `None`.
        batch_size: of arrays; `None` means 32.
        shuffle_seed: of the shuffling of arrays; `False` does not shuffle them.
        drop_remainder: whether the last batch of arrays is dropped if it is not full.
    """
    if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
        return x
    if x is None or callable(getattr(x, "__next__", None)):
        raise ValueError(
            "`x` must be a `tf.data.Dataset` of batches or an array of images. "
            f"Received: x={x!r}"
        )
    dataset = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    if shuffle_seed is not False:
        dataset = dataset.shuffle(len(dataset), seed=shuffle_seed)
    return dataset.batch(batch_size or 32, drop_remainder=drop_remainder)


def check_divisible(dataset, replicas):
    """Raises `ValueError` unless each replica's share of a batch is as large.

    A step takes every k-th example of what a replica has, so that not even a step's
    batches joined may be shared out unevenly.
    """
    sizes = [spec.shape[0] for spec in tf.nest.flatten(dataset.element_spec)]
    if replicas > 1 and any(size is None or size % replicas for size in sizes):
        raise ValueError(
            f"`x` must hold batches of a set size, a multiple of {replicas}, which is "
            "the number of replicas: `dataset.batch(size, drop_remainder=True)`. "
            f"Received: sizes={sizes}"
        )


def regroup(dataset, batches_per_step):
    """Joins as many batches of `dataset` as one training step draws.

    What is left at the end for less than one step is dropped.

    Raises:
        ValueError: if the dataset holds fewer batches than that.
    """
    batches = int(dataset.cardinality())
    steps = batches // batches_per_step if batches > 0 else batches
    if steps == 0:
        raise ValueError(
            f"`x` must hold at least {batches_per_step} batches, which one training "
            f"step draws. Received: {batches} batches"
        )
    if batches_per_step == 1:
        return dataset
    size, is_static = _batch_size(dataset)
    regrouped = dataset.rebatch(
        batches_per_step * size, drop_remainder=is_static or steps < 0
    )
    if steps > 0:
        regrouped = regrouped.take(steps)
    if batches == tf.data.UNKNOWN_CARDINALITY:
        return regrouped
    # Keras warns at the end of a dataset whose length it was not told.
    return regrouped.apply(tf.data.experimental.assert_cardinality(steps))


def split(data, count, with_labels):
    """`count` batches, each of every `count`-th example of what `regroup` joined."""
    images, labels = data if isinstance(data, (tuple, list)) else (data, None)
    if with_labels and labels is None:
        raise ValueError(
            "`x` must hold pairs `(images, labels)`, since the networks take labels. "
            "Received: images only"
        )
    return [
        Batch(images[index::count], labels[index::count] if with_labels else None)
        for index in range(count)
    ]


def of_both(function, real, fake, joint):
    """A function's values of a real and a fake batch, by one call if `joint`."""
    if joint:
        return tf.split(function(real.joined(fake)), 2)
    return function(real), function(fake)


def one_per_update(batches, discriminator_steps):
    """A batch for each discriminator update, and one for the generator's.

    Where there are fewer, the last one serves again.
    """
    last = len(batches) - 1
    return [batches[min(index, last)] for index in range(discriminator_steps + 1)]


def _batch_size(dataset):
    """The number of examples in a batch, and whether every batch has as many."""
    static = tf.nest.flatten(dataset.element_spec)[0].shape[0]
    if static is not None:
        return static, True
    first = tf.nest.flatten(next(iter(dataset)))[0]
    return int(tf.shape(first)[0]), False
