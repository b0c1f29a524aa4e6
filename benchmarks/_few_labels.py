"""Details of the authors' code for MNIST with few labels."""

import hashlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_tricks import data


def original_numbers(count: int, split: str) -> np.ndarray:
    """Returns the number in the original file of each example of TensorFlow Datasets.

    TensorFlow Datasets stores the examples of MNIST in the order of a hash of these
    numbers.
    """
    hashes = [hashlib.md5(f"{split}{i}".encode()).digest() for i in range(count)]
    return np.array(sorted(range(count), key=hashes.__getitem__))


def labeled_rows(
    labels: np.ndarray, numbers: np.ndarray, labels_per_class: int, seed: int
) -> np.ndarray:
    """Returns the rows of the examples that keep their labels.

    They are the first ones of each class in a random permutation of the original order.

    Args:
        labels: Labels of all examples.
        numbers: Number of each example in the original order.
        labels_per_class: Number of examples of each class.
        seed: Seed of the draw, `--seed_data` of the authors' program.
    """
    original = np.argsort(numbers)
    shuffled = original[np.random.RandomState(seed).permutation(len(labels))]
    by_class = [shuffled[labels[shuffled] == k] for k in np.unique(labels)]
    return np.concatenate([rows[:labels_per_class] for rows in by_class])


def player_batches(
    examples: np.ndarray, labeled: data.Source, batch_size: int, seed: int, start: int
) -> tf.data.Dataset:
    """Returns the batches of one player, which permute all examples in each epoch.

    A batch contains each labeled example equally often if their number divides the
    batch size.

    Args:
        examples: All examples.
        labeled: The labeled examples, at least as many as classes.
        batch_size: Number of unlabeled and of labeled examples in a batch.
        seed: Seed of both permutations.
        start: Number of the first batch.
    """
    count = len(labeled.labels)
    rows = np.resize(np.arange(count), -(-batch_size // count) * count)
    repeated = data.Source(labeled.examples[rows], labeled.labels[rows])
    options = {"seed": seed, "start": start}
    pairs = (
        data.batches(examples, batch_size, **options),
        data.batches(repeated, batch_size, with_labels=True, **options),
    )
    return tf.data.Dataset.zip(pairs)


def alternating(*datasets: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the first elements of infinite datasets, then the second ones, and on."""
    turns = tf.data.Dataset.range(len(datasets)).repeat()
    return tf.data.Dataset.choose_from_datasets(datasets, turns)


@keras.saving.register_keras_serializable("tfgan_tricks_benchmarks")
class AdamUnderRoot(keras.optimizers.Adam):
    """Adam that adds epsilon under the root.

        w <- w - rate m / sqrt(v + epsilon)

    for the bias-corrected means m of gradients and v of their squares. Keras' Adam
    divides by sqrt(v) + epsilon', where epsilon' is also divided by the root of the
    bias correction of v. Its first steps for gradients of size 1e-4 are a thirtieth as
    long, for the epsilon' of 1e-4 that has the same effect later.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor
    ) -> None:
        index = self._get_variable_index(variable)
        mean, square = self._momentums[index], self._velocities[index]
        # Both means in one pass. With a rate of 0, the kernel leaves the variable.
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=mean.value.handle,
            v=square.value.handle,
            beta1_power=0.0,
            beta2_power=0.0,
            lr=0.0,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=1.0,
            grad=gradient,
        )
        step = tf.cast(self.iterations + 1, tf.float32)
        of_mean, of_square = (1.0 - beta**step for beta in (self.beta_1, self.beta_2))
        inverse = tf.math.rsqrt(square + self.epsilon * of_square)
        rate = tf.cast(learning_rate, tf.float32) * tf.sqrt(of_square) / of_mean
        variable.assign_sub(rate * (mean * inverse))


class AverageFromZero(keras.callbacks.Callback):
    """Starts the averaged discriminator from zeros, as the authors' code does.

    After as many steps as the average covers, its start does not matter.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        if not int(self.model.step.numpy()):
            for average in self.model.ema_discriminator.trainable_weights:
                average.assign(tf.zeros(average.shape))
