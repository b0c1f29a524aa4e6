"""Examples in docstrings and on pages run."""

import doctest
import importlib
import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

ROOT = pathlib.Path(__file__).parent.parent
PACKAGES = ("tfgan_tricks", "trainers", "launch")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if ">>>" in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    module = importlib.import_module(name)
    result = doctest.testmod(
        module,
        extraglobs={"tf": tf, "keras": keras, "np": np},
        optionflags=doctest.ELLIPSIS,
    )
    assert result.attempted
    assert not result.failed


def blocks(page):
    """The Python blocks of a page, each of which is a program of its own."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert found
    return found


def run(example, page):
    """The names that a program leaves."""
    keras.utils.set_random_seed(0)
    names = {"__name__": "example"}
    exec(compile(example, page, "exec"), names)
    return names


EXAMPLES = [
    pytest.param(page, index, id=f"{page}-{index}")
    for page in ("README.md", "docs/keras.md")
    for index in range(len(blocks(page)))
]


@pytest.mark.parametrize(("page", "index"), EXAMPLES)
def test_examples_of_pages(page, index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run(blocks(page)[index], page)
    if "error" in names:  # Of ten classes, of which chance misses 0.9.
        assert 0.0 < names["error"] < 0.25


IN_TWO = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, halves)
"""


def test_examples_of_several_devices():
    """In a process of its own, which may have one strategy."""
    (example,) = blocks("docs/scaling.md")
    seen = "\nassert (strategy.num_replicas_in_sync, int(gan.step.numpy())) == (2, 16)"
    subprocess.run(
        [sys.executable, "-c", IN_TWO + example + seen],
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
