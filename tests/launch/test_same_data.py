"""A resumed run uses the data that it began with, even after they have moved."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from launch import _workdir
from launch import sample
from launch import train
from tests.launch.programs import run
from tests.launch.test_run import assert_same_run
from tfgan_tricks import callbacks

TINY = (
    "preset=digits8",
    "trainer=ls_gan",
    "set=penalty=none",
    "set=network=dcgan",
    "set=width=2",
    "set=latent_dim=3",
    "set=image_size=8",
    "set=batch_size=4",
    "set=steps_per_execution=1",
)
BY_CLASS = ("set=conditional=true", "set=label_dim=5")
CLASSES = ("10", "cat", "dog")


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Trains two steps on three classes of images; the folder must not be changed."""
    folder = tmp_path_factory.mktemp("begun")
    write_images(folder / "pictures")
    flags = (*TINY, *BY_CLASS, f"dataset=image_folder:{folder}/pictures")
    assert run(train, f"workdir={folder}/run", *flags, "steps=2") == 0
    return folder


def write_images(folder):
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for index in range(3):
            pixels = rng.integers(0, 256, [8, 8, 3], "uint8")
            callbacks.write_png(folder / name / f"{index}.png", pixels)


@pytest.fixture
def copied(begun, tmp_path):
    """Copies the run, and moves its images away from their recorded path."""
    shutil.copytree(begun / "run", tmp_path / "run")
    shutil.copytree(begun / "pictures", tmp_path / "moved")
    config = tmp_path / "run" / "config.json"
    text = config.read_text()
    config.write_text(text.replace(f"{begun}/pictures", f"{tmp_path}/pictures"))
    return tmp_path


def resume(folder, *flags, steps=4):
    return run(train, f"workdir={folder}/run", "resume", f"steps={steps}", *flags)


def moved(folder):
    return f"dataset=image_folder:{folder}/moved"


def test_names_of_classes_are_kept(begun):
    facts = _workdir.read_trained(begun / "run")[1].data
    assert facts.label_names == CLASSES
    assert (facts.num_classes, facts.num_examples) == (3, 9)
    metadata = json.loads((begun / "run" / "export" / "metadata.json").read_text())
    assert metadata["label_names"] == list(CLASSES)


def test_moved_data_need_their_new_path(begun, copied, tmp_path, capsys):
    assert resume(copied) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "If the data have moved, give --dataset" in line
    assert resume(copied, moved(copied)) == 0
    config, record = _workdir.read_trained(copied / "run")
    facts = record.data
    assert str(config.dataset) == f"image_folder:{copied}/moved"
    assert facts.label_names == CLASSES
    assert resume(copied, steps=5) == 0
    shutil.copytree(begun / "run", tmp_path / "stayed" / "run")
    assert resume(tmp_path / "stayed", steps=4) == 0
    assert resume(tmp_path / "stayed", steps=5) == 0
    assert_same_run(copied / "run", tmp_path / "stayed" / "run")


