import numpy as np
import pytest
import tensorflow as tf

from tests import odd_paths
from tests.data import images
from tfgan_tricks import data
from tfgan_tricks.data import _image_folder

PIXELS = np.random.default_rng(0).integers(0, 256, [2, 3, 3], "uint8")


def load(folder, files=None, **kwargs):
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return data.load(f"image_folder:{folder}", **kwargs)


def gray(level, size=2):
    return images.png([bytes([level] * size)] * size, images.GRAY)


def jpeg(pixels):
    return tf.io.encode_jpeg(pixels, quality=100, chroma_downsampling=False).numpy()


@pytest.mark.parametrize(
    "content, expected",
    [
        (images.rgb_png(PIXELS), PIXELS),
        (
            images.png(
                [[10, 20, 30, 0, 10, 20, 30, 255, 10, 20, 30, 51]], images.RGB_ALPHA
            ),
            [[[255, 255, 255], [10, 20, 30], [206, 208, 210]]],
        ),
        (
            images.png([[10, 0, 10, 255, 10, 51]], images.GRAY_ALPHA),
            [[[255] * 3, [10] * 3, [206] * 3]],
        ),
        (images.png([[10], [200]], images.GRAY), [[[10] * 3], [[200] * 3]]),
        (
            images.png([[0b01000000]], images.GRAY, bit_depth=1),
            [[[0] * 3, [255] * 3, *[[0] * 3] * 6]],
        ),
        (
            images.png(
                [[0b01100000]], images.PALETTE, 1, palette=[1, 2, 3, 40, 50, 60]
            ),
            [[[1, 2, 3], *2 * [[40, 50, 60]], *5 * [[1, 2, 3]]]],
        ),
        (images.png([[7, 200, 9, 9]], images.GRAY, bit_depth=16), [[[7] * 3, [9] * 3]]),
        (
            images.png([[1, 0, 1]], images.PALETTE, palette=[1, 2, 3, 40, 50, 60]),
            [[[40, 50, 60], [1, 2, 3], [40, 50, 60]]],
        ),
        (
            images.png(
                [[1, 0]],
                images.PALETTE,
                palette=[10, 20, 30, 40, 50, 60],
                transparency=[51],
            ),
            [[[40, 50, 60], [206, 208, 210]]],
        ),
    ],
    ids=[
        "rgb",
        "rgb-alpha",
        "gray-alpha",
        "gray",
        "one-bit",
        "one-bit-palette",
        "sixteen-bit",
        "palette",
        "palette-alpha",
    ],
)
def test_every_kind_of_png_becomes_color_over_white(tmp_path, content, expected):
    source = load(tmp_path, {"a.png": content})
    assert source.examples.dtype == np.uint8
    np.testing.assert_array_equal(source.examples, [expected])
    assert (source.labels, source.skipped, source.label_names) == (None, 0, ())


def test_jpeg_files_are_read_in_color_and_gray(tmp_path):
    color = np.full([8, 8, 3], [200, 30, 90], "uint8")
    files = {"a.jpg": jpeg(color), "b.JPEG": jpeg(np.full([8, 8, 1], 77, "uint8"))}
    examples = load(tmp_path, files).examples.astype(int)
    assert np.abs(examples[0] - color).max() <= 2
    np.testing.assert_array_equal(examples[1], 77)


def test_one_channel_can_be_asked_for(tmp_path):
    files = {
        "a.png": gray(9),
        "b.png": images.rgb_png(np.full([2, 2, 3], [9, 80, 200], "uint8")),
    }
    source = load(tmp_path, files, channels=1)
    np.testing.assert_array_equal(source.examples[:, 0, 0, 0], [9, 72])


def test_files_come_sorted_by_path_with_any_suffix_of_an_image(tmp_path):
    names = ["b/2.png", "a/9.PNG", "b/1.Png", "a.png", "a/b/c/10.png", "c/README.txt"]
    source = load(tmp_path, {name: gray(i) for i, name in enumerate(names)})
    # a/9.PNG, a/b/c/10.png, a.png, b/1.Png, b/2.png: folders sort as whole names.
    assert source.examples[:, 0, 0, 0].tolist() == [1, 4, 3, 2, 0]
    assert source.skipped == 0


def test_labels_number_the_sorted_names_of_the_folders_that_hold_the_files(tmp_path):
    names = ["train/cat/1.png", "train/ape/1.png", "train/cat/2.png", "test/cat/1.png"]
    source = load(tmp_path, {name: gray(0) for name in names})
    assert source.label_names == ("ape", "cat")
    # In order of path: test/cat/1, train/ape/1, train/cat/1, train/cat/2.
    assert source.labels.tolist() == [1, 0, 1, 1]
    assert source.labels.dtype == np.int64


