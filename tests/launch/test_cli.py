"""Help and errors in the user's input, neither of which needs TensorFlow."""

import errno
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from launch import _cli
from launch import _endings
from launch import _plan
from launch import compare
from launch import evaluate
from launch import export
from launch import figures
from launch import sample
from launch import train
from launch.config import configuration
from launch.config.presets import PRESETS
from tests.launch.programs import BASE
from tests.launch.programs import files
from tests.launch.programs import run

ROOT = pathlib.Path(__file__).parents[2]

PROGRAMS = {
    "train": train,
    "sample": sample,
    "evaluate": evaluate,
    "compare": compare,
    "export": export,
    "figures": figures,
}

FLAGS = {
    "train": {
        *("preset", "config", "trainer", "loss", "dataset", "data_dir", "optimizer"),
        *("steps", "batch_size", "seed", "workdir", "checkpoint_every", "sample_every"),
        *(
            "rollbacks",
            "evaluate_every",
            "strategy",
            "num_virtual_devices",
            "resume",
            "download",
            "dry_run",
        ),
        "set",
    },
    "sample": {"workdir", "checkpoint", "num_images", "class", "seed", "output"},
    "export": {"workdir", "checkpoint", "output", "format"},
    "evaluate": {
        *("workdir", "checkpoint", "samples", "dataset", "data_dir", "image_size"),
        *("channels", "split", "download", "num_images", "features", "seed"),
    },
    "figures": {"output", "only", "seed"},
}
OWN = {"vary", "axes", "seeds", "processes", "ray", "search", "trials", "list"}
FLAGS["compare"] = FLAGS["train"] - {"seed", "resume", "dry_run"} | OWN


def listed_flags(text):
    lines = (line for line in text.splitlines() if line.startswith("  --"))
    return {line.strip(" -").partition("=")[0] for line in lines}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_lists_every_flag(name, argument, capsys):
    assert PROGRAMS[name].main(["program", argument]) == 0
    assert listed_flags(capsys.readouterr().out) == FLAGS[name]


def test_help_names_every_preset_and_key(capsys):
    assert run(train, "help") == 0
    text = capsys.readouterr().out
    assert all(preset in text for preset in PRESETS)
    assert all(f"\n    {key}: " in text for key in configuration.KEYS)
    assert max(map(len, text.splitlines())) <= 88


