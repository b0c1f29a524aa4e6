import numpy as np
import pytest
import tensorflow as tf

from tfgan_tricks import callbacks
from tfgan_tricks.callbacks import _picture

GAP = _picture.GAP


def test_pixels_are_the_values_without_smoothing():
    """A 2 x 1 image, so each value is a square of 32 pixels."""
    image = np.array([-1.0, 0.5]).reshape(1, 2, 1, 1)
    pixels = callbacks.picture(image)
    assert pixels.shape == (64, 32, 1) and pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels[:32], 0)
    np.testing.assert_array_equal(pixels[32:], 191)


def test_values_are_rounded_and_clipped():
    values = np.array([-7.0, -1.0, 0.0, 0.999, 1.0, 9.0, np.nan, np.inf])
    pixels = callbacks.picture(values.reshape(1, 1, 8, 1))[0, ::8, 0]
    assert pixels.tolist() == [0, 0, 128, 255, 255, 255, 128, 255]


def test_images_are_in_rows_of_a_square_grid_with_white_between():
    values = np.linspace(-1, 0, 5)
    images = np.broadcast_to(values.reshape(5, 1, 1, 1), [5, 64, 64, 3])
    pixels = callbacks.picture(images)
    assert pixels.shape == (2 * 64 + GAP, 3 * 64 + 2 * GAP, 3)
    tiles = [
        pixels[r * (64 + GAP), c * (64 + GAP), 1] for r in (0, 1) for c in range(3)
    ]
    assert tiles == [0, 32, 64, 96, 128, 255]
    assert (pixels[64 : 64 + GAP] == 255).all()
    assert (pixels[:, 64 : 64 + GAP] == 255).all()


def test_large_images_keep_their_size():
    assert callbacks.picture(np.zeros([1, 100, 70, 4])).shape == (100, 70, 4)


def drawn(pixels, color):
    """Returns the mean row and column of a color, in [0, 1)."""
    found = np.argwhere((pixels == np.array(color)).all(axis=2))
    return found.mean(axis=0) / _picture.CANVAS


def test_points_are_drawn_right_and_up():
    real = np.array([[-1.0, -1.0], [1.0, 1.0]])
    pixels = callbacks.picture(np.array([[0.5, 1.0]]), real)
    half = 1.2
    expected = (1 - 1.0 / half) / 2, (1 + 0.5 / half) / 2
    np.testing.assert_allclose(drawn(pixels, _picture.FAKE), expected, atol=0.01)
    np.testing.assert_allclose(drawn(pixels, _picture.REAL), [0.5, 0.5], atol=0.01)


def test_real_points_say_what_is_seen_whatever_the_samples():
    real = np.array([[2.0, -1.0], [4.0, 5.0]])
    inside = np.array([[3.0, 2.0]])
    outside = np.array([[3.0, 2.0], [100.0, 2.0], [np.nan, 0.0], [0.0, np.inf]])
    pictures = [callbacks.picture(points, real) for points in (inside, outside)]
    np.testing.assert_array_equal(*pictures)
    np.testing.assert_allclose(drawn(pictures[0], _picture.FAKE), 0.5, atol=0.01)


def test_a_collapsed_generator_is_one_dot():
    pixels = callbacks.picture(np.full([100, 2], 3.0))
    blue = (pixels == np.array(_picture.FAKE)).all(axis=2).sum()
    assert blue == 9


def test_points_that_are_all_no_numbers_are_not_drawn():
    pixels = callbacks.picture(np.full([4, 2], np.nan))
    assert not (pixels == np.array(_picture.FAKE)).all(axis=2).any()


@pytest.mark.parametrize(
    "shape", [(4,), (4, 3), (0, 2), (4, 8, 8), (4, 8, 8, 5), (0, 8, 8, 1)]
)
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"Received: samples.shape=\("):
        callbacks.picture(np.zeros(shape))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_holds_the_very_pixels(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, [5, 7, channels], "uint8")
    path = tmp_path / "new" / "p.png"
    callbacks.write_png(path, pixels)
    np.testing.assert_array_equal(tf.io.decode_png(path.read_bytes()), pixels)
    assert [p.name for p in path.parent.iterdir()] == ["p.png"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_range_says_what_is_black_and_white(dtype):
    values = np.array([-3.0, 0.0, 0.25, 0.75, 1.0, 9.0, np.nan, -np.inf], dtype)
    images = values.reshape(1, 1, 8, 1)
    drawn = callbacks.picture(images, output_range=(0.0, 1.0))[0, ::8, 0]
    assert drawn.tolist() == [0, 0, 64, 191, 255, 255, 128, 0]
    drawn = callbacks.picture(images, output_range=(-1, 3))[0, ::8, 0]
    assert drawn.tolist() == [0, 64, 80, 112, 128, 255, 128, 0]


def test_bytes_are_drawn_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, [1, 64, 70, 3], "uint8")
    for output_range in (None, (0.0, 255.0), (0.0, 1.0)):
        pixels = callbacks.picture(images, output_range=output_range)
        np.testing.assert_array_equal(pixels, images[0])


def test_other_integers_need_a_range():
    images = np.arange(4).reshape(1, 1, 4, 1) * 50
    with pytest.raises(ValueError, match="Received: samples.dtype=int64"):
        callbacks.picture(images)
    drawn = callbacks.picture(images, output_range=(0, 255))[0, ::16, 0]
    assert drawn.tolist() == [0, 50, 100, 150]