def test_unreadable_files_are_skipped_and_counted_and_the_rest_keeps_its_labels(
    tmp_path,
):
    damaged = bytearray(images.rgb_png(PIXELS))
    damaged[60] ^= 255
    files = {
        "a/1.png": b"",
        "a/2.png": gray(2),
        "a/3.png": b"no picture",
        "b/1.jpg": jpeg(PIXELS)[:100],
        "b/2.png": gray(4),
        "b/3.png": images.rgb_png(PIXELS)[:-30],
        "b/4.png": bytes(damaged),
        "b/notes.txt": b"no picture",
    }
    (tmp_path / "a" / "folder.png").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "5.png").symlink_to(tmp_path / "missing")
    source = load(tmp_path, files)
    assert source.examples[:, 0, 0, 0].tolist() == [2, 4]
    assert source.skipped == 5
    assert [source.label_names[label] for label in source.labels] == ["a", "b"]


LEFT_BEHIND = [
    ".ipynb_checkpoints/1-checkpoint.png",
    "a/.ipynb_checkpoints/1-checkpoint.png",
    ".git/x.png",
    ".hidden.png",
    "a/._1.png",
    "a/.DS_Store",
    "a/Thumbs.db",
    "a/ehthumbs.db",
    "a/desktop.ini",
    "a/Icon\r",
    "__MACOSX/a/1.png",
    "a/@eaDir/1.png/SYNOFILE_THUMB_M.png",
    "$RECYCLE.BIN/S-1-5/1.png",
    "System Volume Information/1.png",
    "lost+found/1.png",
    "#recycle/1.png",
    "a/__pycache__/1.png",
]


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_what_programs_leave_behind_is_neither_class_nor_image(tmp_path, name):
    files = {"a/1.png": gray(1), "b/1.png": gray(2), name: gray(3)}
    source = load(tmp_path, files)
    assert source.examples[:, 0, 0, 0].tolist() == [1, 2]
    assert source.label_names == ("a", "b")
    assert (source.skipped, source.left_out) == (0, ())


def test_names_above_the_folder_may_be_any(tmp_path):
    assert load(tmp_path / ".cache" / "lost+found", {"a.png": gray(1)}).skipped == 0


def test_other_files_are_counted_by_suffix(tmp_path):
    names = ["1.heic", "a/2.HEIC", "3.svg", "LICENSE", "b/c.tar.gz", "a/4.png~"]
    source = load(tmp_path, dict.fromkeys(names, b"") | {"a/1.png": gray(1)})
    expected = (".gz", 1), (".heic", 2), (".png~", 1), (".svg", 1), ("no suffix", 1)
    assert source.left_out == expected
    assert source.skipped == 0


def test_links_to_folders_are_followed_once(tmp_path):
    load(tmp_path / "elsewhere", {"1.png": gray(7)})
    (tmp_path / "data" / "a").mkdir(parents=True)
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "a" / "loop").symlink_to(tmp_path / "data")
    source = load(tmp_path / "data", {"a/1.png": gray(1)})
    assert source.examples[:, 0, 0, 0].tolist() == [1, 7]
    assert source.label_names == ("a", "cat")


def test_images_of_several_sizes_need_an_image_size(tmp_path):
    files = {"a.png": gray(1, size=3), "b.png": gray(2, size=2)}
    with pytest.raises(ValueError, match="`image_size`.*2 sizes.*Received"):
        load(tmp_path, files)
    assert load(tmp_path, image_size=2).examples.shape == (2, 2, 2, 3)


def test_sides_that_differ_are_cropped(tmp_path):
    wide = images.png([[9, 50, 60, 9, 9], [9, 70, 80, 9, 9]], images.GRAY)
    examples = load(tmp_path, {"a.png": wide}, image_size=2, channels=1).examples
    assert examples.ravel().tolist() == [50, 60, 70, 80]


def test_a_folder_name_may_hold_any_character(tmp_path):
    assert load(tmp_path / "Bilder: ü [1]*", {"ä ö.png": gray(3)}).examples.max() == 3


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match="none of 0 such files.*Received: name='image_folder:"
    ):
        load(tmp_path)
    with pytest.raises(
        ValueError, match="none of 1 such files.*Received: name='image_folder:"
    ):
        load(tmp_path, {"a.png": b"no picture"})


def test_a_missing_folder_and_other_splits_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: name='image_folder:"):
        load(tmp_path / "missing")
    with pytest.raises(ValueError, match="Received: split='test'"):
        load(tmp_path, {"a.png": gray(0)}, split="test")


