"""Comparisons whose runs take no time."""

import pytest

from launch import compare
from launch._compare import _jobs
from tests.launch.compare import fake
from tests.launch.programs import run

FLAGS = ("preset=digits8", "steps=4")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Yields a function that compares in `tmp_path / "lab"` with runs that are fakes."""
    monkeypatch.setattr(_jobs, "STEPS", fake.steps())
    monkeypatch.setenv("PYTHONPATH", fake.environment()["PYTHONPATH"])

    def compared(*arguments):
        return run(compare, *FLAGS, f"workdir={tmp_path / 'lab'}", *arguments)

    compared.folder = tmp_path / "lab"
    return compared
