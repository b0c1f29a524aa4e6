"""One comparison of real runs: a run that finishes, and a run that diverges."""

import csv
import io
import json

import pytest

from launch import compare
from launch import train
from launch._compare import _jobs
from tests.launch.compare import fake
from tests.launch.compare.test_running import states
from tests.launch.programs import TINY
from tests.launch.programs import run

pytest.importorskip("jinja2", reason="the report needs jinja2")


def test_real_runs_are_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONPATH", fake.environment()["PYTHONPATH"])
    monkeypatch.setattr(_jobs, "STEPS", {"train": _jobs.train})
    axes = ["vary=discriminator_learning_rate=1e-3,1e30", "seeds=1"]
    where = f"workdir={tmp_path}/lab"
    assert run(compare, *TINY, "steps=3", *axes, "processes=2", where) == 0
    capsys.readouterr()
    well, badly = (f"discriminator_learning_rate={r},seed=1" for r in ("1e-3", "1e30"))
    assert states(tmp_path / "lab") == {well: "finished", badly: "diverged"}
    cell = tmp_path / "lab" / "cells" / well
    lines = (cell / "metrics.jsonl").read_text().splitlines()
    text = (tmp_path / "lab" / "results.csv").read_text()
    table = list(csv.DictReader(io.StringIO(text)))
    values = {line["score"]: float(line["value"]) for line in table if line["score"]}
    last = json.loads(lines[-1])
    assert last.pop("step") == 3 and last.pop("seconds") >= 0
    assert values == last
    page = (tmp_path / "lab" / "report.html").read_text()
    assert "diverged at step" in page and page.count("data:image/png") == 1
    # A run of a comparison is an ordinary run.
    assert run(train, "resume", "dry_run", f"workdir={cell}") == 0
    assert json.loads(capsys.readouterr().out)["seed"] == 1
