import errno
import pathlib
import shutil

import numpy as np
import pytest

from tests import odd_paths
from tests.data import images
from tests.data import tiny_pictures
from tfgan_tricks import data


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return tmp_path_factory.mktemp("prepared")


def load(config, data_dir, **kwargs):
    return data.load(f"tfds:tiny_pictures/{config}", data_dir=str(data_dir), **kwargs)


def test_what_is_not_there_is_refused_and_not_prepared_unless_asked_for(tmp_path):
    with pytest.raises(data.NotPrepared, match="Received: data_dir=") as raised:
        load("fixed", tmp_path)
    name = "tfds:tiny_pictures/fixed"
    call = f"data.load('{name}', data_dir='{tmp_path}', download=True)"
    assert f"Prepare it once with `{call}`." in str(raised.value)
    assert raised.value.dataset == "tiny_pictures/fixed"
    told = raised.value.told(how="--download")
    assert "Prepare it once with --download. Received: data_dir=" in told
    assert list(tmp_path.iterdir()) == []
    assert len(load("fixed", tmp_path, download=True).examples) == 5
    assert len(load("fixed", tmp_path).examples) == 5


def test_the_only_image_and_the_only_class_label_are_found(prepared):
    source = load("fixed", prepared, download=True)
    assert source.examples.shape == (5, 3, 3, 1)
    assert source.examples.dtype == np.uint8
    numbers = source.examples[:, 0, 0, 0] // 10
    assert sorted(numbers.tolist()) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(source.labels, numbers % 3)
    assert source.labels.dtype == np.int64
    assert source.label_names == ("zero", "one", "two")


def test_a_part_of_a_split_and_other_images_can_be_asked_for(prepared):
    source = load(
        "fixed", prepared, split="train[:4]", image_size=6, channels=3, download=True
    )
    whole = load("fixed", prepared)
    assert source.examples.shape == (4, 6, 6, 3)
    np.testing.assert_array_equal(source.labels, whole.labels[:4])
    np.testing.assert_array_equal(
        source.examples[:, 3, 3, 1], whole.examples[:4, 1, 1, 0]
    )
    assert len(load("fixed", prepared, split="train+test").examples) == 7


def test_supervised_keys_choose_among_images_of_any_size(prepared):
    source = load("varied", prepared, image_size=2, channels=3, download=True)
    assert source.examples.shape == (5, 2, 2, 3)
    numbers = source.examples[:, 0, 0, 0] // 10
    assert sorted(numbers.tolist()) == [0, 1, 2, 3, 4]
    assert (source.examples[..., 1:] == 0).all()
    np.testing.assert_array_equal(source.labels, numbers % 3)


def test_images_of_several_sizes_need_an_image_size(prepared):
    with pytest.raises(ValueError, match="`image_size`.*Received: image_size=None"):
        load("varied", prepared, download=True)


def test_images_may_lack_labels(prepared):
    source = load("unlabeled", prepared, download=True)
    assert len(source.examples) == 5
    assert (source.labels, source.label_names) == (None, ())


@pytest.mark.parametrize(
    "config, received",
    [
        ("no_pictures", "no_pictures' with numbers"),
        ("two_pictures", "two_pictures' with left, right"),
        ("deep", "deep' with .*uint16"),
    ],
)
def test_data_without_images_for_a_gan_are_refused(prepared, config, received):
    with pytest.raises(
        ValueError, match=f"Received: name='tfds:tiny_pictures/{received}"
    ):
        load(config, prepared, download=True)


@pytest.mark.parametrize("split", ["validation", "train[:0]", "test["])
def test_an_unknown_or_empty_split_is_refused(prepared, split):
    load("fixed", prepared, download=True)
    with pytest.raises(ValueError, match="such as t.*Received: split="):
        load("fixed", prepared, split=split)


