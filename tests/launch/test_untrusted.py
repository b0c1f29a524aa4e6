"""Someone else's run folder: one line of error, and nothing outside is touched."""

import copy
import json
import os

import pytest

from launch import _cli
from launch import _workdir
from launch import export
from launch import sample
from launch import train
from launch.config import configuration
from tests.launch.programs import BASE
from tests.launch.programs import files
from tests.launch.programs import run

GOOD = json.loads(configuration.to_json(BASE))
RECORD = {
    "trainer": "RelativisticAverageGAN",
    "generator_weights": [],
    "discriminator_weights": [],
    "data": {"example_shape": [8, 8, 1]},
}
PROGRAMS = {train: ("resume", "steps=9999"), sample: (), export: ("output=new",)}


def with_entries(**changes):
    """Returns a good configuration, as text, with other entries at a__b for a.b."""
    entries = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *parts, last = path.split("__") if path[0] != "_" else [path]
        here = entries
        for part in parts:
            here = here[part]
        here[last] = value
    return json.dumps(entries)


def without(key):
    return json.dumps({name: value for name, value in GOOD.items() if name != key})


def nested(depth):
    return "[" * depth + "]" * depth


BY_CLASS = {"network__conditional": True, "network__label_dim": 4}
FLAT = {"generator_learning_rate": 0.1, "example_shape": [8, 8, 1]}

TYPES = [
    ("steps", True, "an integer"),
    ("steps", 3.0, "an integer"),
    ("steps", "3", "an integer"),
    ("steps", None, "an integer"),
    ("steps", [3], "an integer"),
    ("steps", 10**30, "at most"),
    ("network__width", False, "an integer"),
    ("network__width", {}, "an integer"),
    ("network__width", 10**9, "at most 1024"),
    ("network__latent_dim", 2**63 - 1, "at most 65536"),
    ("batch_size", 2**62, "at most"),
    ("rollbacks", True, "an integer"),
    ("trainer__ema_decay", True, "a number or null"),
    ("trainer__ema_decay", "0.9", "a number or null"),
    ("optimizer__generator_learning_rate", None, "a number"),
    ("optimizer__generator_learning_rate", 10**400, "a number"),
    ("jit_compile", 1, "true or false"),
    ("jit_compile", "true", "true or false"),
    ("network__conditional", 0, "true or false"),
    ("trainer", 7, "an object with a name"),
    ("trainer", ["wgan"], "an object with a name"),
    ("trainer", {"a": 1}, "an object with a name"),
    ("penalty", None, "a list"),
    ("preset", {"a": 1}, "a text"),
    ("preset", "\x1b]0;mine\x07", "a text"),
    ("preset", "\udcff", "a text"),
]
DATASETS = [
    ({"name": "npz", "path": "a" * 5000}, "`dataset.path` must be a text"),
    ({"name": "npz", "path": "\x1b]0;mine\x07"}, "`dataset.path` must be a text"),
    ({"name": "npz", "path": "a", "data_dir": False}, "`dataset.data_dir` must be a"),
    ({"name": "npz"}, "`dataset.path` must be given"),
    ({"name": "npz", "path": "a", "builder": "b"}, "Received: key='dataset.builder'"),
    ("npz:" + "a" * 5000, "`dataset.path` must be a text"),
]
TABLE = [
    *(
        (
            with_entries(**{key: value}),
            f"`{key.replace('__', '.')}` must be {wanted}",
        )
        for key, value, wanted in TYPES
    ),
    *((with_entries(dataset=value), match) for value, match in DATASETS),
    (with_entries(color="red"), "Received: key='color'"),
    (with_entries(__class__="os.system"), "Received: key='__class__'"),
    (with_entries(stepz=3), "Did you mean 'steps'? Received: key='stepz'"),
    (without("seed").replace('"trainer"', '"Trainer"'), "Received: key='Trainer'"),
    (without("steps"), "`steps` must be given"),
    (with_entries(trainer__ema_decay=float("nan")), "must be finite. Received: NaN"),
    (with_entries(optimizer__beta_1=float("inf")), "Received: Infinity"),
    (
        with_entries(trainer__ema_decay=1e308).replace("e+308", "e+999"),
        "`trainer.ema_decay` must be finite. Received: trainer.ema_decay=inf",
    ),
    (with_entries(trainer="../../wgan"), "Received: trainer='../../wgan'"),
    (
        with_entries(trainer__base={"name": "os.system"}),
        "Received: trainer.base='os.system'",
    ),
    (with_entries(trainer__clip=0.1), "Received: key='trainer.clip'"),
    (
        with_entries(trainer__at="os:system"),
        "Received: key='trainer.at'",
    ),
    (with_entries(**FLAT), "written by an earlier version"),
    (with_entries(seed=-1), "Received: seed=-1"),
    ('{"steps": 1, "steps": 2}', "keys must differ"),
    (nested(30_000), "nested"),
    ('{"steps": ' + nested(30_000) + "}", "nested"),
    (with_entries(padding="a" * 2**22), "at most 4194304 bytes"),
    ('{"steps": ' + "9" * 5000 + "}", "cannot be read"),
    *((text, "must be an object") for text in ("[]", "3", "null", '"text"')),
    *((text, "cannot be read") for text in ("", "{", "{}{}", "\x00", "{'a': 1}")),
    (b"\xff\xfe\x00", "cannot be read"),
]


