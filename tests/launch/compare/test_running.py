"""Runs of cells in processes: failures, a second call, signals and shares of cores."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from launch._compare import _jobs
from launch._compare import _local
from launch._compare import _processes
from launch._compare._jobs import Job
from launch.config import configuration
from tests.launch.compare import fake
from tests.launch.server import wait_for


def states(folder):
    """Returns the states of all cells by name, as they are on the disk."""
    cells = json.loads((folder / "compare.json").read_text())["cells"]
    return {name: cell["state"] for name, cell in cells.items()}


def starts(folder):
    """Returns how often each cell was trained."""
    return {
        path.parent.name: len(path.read_text().splitlines())
        for path in (folder / "cells").glob("*/starts")
    }


def test_failures_are_recorded_and_stop_nothing(lab, capsys):
    axes = "vary=trainer=minimax_gan,wgan,wgan_gp,ls_gan"
    assert lab(axes, "seeds=4", "processes=2") == 0
    assert states(lab.folder) == {
        "trainer=minimax_gan,seed=4": "crashed",
        "trainer=wgan,seed=4": "diverged",
        "trainer=wgan_gp,seed=4": "finished",
        "trainer=ls_gan,seed=4": "finished",
    }
    out, err = capsys.readouterr()
    assert err == ""
    assert "minimax_gan,seed=4 crashed after" in out
    assert "s: MemoryError: no room for x\n" in out
    assert "wgan,seed=4 diverged after" in out and "diverged at step 3: every" in out
    assert "wgan_gp,seed=4 finished after" in out
    assert "s: evaluate failed: no features\n" in out
    assert "Of 4 runs: 1 crashed, 1 diverged, 2 finished. The report is" in out


def test_a_second_call_does_what_is_missing(lab, capsys):
    first = ["vary=trainer=minimax_gan,wgan,ls_gan", "seeds=0"]
    assert lab(*first) == 0
    assert lab(*first) == 0
    once = {"trainer=wgan,seed=0": 1, "trainer=ls_gan,seed=0": 1}
    assert starts(lab.folder) == {"trainer=minimax_gan,seed=0": 2, **once}
    assert lab("vary=trainer=ls_gan,wgan", "seeds=0,1", "rollbacks=2") == 0
    assert starts(lab.folder) == {
        "trainer=minimax_gan,seed=0": 2,
        "trainer=wgan,seed=0": 2,  # Other flags may help.
        "trainer=wgan,seed=1": 1,
        "trainer=ls_gan,seed=0": 1,
        "trainer=ls_gan,seed=1": 1,
    }


def test_an_evaluation_that_is_missing_is_made_without_training(lab):
    assert lab("vary=trainer=ls_gan", "seeds=0") == 0
    cell = lab.folder / "cells" / "trainer=ls_gan,seed=0"
    (cell / "evaluation.json").unlink()
    assert lab("vary=trainer=ls_gan", "seeds=0", "processes=0") == 0
    assert not (cell / "evaluation.json").exists()
    assert lab("vary=trainer=ls_gan", "seeds=0") == 0
    assert json.loads((cell / "evaluation.json").read_text())["step"] == 4
    assert starts(lab.folder) == {"trainer=ls_gan,seed=0": 1}


def test_a_folder_of_another_comparison_is_refused(lab, capsys):
    assert lab("vary=trainer=ls_gan", "seeds=0") == 0
    other = configuration.changed(
        configuration.preset("digits8"), {"trainer": "ls_gan", "batch_size": 3}
    )
    path = lab.folder / "cells" / "trainer=ls_gan,seed=0" / "config.json"
    path.write_text(configuration.to_json(other))
    before = starts(lab.folder)
    assert lab("vary=trainer=ls_gan", "seeds=0") == 2
    assert "batch_size=64 (it was 3)" in capsys.readouterr().err
    assert starts(lab.folder) == before


def test_a_run_that_has_begun_is_resumed_and_others_are_not(tmp_path):
    job = Job("a", str(tmp_path), str(tmp_path / "log"), ("--steps=5",), 5, _jobs.STEPS)
    start = ["-m", "launch.train", "--steps=5", f"--workdir={tmp_path}"]
    (tmp_path / "run.json").touch()
    assert next(job.commands()) == ("train", start)
    assert not (tmp_path / "run.json").exists()  # Without a configuration, it is new.
    (tmp_path / "config.json").touch()
    (tmp_path / "run.json").touch()
    assert next(job.commands()) == ("train", [*start, "--resume"])
    assert (tmp_path / "run.json").exists()
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "ckpt-5.index").touch()
    assert not job.is_trained  # It was killed before the export.
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "metadata.json").write_text('{"step": 5}')
    assert job.is_trained
    assert not job._replace(steps=6).is_trained


def test_an_evaluation_of_an_earlier_step_is_made_again(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "ckpt-5.index").touch()
    job, path = (
        Job("a", str(tmp_path), "", (), 5, _jobs.STEPS),
        tmp_path / "evaluation.json",
    )
    command = ["-m", "launch.evaluate", f"--workdir={tmp_path}"]
    for text, expected in (("", command), ('{"step": 4}', command), ('{"step": 5}', 0)):
        path.write_text(text)
        assert _jobs.evaluate(job) == (expected or None)


def test_runs_at_once_share_the_cores(lab, monkeypatch):
    monkeypatch.setattr(_local, "cores", lambda: 7)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "5")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert lab("vary=trainer=ls_gan,r3_gan", "seeds=0", "processes=3") == 0
    for path in (lab.folder / "cells").glob("*/environment.json"):
        found = json.loads(path.read_text())
        assert found["OMP_NUM_THREADS"] == found["TF_NUM_INTRAOP_THREADS"] == "2"
        assert found["TF_NUM_INTEROP_THREADS"] == "5"  # The user has set it.


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def waiting(tmp_path):
    """Starts a comparison whose two runs wait; yields it and the processes of both."""
    if not os.path.isdir("/proc/self"):
        pytest.skip("processes are found in /proc")
    arguments = ["--preset=digits8", "--steps=4", f"--workdir={tmp_path}/lab"]
    axes = ["--vary=trainer=hinge_gan", "--seeds=0..2", "--processes=2"]
    program = subprocess.Popen(
        [sys.executable, fake.__file__, "compare", *arguments, *axes],
        env=fake.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: len(list(tmp_path.glob("lab/cells/*/pids"))) == 2, 60)
    time.sleep(0.1)
    files = tmp_path.glob("lab/cells/*/pids")
    pids = [int(pid) for path in files for pid in path.read_text().split()]
    assert len(pids) == 4 and all(map(is_running, pids))
    yield program, pids, tmp_path / "lab"
    program.kill()
    program.wait()


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_a_signal_ends_all_processes(waiting, number, code):
    program, pids, folder = waiting
    program.send_signal(number)
    _, err = program.communicate(timeout=60)
    assert program.returncode == code
    assert err.count("\n") == 1 and "3 missing. The same command continues." in err
    assert not any(map(is_running, pids))
    assert len(list(folder.glob("cells/*/ended"))) == 2  # They could end by themselves.
    assert states(folder) == {}


def test_a_killed_comparison_leaves_no_process_and_continues(waiting):
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent has ended")
    program, pids, folder = waiting
    program.kill()
    program.communicate()
    own = [int(path.read_text().split()[0]) for path in folder.glob("cells/*/pids")]
    wait_for(lambda: not any(map(is_running, own)), 60)
    assert len(list(folder.glob("cells/*/ended"))) == 2
    for pid in set(pids) - set(own):  # The fake does not end what it has started.
        os.kill(pid, signal.SIGKILL)


def test_a_command_that_does_not_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(_processes, "GRACE", 0.2)
    script = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True)\n"
    script += "signal.pause()"
    todo = {"train": lambda job: ["-c", script]}
    job = Job("a", str(tmp_path), str(tmp_path / "logs" / "log"), (), 1, todo)
    running = _processes.Running(job, fake.environment())
    wait_for(lambda: (tmp_path / "logs" / "log").read_text() == "1\n", 60)
    assert running.poll() is None
    _processes.end([running])
    assert running._process.returncode == -signal.SIGKILL


def test_the_reason_of_a_signal_names_it(tmp_path, monkeypatch):
    script = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    todo = {"train": lambda job: ["-c", script]}
    job = Job("a", str(tmp_path), str(tmp_path / "log"), (), 1, todo)
    monkeypatch.setenv("PYTHONPATH", fake.environment()["PYTHONPATH"])
    ((_, outcome),) = _local.run([job], 1)
    assert outcome.state == "crashed"
    assert outcome.reason.startswith("ended by SIGSEGV; ")


def test_a_command_ends_if_its_parent_has_ended_already(tmp_path):
    command = [sys.executable, "-m", "launch._compare._tether", "1", "touch", "made"]
    if sys.platform != "linux" or os.getpid() == 1:
        pytest.skip("only Linux tells a process that its parent has ended")
    ended = subprocess.run(command, cwd=tmp_path, env=fake.environment())
    assert ended.returncode == 143 and not (tmp_path / "made").exists()
