"""Comparisons on a Ray cluster: two nodes on this machine."""

import json
import signal
import subprocess
import sys

import pytest

from tests.launch.compare import fake
from tests.launch.compare.test_running import is_running
from tests.launch.compare.test_running import starts
from tests.launch.compare.test_running import states
from tests.launch.server import wait_for

pytest.importorskip("ray", reason="clusters need ray")

# Prints the address of a cluster of two nodes with one core each, until its input ends.
CLUSTER = """
import sys
from ray.cluster_utils import Cluster

cluster = Cluster()
for _ in range(2):
    cluster.add_node(num_cpus=1, object_store_memory=10**8, include_dashboard=False)
cluster.wait_for_nodes()
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


@pytest.fixture(scope="module")
def address():
    command = [sys.executable, "-W", "ignore", "-c", CLUSTER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    program = subprocess.Popen(
        command, **pipes, stderr=subprocess.DEVNULL, text=True, env=fake.environment()
    )
    try:
        yield program.stdout.readline().strip()
    finally:
        program.communicate(timeout=60)


@pytest.fixture
def compared(address, tmp_path):
    """Returns a function that starts a comparison on the cluster, in `tmp_path`."""

    def start(*arguments):
        flags = ["preset=digits8", "steps=4", "workdir=lab", f"ray={address}"]
        given = [f"--{each}" for each in (*flags, *arguments)]
        return subprocess.Popen(
            [sys.executable, fake.__file__, "compare", *given],
            cwd=tmp_path,
            env=fake.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_cells_run_on_a_cluster_of_two_nodes(compared, tmp_path):
    axes = ["vary=trainer=minimax_gan,wgan,ls_gan", "seeds=0,1"]
    program = compared(*axes)
    out, err = program.communicate(timeout=240)
    assert (program.returncode, err) == (0, "")
    assert "Of 6 runs: 2 crashed, 2 diverged, 2 finished." in out
    found = states(tmp_path / "lab")
    assert found["trainer=wgan,seed=1"] == "diverged" and len(found) == 6
    assert (tmp_path / "lab" / "report.html").exists()
    environments = [
        json.loads(path.read_text())
        for path in tmp_path.glob("lab/cells/*/environment.json")
    ]
    assert {each["TF_NUM_INTRAOP_THREADS"] for each in environments} == {"1"}
    program = compared(*axes)
    program.communicate(timeout=240)
    again = starts(tmp_path / "lab")
    assert again["trainer=minimax_gan,seed=0"] == 2
    assert again["trainer=ls_gan,seed=0"] == again["trainer=wgan,seed=0"] == 1


def test_an_interruption_ends_the_runs_on_both_nodes(compared, tmp_path):
    program = compared("vary=trainer=hinge_gan", "seeds=0..2")
    wait_for(lambda: len(list(tmp_path.glob("lab/cells/*/pids"))) == 2, 240)
    files = list(tmp_path.glob("lab/cells/*/pids"))
    wait_for(lambda: all(path.read_text() for path in files), 60)
    pids = [int(pid) for path in files for pid in path.read_text().split()]
    assert all(map(is_running, pids))
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=120)
    assert program.returncode == 130 and "The same command continues." in err
    wait_for(lambda: not any(map(is_running, pids)), 60)


def test_an_address_without_a_cluster_is_an_error(lab, capsys):
    assert lab("vary=trainer=ls_gan", "ray=127.0.0.1:9") == 2
    err = capsys.readouterr().err
    assert "`ray` must be the address of a running cluster" in err
