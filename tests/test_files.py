"""Whatever this package writes, under any name, whole or not at all."""

import errno
import json
import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import odd_paths
from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks import _checks
from tfgan_tricks import _files
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import export
from tfgan_tricks import networks

PIXELS = np.arange(3 * 2, dtype="uint8").reshape(3, 2, 1)


def generator():
    return networks.mlp_generator((2,), latent_dim=3, hidden=(4,))


def write_png(path):
    callbacks.write_png(path, PIXELS)


def write_metrics(path):
    train(Tiny(), [callbacks.MetricsLog(path, every=1)], steps=1)


def write_keras(path):
    path = os.fspath(path)
    export.save_keras(generator(), path and f"{path}.keras")


def write_export(path):
    export.save(generator(), path)


def write_checkpoints(path):
    train(Tiny(), [callbacks.Checkpoints(path, every=1)], steps=2)


def write_grids(path):
    train(Tiny(), [callbacks.SampleGrid(path, every=1)], steps=1)


def write_scalars(path):
    log = callbacks.MetricsLog(f"{path}.jsonl", every=1, log_dir=path)
    train(Tiny(), [log], steps=1)


FILES = [write_png, write_metrics]
FOLDERS = [write_export, write_checkpoints, write_grids]
WRITERS = [*FILES, *FOLDERS, write_keras]


@pytest.mark.parametrize("name", odd_paths.EVERY_NAME)
def test_what_is_written_can_be_read_under_any_name(tmp_path, name):
    folder = tmp_path / name
    write_png(folder / "p.png")
    png = (folder / "p.png").read_bytes()
    np.testing.assert_array_equal(tf.io.decode_png(png), PIXELS)
    write_metrics(folder / "m.jsonl")
    assert json.loads((folder / "m.jsonl").read_text())["step"] == 1
    write_checkpoints(folder / "c")
    assert callbacks.newest(folder / "c") == 2
    model = compiled(Tiny())
    assert callbacks.restore(model, folder / "c") == 2
    np.testing.assert_array_equal(model.generator.get_weights()[1], [2.0, 2.0])
    write_grids(folder / "s")
    assert [p.name for p in (folder / "s").iterdir()] == ["step-000001.png"]


@pytest.mark.parametrize("name", ["a[b]c", "a\\b", "a*b", odd_paths.NOT_UTF8])
def test_exports_can_be_read_under_any_name(tmp_path, name):
    folder, z = tmp_path / name, tf.constant([[1.0, -2.0, 0.5]])
    made = generator()
    export.save(made, folder / name)
    export.save_keras(made, folder / f"{name}.keras")
    (folder / name).rename(tmp_path / "saved")
    (folder / f"{name}.keras").rename(tmp_path / "g.keras")
    assert list(folder.iterdir()) == []
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    images = saved.generate(z)["images"]
    np.testing.assert_allclose(images, made(z), atol=1e-6)
    loaded = keras.saving.load_model(tmp_path / "g.keras")
    np.testing.assert_allclose(loaded(z), made(z), atol=1e-6)


def test_tensorboard_needs_utf_8(tmp_path):
    for name in odd_paths.NAMES:
        write_scalars(tmp_path / name)
        assert list((tmp_path / name).glob("*tfevents*")), name
    before = odd_paths.tree(tmp_path)
    with pytest.raises(ValueError, match=r"`log_dir` must .*UTF-8.*Received: log_dir="):
        write_scalars(tmp_path / odd_paths.NOT_UTF8)
    with pytest.raises(ValueError, match=r"`log_dir` must .*UTF-8"):
        callbacks.SampleGrid(tmp_path / "s", 1, log_dir=tmp_path / odd_paths.NOT_UTF8)
    assert odd_paths.tree(tmp_path) == before


REFUSED = [(write, make) for write in FILES for make in odd_paths.NO_FILES]
REFUSED += [
    (write, make)
    for write in [*FOLDERS, write_scalars]
    for make in odd_paths.NO_FOLDERS
]


