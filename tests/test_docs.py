"""Examples in docstrings and on pages run, and their commands have flags that exist."""

import doctest
import importlib
import os
import pathlib
import re
import shlex
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import launch
import tfgan_tricks
import trainers
from launch import _cli
from launch import _plan
from launch import compare
from launch import evaluate
from launch import export
from launch import figures
from launch import sample
from launch import train
from launch._compare import _cells
from launch.config import configuration
from tfgan_tricks import networks

ROOT = pathlib.Path(__file__).parent.parent
PACKAGES = ("tfgan_tricks", "trainers", "launch")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if ">>>" in path.read_text()
]
PAGES = [
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
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


def blocks(page, language):
    """Returns the blocks of a page in a language."""
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(example, page):
    """Returns the names that a program leaves."""
    keras.utils.set_random_seed(0)
    names = {"__name__": "example"}
    try:
        exec(compile(example, page, "exec"), names)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    return names


SEVERAL_DEVICES = "docs/scaling.md"
EXAMPLES = [
    pytest.param(page, index, id=f"{page}-{index}")
    for page in PAGES
    for index in range(len(blocks(page, "python")))
    if page != SEVERAL_DEVICES
]


@pytest.mark.parametrize(("page", "index"), EXAMPLES)
def test_examples_of_pages(page, index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run(blocks(page, "python")[index], page)
    if "error" in names:  # Of ten classes, of which chance misses 0.9.
        assert 0.0 < names["error"] < 0.25


IN_TWO = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, halves)
"""


def test_examples_of_several_devices():
    """They run in a separate process, which may have one strategy."""
    (example,) = blocks(SEVERAL_DEVICES, "python")
    seen = "\nassert (strategy.num_replicas_in_sync, int(gan.step.numpy())) == (2, 16)"
    subprocess.run(
        [sys.executable, "-c", IN_TWO + example + seen],
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_of_the_repository(page):
    """As on a forge; the site's own build checks the links of the site."""
    links = re.findall(r"\]\((?!\w+:|#)([^)#]+)", (ROOT / page).read_text())
    missing = [
        link for link in links if not (ROOT / page).parent.joinpath(link).exists()
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_block_has_a_language_that_a_test_knows(page):
    fences = re.findall(r"^```(\w*)", (ROOT / page).read_text(), re.MULTILINE)
    assert set(fences[::2]) <= {"python", "sh", "text", "formula"}
    assert not any(fences[1::2])


TABLES = ("docs/tricks.md", "docs/from-tf-gan.md", "docs/from-keras-io.md")


def lines_of_tables():
    """Yields the complete Python expressions in the last column of tables."""
    for page in TABLES:
        for row in re.findall(r"^\|.*\|$", (ROOT / page).read_text(), re.MULTILINE):
            for code in re.findall(r"`([^`]+)`", row.split(" | ")[-1]):
                if "(" in code and "..." not in code:
                    yield pytest.param(code, id=f"{page}-{code}")


@pytest.fixture(scope="module")
def names_of_tables():
    generator = networks.dcgan_generator(8, 1, latent_dim=4, width=2)
    z, images = tf.zeros([4, 4]), keras.Input((8, 8, 1))
    features = keras.layers.Dense(3, name="features")(keras.layers.Flatten()(images))
    gan = trainers.LSGAN(
        generator, keras.Model(images, keras.layers.Dense(1)(features))
    )
    made = {
        "classifier": keras.Model(images, keras.layers.Dense(10)(features)),
        "generator": generator,
        "discriminator": gan.discriminator,
        "images": np.zeros([4, 8, 8, 1]),
        "network": networks.weight_norm_classifier((8, 8, 1), hidden=(4,)),
        "reference": z,
        "latents": z,
        "gan": gan,
    }
    library = {name: getattr(tfgan_tricks, name) for name in tfgan_tricks._MODULES}
    return (
        made | library | vars(trainers) | {"keras": keras, "launch": launch, "tf": tf}
    )


@pytest.mark.parametrize("code", list(lines_of_tables()))
def test_lines_of_tables_run(code, names_of_tables, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if code.startswith("layers.VirtualBatchNormalized"):
        inside = [keras.Input((4,)), tfgan_tricks.layers.VirtualBatchNorm()]
        names_of_tables = names_of_tables | {"network": keras.Sequential(inside)}
    try:
        compile(code, code, "eval")
    except SyntaxError:  # Arguments of a trainer.
        code = f"LSGAN(generator, discriminator, {code})"
    try:
        eval(code, dict(names_of_tables))
    finally:
        keras.mixed_precision.set_global_policy("float32")


def commands():
    """Yields the words of each of our commands on a page, from the program's name."""
    for page in PAGES:
        for block in blocks(page, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                for words in parts(shlex.split(line, comments=True)):
                    yield pytest.param(words, id=f"{page}-{' '.join(words)}")


def parts(words):
    """Yields the commands of a line, without parentheses and what comes before `-m`."""
    command = []
    for word in [*words, "&&"]:
        if word != "&&":
            command.append(word.strip("()"))
            continue
        if "-m" in command:
            command = command[command.index("-m") + 1 :]
        name = pathlib.Path(command[0]).name.replace("tfgan-", "launch.")
        if re.match(r"launch\.|benchmarks\.|pip$|pytest$|bash$", name):
            yield [name, *command[1:]]
        command = []


def check_training(flags):
    values = _cli.parse(flags, train.define_flags, train.about(), configuration.KEYS)
    if values is None:
        return
    changes = _plan.changes(values)
    if values.resume:
        assert changes.keys() <= set(configuration.MAY_CHANGE)
    name = values.preset or configuration.DEFAULT
    configuration.changed(configuration.preset(name), changes)


def check_comparison(flags):
    values = _cli.parse(flags, compare.define_flags, compare.about())
    axes, _ = compare._axes(values) if not values.axes else ({}, [])
    _cells.check(axes)
    compare._check_flags(values)
    if axes:
        _cells.cells(_plan.base(values), _plan.changes(values), [], axes, [0])


def check_benchmark(module, flags):
    source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
    defined = dict(re.findall(r'DEFINE_\w+\(\s*"(\w+)",(.*?)\)\n', source, re.DOTALL))
    given = {flag.removeprefix("--").partition("=")[0] for flag in flags[1:]}
    assert given <= defined.keys()
    assert {name for name in defined if "required=True" in defined[name]} <= given


PROGRAMS = {
    "launch.train": check_training,
    "launch.evaluate": lambda flags: _cli.parse(
        flags, evaluate.define_flags, evaluate.ABOUT
    ),
    "launch.compare": check_comparison,
    "launch.sample": lambda flags: _cli.parse(flags, sample.define_flags, sample.ABOUT),
    "launch.export": lambda flags: _cli.parse(flags, export.define_flags, export.ABOUT),
    "launch.figures": lambda flags: _cli.parse(
        flags, figures.define_flags, figures.ABOUT
    ),
}


@pytest.mark.parametrize("words", list(commands()))
def test_commands_of_pages_have_flags_that_exist(words):
    name, *rest = words
    if name in PROGRAMS:
        PROGRAMS[name](words)
    elif name.startswith("benchmarks."):
        check_benchmark(name, words)
    elif name == "pip":
        extras = re.findall(r"\.\[([\w,]+)\]", " ".join(rest))
        setup = (ROOT / "setup.py").read_text()
        defined = re.findall(r'^        "(\w+)": \[', setup, re.MULTILINE)
        assert {each for extra in extras for each in extra.split(",")} <= set(defined)
    else:
        for path in rest:
            assert path.startswith("-") or (ROOT / path).exists()
