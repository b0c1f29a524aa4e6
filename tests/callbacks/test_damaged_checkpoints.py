"""Checkpoints that are damaged, half written, or of somewhere else."""

import os
import resource
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tests.callbacks.test_checkpoints import saved_steps
from tests.callbacks.tiny import Tiny
from tests.callbacks.tiny import compiled
from tests.callbacks.tiny import train
from tfgan_tricks import callbacks


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Returns the files of the checkpoints 1, 2 and 3, by name."""
    folder = tmp_path_factory.mktemp("three")
    train(Tiny(), [callbacks.Checkpoints(folder, every=1)], steps=3)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written(folder, contents):
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


INDEX, DATA, STATE = "ckpt-3.index", "ckpt-3.data-00000-of-00001", "checkpoint"


def halved(content):
    return content[: len(content) // 2]


def flipped_at(place):
    def flip(content):
        at = int(place * (len(content) - 1))
        return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]

    return flip


def nothing(content):
    return b""


def zeros(content):
    return bytes(len(content))


DAMAGES = [
    (name, damage)
    for name in (INDEX, DATA)
    for damage in (halved, nothing, zeros, None, *map(flipped_at, (0, 0.3, 0.7, 1)))
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_the_one_before_takes_the_place_of_a_damaged_one(three, tmp_path, name, damage):
    changed = {name: damage(three[name])} if damage else {}
    kept = {other: three[other] for other in three if other != name}
    folder = written(tmp_path / "c", kept | changed)
    model = compiled(Tiny())
    with pytest.warns(UserWarning, match=r"ckpt-3 \(.+\). Using ckpt-2 instead"):
        assert callbacks.restore(model, folder) == 2
    assert int(model.step.numpy()) == 2
    np.testing.assert_array_equal(model.generator.get_weights()[1], [2.0, 2.0])


def test_two_damaged_ones_are_both_named(three, tmp_path):
    damaged = {"ckpt-2.index": b"no index", DATA: b""}
    folder = written(tmp_path / "c", three | damaged)
    with pytest.warns(UserWarning, match=r"ckpt-3 .*, ckpt-2 .*Using ckpt-1"):
        assert callbacks.newest(folder) == 1


def test_nothing_but_damaged_ones_is_an_error(three, tmp_path):
    damaged = {name: b"wreck" for name in three}
    folder = written(tmp_path / "c", damaged)
    match = r"that can be read, not ckpt-3 .*ckpt-2 .*ckpt-1 .*Received: directory"
    with pytest.raises(ValueError, match=match) as error:
        callbacks.restore(compiled(Tiny()), folder)
    assert "\n" not in str(error.value)


OUTSIDE = 'model_checkpoint_path: "{0}"\nall_model_checkpoint_paths: "{0}"\n'


@pytest.mark.parametrize(
    "state",
    [None, b"", b"\xff\x00", b"no state", OUTSIDE, OUTSIDE.replace("{0}", "../out/x")],
)
def test_tensorflow_s_own_record_is_not_needed_and_not_trusted(three, tmp_path, state):
    """A path in it may be anywhere, to be read, or to be deleted as an old one."""
    outside = written(tmp_path / "out", {"x.index": b"mine", "x.data-0": b"mine"})
    if isinstance(state, str):
        state = state.format(outside / "x").encode()
    kept = {name: three[name] for name in three if name != STATE}
    folder = written(tmp_path / "c", kept | ({} if state is None else {STATE: state}))
    model = compiled(Tiny())
    assert callbacks.restore(model, folder) == 3
    train(model, [callbacks.Checkpoints(folder, every=1, max_to_keep=1)], steps=3)
    assert saved_steps(folder) == [6]
    assert sorted(path.name for path in outside.iterdir()) == ["x.data-0", "x.index"]
    assert tf.train.latest_checkpoint(folder) == str(folder / "ckpt-6")


def test_checkpoints_of_a_lost_future_are_the_first_to_go(three, tmp_path):
    folder = written(tmp_path / "c", three)
    for name in (INDEX, DATA):
        (folder / name).rename(folder / name.replace("3", "9"))
    model = compiled(Tiny())
    model.step.assign(2)
    saver = callbacks.Checkpoints(folder, every=1)
    train(model, [saver], steps=1)
    assert saved_steps(folder) == [1, 2, 3]


def test_what_a_killed_writer_left_is_cleared_away(three, tmp_path):
    folder = written(tmp_path / "c", three)
    written(folder / ".part", {"ckpt-4.data-00000-of-00001": b"ha"})
    (folder / "ckpt-0.data-00000-of-00001").write_bytes(b"without its index")
    model = compiled(Tiny())
    callbacks.restore(model, folder)
    train(model, [callbacks.Checkpoints(folder, every=1)], steps=1)
    names = {f"ckpt-{n}.{end}" for n in (2, 3, 4) for end in ("index", DATA[7:])}
    assert {path.name for path in folder.iterdir()} == names | {STATE}


def test_a_writer_that_ends_between_two_files_has_written_nothing(
    three, tmp_path, monkeypatch
):
    folder, moved = written(tmp_path / "c", three), []

    def end(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        replace(source, target)

    replace = os.replace
    monkeypatch.setattr(os, "replace", end)
    model = compiled(Tiny())
    model.step.assign(3)
    with pytest.raises(KeyboardInterrupt):
        train(model, [callbacks.Checkpoints(folder, every=1)], steps=1)
    with pytest.warns(UserWarning, match=r"ckpt-4 \(its index is missing\). Using ckp"):
        assert callbacks.newest(folder) == 3


class Poisoned(Tiny):
    """Its weights are lost in a step whose losses do not show it."""

    def __init__(self, value, at):
        super().__init__()
        self.value, self.at = value, at

    def train_step(self, data):
        logs = super().train_step(data)
        lost = tf.equal(tf.identity(self.step), self.at)
        bias = self.generator.weights[1]
        value = tf.convert_to_tensor(bias)
        bias.assign(tf.where(lost, self.value, value))
        return logs


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_never_saved(tmp_path, value):
    saver = callbacks.Checkpoints(tmp_path, every=2)
    with pytest.raises(FloatingPointError, match="step 4: every weight .*bias"):
        train(Poisoned(value, at=4), [saver], steps=8)
    assert callbacks.restore(compiled(Tiny()), tmp_path) == 2
    assert not (tmp_path / ".part").exists()


@pytest.fixture
def small_files():
    """Lets no file grow beyond 2 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Large(Tiny):
    def __init__(self):
        super().__init__()
        self.large = self.add_weight(name="large", shape=[4096], initializer="ones")