RECORDS = [
    *(
        ({"data": {"example_shape": value}}, "data.example_shape")
        for value in (8, "8", [8, 8, -1], [8, 8, True], [8, 8, 1.0], [2**40])
    ),
    ({"data": {"example_shape": None}}, "must contain a checkpoint"),
    ({"data": {"example_shape": [9, 9, 1]}}, "Received: images of 9x9"),
    ({"data": {"example_shape": [2]}}, "must be mlp for points"),
    ({"data": {"example_shape": [8, 8, 1], "num_classes": 10}}, "`num_classes` must"),
    ({"trainer": "\x1b"}, "trainer"),
    ({"color": "red"}, "color"),
]


def folder_with(tmp_path, content, **changes):
    workdir = tmp_path / "run"
    (workdir / "checkpoints").mkdir(parents=True)
    (workdir / "checkpoints" / "ckpt-7.index").touch()
    content = content if isinstance(content, bytes) else content.encode()
    (workdir / "config.json").write_bytes(content)
    (workdir / "run.json").write_text(json.dumps(RECORD | changes))
    return workdir


@pytest.fixture(autouse=True)
def no_tensorflow(monkeypatch):
    def fail():
        raise AssertionError("TensorFlow is not needed to see that")

    monkeypatch.setattr(_cli, "quiet_imports", fail)


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Runs all programs in a folder; all must fail. Returns the lines of error."""

    def run_all(workdir):
        monkeypatch.chdir(tmp_path)
        lines = []
        for program, more in PROGRAMS.items():
            before = files(tmp_path)
            assert run(program, f"workdir={workdir}", *more) == 2
            out, error = capsys.readouterr()
            assert out == "" and error.count("\n") == 1 and len(error) < 1500
            assert files(tmp_path) == before
            lines.append(error)
        return lines

    return run_all


def test_a_good_folder_is_read(tmp_path):
    config, record = _workdir.read_trained(folder_with(tmp_path, json.dumps(GOOD)))
    assert config == BASE and record.data.example_shape == (8, 8, 1)
    data = RECORD["data"] | {"num_classes": 10}
    workdir = folder_with(tmp_path / "by_class", with_entries(**BY_CLASS), data=data)
    config, record = _workdir.read_trained(workdir)
    assert config.conditional and record.data.num_classes == 10


def test_integers_are_numbers(tmp_path):
    text = with_entries(optimizer__generator_learning_rate=1)
    config = _workdir.read_config(folder_with(tmp_path, text))
    assert config.optimizer.generator_learning_rate == 1


@pytest.mark.parametrize(("content", "match"), TABLE)
def test_a_bad_configuration_is_one_line(tmp_path, refused, content, match):
    for line in refused(folder_with(tmp_path, content)):
        assert "config.json cannot be read" in line and match in line, line


@pytest.mark.parametrize(("changes", "match"), RECORDS)
@pytest.mark.parametrize("program", [sample, export])
def test_a_bad_record_is_one_line(tmp_path, capsys, program, changes, match):
    workdir = folder_with(tmp_path, json.dumps(GOOD), **changes)
    assert run(program, f"workdir={workdir}", *PROGRAMS[program]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert match in line, line


LINKS = [
    ("metrics.jsonl", "../mine"),
    ("config.json.part", "../mine"),
    ("samples", "../folder"),
    ("export", "/"),
    ("checkpoints/ckpt-7.data-00000-of-00001", "../../mine"),
    ("checkpoints/.part", "../../folder"),
    ("tensorboard", "../missing"),
    ("metrics.jsonl", "../run-other"),
]


@pytest.mark.parametrize(("name", "target"), LINKS)
def test_links_out_of_the_folder_are_refused(tmp_path, refused, name, target):
    workdir = folder_with(tmp_path, json.dumps(GOOD))
    (tmp_path / "folder").mkdir()
    for mine in ("mine", "run-other", "folder/mine"):
        (tmp_path / mine).write_text("mine")
    (workdir / name).symlink_to(target)
    for line in refused(workdir):
        assert "files and folders of its own" in line and name in line


def test_a_pipe_is_refused(tmp_path):
    workdir = folder_with(tmp_path, json.dumps(GOOD))
    os.mkfifo(workdir / "metrics.jsonl")
    before = os.listdir(workdir)
    with pytest.raises(ValueError, match="files and folders of its own"):
        _workdir.read_config(workdir)
    assert os.listdir(workdir) == before


def test_links_within_the_folder_or_to_it_are_fine(tmp_path):
    workdir = folder_with(tmp_path, json.dumps(GOOD))
    (workdir / "last").symlink_to("checkpoints/ckpt-7.index")
    (tmp_path / "link").symlink_to("run")
    assert _workdir.read_config(tmp_path / "link") == BASE


def test_a_new_run_follows_no_dangling_link(tmp_path, capsys):
    workdir = tmp_path / "run"
    workdir.mkdir()
    (workdir / "metrics.jsonl").symlink_to("../outside")
    assert run(train, f"workdir={workdir}") == 2
    assert "contains a run (metrics.jsonl)" in capsys.readouterr().err
    assert not (tmp_path / "outside").exists()
