"""Signals, damaged checkpoints and full disks, in this process."""

import contextlib
import json
import os
import resource
import shutil
import signal
import threading

import pytest

from launch import sample
from launch import train
from launch.run import _exporting
from launch.run import _lock
from launch.run._folder import Folder
from tests.launch.programs import files
from tests.launch.programs import run
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import copy as copy
from tests.launch.test_run import metrics
from tests.launch.test_run import tiny
from tests.launch.test_run import trained as trained
from tfgan_tricks import callbacks
from tfgan_tricks.callbacks import _checkpoint_files


def told(capsys, start):
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith(start), lines
    return lines[0]


def signals(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


def calling(monkeypatch, owner, name, also, at=1):
    """Calls `also` before the `at`-th call of a method."""
    method, count = getattr(owner, name), [0]

    def both(*args, **kwargs):
        count[0] += 1
        if count[0] == at:
            also()
        return method(*args, **kwargs)

    monkeypatch.setattr(owner, name, both)


MOMENTS = {
    "in an epoch": (callbacks.StopOnNonFinite, "on_steps", 2),
    "between epochs": (callbacks.SampleGrid, "on_train_begin", 2),
    "while a grid is drawn": (callbacks.SampleGrid, "on_steps", 1),
    "in a write": (_checkpoint_files, "_publish", 1),
    "in the last write": (_checkpoint_files, "_publish", 3),
}


TERM, INT = signal.SIGTERM, signal.SIGINT
ENDS = [(moment, [TERM] * 3, 143) for moment in MOMENTS]
ENDS += [("in an epoch", [TERM], 143), ("in a write", [INT, INT], 130)]
ENDS += [("between epochs", [INT, TERM], 130)]


@pytest.mark.parametrize(("moment", "numbers", "code"), ENDS)
def test_signals_end_a_run_after_its_step(
    trained, tmp_path, monkeypatch, capsys, moment, numbers, code
):
    owner, name, at = MOMENTS[moment]
    before = [signal.getsignal(number) for number in (INT, TERM)]
    with monkeypatch.context() as patch:
        calling(patch, owner, name, lambda: signals(*numbers), at)
        assert tiny(tmp_path / "run") == code
    step = Folder(tmp_path / "run").last_step()
    what = {130: "Interrupted", 143: "Terminated"}[code]
    line = told(capsys, f"tfgan-train: error: {what} at step {step}; ")
    assert line.endswith(f"--workdir={tmp_path}/run --resume continues from there.")
    assert [signal.getsignal(number) for number in (INT, TERM)] == before
    assert run(train, f"workdir={tmp_path}/run", "resume") == 0
    assert_same_run(tmp_path / "run", trained)
    assert [line["step"] for line in metrics(tmp_path / "run")] == [1, 2, 3, 4]


def test_signals_after_the_last_step_leave_only_the_export_to_do(
    trained, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        calling(patch, _exporting, "replace", lambda: signals(signal.SIGTERM))
        assert tiny(tmp_path / "run") == 143
    assert not (tmp_path / "run" / "export").exists()
    assert run(train, f"workdir={tmp_path}/run", "resume") == 0
    assert files(tmp_path / "run" / "export").keys() == files(trained / "export").keys()
    assert tiny(tmp_path / "run", "resume") == 0  # Now there is nothing left to do.


def test_signals_while_starting_are_one_line(tmp_path, monkeypatch, capsys):
    calling(monkeypatch, train._plan, "plan", lambda: signals(signal.SIGTERM))
    assert tiny(tmp_path / "run") == 143
    assert told(capsys, "tfgan-train: error: ") == "tfgan-train: error: Terminated."
    assert not (tmp_path / "run").exists()


def test_signals_that_break_an_import_are_one_line(tmp_path, monkeypatch, capsys):
    def broken():
        try:
            signals(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None

    calling(monkeypatch, train._cli, "quiet_imports", broken)
    assert tiny(tmp_path / "run") == 130
    assert told(capsys, "tfgan-train: error: ") == "tfgan-train: error: Interrupted."


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("name", ["ckpt-4.index", "ckpt-4.data-00000-of-00001"])
def test_resume_continues_from_before_a_damaged_checkpoint(trained, copy, capsys, name):
    halve(copy / "checkpoints" / name)
    assert run(sample, f"workdir={copy}", f"output={copy}/grid.png") == 0
    out, err = capsys.readouterr()
    assert "samples of step 3 are in" in out and err.count("\n") == 1
    shutil.rmtree(copy / "export")
    assert run(train, f"workdir={copy}", "resume") == 0
    line = told(capsys, "warning: `directory` contains damaged checkpoints: ckpt-4 (")
    assert "Using ckpt-3 instead" in line
    assert_same_run(copy, trained)
    assert [line["step"] for line in metrics(copy)] == [1, 2, 3, 4]


@pytest.mark.parametrize("program", [train, sample])
def test_nothing_but_damaged_checkpoints_is_one_line(copy, capsys, program):
    for path in (copy / "checkpoints").glob("ckpt-*"):
        halve(path)
    before = files(copy)
    more = ("resume", "steps=9") if program is train else (f"output={copy}/grid.png",)
    assert run(program, f"workdir={copy}", *more) == 2
    told(capsys, f"{program.PROGRAM}: error: `workdir` must contain a checkpoint that")
    assert files(copy) == before


def test_metrics_of_steps_that_are_lost_are_dropped(trained, copy):
    for path in (copy / "checkpoints").glob("ckpt-[34].*"):
        path.unlink()
    with open(copy / "metrics.jsonl", "a") as file:
        file.write('{"step": 5, "d_lo')
    assert run(train, f"workdir={copy}", "resume") == 0
    assert [line["step"] for line in metrics(copy)] == [1, 2, 3, 4]
    assert_same_run(copy, trained)


def test_metrics_are_rewritten_only_if_some_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    Folder(tmp_path).drop_metrics(after=0)
    assert not path.exists()
    path.write_text("".join(json.dumps({"step": n}) + "\n" for n in (2, 4, 6)))
    inode = path.stat().st_ino
    Folder(tmp_path).drop_metrics(after=6)
    assert path.stat().st_ino == inode
    Folder(tmp_path).drop_metrics(after=5)
    assert [line["step"] for line in metrics(tmp_path)] == [2, 4]


def limit(size):
    """Lets no file grow beyond a size, as a full disk would."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


@pytest.fixture
def full_disk(monkeypatch):
    """Simulates a disk that is full from the third step on."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    calling(monkeypatch, callbacks.StopOnNonFinite, "on_steps", lambda: limit(9000), 3)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_line_and_costs_no_checkpoint(
    trained, tmp_path, full_disk, monkeypatch, capsys
):
    workdir = tmp_path / "run"
    assert tiny(workdir) == 1
    limit(resource.RLIM_INFINITY)
    line = told(capsys, "tfgan-train: error: `")
    assert "must be a path that can be written to: File too large. Received: " in line
    assert f"at step 2; --workdir={workdir} --resume continues from there." in line
    assert not list(workdir.rglob("*.part*"))
    monkeypatch.undo()
    assert run(train, f"workdir={workdir}", "resume") == 0
    assert_same_run(workdir, trained)


@contextlib.contextmanager
def held_elsewhere(folder):
    """Holds a folder in another thread."""
    is_held, is_over = threading.Event(), threading.Event()

    def hold():
        with _lock.held(folder):
            is_held.set()
            is_over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_a_second_run_in_a_workdir_is_refused(trained, tmp_path, capsys):
    workdir = tmp_path / "run"
    with held_elsewhere(workdir):
        assert tiny(workdir) == 2
        told(capsys, "tfgan-train: error: `workdir` must not be in use by another")
        assert list(workdir.iterdir()) == []
    assert not workdir.exists()
    assert tiny(workdir) == 0
    before = files(workdir)
    with held_elsewhere(workdir):
        assert tiny(workdir, "resume", steps=9) == 2
        told(capsys, "tfgan-train: error: `workdir` must not be in use by another")
        assert run(sample, f"workdir={workdir}", f"output={tmp_path}/grid.png") == 0
    assert files(workdir) == before


def test_a_folder_that_cannot_be_locked_is_used_anyway(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("No locks available")

    monkeypatch.setattr(_lock.fcntl, "flock", refuse)
    with _lock.held(tmp_path / "run"):
        (tmp_path / "run" / "file").touch()
    assert (tmp_path / "run" / "file").exists()
