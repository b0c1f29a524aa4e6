"""Comparisons whose runs take no time."""

import pytest

from launch import compare
from launch._compare import _jobs
from tests.launch.compare import fake
from tests.launch.programs import run

FLAGS = ("preset=digits8", "steps=4")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Returns a function that compares with fakes of runs in `tmp_path / "lab"`."""
    pytest.importorskip("jinja2", reason="the report needs jinja2")
    monkeypatch.setattr(_jobs, "STEPS", fake.steps())
    monkeypatch.setenv("PYTHONPATH", fake.environment()["PYTHONPATH"])

    def compared(*arguments):
        return run(compare, *FLAGS, f"workdir={tmp_path / 'lab'}", *arguments)

    compared.folder = tmp_path / "lab"
    return compared