CHANGES = {
    "renamed": (
        lambda at: (at / "dog").rename(at / "ape"),
        "the name of label 1='ape' (it was 'cat')",
    ),
    "swapped": (
        lambda at: [
            (at / old).rename(at / new)
            for old, new in (("cat", "x"), ("dog", "cat"), ("x", "zebra"))
        ],
        "the name of label 2='zebra' (it was 'dog')",
    ),
    "one more class": (
        lambda at: shutil.copytree(at / "dog", at / "ape"),
        "num_examples=12 (it was 9)",
    ),
    "one class less, as many images": (
        lambda at: [
            (at / "dog" / f"{i}.png").rename(at / "cat" / f"a{i}.png") for i in range(3)
        ],
        "num_classes=2 (it was 3)",
    ),
    "one image less": (
        lambda at: (at / "dog" / "0.png").unlink(),
        "num_examples=8 (it was 9)",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_data_are_refused(copied, capsys, change):
    spoil, match = CHANGES[change]
    spoil(copied / "moved")
    before = (copied / "run" / "config.json").read_bytes()
    assert resume(copied, moved(copied)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tfgan-train: error: `dataset` must match the run")
    assert match in line
    assert (copied / "run" / "config.json").read_bytes() == before


def test_leftovers_are_not_a_change(copied):
    checkpoints = copied / "moved" / "cat" / ".ipynb_checkpoints"
    shutil.copytree(copied / "moved" / "cat", checkpoints)
    assert resume(copied, moved(copied)) == 0


def test_another_kind_of_data_is_refused(copied, capsys):
    for dataset in ("digits8", f"npz:{copied}/moved"):
        assert resume(copied, f"dataset={dataset}") == 2
        told = f"dataset.name='{dataset.partition(':')[0]}' (it was 'image_folder')"
        assert told in capsys.readouterr().err


def npz(path, size=8, count=9, names=("ape", "cat", "dog")):
    images = np.random.default_rng(1).integers(0, 256, [count, size, size, 1], "uint8")
    labels = np.arange(count) % len(names)
    np.savez(path, images=images, labels=labels, label_names=np.array(names))
    return f"dataset=npz:{path}"


def test_archives_move_too_and_are_compared(tmp_path, capsys):
    flags = (*TINY, *BY_CLASS, "set=image_size=none")
    workdir = f"workdir={tmp_path}/run"
    assert run(train, workdir, *flags, npz(tmp_path / "a.npz"), "steps=1") == 0
    (tmp_path / "a.npz").unlink()
    for other, match in (
        ({"size": 16}, "example_shape=(16, 16, 1) (it was (8, 8, 1))"),
        ({"names": ("cat", "ape", "dog")}, "label 0='cat' (it was 'ape')"),
        ({"count": 10}, "num_examples=10 (it was 9)"),
    ):
        dataset = npz(tmp_path / "b.npz", **other)
        assert run(train, workdir, "resume", "steps=2", dataset) == 2
        assert match in capsys.readouterr().err
    dataset = npz(tmp_path / "b.npz")
    assert run(train, workdir, "resume", "steps=2", dataset) == 0


def test_a_run_without_labels_keeps_no_names(begun, tmp_path):
    flags = (*TINY, f"dataset=image_folder:{begun}/pictures", "steps=1")
    assert run(train, f"workdir={tmp_path}/run", *flags) == 0
    facts = _workdir.read_trained(tmp_path / "run")[1].data
    assert (facts.label_names, facts.num_examples) == ((), 9)
    metadata = json.loads((tmp_path / "run" / "export" / "metadata.json").read_text())
    assert "label_names" not in metadata


def drawn(begun, tmp_path, name):
    output = tmp_path / "grid.png"
    flags = (f"class={name}", "num_images=4", f"output={output}")
    assert run(sample, f"workdir={begun}/run", *flags) == 0
    return tf.io.decode_png(output.read_bytes()).numpy()


@pytest.mark.parametrize(
    ("name", "label"), [("cat", 1), ("dog", 2), ("2", 2), ("0", 0), ("10", 0)]
)
def test_a_class_is_drawn_by_name_or_number(begun, tmp_path, capsys, name, label):
    pixels = drawn(begun, tmp_path, name)
    assert f"4 samples of class {name} (label {label}) of" in capsys.readouterr().out
    signatures = tf.saved_model.load(f"{begun}/run/export").signatures
    labels, seed = tf.constant([label] * 4), tf.constant(0)
    images = signatures["sample"](labels=labels, seed=seed)["images"].numpy()
    np.testing.assert_array_equal(pixels, callbacks.picture(images))
    assert len(np.unique(images)) > 1


def test_names_that_steer_a_terminal_are_refused(tmp_path, capsys):
    dataset = npz(tmp_path / "a.npz", names=("a", "b\x1b]0;", "c"))
    flags = (*TINY, *BY_CLASS, dataset, "steps=1")
    assert run(train, f"workdir={tmp_path}/run", *flags) == 2
    assert "without control characters" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