def test_a_full_disk_costs_no_earlier_checkpoint(tmp_path, small_files):
    model = Large()
    train(model, [callbacks.Checkpoints(tmp_path, every=2)], steps=2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    small_files()
    with pytest.raises(OSError, match=f"{os.strerror(27)}.*Received: directory="):
        train(model, [callbacks.Checkpoints(tmp_path, every=2)], steps=2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_warning_without_damage(three, tmp_path):
    folder = written(tmp_path / "c", three)
    with warnings.catch_warnings(record=True) as caught:
        assert callbacks.newest(folder) == 3
    assert not caught


@pytest.mark.parametrize("use", [callbacks.newest, lambda folder: restored(folder)])
def test_a_file_in_place_of_the_folder_is_not_taken_for_no_checkpoint(tmp_path, use):
    (tmp_path / "c").write_text("mine")
    with pytest.raises(NotADirectoryError, match="`directory` must be a folder.*/c'$"):
        use(tmp_path / "c")
    assert (tmp_path / "c").read_text() == "mine"


def restored(folder):
    return callbacks.restore(compiled(Tiny()), folder)


@pytest.mark.parametrize("name", [INDEX, DATA])
def test_a_pipe_is_not_waited_for(three, tmp_path, name):
    folder = written(tmp_path / "c", {n: three[n] for n in three if n != name})
    os.mkfifo(folder / name)
    with pytest.warns(UserWarning, match=r"ckpt-3 \(.+\). Using ckpt-2 instead"):
        assert callbacks.newest(folder) == 2


@pytest.mark.parametrize("make", [os.mkdir, lambda path: path.write_text("ha")])
def test_whatever_is_in_the_way_of_a_part_is_cleared_away(tmp_path, make):
    make(tmp_path / ".part")
    train(compiled(Tiny()), [callbacks.Checkpoints(tmp_path, every=1)], steps=1)
    assert saved_steps(tmp_path) == [1]
    assert not (tmp_path / ".part").exists()


def test_a_link_in_the_way_of_a_part_is_not_followed(three, tmp_path):
    outside = written(tmp_path / "out", {"mine": b"mine"})
    folder = written(tmp_path / "c", three)
    (folder / ".part").symlink_to(outside)
    model = compiled(Tiny())
    assert callbacks.restore(model, folder) == 3
    train(model, [callbacks.Checkpoints(folder, every=1)], steps=1)
    assert [path.name for path in outside.iterdir()] == ["mine"]
    assert saved_steps(folder) == [2, 3, 4]
