import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import data

LABELS = np.array([0, 2, 2, 1, 0, 1, 2, 2, 0, 1, 2, 0])
SOURCE = data.Source(np.arange(12.0)[:, None], LABELS)


@pytest.mark.parametrize("per_class", [1, 3])
def test_a_subset_has_as_many_of_each_class_and_their_own_labels(per_class):
    subset = data.labeled_subset(SOURCE, per_class, seed=1)
    assert subset.labels.tolist() == sorted([0, 1, 2] * per_class)
    rows = subset.examples[:, 0].astype(int)
    assert len(set(rows)) == 3 * per_class
    np.testing.assert_array_equal(LABELS[rows], subset.labels)


def test_a_subset_follows_from_its_seed_and_every_example_has_its_chance():
    def rows(seed):
        return tuple(data.labeled_subset(SOURCE, 1, seed=seed).examples[:, 0])

    assert rows(3) == rows(3)
    drawn = [rows(seed) for seed in range(60)]
    assert {row for each in drawn for row in each} == set(range(12))


def first(per_class, batch_size=6, count=1, **kwargs):
    batches = data.semi_supervised_batches(
        SOURCE, batch_size, labels_per_class=per_class, **kwargs
    )
    return [
        (x.numpy()[:, 0], labeled.numpy()[:, 0], labels.numpy())
        for x, (labeled, labels) in batches.take(count)
    ]


@pytest.mark.parametrize(("per_class", "times"), [(1, 2), (2, 1)])
def test_few_labeled_examples_fill_a_batch_evenly(per_class, times):
    for _, labeled, labels in first(per_class, count=3):
        rows, counts = np.unique(labeled, return_counts=True)
        assert len(rows) == 3 * per_class and set(counts) == {times}
        np.testing.assert_array_equal(LABELS[labeled.astype(int)], labels)


def test_labeled_examples_that_do_not_divide_a_batch_come_up_alike():
    labeled = np.concatenate([each[1] for each in first(3, 4, count=90)])
    _, counts = np.unique(labeled, return_counts=True)
    assert len(counts) == 9 and counts.min() > 0.75 * counts.mean()


def test_all_examples_are_unlabeled_ones_in_the_order_of_batches():
    unlabeled = [each[0] for each in first(1, count=4, seed=5)]
    expected = data.batches(SOURCE, 6, seed=5).take(4)
    np.testing.assert_array_equal(unlabeled, [x.numpy()[:, 0] for x in expected])
    assert sorted(np.concatenate(unlabeled[:2])) == list(range(12))


def test_batches_continue_from_their_index():
    whole, later = first(2, count=5, seed=1), first(2, count=2, seed=1, start=3)
    for a, b in zip(whole[3:], later, strict=True):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(one, other)


def test_labels_and_order_have_seeds_of_their_own():
    one, other = first(1, seed=1, label_seed=1)[0], first(1, seed=1, label_seed=9)[0]
    np.testing.assert_array_equal(one[0], other[0])
    assert set(one[1]) != set(other[1])
    assert set(first(1, seed=2, label_seed=1)[0][1]) == set(one[1])


BAD_LABELS = {
    "fewer than examples": (LABELS[:6], r"\[12\].*Received: labels=int64 \[6\]"),
    "more than examples": (np.resize(LABELS, 13), r"Received: labels=int64 \[13\]"),
    "a column": (LABELS[:, None], r"Received: labels=int64 \[12, 1\]"),
    "one-hot": (np.eye(3)[LABELS], r"Received: labels=float64 \[12, 3\]"),
    "floats": (LABELS + 0.5, r"Received: labels=float64"),
    "texts": (LABELS.astype(str), "Received: labels=<U"),
    "below zero": (LABELS - 1, "at least 0. Received: labels from -1 to 1"),
    "without a name": (LABELS + 1, "from 0 to 2. Received: labels from 1 to 3"),
    "none": (None, "Received"),
    "empty": (LABELS[:0], "Received: source.labels="),
}


@pytest.mark.parametrize("labels, match", BAD_LABELS.values(), ids=BAD_LABELS)
def test_labels_that_do_not_fit_are_refused_at_the_call(labels, match):
    names = ("a", "b", "c") if "from 1 to 3" in match else ()
    source = data.Source(SOURCE.examples, labels, label_names=names)
    with pytest.raises(ValueError, match=match):
        data.semi_supervised_batches(source, 4, labels_per_class=1)
    if labels is None or len(labels):
        with pytest.raises(ValueError, match="Received"):
            data.batches(source, 4, with_labels=True)
    assert data.batches(source, 4).element_spec.shape == (4, 1)


def test_labels_of_any_integers_become_int64():
    for labels in (LABELS.tolist(), LABELS.astype("uint8"), LABELS.astype("int32")):
        source = data.Source(SOURCE.examples, labels)
        batches = data.semi_supervised_batches(source, 4, labels_per_class=1)
        assert batches.element_spec[1][1].dtype == "int64"
        subset = data.labeled_subset(source, 2)
        np.testing.assert_array_equal(
            LABELS[subset.examples[:, 0].astype(int)], subset.labels
        )


@pytest.mark.parametrize("batch_size", [0, -3, 1.5, 13, None])
def test_batch_sizes_that_cannot_be(batch_size):
    with pytest.raises(ValueError, match=f"Received: batch_size={batch_size}"):
        data.semi_supervised_batches(SOURCE, batch_size, labels_per_class=1)


@pytest.mark.parametrize("batch_size", range(1, 13))
@pytest.mark.parametrize("per_class", [1, 2, 3])
def test_every_batch_size_has_labels(batch_size, per_class):
    for _, labeled, labels in first(per_class, batch_size, count=5):
        assert labeled.shape == labels.shape == (batch_size,)


def test_there_is_no_end():
    dataset = data.semi_supervised_batches(SOURCE, 4, labels_per_class=1)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


@pytest.mark.parametrize(
    ("source", "per_class"), [(SOURCE, 4), (SOURCE, 0), (data.Source(np.eye(3)), 1)]
)
def test_bad_arguments(source, per_class):
    with pytest.raises(ValueError, match="Received: "):
        data.labeled_subset(source, per_class)


@pytest.mark.parametrize("batch_size", [2**31, 10**15, 10**30])
def test_a_batch_larger_than_the_data_is_refused_before_labels_are_repeated(batch_size):
    source = data.Source(np.zeros([8, 2]), np.array([0, 1] * 4))
    with pytest.raises(ValueError, match="`batch_size` must be at most the 8 examples"):
        data.semi_supervised_batches(source, batch_size, labels_per_class=1)