@pytest.mark.parametrize(
    "output_range", [(1.0, 0.0), (0.5, 0.5), (0.0, np.nan), (-np.inf, 1.0), (1,), 3]
)
def test_what_is_not_a_range_is_refused(output_range):
    with pytest.raises(
        ValueError, match=r"`output_range` must.*Received: output_range"
    ):
        callbacks.picture(np.zeros([1, 8, 8, 1]), output_range=output_range)


def test_grid_shows_a_bounded_number_of_images():
    first = np.linspace(0, 1, 1024)
    images = np.concatenate([first, np.ones(1000)]).reshape(-1, 1, 1, 1)
    images = np.broadcast_to(images, [2024, 8, 8, 1]).astype("float32")
    pixels = callbacks.picture(images, output_range=(0, 1))
    assert pixels.shape == (32 * (64 + GAP) - GAP, 32 * (64 + GAP) - GAP, 1)
    tiles = pixels[:: 64 + GAP, :: 64 + GAP, 0].ravel()
    np.testing.assert_array_equal(tiles, np.round(first * 255))


@pytest.mark.parametrize(
    "size, count", [((1, 1), 1024), ((128, 128), 1024), ((1024, 1024), 64)]
)
def test_side_of_a_grid_is_bounded(size, count):
    assert capacity(2000, *size) == count
    assert capacity(2000, size[0], 3000) == 4
    assert capacity(2000, 9000, 20) == 1


def capacity(count, height, width, num_classes=None):
    return _picture.Grid.of((count, height, width, 1), num_classes).capacity


def brightness(count):
    """Returns a function that draws `count` images of one pixel, of values 0, 1, ..."""
    images = np.arange(count, dtype="uint8").reshape(-1, 1, 1, 1)

    def tiles(**kwargs):
        return callbacks.picture(images, **kwargs)[:: 64 + GAP, :: 64 + GAP, 0].tolist()

    return tiles


def test_each_row_shows_a_class():
    expected = [[0, 3, 6], [1, 4, 7], [2, 5, 255]]
    assert brightness(8)(num_classes=3) == expected
    assert brightness(9)(num_classes=3) == [*expected[:2], [2, 5, 8]]
    assert brightness(4)(num_classes=2) == [[0, 2], [1, 3]]
    assert brightness(3)(num_classes=1) == [[0, 1, 2]]


def test_rows_of_classes_show_a_bounded_number_of_images():
    rows = brightness(150)(num_classes=4)
    assert rows == [[row + 4 * column for column in range(32)] for row in range(4)]
    assert capacity(2000, 64, 64, num_classes=32) == 1024
    assert capacity(70, 2000, 2000, num_classes=4) == 4 * 4


@pytest.mark.parametrize("count, num_classes", [(7, 4), (99, 33)])
def test_classes_that_make_no_rows_are_drawn_in_turn(count, num_classes):
    assert brightness(count)(num_classes=num_classes) == brightness(count)()


def test_large_images_of_many_classes_are_drawn_in_turn():
    images = np.zeros([10, 2000, 1, 1], "uint8")
    images[::5] = 9
    pixels = callbacks.picture(images, num_classes=5)
    np.testing.assert_array_equal(pixels, callbacks.picture(images))


def test_classes_are_at_least_one():
    with pytest.raises(ValueError, match="`num_classes` must.*Received: num_classes=0"):
        callbacks.picture(np.zeros([4, 8, 8, 1]), num_classes=0)


@pytest.mark.parametrize("shape", [(1, 10_001, 10_000, 1), (3, 10**6, 10**6, 3)])
def test_an_image_of_too_many_pixels_is_refused(shape):
    images = np.broadcast_to(np.zeros([1, 1, 1, 1], "uint8"), shape)
    with pytest.raises(ValueError, match="at most 100,000,000 pixels.*samples.shape="):
        callbacks.picture(images)


@pytest.mark.parametrize("real", [[1.0, 2.0], 3, np.zeros([4, 3]), [["a", "b"]], [[]]])
def test_a_background_of_other_shapes_is_refused(real):
    with pytest.raises(ValueError, match="`real` must be points.*Received: real="):
        callbacks.picture(np.zeros([4, 2]), real)


@pytest.mark.parametrize("dtype", [object, complex, "U1"])
def test_samples_that_are_not_numbers_are_refused(dtype):
    for shape in ([4, 2], [4, 8, 8, 1]):
        with pytest.raises(ValueError, match="`samples` must .*Received: samples"):
            callbacks.picture(np.zeros(shape).astype(dtype), output_range=(0, 1))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros([4, 4], "uint8"),
        np.zeros([4, 4, 5], "uint8"),
        np.zeros([0, 4, 1], "uint8"),
        np.zeros([4, 4, 1]),
        np.broadcast_to(np.uint8(0), [1, 10**6 + 1, 1]),
        [["a"]],
    ],
)
def test_pixels_that_are_not_an_image_are_refused(tmp_path, pixels):
    with pytest.raises(ValueError, match="`pixels` must be uint8.*Received: pixels="):
        callbacks.write_png(tmp_path / "new" / "p.png", pixels)
    assert list(tmp_path.iterdir()) == []
