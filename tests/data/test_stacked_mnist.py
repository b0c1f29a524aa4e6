import numpy as np
import pytest

from tests.data import images
from tfgan_tricks import data
from tfgan_tricks.data import _stacked_mnist
from tfgan_tricks.data import _tfds


def digits_of(labels):
    return np.stack([labels // 100, labels // 10 % 10, labels % 10], axis=-1)


@pytest.fixture
def few(monkeypatch):
    """Digits whose only value says which they are, 30 of them, stacked 2,000 times."""
    labels = np.arange(30) % 10
    rows = (7 * np.arange(30)).astype("uint8")
    pixels = np.broadcast_to(rows[:, None, None, None], [30, 28, 28, 1])
    source = data.Source(pixels, labels)
    calls = []
    monkeypatch.setattr(_tfds, "load", lambda *args: calls.append(args) or source)
    monkeypatch.setattr(_stacked_mnist, "NUM_EXAMPLES", 2000)
    return calls


def test_every_color_has_a_digit_of_its_own_and_the_label_has_all_three(few):
    source = data.load("stacked_mnist", image_size=28, data_dir="there")
    assert few == [("mnist", "train", 28, 1, "there", False)]
    assert source.examples.shape == (2000, 28, 28, 3)
    assert source.examples.dtype == np.uint8
    np.testing.assert_array_equal(
        source.examples[:, 5, 9] // 7 % 10, digits_of(source.labels)
    )
    assert source.label_names[7] == "007" and len(source.label_names) == 1000


def test_digits_are_drawn_uniformly_independently_and_always_alike(few):
    labels = data.load("stacked_mnist").labels
    np.testing.assert_array_equal(labels, data.load("stacked_mnist").labels)
    assert np.any(labels != data.load("stacked_mnist", split="test").labels)
    digits = digits_of(labels)
    shares = [np.bincount(digit) / 2000 for digit in digits.T]
    np.testing.assert_allclose(shares, 0.1, atol=0.04)
    assert np.abs(np.corrcoef(digits.T) - np.eye(3)).max() < 0.1


@pytest.mark.parametrize("options", [{"channels": 1}, {"split": "validation"}])
def test_bad_arguments_are_refused(few, options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}` must .*Received"):
        data.load("stacked_mnist", **options)


def test_the_real_one_has_all_modes(monkeypatch):
    folder = images.SHARED / "tfds"
    if not folder.exists():
        pytest.skip(f"{folder} with MNIST is missing")
    monkeypatch.setattr(_stacked_mnist, "NUM_EXAMPLES", 20_000)
    source = data.load("stacked_mnist", split="test", data_dir=str(folder))
    assert len(np.unique(source.labels)) == 1000
    assert len(source.examples) == 20_000
