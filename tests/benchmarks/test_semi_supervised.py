"""The details of the authors' code in the benchmark of few labels."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import _few_labels
from benchmarks import semi_supervised
from tfgan_tricks import _compat
from tfgan_tricks import data

LABELS = np.random.default_rng(2).integers(0, 10, 300)
SOURCE = data.Source(np.arange(300.0)[:, None], LABELS)
CONFIG = {
    "dataset": "digits8",
    "labels": 20,
    "label_draw": "authors",
    "permutations": "own",
    "draw": 3,
}


def test_examples_of_tensorflow_datasets_have_their_original_numbers():
    hashing = pytest.importorskip("tensorflow_datasets.core.hashing")
    numbers = _few_labels.original_numbers(50, "test")
    assert sorted(numbers) == list(range(50))
    hashes = [hashing.Hasher("test").hash_key(int(number)) for number in numbers]
    assert hashes == sorted(hashes)


def test_labels_are_the_first_of_each_class_in_a_permutation_of_the_original_order():
    numbers = np.random.default_rng(5).permutation(300)
    row_of = {number: row for row, number in enumerate(numbers)}
    expected = {k: [] for k in range(10)}
    for number in np.random.RandomState(7).permutation(300):
        row = row_of[number]
        if len(expected[LABELS[row]]) < 4:
            expected[LABELS[row]].append(row)
    rows = _few_labels.labeled_rows(LABELS, numbers, 4, seed=7)
    assert rows.tolist() == [row for k in range(10) for row in expected[k]]


def of_player(index, batches):
    """Returns the unlabeled and the labeled examples of one of two networks."""
    chosen = batches[index::2]
    unlabeled = [images.numpy()[:, 0].tolist() for images, _ in chosen]
    labeled = [images.numpy()[:, 0].tolist() for _, (images, _) in chosen]
    return unlabeled, labeled


def test_each_network_has_its_own_permutation_and_every_label_equally_often():
    from_number = semi_supervised.batches(CONFIG, SOURCE, batches_per_step=2)
    batches = list(from_number(0).take(12))
    subset = semi_supervised.labeled_examples(CONFIG, SOURCE)
    assert np.bincount(subset.labels).tolist() == [2] * 10
    wanted = sorted(np.repeat(subset.examples[:, 0], 5).tolist())
    orders = [of_player(index, batches) for index in range(2)]
    for unlabeled, labeled in orders:
        for epoch in (unlabeled[:3], unlabeled[3:]):
            assert sorted(sum(epoch, [])) == list(range(300))
        assert unlabeled[0] != unlabeled[3]
        assert [sorted(each) for each in labeled] == [wanted] * 6
        assert labeled[0] != labeled[1]
    assert orders[0][0][0] != orders[1][0][0]
    for images, (_, labels) in batches[:2]:
        assert images.dtype == "float32" and labels.shape == (100,)
    (later,) = from_number(8).take(1)
    np.testing.assert_array_equal(later[0], batches[8][0])
    np.testing.assert_array_equal(later[1][0], batches[8][1][0])


def test_a_shared_permutation_alternates_between_the_networks():
    config = CONFIG | {"permutations": "shared"}
    batches = semi_supervised.batches(config, SOURCE, batches_per_step=2)(0)
    one, other = (of_player(index, list(batches.take(6)))[0] for index in range(2))
    assert sorted(sum(one[:2], []) + other[0]) == list(range(300))


@pytest.mark.skipif(not _compat.KERAS_3, reason="The benchmark needs Keras 3.")
def test_adam_with_epsilon_under_the_root_equals_its_formula():
    numbers = np.random.default_rng(1)
    start = numbers.normal(size=(3, 4))
    # Some are so small that epsilon decides.
    scales = 10.0 ** -np.arange(2.0, 6.0)
    layer = keras.layers.Layer()
    weight = layer.add_weight(shape=(3, 4), initializer="zeros")
    weight.assign(start)
    optimizer = _few_labels.AdamUnderRoot(0.03, beta_1=0.5, epsilon=1e-8)
    step = tf.function(lambda gradient: optimizer.apply([gradient], [weight]))
    optimizer.build([weight])
    expected, mean, square = start, 0.0, 0.0
    for t in range(1, 9):
        gradient = numbers.normal(size=(3, 4)) * scales
        step(tf.constant(gradient, tf.float32))
        mean = 0.5 * mean + 0.5 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        root = np.sqrt(square / (1 - 0.999**t) + 1e-8)
        expected = expected - 0.03 * mean / (1 - 0.5**t) / root
        np.testing.assert_allclose(weight, expected, atol=2e-5)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again) is _few_labels.AdamUnderRoot and again.epsilon == 1e-8


@pytest.mark.parametrize(("step", "expected"), [(0, [0.0, 0.0]), (7, [3.0, 4.0])])
def test_the_average_starts_from_zero_at_the_first_step_only(step, expected):
    weights = [tf.Variable([3.0, 4.0])]
    average = types.SimpleNamespace(trainable_weights=weights)
    callback = _few_labels.AverageFromZero()
    model = types.SimpleNamespace(step=tf.Variable(step), ema_discriminator=average)
    callback.set_model(model)
    callback.on_train_begin()
    np.testing.assert_array_equal(weights[0], expected)