def test_real_images_load():
    folder = images.SHARED / "emoji64"
    if not folder.exists():
        pytest.skip("needs the folder of images, emoji64")
    source = data.load(f"image_folder:{folder}/train", image_size=32)
    assert source.examples.shape == (1906, 32, 32, 3)
    assert (source.skipped, len(source.label_names)) == (0, 9)
    # Nearly every image is a figure on a transparent, here white, background.
    assert (source.examples[:, 0, 0] == 255).all(axis=-1).mean() > 0.8


@pytest.mark.parametrize("name", odd_paths.EVERY_NAME)
def test_folders_and_files_of_any_name_are_read(tmp_path, name):
    source = load(tmp_path / name, {f"{name}/{name}.png": gray(9), "b/1.png": gray(3)})
    assert sorted(source.examples[:, 0, 0, 0].tolist()) == [3, 9]
    readable = "a\\xffb" if name == odd_paths.NOT_UTF8 else name
    assert sorted(source.label_names) == sorted(["b", readable])
    "".join(source.label_names).encode()


@pytest.mark.parametrize("make", odd_paths.NO_FOLDERS)
def test_what_is_not_a_folder_is_refused(tmp_path, make):
    match = r"^`(image_folder:PATH|name)` must .*Received: name="
    with pytest.raises((FileNotFoundError, ValueError), match=match):
        data.load(f"image_folder:{make(tmp_path)}")


@pytest.mark.parametrize("size", [10**6, 2**63 - 1, 10**30])
def test_images_that_memory_cannot_hold_are_refused(tmp_path, size):
    match = f"`image_size` must fit in memory.*Received: image_size={size}$"
    with pytest.raises(ValueError, match=match):
        load(tmp_path, {"a.png": gray(9)}, image_size=size)
    with pytest.raises(ValueError, match=match):
        data.load("digits8", image_size=size)


@pytest.fixture
def large(monkeypatch, tmp_path):
    """Returns a folder of images that do not count as small any more."""
    for index in range(7):
        folder = tmp_path / "ab"[index % 2]
        folder.mkdir(exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, [3, 2 + index, 3])
        name = f"{index}.png"
        (folder / name).write_bytes(images.rgb_png(pixels.astype("uint8")))
    (tmp_path / "a" / "broken.png").write_bytes(gray(3)[:40])
    monkeypatch.setattr(_image_folder, "MOST_IN_MEMORY", 7 * 2 * 2 * 3 - 1)
    return tmp_path


def both(folder, monkeypatch):
    """Returns a folder in files, and in memory."""
    lazy = load(folder, image_size=2)
    monkeypatch.setattr(_image_folder, "MOST_IN_MEMORY", 7 * 2 * 2 * 3)
    return lazy, load(folder, image_size=2)


def test_a_large_folder_is_an_array_of_the_same_images_in_files(large, monkeypatch):
    lazy, kept = both(large, monkeypatch)
    assert not isinstance(lazy.examples, np.ndarray)
    assert isinstance(kept.examples, np.ndarray)
    assert lazy[2:] == kept[2:] == (1, ("a", "b"), ())
    np.testing.assert_array_equal(lazy.labels, kept.labels)
    for rows in (slice(None), slice(1, 3), 4, np.array([[5, 0], [6, 6]]), -1):
        np.testing.assert_array_equal(lazy.examples[rows], kept.examples[rows])
    np.testing.assert_array_equal(np.asarray(lazy.examples), kept.examples)
    assert lazy.examples.shape == kept.examples.shape == (7, 2, 2, 3)
    assert len(lazy.examples) == 7


@pytest.mark.parametrize("start", [0, 4])
def test_the_batches_of_a_large_folder_are_those_of_a_small_one(
    large, monkeypatch, start
):
    order = {"batch_size": 3, "seed": 5, "start": start, "with_labels": True}
    lazy, kept = (
        list(data.batches(source, **order).take(5).as_numpy_iterator())
        for source in both(large, monkeypatch)
    )
    for one, other in zip(lazy, kept, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_few_labels_of_a_large_folder_are_in_memory(large, monkeypatch):
    lazy, kept = (
        data.labeled_subset(source, 2, seed=3) for source in both(large, monkeypatch)
    )
    np.testing.assert_array_equal(lazy.examples, kept.examples)


@pytest.mark.parametrize("content", [b"", gray(3, size=1)], ids=["broken", "resized"])
def test_a_file_of_a_large_folder_that_changes_is_named(large, content, monkeypatch):
    monkeypatch.setattr(_image_folder, "MOST_IN_MEMORY", 0)
    for file in large.rglob("*.png"):
        file.write_bytes(gray(3))
    batches = data.batches(load(large), 8)
    (large / "a" / "2.png").write_bytes(content)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must not.*a/2\.png"):
        next(iter(batches))


def test_a_large_folder_of_many_sizes_needs_a_size(large):
    with pytest.raises(ValueError, match=r"of 7 sizes, such as \(3, 2\) and \(3, 8\)"):
        load(large)