WITHOUT_TENSORFLOW = """
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {"tensorflow", "keras", "numpy", "sklearn"}:
            raise AssertionError(f"{name} was imported")

sys.meta_path.insert(0, Blocker())
import runpy
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def without_tensorflow(*arguments):
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_of_the_module_needs_no_tensorflow(name):
    result = without_tensorflow(f"launch.{name}", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert listed_flags(result.stdout) == FLAGS[name]


def test_help_imports_nothing_that_takes_long():
    """On a quiet core, `--help` takes a third of a second, most of it pydantic."""
    command = [sys.executable, "-X", "importtime", "-m", "launch.train", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    lines = result.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in lines}
    assert {"launch", "pydantic", "absl"} <= imported
    slow = {"tensorflow", "keras", "numpy", "scipy", "matplotlib", "sklearn"}
    assert not imported & (slow | {"tensorflow_datasets", "tensorflow_addons"})


@pytest.mark.parametrize("name", PROGRAMS)
def test_console_script_shows_the_same_help(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"tfgan-{name}", "--help"])
    with pytest.raises(SystemExit) as end:
        PROGRAMS[name].run()
    assert end.value.code == 0
    assert listed_flags(capsys.readouterr().out) == FLAGS[name]


def test_dry_run_prints_the_configuration_and_does_nothing(tmp_path):
    result = without_tensorflow(
        "launch.train",
        "--preset=ring8",
        "--seed=3",
        "--set=width=32",
        "--dry_run",
        f"--workdir={tmp_path}/new",
    )
    assert (result.returncode, result.stderr) == (0, "")
    changes = {"seed": 3, "width": 32}
    expected = configuration.changed(configuration.preset("ring8"), changes)
    assert configuration.from_entries(json.loads(result.stdout)) == expected
    assert list(tmp_path.iterdir()) == []


def test_flags_mean_keys(tmp_path):
    (tmp_path / "mnist").mkdir()
    values = {
        "trainer": "relativistic_gan",
        "loss": "hinge",
        "dataset": "tfds:mnist",
        "data_dir": str(tmp_path),
        "optimizer": "rmsprop",
        "steps": 7,
        "batch_size": 5,
        "seed": 3,
        "checkpoint_every": 2,
        "sample_every": 4,
        "rollbacks": 6,
        "evaluate_every": 8,
    }
    arguments = [f"{key}={value}" for key, value in values.items()]
    arguments.append("preset=mnist")
    flags = _cli.parse(
        ["program", *(f"--{argument}" for argument in arguments)],
        train.define_flags,
        train.about(),
    )
    config, _ = _plan.plan(flags)
    assert str(config.trainer.base) == values.pop("loss")
    assert config.dataset.data_dir == values.pop("data_dir")
    found = {key: getattr(config, key) for key in values}
    names = ("trainer", "dataset", "optimizer")
    assert found | {key: str(found[key]) for key in names} == values


BAD_TRAIN = [
    (["stesp=3"], "--stesp.*Did you mean --steps"),
    (["presett=digits"], "Did you mean --preset"),
    (["steps=many"], "`steps` must be an integer. Received: steps='many'"),
    (["steps=1.5"], "`steps` must be an integer. Received: steps='1.5'"),
    (["steps"], "steps"),
    (["image_size=32"], "no flag --image_size. Did you mean --set image_size=32"),
    (["width"], "no flag --width. Did you mean --set width=..."),
    (["image_siz=32"], "Did you mean --set image_size=32"),
    (["zzz=3"], "There is no flag --zzz.$"),
    (["preset="], "`preset` must be one of .*[.] Received: preset=''"),
    (
        ["preset=nope"],
        "`preset` must be one of .*_ring[.] Received: preset='nope'",
    ),
    (["preset=ring8", "config={tmp}/a.json"], "not be given with --preset"),
    (["config="], "`config` must be given"),
    (["config={tmp}/broken/config.json"], "`config` must be a file"),
    (["set=network=mlp", "set=discriminator_normalization=none"], "dcgan or standard_"),
    (["set=width=1000000000"], "at most 1024. Received: width=1000000000"),
    (
        ["preset=ring8", "set=width=1000000000"],
        "most 16384. Received: width=1000000000",
    ),
    (["optimizer=adan"], "Did you mean 'adam'"),
    (["set=optimizer.momentum=1", "optimizer=sgd"], "below 1.0. .* optimizer.momentum"),
    (["preset=mnits"], "Did you mean 'mnist'.*Received: preset='mnits'"),
    (["trainer=wgan_pg"], "Did you mean 'wgan_gp'"),
    (["trainer=relativistic_gan", "loss=hing"], "Did you mean 'hinge'"),
    (["trainer=wgan", "loss=hinge"], "relativistic_gan or relativistic_average_gan"),
    (["optimizer=addons:LAMP"], "Did you mean 'addons:LAMB'"),
    (["set=precision=mixed_floot16"], "Did you mean 'mixed_float16'"),
    (["dataset=digit"], "Did you mean 'digits8'"),
    (["set=widht=3"], "Did you mean 'width'"),
    (["set=width=wide"], "`width` must be an integer"),
    (["set=width"], "key=value"),
    (["steps=3", "set=steps=4"], "`steps` must be given once"),
    (["steps=-3"], "Received: steps=-3"),
    (["batch_size=0"], "Received: batch_size=0"),
    (["trainer=relativistic_average_gan", "batch_size=1"], "Received: batch_size=1"),
    (["set=network=dcgan", "set=image_size=20"], "Received: images of 20x20"),
    (["set=network=standard_cnn", "set=image_size=16"], "one of 32 .* of 16x16"),
    (["dataset=image_folder:{tmp}/missing"], "JPEG, PNG.*missing"),
    (["dataset=image_folder:{tmp}/full"], "JPEG, PNG.*full"),
    (["dataset=image_folder:{tmp}/left_behind"], "JPEG, PNG.*left_behind"),
    (["dataset=image_folder:missing", "data_dir={tmp}"], "Received.*/missing"),
    (["dataset=npz:{tmp}/missing.npz"], "missing.npz"),
    (["dataset=npz:{tmp}/full"], "must be a file.*full"),
    (["preset=mnist", "data_dir={tmp}"], "`tfds:mnist`.* same command and --download"),
    (
        ["download"],
        "with stacked_mnist or tfds:NAME. .* with dataset='mnist5k'",
    ),
    (["resume"], "`workdir` must be given with --resume"),
    (["resume", "workdir="], "`workdir` must be given with --resume"),
    (["resume", "workdir={tmp}/missing"], "Received: workdir=.*missing"),
    (["resume", "workdir={tmp}/full"], "no config.json"),
    (["resume", "workdir={tmp}/broken"], "cannot be read"),
    (["workdir={tmp}/full/file"], "must be a folder"),
    (["workdir={tmp}/broken"], "contains a run .config.json."),
]

BAD_OTHERS = [
    (sample, [], "`workdir` must be given"),
    (sample, ["workdir="], "`workdir` must be given"),
    (sample, ["workdir={tmp}/missing"], "no config.json"),
    (sample, ["workdir={tmp}/unborn"], "must contain a checkpoint"),
    (sample, ["workdir={tmp}/unborn", "num_images=0"], "Received: num_images=0"),
    (sample, ["workdir={tmp}/unborn", "seed=2147483648"], "Received: seed="),
    (
        sample,
        ["workdir={tmp}/trained", "class=3"],
        "`class` must be given only for class-cond",
    ),
    *(
        (sample, ["workdir={tmp}/by_class", f"class={label}"], f"to 9. .*class={label}")
        for label in (-1, 10)
    ),
    *(
        (sample, ["workdir={tmp}/by_class", f"class={label}"], f"to 9. .*class={label}")
        for label in ("a", "", "1.5", "1e0", "--1")
    ),
    *(
        (sample, ["workdir={tmp}/named", f"class={name}"], match)
        for name, match in (
            ("kat", "cat, dog, 10, twin, twin.* 0 to 4.*mean 'cat'.*class='kat'"),
            ("Cat", "Did you mean 'cat'"),
            ("twin", "number for the labels 3 and 4"),
            ("5", "from 0 to 4. .*class=5"),
        )
    ),
    (sample, ["num_imgaes=3"], "Did you mean --num_images"),
    (sample, ["workdir={tmp}/trained", "output=x.jpg"], "end in .png. .*x.jpg"),
    (sample, ["workdir={tmp}/trained", "output="], "`output` must be given"),
    (export, ["output=x", "format=keras"], "end in .keras. .*output='x'"),
    (export, ["output=x.keras", "format=saved_model"], "not end in .keras"),
    (export, ["workdir={tmp}/unborn"], "`output` must be given"),
    (export, ["output=x"], "`workdir` must be given"),
    (export, ["workdir={tmp}/unborn", "output={tmp}/new"], "must contain a checkpoint"),
    (export, ["output=x", "format=karas"], "Did you mean 'keras'"),
    (export, ["outptu=x"], "Did you mean --output"),
    (figures, [], "`output` must be given"),
    (figures, ["output={tmp}/new", "only=bread,braed"], "`only`.*mean 'bread'"),
    (figures, ["output={tmp}/full/file"], "`output` must be a folder"),
    (figures, ["output={tmp}/new", "seed=-1"], "Received: seed=-1"),
]

BAD = [(train, *case) for case in BAD_TRAIN] + BAD_OTHERS


@pytest.fixture
def folder(tmp_path):
    """Makes a full folder, and folders of runs.

    A run is damaged, has no steps, or has the files that programs read without
    TensorFlow.
    """
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    (tmp_path / "left_behind" / "__MACOSX").mkdir(parents=True)
    (tmp_path / "left_behind" / "__MACOSX" / "1.png").touch()
    (tmp_path / "left_behind" / ".1.png").touch()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")
    begun(tmp_path / "unborn", {})
    values = json.loads(configuration.to_json(BASE))
    network = values["network"] | {"conditional": True, "label_dim": 8}
    by_class = {"num_classes": 10}
    named = {"label_names": ["cat", "dog", "10", "twin", "twin"], "num_classes": 5}
    begun(tmp_path / "trained", {})
    begun(tmp_path / "by_class", {"network": network}, by_class)
    begun(tmp_path / "named", {"network": network}, named)
    for name in ("trained", "by_class", "named"):
        (tmp_path / name / "checkpoints").mkdir()
        (tmp_path / name / "checkpoints" / "ckpt-7.index").touch()
    return tmp_path


def begun(folder, changes, data=None):
    """Makes the folder of a run, with the files that are read without TensorFlow."""
    folder.mkdir()
    values = json.loads(configuration.to_json(BASE)) | changes
    (folder / "config.json").write_text(json.dumps(values))
    record = {
        "trainer": "RelativisticAverageGAN",
        "generator_weights": [],
        "discriminator_weights": [],
        "generates_by_class": data is not None,
        "data": {"example_shape": [8, 8, 1], **(data or {})},
    }
    (folder / "run.json").write_text(json.dumps(record))


@pytest.fixture
def no_tensorflow(monkeypatch):
    def fail():
        raise AssertionError("TensorFlow is not needed to see that")

    monkeypatch.setattr(_cli, "quiet_imports", fail)


@pytest.mark.parametrize(("program", "arguments", "match"), BAD)
def test_bad_input_is_one_line_and_leaves_no_trace(
    program, arguments, match, folder, capsys, monkeypatch, no_tensorflow
):
    monkeypatch.chdir(folder)
    before = files(folder)
    arguments = [argument.format(tmp=folder) for argument in arguments]
    assert run(program, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{program.PROGRAM}: error: ")
    assert err.count("\n") == 1 and err.endswith("\n")
    assert re.search(match, err), err
    assert files(folder) == before
    assert not (folder / "new").exists() and not (folder / "runs").exists()


def test_keras_needs_the_backend_of_tensorflow(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    for program in PROGRAMS.values():
        assert run(program, "help") == 0
        capsys.readouterr()
        assert run(program) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "`KERAS_BACKEND` must be tensorflow" in line and "'jax'" in line


def test_a_configuration_file_can_be_used_and_changed(tmp_path, capsys):
    (tmp_path / "a.json").write_text(configuration.to_json(BASE))
    assert run(train, f"config={tmp_path}/a.json", "seed=7", "dry_run") == 0
    found = configuration.from_entries(json.loads(capsys.readouterr().out))
    assert found == configuration.changed(BASE, {"seed": 7})


def test_home_is_found_in_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    argv = ["program", "--workdir=~/run", "--set=width=3"]
    flags = _cli.parse(argv, train.define_flags, train.about())
    assert (flags.workdir, flags.set) == (f"{tmp_path}/run", ["width=3"])


def test_arguments_that_are_not_flags_are_refused(capsys):
    with pytest.raises(SystemExit) as end:
        train.main(["tfgan-train", "digits"])
    assert end.value.code == 2
    assert "Received: 'digits'" in capsys.readouterr().err


def test_exit_code_and_line_of_the_program_itself(tmp_path):
    result = without_tensorflow(
        "launch.train", "--preset=mnits", f"--workdir={tmp_path}/new"
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("tfgan-train: error: `preset`")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_errors_of_several_lines_become_one(capsys):
    with pytest.raises(SystemExit) as end, _endings.Program("program", {}).ending():
        raise OSError(errno.ENOENT, "one\n  two\nthree")
    assert end.value.code == 2
    told = f"program: error: [Errno {errno.ENOENT}] one two three\n"
    assert capsys.readouterr().err == told


def test_what_is_held_back_is_shown_when_the_import_fails(capfd):
    with pytest.raises(ImportError) as raised, _cli._held_stderr():
        os.write(2, b"the reason\n")
        raise ImportError
    assert raised.value.__notes__ == ["the reason\n"]
    assert capfd.readouterr().err == ""
    with _cli._held_stderr():
        os.write(2, b"noise\n")
    os.write(2, b"after it\n")
    assert capfd.readouterr().err == "after it\n"


def test_interruption_prints_no_traceback(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "_train", interrupted)
    assert run(train) == 130
    assert capsys.readouterr().err == "tfgan-train: error: Interrupted.\n"
