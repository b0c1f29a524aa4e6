import fractions

import numpy as np
import pytest

from tfgan_tricks import data

RNG = np.random.default_rng(0)


def load(tmp_path, images, **kwargs):
    np.savez(tmp_path / "pictures.npz", images)
    return data.load(f"npz:{tmp_path / 'pictures.npz'}", **kwargs).examples


def over_white(color, alpha):
    exact = fractions.Fraction(int(alpha) * int(color) + (255 - int(alpha)) * 255, 255)
    return round(exact)


def triangle_filter(size_in, size_out):
    """Returns the weights of antialiased bilinear resizing, by their definition."""
    scale = size_in / size_out
    centers = (np.arange(size_out) + 0.5) * scale - 0.5
    distances = np.abs(centers[:, np.newaxis] - np.arange(size_in)) / max(scale, 1)
    weights = np.maximum(0, 1 - distances)
    return weights / weights.sum(axis=1, keepdims=True)


def test_alpha_is_composited_over_white_to_the_nearest_level(tmp_path):
    colors, alphas = np.meshgrid(np.arange(256), np.arange(256))
    rgba = np.stack([colors, colors[::-1], 255 - colors, alphas], axis=-1)
    rgb = load(tmp_path, rgba[np.newaxis].astype("uint8"), channels=3)[0]
    for row, column in [(0, 9), (255, 9), (128, 77), (3, 200), (254, 1), (127, 0)]:
        *color, alpha = rgba[row, column]
        assert rgb[row, column].tolist() == [over_white(c, alpha) for c in color]
    expected = np.vectorize(over_white)(colors, alphas)
    np.testing.assert_array_equal(rgb[..., 0], expected)


def test_gray_with_alpha_becomes_gray_over_white(tmp_path):
    pictures = np.array([[[[10, 0], [10, 255], [10, 51]]]], "uint8")
    assert load(tmp_path, pictures, channels=1).ravel().tolist() == [255, 10, 206]
    assert load(tmp_path, pictures, channels=3)[0, 0, 2].tolist() == [206, 206, 206]


def test_color_becomes_gray_by_luma(tmp_path):
    colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [9, 80, 200]]
    pictures = np.array([[colors]], "uint8")
    # 76.245, 149.685, 29.07, 255 and 72.451 by Rec. 601.
    assert load(tmp_path, pictures, channels=1).ravel().tolist() == [
        76,
        150,
        29,
        255,
        72,
    ]


def test_gray_becomes_color_with_equal_channels(tmp_path):
    pictures = RNG.integers(0, 256, [2, 3, 3], "uint8")
    color = load(tmp_path, pictures, channels=3)
    for channel in range(3):
        np.testing.assert_array_equal(color[..., channel], pictures)


def test_images_stay_unchanged_unless_asked_for(tmp_path):
    pictures = RNG.integers(0, 256, [2, 3, 5, 4], "uint8")
    np.testing.assert_array_equal(load(tmp_path, pictures), pictures)


@pytest.mark.parametrize("height, width", [(4, 9), (9, 4), (4, 4), (5, 4)])
def test_the_longer_side_is_cropped_at_both_ends(tmp_path, height, width):
    pictures = RNG.integers(0, 256, [2, height, width, 3], "uint8")
    top, left = (height - 4) // 2, (width - 4) // 2
    expected = pictures[:, top : top + 4, left : left + 4]
    np.testing.assert_array_equal(load(tmp_path, pictures, image_size=4), expected)


@pytest.mark.parametrize("size_in, size_out", [(12, 5), (5, 12), (8, 4), (64, 8)])
def test_resizing_is_bilinear_with_antialiasing_and_rounds(tmp_path, size_in, size_out):
    pictures = RNG.integers(0, 256, [3, size_in, size_in, 2], "uint8")
    weights = triangle_filter(size_in, size_out)
    expected = np.einsum("yh,nhwc,xw->nyxc", weights, pictures, weights)
    resized = load(tmp_path, pictures, image_size=size_out)
    assert resized.dtype == np.uint8
    assert np.abs(resized - expected).max() < 0.5 + 1e-3


def test_more_images_than_fit_into_one_chunk_keep_their_order(tmp_path):
    pictures = np.repeat(np.arange(2500) % 251, 4).reshape(-1, 2, 2).astype("uint8")
    resized = load(tmp_path, pictures, image_size=1)
    np.testing.assert_array_equal(resized.ravel(), np.arange(2500) % 251)


@pytest.mark.parametrize(
    "options",
    [
        {"image_size": 0},
        {"image_size": 2.5},
        {"channels": 2},
        {"channels": 0},
        {"channels": "rgb"},
    ],
)
def test_bad_sizes_and_channels_are_refused(options):
    with pytest.raises(ValueError, match="Received"):
        data.load("digits8", **options)
