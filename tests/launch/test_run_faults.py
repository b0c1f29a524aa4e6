"""Signals, lost folders and other faults of runs, in the user's own scripts."""

import builtins
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from benchmarks import _workers
from launch import export
from launch import sample
from launch import train
from launch.run import _lock
from launch.run import _pipes
from launch.run import _report
from launch.run import _signals
from launch.run._folder import Folder
from tests.launch.programs import ROOT
from tests.launch.programs import TINY
from tests.launch.programs import files
from tests.launch.programs import run
from tests.launch.server import wait_for
from tests.launch.test_own_networks import assert_equal
from tests.launch.test_own_networks import from_number
from tests.launch.test_own_networks import gan
from tests.launch.test_own_networks import made
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import trained as trained


@pytest.fixture
def started():
    """Starts processes that end with the test, if not before."""
    processes = []

    def start(command, **options):
        options = {"cwd": ROOT, "text": True, "stderr": subprocess.PIPE, **options}
        processes.append(subprocess.Popen(command, **options))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


SCRIPT = """
import sys
from tests.launch.test_own_networks import from_number, gan, made
steps = int(sys.argv[2])
made(sys.argv[1], gan(), from_number, steps, checkpoint_every=4, verbose=True).train()
"""


def script(folder, steps, **options):
    command = [sys.executable, "-c", SCRIPT, str(folder), str(steps)]
    return subprocess.Popen(command, cwd=ROOT, text=True, **options)


def test_sigkill_and_sigterm_of_a_script_lose_nothing(tmp_path):
    folder = Folder(tmp_path / "run")
    for number, code in ((signal.SIGKILL, -9), (signal.SIGTERM, 143)):
        process = script(folder.path, 10**6, stderr=subprocess.PIPE)
        begin = folder.last_step()
        assert wait_for(lambda begin=begin: folder.last_step() > begin + 8)
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
        assert process.returncode == code, error
        assert "Traceback" not in error
    step = folder.last_step() + 3
    made(folder.path, given=from_number, steps=step, checkpoint_every=4).train()
    made(tmp_path / "whole", given=from_number, steps=step, checkpoint_every=9).train()
    assert_same_run(tmp_path / "run", tmp_path / "whole")


def test_a_folder_that_is_removed_ends_the_run_in_one_line(tmp_path, started):
    command = [sys.executable, "-m", "launch.train", f"--workdir={tmp_path / 'run'}"]
    command += [*(f"--{flag}" for flag in TINY), "--steps=1000000"]
    command += ["--checkpoint_every=5"]
    process = started(command, stdout=subprocess.DEVNULL)
    assert wait_for(lambda: Folder(tmp_path / "run").last_step() > 5)
    os.rename(tmp_path / "run", tmp_path / "away")
    shutil.rmtree(tmp_path / "away")
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = error.splitlines()
    assert "`workdir` must stay where it is" in line
    assert not (tmp_path / "run").exists()


def test_a_reader_that_leaves_does_not_end_the_run(tmp_path):
    command = f"{sys.executable} -m launch.train --workdir={tmp_path / 'run'} --steps=9"
    flags = " ".join(f"--{flag}" for flag in TINY)
    text = f"set -o pipefail; {command} {flags} 2>&1 | head -1"
    done = subprocess.run(
        ["bash", "-c", text], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Training relativistic_gan")
    assert Folder(tmp_path / "run").exported_step() == 9


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
@pytest.mark.parametrize("index", [0, 1])
def test_a_worker_that_waits_for_another_can_be_ended(
    tmp_path, started, number, code, index
):
    environment = _workers.environments()[index]
    command = [sys.executable, "-m", "launch.train", "--strategy=multi_worker"]
    command += [*(f"--{flag}" for flag in TINY), f"--workdir={tmp_path / 'run'}"]
    process = started(command, env=environment)
    cluster = json.loads(environment["TF_CONFIG"])["cluster"]
    host, port = cluster["worker"][0].split(":")
    if index == 0:
        _wait_until_it_listens((host, int(port)))
    else:
        _wait_until_it_calls((host, int(port)))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=3)
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    assert process.returncode == code
    assert len(error.splitlines()) == 1 and "tfgan-train: error: " in error
    assert files(tmp_path) == {}


def _wait_until_it_listens(address):
    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(address) == 0

    assert wait_for(listens)


def _wait_until_it_calls(address):
    with socket.create_server(address) as chief:
        chief.settimeout(120)
        chief.accept()[0].close()


