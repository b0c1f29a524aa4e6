import io
import os
import struct
import zipfile

import numpy as np
import pytest

from tests import odd_paths
from tests.data.images import SHARED
from tfgan_tricks import _limits
from tfgan_tricks import data

PICTURES = np.arange(2 * 3 * 4, dtype="uint8").reshape(2, 3, 4)
LABELS = np.array([7, 1], "uint8")


def load(tmp_path, *args, **arrays):
    np.savez(tmp_path / "a.npz", *args, **arrays)
    return data.load(f"npz:{tmp_path / 'a.npz'}")


def test_gray_images_get_a_channel_axis(tmp_path):
    source = load(tmp_path, images=PICTURES, labels=LABELS, other=np.zeros(3))
    np.testing.assert_array_equal(source.examples, PICTURES[..., np.newaxis])
    assert source.labels.tolist() == [7, 1]
    assert source.labels.dtype == np.int64


@pytest.mark.parametrize("key", ["label_names", "characters"])
def test_labels_may_have_names(tmp_path, key):
    names = np.array([*"abcdefg", "汉"])
    source = load(tmp_path, images=PICTURES, labels=LABELS, **{key: names})
    assert source.label_names == tuple("abcdefg汉")
    assert source.label_names[source.labels[0]] == "汉"
    assert load(tmp_path, faces=PICTURES, **{key: names}).labels is None


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_only_array_contains_the_images_whatever_its_name(tmp_path, channels):
    pictures = np.repeat(PICTURES[..., np.newaxis], channels, axis=-1)
    source = load(tmp_path, pictures)
    np.testing.assert_array_equal(source.examples, pictures)
    assert source.labels is None
    assert load(tmp_path, faces=pictures, labels=LABELS).labels.tolist() == [7, 1]


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"labels": LABELS},
        {"x": PICTURES, "y": PICTURES},
        {"images": PICTURES.astype("float32")},
        {"images": PICTURES.astype("int64")},
        {"images": PICTURES[0]},
        {"images": PICTURES[np.newaxis, np.newaxis]},
        {"images": np.zeros([2, 3, 4, 5], "uint8")},
        {"images": np.zeros([2, 3, 4, 0], "uint8")},
        {"images": PICTURES[:0]},
        {"images": np.array([PICTURES, None], object)},
        {"images": PICTURES, "labels": LABELS[:1]},
        {"images": PICTURES, "labels": np.array(["a", "b"])},
        {"images": PICTURES, "labels": np.array([None, {}], object)},
        {"images": PICTURES, "labels": np.eye(2, dtype="int64")},
        {"images": PICTURES, "labels": LABELS, "label_names": np.array([*"abcdefg"])},
        {"images": PICTURES, "labels": -np.arange(2), "label_names": np.array(["a"])},
        {"images": PICTURES, "label_names": np.arange(2)},
        {"images": PICTURES, "label_names": np.array([["a", "b"]])},
    ],
)
def test_archives_of_anything_else_are_refused(tmp_path, arrays):
    with pytest.raises(ValueError, match="Received"):
        load(tmp_path, **arrays)