@pytest.mark.parametrize("write, make", REFUSED, ids=lambda function: function.__name__)
def test_what_is_not_a_place_to_write_to_is_refused(tmp_path, write, make):
    if (write, make) == (write_scalars, odd_paths.nothing):
        pytest.skip("it would be the working directory's")
    path = make(tmp_path)
    before = odd_paths.tree(tmp_path)
    wanted = r"^`(path|directory|log_dir)` must .*Received: (path|directory|log_dir)="
    with pytest.raises((OSError, ValueError), match=wanted) as raised:
        write(path)
    assert "\n" not in str(raised.value)
    assert odd_paths.tree(tmp_path) == before


def test_keras_files_are_not_folders(tmp_path):
    (tmp_path / "g.keras").mkdir()
    with pytest.raises(IsADirectoryError, match="Received: path="):
        write_keras(tmp_path / "g")
    assert list((tmp_path / "g.keras").iterdir()) == []


def test_the_node_of_a_device_stays(tmp_path):
    before = os.stat("/dev/null")
    with pytest.raises(
        OSError, match="not a device or pipe. Received: path='/dev/null'"
    ):
        callbacks.write_png("/dev/null", PIXELS)
    assert os.stat("/dev/null").st_ino == before.st_ino


def test_links_to_files_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "p.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to("real/p.png")
    write_png(tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real" / "p.png").read_bytes()[:4] == b"\x89PNG"


def test_links_to_empty_folders_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_export(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "saved_model.pb").exists()


@pytest.mark.parametrize("write", WRITERS, ids=lambda function: function.__name__)
def test_folders_that_may_not_be_written_to_are_refused(tmp_path, write, monkeypatch):
    """Root may write anywhere, so the test raises the system's error itself."""
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(tmp_path))
    with pytest.raises(PermissionError, match="can be written to.*Received: "):
        write(tmp_path / "new" / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", WRITERS, ids=lambda function: function.__name__)
def test_a_full_disk_leaves_nothing_and_keeps_its_number(tmp_path, write):
    with odd_paths.full_disk(20 if write in (write_png, write_metrics) else 50):
        with pytest.raises(OSError, match=f"{os.strerror(errno.EFBIG)}") as raised:
            write(tmp_path / "new" / "file")
    assert raised.value.errno == errno.EFBIG
    assert str(raised.value).startswith("`") and "\n" not in str(raised.value)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in left if path.stat().st_size] == []
    assert not [path for path in left if "part" in path.name]


@pytest.mark.parametrize("write", [write_png, write_export, write_keras])
def test_a_failure_takes_back_the_folders_it_made(tmp_path, write):
    with odd_paths.full_disk(20), pytest.raises(OSError):
        write(tmp_path / "new" / "deep" / "file")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_costs_no_line_of_the_metrics(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"step": 1}\n')
    with odd_paths.full_disk(20), pytest.raises(OSError, match="File too large"):
        write_metrics(path)
    assert path.read_text() == '{"step": 1}\n'


def test_what_a_killed_export_left_is_cleared_away(tmp_path):
    for left in (".out.part", ".g.keras.part"):
        (tmp_path / left / "new").mkdir(parents=True)
    write_export(tmp_path / "out")
    write_keras(tmp_path / "g")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.keras", "out"]


def test_errors_of_the_system_keep_their_type_and_number():
    with pytest.raises(PermissionError, match="`a` must .*Received: a='b'") as raised:
        with _files.writing("a", "b"):
            raise PermissionError(errno.EACCES, "no", "/c")
    assert raised.value.errno == errno.EACCES
    with pytest.raises(OSError, match="Received: a='b'") as raised:
        with _files.writing("a", "b", tf.errors.OpError):
            raise tf.errors.UnknownError(None, None, "/x; No space left on device")
    assert raised.value.errno == errno.ENOSPC


def test_an_interrupt_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with _files.whole_file(tmp_path / "new" / "file") as file:
            file.write(b"half")
            raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error, told",
    [
        (
            lambda: callbacks.write_png("/dev/null", PIXELS),
            "`--output` must be a file, not a device or pipe. "
            "Received: --output='/dev/null'",
        ),
        (
            lambda: data.load("npz:/no/such/path=.npz"),
            "`npz:PATH` must name a file. Received: --dataset='npz:/no/such/path=.npz'",
        ),
    ],
)
def test_a_program_can_name_its_flags(error, told):
    flags = {"path": "--output", "name": "--dataset"}
    with pytest.raises(OSError) as raised:
        error()
    assert _checks.renamed(str(raised.value), flags) == told
