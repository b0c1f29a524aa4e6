"""Formats beyond plain PNG and JPEG, and the orientation that cameras note in them."""

import io
import struct
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from PIL import ImageOps

from tests.data import images
from tfgan_tricks import data

PIXELS = np.random.default_rng(1).integers(0, 256, [2, 3, 3], "uint8")
BLOCKS = np.kron(PIXELS, np.ones([16, 16, 1], "uint8"))

# What the standard (JEITA CP-3451, tag 274) says of the stored rows and columns.
UPRIGHT = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x.swapaxes(0, 1)[:, ::-1],
    7: lambda x: x.swapaxes(0, 1)[::-1, ::-1],
    8: lambda x: x.swapaxes(0, 1)[::-1],
}


def exif(orientation, order):
    """Returns TIFF's header and a directory with one entry, in either byte order."""
    mark = {"<": b"II", ">": b"MM"}[order]
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return (
        mark
        + struct.pack(order + "HIH", 42, 8, 1)
        + entry
        + struct.pack(order + "I", 0)
    )


def jpeg(note):
    content = tf.io.encode_jpeg(BLOCKS, quality=100, chroma_downsampling=False).numpy()
    segment = b"Exif\0\0" + note
    marker = b"\xff\xe1" + struct.pack(">H", len(segment) + 2)
    return content[:2] + marker + segment + content[2:]


def png(note):
    content = images.rgb_png(BLOCKS)
    header = 8 + 25
    return content[:header] + images.chunk(b"eXIf", note) + content[header:]


def written(format, pixels=BLOCKS, **kwargs):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **kwargs)
    return file.getvalue()


def webp(note):
    return written("WEBP", lossless=True, exif=note)


def load(folder, content, name="a.png", **kwargs):
    (folder / name).write_bytes(content)
    return data.load(f"image_folder:{folder}", **kwargs)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("make", [jpeg, png, webp])
def test_the_orientation_that_a_camera_noted_is_applied(
    tmp_path, make, orientation, order
):
    content = make(exif(orientation, order))
    (loaded,) = load(tmp_path, content).examples.astype(int)
    expected = UPRIGHT[orientation](BLOCKS)
    assert loaded.shape == expected.shape
    assert np.abs(loaded - expected).max() <= (3 if make is jpeg else 0)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(loaded, np.asarray(upright))


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_tiff_is_turned_once(tmp_path, orientation):
    content = written("TIFF", tiffinfo={0x0112: orientation})
    (loaded,) = load(tmp_path, content, "a.tif").examples
    np.testing.assert_array_equal(loaded, UPRIGHT[orientation](BLOCKS))


@pytest.mark.parametrize(
    "note", [exif(0, "<"), exif(9, ">"), b"", b"II", b"no exif", exif(6, "<")[:13]]
)
@pytest.mark.parametrize("make", [jpeg, png])
def test_what_is_not_an_orientation_leaves_the_image(tmp_path, make, note):
    source = load(tmp_path, make(note))
    assert np.abs(source.examples[0].astype(int) - BLOCKS).max() <= 3


LOSSLESS = {
    "a.bmp": written("BMP"),
    "a.webp": written("WEBP", lossless=True),
    "a.tiff": written("TIFF", compression="tiff_lzw"),
    "a.TIF": written("TIFF"),
    "a.PNG": written("PNG"),
    "not_what_it_says.jpg": written("WEBP", lossless=True),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_are_read_exactly(tmp_path, name):
    source = load(tmp_path, LOSSLESS[name], name)
    np.testing.assert_array_equal(source.examples, [BLOCKS])
    assert (source.skipped, source.left_out) == (0, ())


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe"])
def test_jpeg_has_more_suffixes(tmp_path, name):
    examples = load(tmp_path, jpeg(exif(1, "<")), name).examples.astype(int)
    assert np.abs(examples - BLOCKS).max() <= 3


@pytest.mark.parametrize(("name", "format"), [("a.gif", "GIF"), ("a.webp", "WEBP")])
def test_the_first_image_of_an_animation_is_read(tmp_path, name, format):
    colors = [[250, 0, 10], [0, 250, 10], [9, 9, 250]]
    frames = [Image.new("RGB", (4, 3), tuple(color)) for color in colors]
    file = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:], "lossless": True}
    frames[0].save(file, format, **more)
    examples = load(tmp_path, file.getvalue(), name).examples
    np.testing.assert_array_equal(examples, np.tile(np.uint8(colors[0]), [1, 3, 4, 1]))
    if format == "GIF":
        theirs = tf.io.decode_image(file.getvalue())[0]
        np.testing.assert_array_equal(examples[0], theirs)


