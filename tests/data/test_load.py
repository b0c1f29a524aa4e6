import numpy as np
import pytest
import sklearn.datasets

from tfgan_tricks import data


def test_digits_are_scikit_learns_in_256_levels():
    train, test = data.load("digits"), data.load("digits", split="test")
    assert (train.examples.shape, test.examples.shape) == (
        (1437, 8, 8, 1),
        (360, 8, 8, 1),
    )
    assert train.examples.dtype == np.uint8
    original = sklearn.datasets.load_digits()
    levels = [
        0,
        16,
        32,
        48,
        64,
        80,
        96,
        112,
        128,
        143,
        159,
        175,
        191,
        207,
        223,
        239,
        255,
    ]
    expected = np.array(levels)[original.images.astype(int)].reshape(1797, 64)
    both = np.concatenate([train.examples, test.examples]).reshape(1797, 64)
    labels = np.concatenate([train.labels, test.labels])
    rows = {(*picture, label) for picture, label in zip(both, labels, strict=True)}
    assert rows == {(*x, y) for x, y in zip(expected, original.target, strict=True)}
    assert len(rows) == 1797


def test_the_split_of_the_digits_is_stratified_and_fixed():
    test = data.load("digits", split="test")
    everything = np.bincount(sklearn.datasets.load_digits().target)
    assert np.abs(np.bincount(test.labels) - everything / 5).max() < 1
    again = data.load("digits", split="test")
    np.testing.assert_array_equal(test.examples, again.examples)
    assert test.labels[:12].tolist() == [2, 3, 9, 2, 7, 6, 7, 6, 9, 2, 3, 4]


def test_digits_can_be_asked_for_in_colour_and_larger():
    digits = data.load("digits", image_size=32, channels=3)
    assert digits.examples.shape == (1437, 32, 32, 3)
    assert digits.skipped == 0


@pytest.mark.parametrize(
    "name",
    [
        "digit",
        "",
        "digits:",
        "digits:8",
        "tfds",
        "tfds:",
        "image_folder:",
        "npz:",
        None,
    ],
)
def test_an_unknown_name_is_refused_with_those_that_exist(name):
    with pytest.raises(ValueError, match="digits.*npz:PATH.*Received: name="):
        data.load(name)


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'grid25'"):
        data.load("grid52")


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="test, train.*Received: split='validation'"):
        data.load("digits", split="validation")
