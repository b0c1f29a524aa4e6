import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import data

LEVELS = np.arange(256, dtype="uint8")


def test_the_256_levels_are_evenly_spaced_from_minus_one_to_one():
    unit = data.to_unit_range(LEVELS)
    assert unit.dtype == tf.float32
    np.testing.assert_allclose(unit, np.linspace(-1, 1, 256), atol=1e-7)
    assert unit.numpy()[[0, 255]].tolist() == [-1.0, 1.0]


def test_every_level_survives_there_and_back():
    back = data.to_uint8(data.to_unit_range(LEVELS))
    assert back.dtype == tf.uint8
    np.testing.assert_array_equal(back, LEVELS)


@pytest.mark.parametrize(
    "value, level",
    [(-7.0, 0), (7.0, 255), (0.0, 128), (-1 + 1.4 / 127.5, 1), (-1 + 1.6 / 127.5, 2)],
)
def test_values_between_and_beyond_the_levels_go_to_the_nearest(value, level):
    for dtype in ("float16", "float32", "float64"):
        assert data.to_uint8(tf.constant([value], dtype)).numpy() == [level]


def test_images_that_were_scaled_already_are_refused():
    with pytest.raises(ValueError, match="Received: images.dtype=float32"):
        data.to_unit_range(np.zeros([2, 2], "float32"))
    with pytest.raises(ValueError, match="Received: images.dtype=uint8"):
        data.to_uint8(LEVELS)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0), (-3.0, 0.5), (0.0, 255.0)])
def test_every_byte_comes_back_from_every_range(bounds):
    every = np.arange(256)
    values = bounds[0] + every / 255 * (bounds[1] - bounds[0])
    pixels = data.to_uint8(tf.constant(values, tf.float32), bounds)
    np.testing.assert_array_equal(pixels, every)


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValueError, match=r"Received: output_range=\(1.0, -1.0\)"):
        data.to_uint8(tf.zeros([2]), (1.0, -1.0))