GRAY_16 = [[7, 200, 9, 9]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            images.png(GRAY_16, images.GRAY, 16, transparency=[7, 200]),
            [[[255] * 3, [9] * 3]],
        ),
        (
            images.png(GRAY_16, images.GRAY, 16, transparency=[7, 201]),
            [[[7] * 3, [9] * 3]],
        ),
        (
            images.png([[9, 40]], images.GRAY, transparency=[0, 9]),
            [[[255] * 3, [40] * 3]],
        ),
        (
            images.png([[9, 1, 80, 2, 7, 3]], images.RGB, 16),
            [[[9, 80, 7]]],
        ),
        (
            images.png(
                [[9, 8, 7, 1, 2, 3]], images.RGB, transparency=[0, 9, 0, 8, 0, 7]
            ),
            [[[255] * 3, [1, 2, 3]]],
        ),
        (images.png([[10, 0, 51, 0]], images.GRAY_ALPHA, 16), [[[206] * 3]]),
        (
            images.png([[10, 0, 20, 0, 30, 0, 51, 0]], images.RGB_ALPHA, 16),
            [[[206, 208, 210]]],
        ),
    ],
    ids=[
        "gray-16-transparent",
        "gray-16-another-transparent",
        "gray-transparent",
        "rgb-16",
        "rgb-transparent",
        "gray-alpha-16",
        "rgb-alpha-16",
    ],
)
def test_more_kinds_of_png(tmp_path, content, expected):
    examples = load(tmp_path, content).examples
    np.testing.assert_array_equal(examples, [expected])
    theirs = tf.cast(tf.io.decode_png(content, 4), "int32").numpy()
    over_white = np.round(255 - (255 - theirs[..., :3]) * theirs[..., 3:] / 255)
    np.testing.assert_allclose(examples[0], over_white, atol=1)


def test_print_colors_become_screen_colors(tmp_path):
    inks = np.zeros([16, 16, 4], "uint8") + np.uint8([200, 30, 90, 40])
    file = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(file, "JPEG", quality=100)
    examples = load(tmp_path, file.getvalue(), "a.jpg").examples.astype(int)
    expected = [(255 - ink) * (255 - 40) / 255 for ink in (200, 30, 90)]
    assert np.abs(examples - expected).max() <= 3


def test_levels_of_unknown_range_are_not_guessed(tmp_path):
    good = written("PNG")
    (tmp_path / "b.png").write_bytes(good)
    floats = written("TIFF", np.float32([[0.1, 0.9], [2.0, 300.0]]))
    assert load(tmp_path, floats, "a.tif").skipped == 1


def test_bombs_are_counted_and_cost_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    (tmp_path / "large.png").write_bytes(written("PNG", np.zeros([40, 40, 3], "uint8")))
    (tmp_path / "huge.png").write_bytes(written("PNG", np.zeros([90, 40, 3], "uint8")))
    source = load(tmp_path, written("PNG", PIXELS))
    assert (len(source.examples), source.skipped) == (1, 2)


def test_warnings_of_the_decoder_are_not_the_user_s(tmp_path):
    note = exif(6, "<")[:9]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tmp_path, jpeg(note), "a.jpg").skipped == 0