def truncated(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", np.zeros([99, 9, 9], "uint8"))
    return (tmp_path / "whole.npz").read_bytes()[:-40]


def damaged(tmp_path):
    np.savez(tmp_path / "whole.npz", np.zeros([99, 9, 9], "uint8"))
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    content[4000] = 1
    return bytes(content)


def damaged_compression(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", np.zeros([99, 9, 9], "uint8"))
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    name_length, extra_length = struct.unpack("<HH", content[26:30])
    content[30 + name_length + extra_length] = 0b111  # A kind of block there is not.
    return bytes(content)


def single_array(tmp_path):
    np.save(tmp_path / "a.npy", PICTURES)
    return (tmp_path / "a.npy").read_bytes()


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def npy_of(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def with_header(shape, content):
    """Returns an archive of an array whose header may be false."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.encode().ljust(118) + b"\n"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    return zipped({"images.npy": start + header + content})


def patched(content, offsets, value):
    """Writes over a field of the member's header and of the archive's directory."""
    content = bytearray(content)
    for signature, offset in zip((b"PK\x03\x04", b"PK\x01\x02"), offsets, strict=True):
        at = content.index(signature) + offset
        content[at : at + len(value)] = value
    return bytes(content)


def encrypted(_):
    return patched(zipped({"images.npy": npy_of(PICTURES)}), (6, 8), b"\x01")


def unknown_compression(_):
    return patched(zipped({"images.npy": npy_of(PICTURES)}), (8, 10), b"a")


def claims_4_gib_in_the_archive_too(_):
    content = with_header((2**32 - 131, 1, 1, 1), bytes(1000))
    return patched(content, (22, 24), struct.pack("<I", 2**32 - 2))


HEADERS = {
    "58 TiB": ((1_000_000, 8000, 8000, 1), bytes(1000)),
    "more than there is": ((11, 10, 10, 1), bytes(1000)),
    "less than there is": ((9, 10, 10, 1), bytes(1000)),
    "long": (f"({'1,' * 5000})", b"1"),
    "deep": ("(" * 150 + ")" * 150, b"1"),
    "negative": ((-1, -1000, 1), bytes(1000)),
    "endless": ((0, 2**70, 1), b""),
    "text": ("('a', 'b', 'c')", b"1"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_claim_what_is_not_there_are_refused(tmp_path, name):
    (tmp_path / "a.npz").write_bytes(with_header(*HEADERS[name]))
    with pytest.raises(ValueError, match=r"must .*Received: ") as raised:
        data.load(f"npz:{tmp_path / 'a.npz'}")
    assert "\n" not in str(raised.value)


def test_a_header_that_is_true_is_accepted(tmp_path):
    """The tests of false headers rely on this."""
    (tmp_path / "a.npz").write_bytes(
        with_header((10, 10, 10, 1), bytes(range(250)) * 4)
    )
    examples = data.load(f"npz:{tmp_path / 'a.npz'}").examples
    assert examples.ravel().tolist() == [*range(250)] * 4


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """The small file is true, but contains more zeros than there is memory."""
    zeros = np.zeros([10, 100, 100, 1], "uint8")
    np.savez_compressed(tmp_path / "a.npz", images=zeros)
    path = f"npz:{tmp_path / 'a.npz'}"
    monkeypatch.setattr(_limits, "memory", lambda: 100_000)
    assert len(data.load(path).examples) == 10
    monkeypatch.setattr(_limits, "memory", lambda: 99_999)
    with pytest.raises(ValueError, match="images need 97.7 KiB.*machine has 97.7 KiB"):
        data.load(path)


@pytest.mark.parametrize("name", odd_paths.EVERY_NAME)
def test_archives_are_read_under_any_name(tmp_path, name):
    (tmp_path / name).mkdir()
    np.savez(tmp_path / name / name, images=PICTURES)
    source = data.load(f"npz:{tmp_path / name / name}.npz")
    np.testing.assert_array_equal(source.examples[..., 0], PICTURES)


@pytest.mark.parametrize("make", odd_paths.NO_FILES)
def test_what_is_not_a_file_is_refused(tmp_path, make):
    match = r"^`(npz:PATH|name)` must .*Received: name="
    with pytest.raises((FileNotFoundError, ValueError), match=match):
        data.load(f"npz:{make(tmp_path)}")


@pytest.mark.parametrize(
    "content",
    [
        lambda _: b"",
        lambda _: b"not an archive",
        encrypted,
        unknown_compression,
        claims_4_gib_in_the_archive_too,
        lambda _: zipped({"images.npy": b"no array"}),
        lambda _: zipped({"images": b"no array"}),
        lambda _: zipped({"images.npy": b"\x93NUMPY\x09\x00" + bytes(100)}),
        truncated,
        damaged,
        damaged_compression,
        single_array,
    ],
)
def test_broken_archives_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content(tmp_path))
    with pytest.raises(ValueError, match=r"`npz:PATH` must .*Received: name='npz:"):
        data.load(f"npz:{tmp_path / 'a.npz'}")


class Exploit:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("name", ["images", "labels"])
def test_nothing_in_an_archive_is_unpickled(tmp_path, name):
    exploit = np.array([Exploit(tmp_path / "exploited"), None], object)
    with pytest.raises(ValueError, match="Received"):
        load(tmp_path, **{"images": PICTURES, name: exploit})
    assert not (tmp_path / "exploited").exists()


def test_a_missing_archive_and_other_splits_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: name='npz:"):
        data.load(f"npz:{tmp_path / 'missing.npz'}")
    with pytest.raises(FileNotFoundError, match="Received: name='npz:"):
        data.load(f"npz:{tmp_path}")
    with pytest.raises(ValueError, match="Received: split='test'"):
        data.load(f"npz:{tmp_path / 'missing.npz'}", split="test")


def test_rendered_characters_load():
    path = SHARED / "hanzi28.npz"
    if not path.exists():
        pytest.skip("needs the archive of rendered characters, hanzi28.npz")
    source = data.load(f"npz:{path}")
    assert source.examples.shape == (45_060, 28, 28, 1)
    assert len(np.unique(source.labels)) == 3755
