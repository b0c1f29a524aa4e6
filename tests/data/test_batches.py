import time

import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import data

POINTS = np.arange(10, dtype="float32")


def rows(num_batches, batch_size=3, **kwargs):
    """Returns the examples in each of the first batches of 0, 1, ..., 9."""
    batches = data.batches(POINTS, batch_size, **kwargs).take(num_batches)
    return [batch.tolist() for batch in batches.as_numpy_iterator()]


def epochs(num_epochs, **kwargs):
    """Returns epochs of three batches of three, which leave out one of ten examples."""
    batches = rows(3 * num_epochs, **kwargs)
    return [sum(batches[i : i + 3], []) for i in range(0, len(batches), 3)]


@pytest.mark.parametrize("start", [0, 1, 2, 3, 7, 9])
def test_starting_late_equals_skipping(start):
    assert rows(8, seed=5, start=start) == rows(8 + start, seed=5)[start:]


def test_starting_very_late_costs_nothing():
    start = time.monotonic()
    rows(1, start=3 * 10**12 + 2)
    assert time.monotonic() - start < 5


def test_an_epoch_has_each_example_at_most_once_and_drops_the_remainder():
    for epoch in epochs(20):
        assert len(set(epoch)) == 9


def test_an_epoch_has_every_example_where_the_batch_size_divides_them():
    batches = rows(6, batch_size=5)
    for first, second in zip(batches[::2], batches[1::2], strict=True):
        assert sorted(first + second) == POINTS.tolist()


def test_each_epoch_has_another_order_and_leaves_out_another_example():
    orders = epochs(100)
    assert len({tuple(order) for order in orders}) == 100
    left_out = {(set(POINTS) - set(order)).pop() for order in orders}
    assert len(left_out) == 10


def test_every_position_sees_every_example_equally_often():
    firsts = [order[0] for order in epochs(500)]
    counts = np.bincount(np.array(firsts, int), minlength=10)
    assert np.sum((counts - 50) ** 2) / 50 < 27.9  # Chi-squared, 9 degrees, p = 0.001.


def test_the_order_follows_from_the_seed_alone():
    assert rows(5, seed=3) == rows(5, seed=3)
    assert rows(3, seed=3) != rows(3, seed=4)
    dataset = data.batches(POINTS, 3, seed=3)
    iterators = iter(dataset), iter(dataset)
    for _ in range(5):
        one, other = (next(iterator).numpy().tolist() for iterator in iterators)
        assert one == other


def test_the_order_is_the_same_on_every_stack():
    assert rows(2, seed=7) == [[2.0, 4.0, 6.0], [8.0, 3.0, 5.0]]


def test_the_examples_themselves_do_not_change_the_order():
    source = data.Source(POINTS[:, np.newaxis] + 100)
    batches = data.batches(source, 3, seed=2).take(4).as_numpy_iterator()
    assert [(b[:, 0] - 100).tolist() for b in batches] == rows(4, seed=2)


def test_uint8_is_scaled_to_the_unit_range_and_shapes_are_static():
    pictures = np.random.default_rng(0).integers(0, 256, [5, 4, 6, 3], "uint8")
    dataset = data.batches(data.Source(pictures), 5)
    assert dataset.element_spec == tf.TensorSpec([5, 4, 6, 3], tf.float32)
    batch = next(dataset.as_numpy_iterator())
    levels = np.sort((batch + 1) * 127.5, axis=0)
    np.testing.assert_allclose(levels, np.sort(pictures, axis=0), atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_stay_as_they_are_in_float32(dtype):
    points = np.array([[-3.5, 8.0]], dtype)
    dataset = data.batches(points, 1)
    assert dataset.element_spec == tf.TensorSpec([1, 2], tf.float32)
    assert next(iter(dataset)).numpy().tolist() == [[-3.5, 8.0]]


def test_labels_stay_with_their_examples():
    source = data.Source(POINTS, np.arange(10) ** 2)
    dataset = data.batches(source, 4, with_labels=True)
    assert dataset.element_spec[1] == tf.TensorSpec([4], tf.int64)
    for examples, labels in dataset.take(6).as_numpy_iterator():
        np.testing.assert_array_equal(examples**2, labels)
    assert isinstance(data.batches(source, 4).element_spec, tf.TensorSpec)


def test_there_is_no_end_and_the_batches_say_so():
    for start in (0, 10**9):
        dataset = data.batches(POINTS, 3, start=start)
        assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    assert dataset.take(3).cardinality() == 3


def test_parallelism_is_stated_instead_of_tuned():
    options = data.batches(POINTS, 3).options()
    assert options.autotune.enabled is False
    assert options.deterministic is True


def test_the_end_of_an_iterator_is_not_waited_for():
    iterator = iter(data.batches(POINTS, 3))
    stop = time.monotonic() + 0.7  # With autotuning the end would come at 1.27 s.
    while time.monotonic() < stop:
        next(iterator)
        time.sleep(0.02)
    start = time.monotonic()
    del iterator
    assert time.monotonic() - start < 0.4


@pytest.mark.parametrize(
    "call",
    [
        lambda: data.batches(POINTS, 11),
        lambda: data.batches(POINTS, 0),
        lambda: data.batches(POINTS, 2.5),
        lambda: data.batches(POINTS, 2, start=-1),
        lambda: data.batches(POINTS, 2, with_labels=True),
        lambda: data.batches(data.Source(POINTS), 2, with_labels=True),
        lambda: data.batches(np.arange(5), 2),
        lambda: data.batches(np.array(["a", "b"]), 2),
        lambda: data.batches(np.float32(3.0), 1),
        lambda: data.batches(tf.data.Dataset.range(9), 1),
        lambda: data.batches(POINTS, 2, start=1.5),
        lambda: data.batches(POINTS, 2, seed=None),
        lambda: data.batches(POINTS, 2, seed=0.5),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match="Received"):
        call()


@pytest.mark.parametrize("name", ["seed", "start"])
def test_numbers_of_more_than_64_bits_are_refused(name):
    points = np.array([[1.0], [2.0]])
    assert next(iter(data.batches(points, 2, **{name: 2**62}))).shape == (2, 1)
    with pytest.raises(ValueError, match=f"`{name}` must be .* 64 bits.*Received: "):
        data.batches(points, 2, **{name: 2**63})
