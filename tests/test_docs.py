"""Examples in docstrings and in README run."""

import doctest
import importlib
import pathlib
import re

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


def blocks(language):
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_readme_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras.Model, "fit", short(keras.Model.fit))
    examples = blocks("python")
    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})


def short(fit):
    """`fit`, for one step."""

    def fit_one_step(self, *args, **kwargs):
        return fit(self, *args, **kwargs | {"epochs": 1, "steps_per_epoch": 1})

    return fit_one_step