class Interrupting:
    """Data that send a signal to this process at batch 6."""

    def __init__(self, number):
        self.number = number

    def __call__(self, start):
        import tensorflow as tf

        def send(index, batch):
            def now(index):
                if start + index == 6:
                    os.kill(os.getpid(), self.number)
                return batch_free(index)

            def batch_free(index):
                return np.float32(0)

            return batch + tf.numpy_function(now, [index], "float32")

        return from_number(start).enumerate().map(send)


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)


def test_in_a_notebook_an_interrupt_leaves_a_checkpoint_and_the_kernel(
    tmp_path, notebook
):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    stdout = sys.stdout
    trainer = gan()
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "run", trainer, Interrupting(signal.SIGINT), 9).train()
    step = Folder(tmp_path / "run").last_step()
    assert 0 < step < 9 and step == int(trainer.step)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    assert sys.stdout is stdout
    made(tmp_path / "run", trainer, from_number, 9).train()  # In the same kernel.
    whole = made(tmp_path / "whole", given=from_number, steps=9)
    whole.train()
    assert_equal([trainer.generator, whole.trainer.generator])


def test_a_notebook_keeps_its_sigterm_and_others_their_handlers(notebook, monkeypatch):
    with _signals.handled():
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) != signal.default_int_handler
    monkeypatch.delattr(builtins, "__IPYTHON__")
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with _signals.handled():
            assert signal.getsignal(signal.SIGTERM)(1, None) is None
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_run_in_another_thread_touches_no_signals(tmp_path):
    errors = []

    def train():
        try:
            made(tmp_path / "run", batch_size=6, steps=2).train()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert not errors and Folder(tmp_path / "run").exported_step() == 2


def test_a_refused_run_leaves_the_users_own_empty_folder(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    for workdir in ("mine", "new/deep"):
        flags = (f"workdir={tmp_path / workdir}", *TINY, "batch_size=1438")
        flags = [flag for flag in flags if flag != "set=batch_size=8"]
        assert run(train, *flags) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_workdir_that_is_not_utf8_is_refused_before_anything_is_written(
    tmp_path, capsys
):
    workdir = os.fsdecode(b"f\xff")
    assert run(train, f"workdir={tmp_path / workdir}", *TINY, "steps=1") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "`workdir` must be a path in UTF-8" in line and "Received: workdir=" in line
    assert not list(tmp_path.iterdir())


def test_output_that_is_not_a_file_is_refused(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for output in (tmp_path, tmp_path / "pipe", "/dev/null"):
        assert run(sample, f"workdir={tmp_path}", f"output={output}") == 2
        assert "`output` must be a file" in capsys.readouterr().err
    assert not os.path.isfile("/dev/null")


@pytest.mark.parametrize("path", ["runs/mine", "my run/ä 'so' \"so\" $HOME"])
def test_commands_can_be_pasted(path):
    text = "echo --workdir={folder}"
    line = _report._command(text, path).replace(
        " -m echo", " -c 'import sys; print(sys.argv[1])'"
    )
    out = subprocess.check_output(["bash", "-c", line], cwd=ROOT, text=True)
    assert out.rstrip("\n") == f"--workdir={path}"


def test_without_an_environment_commands_name_the_interpreter(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = ROOT / _report.python()
    assert os.path.samefile(found, sys.executable)


def test_printing_lasts_longer_than_its_reader(monkeypatch):
    reader, writer = os.pipe()
    with open(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with _pipes.lasting():
            print("one", flush=True)
            os.close(reader)
            for _ in range(3):
                print("two", flush=True)
        print("three", flush=True)


def test_a_hold_knows_its_folder(tmp_path):
    with _lock.held(str(tmp_path / "run")) as hold:
        hold.check()
        os.rename(tmp_path / "run", tmp_path / "moved")
        with pytest.raises(_lock.FolderLost):
            hold.check()
        (tmp_path / "run").mkdir()
        with pytest.raises(_lock.FolderLost, match="Received: folder="):
            hold.check()


@pytest.mark.parametrize(
    ("output", "format"), [("g", "keras"), ("g.keras", "saved_model"), ("g", "kears")]
)
def test_suffix_and_format_must_agree(trained, tmp_path, capsys, output, format):
    output = f"output={tmp_path / output}"
    assert run(export, f"workdir={trained}", output, f"format={format}") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())