@pytest.mark.parametrize(
    "name",
    ["minst", "mnist:9.9.9", "no name", "tiny_pictures/nothing", "a:b:c", "zoo:x"],
)
def test_an_unknown_dataset_is_refused_in_one_line(tmp_path, name):
    with pytest.raises(ValueError, match=f"Received: name='tfds:{name}'") as raised:
        data.load(f"tfds:{name}", data_dir=str(tmp_path))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_misspelled_dataset_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'mnist'"):
        data.load("tfds:minst", data_dir=str(tmp_path))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_prepared_digits_and_clothes_load(name):
    folder = images.SHARED / "tfds"
    if not folder.exists():
        pytest.skip(f"needs the prepared dataset {name}")
    source = data.load(f"tfds:{name}", data_dir=str(folder), split="test[:300]")
    again = data.load(f"tfds:{name}", data_dir=str(folder), split="test[:300]")
    assert source.examples.shape == (300, 28, 28, 1)
    assert set(source.labels.tolist()) == set(range(10))
    assert len(source.label_names) == 10
    np.testing.assert_array_equal(source.examples, again.examples)


def cut_short(content):
    return content[:-20]


def changed(content):
    return content[:50] + bytes([content[50] ^ 0xFF]) + content[51:]


def emptied(content):
    return b""


def no_text(content):
    return b"\xff\x00"


@pytest.mark.parametrize(
    "name, damage",
    [
        ("tiny_pictures-train.tfrecord*", cut_short),
        ("tiny_pictures-train.tfrecord*", changed),
        ("tiny_pictures-train.tfrecord*", emptied),
        ("tiny_pictures-train.tfrecord*", None),
        ("dataset_info.json", cut_short),
        ("dataset_info.json", no_text),
    ],
)
def test_an_error_for_damaged_data_says_what_to_do(prepared, tmp_path, name, damage):
    load("fixed", prepared, download=True)
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    (file,) = tmp_path.rglob(f"fixed/*/{name}")
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage(file.read_bytes()))
    wanted = r"^`tfds:tiny.* must be undamaged \(.+\)\. Delete '.*prepare it again with"
    with pytest.raises(data.NotPrepared, match=wanted) as raised:
        load("fixed", tmp_path)
    assert "\n" not in str(raised.value)
    assert pathlib.Path(raised.value.folder).is_dir()
    shutil.rmtree(raised.value.folder)
    assert len(load("fixed", tmp_path, download=True).examples) == 5


@pytest.mark.parametrize("name", odd_paths.NAMES)
def test_data_are_prepared_and_read_under_any_name(tmp_path, name):
    with pytest.raises(data.NotPrepared):
        load("fixed", tmp_path / name)
    assert len(load("fixed", tmp_path / name, download=True).examples) == 5


def test_a_name_that_is_not_utf_8_is_refused_before_anything_is_written(tmp_path):
    for download in (False, True):
        with pytest.raises(ValueError, match="`data_dir` must .*UTF-8.*Received: data"):
            load("fixed", tmp_path / odd_paths.NOT_UTF8, download=download)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", odd_paths.NO_FOLDERS)
def test_what_is_not_a_folder_is_not_written_to(tmp_path, make):
    path = make(tmp_path)
    before = odd_paths.tree(tmp_path)
    match = "^`data_dir` must .*Received: data_dir="
    with pytest.raises((OSError, ValueError), match=match):
        load("fixed", path, download=True)
    with pytest.raises((OSError, ValueError), match="Received: data_dir="):
        load("fixed", path)
    assert odd_paths.tree(tmp_path) == before


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "no space"), RuntimeError("a\nb"), AssertionError()],
)
def test_a_download_that_fails_ends_in_one_line(tmp_path, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(tiny_pictures.TinyPictures, "download_and_prepare", fail)
    match = r"^`download` must .*tiny_pictures/fixed` \(.+\)\. Received: download=True"
    with pytest.raises(OSError, match=match) as raised:
        load("fixed", tmp_path, download=True)
    assert "\n" not in str(raised.value)
    assert raised.value.errno == getattr(error, "errno", None)


def test_images_that_memory_cannot_hold_are_refused(prepared):
    load("fixed", prepared, download=True)
    with pytest.raises(ValueError, match="`image_size` must fit in memory"):
        load("fixed", prepared, image_size=10**6)
