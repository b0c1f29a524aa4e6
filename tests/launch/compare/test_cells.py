"""Axes, seeds and the cells that they make, none of which runs anything."""

import re

import pytest

from launch import _cli
from launch import _plan
from launch import compare
from launch import train
from launch._compare import _cells
from launch.config import configuration
from tests.launch.programs import files
from tests.launch.programs import run

AXES = _cells.axes(["trainer=ls_gan,r3_gan", "penalty=none,r1+r2"])


def cells(axes, seeds=(0,), base="digits8", changes=None, flags=()):
    changes = changes or {}
    return _cells.cells(configuration.preset(base), changes, flags, axes, seeds)


def test_a_cell_is_made_of_each_combination_and_seed():
    found = cells(AXES, seeds=(3, 7))
    assert [(cell.label, cell.seed) for cell in found] == [
        (f"trainer={trainer}, penalty={penalty}", seed)
        for trainer in ("ls_gan", "r3_gan")
        for penalty in ("none", "r1+r2")
        for seed in (3, 7)
    ]
    assert len({cell.name for cell in found}) == 8
    assert found[3].name == "trainer=ls_gan,penalty=r1+r2,seed=7"


def test_flags_of_a_cell_give_its_configuration_to_the_training_program():
    fixed = ["--preset=digits8", "--steps=9", "--set=width=32"]
    changes = {"steps": "9", "width": "32"}
    axes = AXES | _cells.axes(["ema_decay=none,0.5", "optimizer.beta_1=0.25"])
    for cell in cells(axes, (5,), changes=changes, flags=fixed):
        values = _cli.parse(["program", *cell.flags], train.define_flags, ("", ""))
        config, _ = _plan.plan(values)
        assert config == cell.config
        assert (config.seed, config.steps, config.network.width) == (5, 9, 32)
        assert config.trainer.name == cell.values["trainer"]
        assert str(config.trainer.ema_decay) in ("None", "0.5")


def test_a_combination_that_the_catalogue_refuses_has_its_reason():
    found = cells(_cells.axes(["penalty=none,r1", "joint_batch=false,true"]))
    refused = {cell.label: cell.refused for cell in found if cell.config is None}
    assert list(refused) == ["penalty=r1, joint_batch=true"]
    assert "`penalty` must be none with `joint_batch`" in refused.popitem()[1]
    assert sum(not cell.refused for cell in found) == 3


def test_names_of_folders_are_short_safe_and_different():
    paths = [f"npz:{'long/' * 60}{name}*?.npz" for name in ("a", "b")]
    names = [
        _cells.Cell({"dataset": path}, 0, (), None).name for path in [*paths, "npz:a b"]
    ]
    assert len(set(names)) == 3
    for name in names:
        assert re.fullmatch(r"[\w.+=,-]{1,140}", name, re.ASCII), name


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0..4", [0, 1, 2, 3, 4]), ("3", [3]), ("5,2,9", [5, 2, 9]), ("7..7", [7])],
)
def test_seeds(text, expected):
    assert _cells.seeds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "4..0", "a", "1..", "..2", "1,1", "-1", "0..99999999", "1;2", "1..2..3"],
)
def test_bad_seeds(text):
    with pytest.raises(ValueError, match="`seeds` must be") as raised:
        _cells.seeds(text)
    assert f"Received: seeds={text!r}" in str(raised.value)


YAML = """
vary:
  trainer: [ls_gan, r3_gan]
  penalty: [none, r1+r2]
  joint_batch: [false]
  ema_decay: [null, 0.5]
seeds: 1..2
"""


def test_a_file_has_axes_and_seeds(tmp_path):
    path = tmp_path / "axes.yaml"
    path.write_text(YAML)
    more = _cells.axes(["joint_batch=false", "ema_decay=none,0.5"])
    assert _cells.from_file(str(path)) == (AXES | more, [1, 2])
    path.write_text("vary: {steps: [3, 4]}\nseeds: [5, 8]")
    assert _cells.from_file(str(path)) == (_cells.axes(["steps=3,4"]), [5, 8])
    path.write_text("vary: {steps: [3]}")
    assert _cells.from_file(str(path)) == (_cells.axes(["steps=3"]), None)


NAMED = """
vary:
  trainer: [ls_gan, non_saturating_gan]
  discriminator:
    plain: {}
    r1: {penalty: r1, discriminator_learning_rate: 1e-4}
    spectral: {discriminator_normalization: spectral}
"""


def test_settings_with_a_name_change_together(tmp_path):
    path = tmp_path / "axes.yaml"
    path.write_text(NAMED)
    axes, _ = _cells.from_file(str(path))
    _cells.check(axes)
    found = cells(axes, base="digits", seeds=(2,))
    assert [cell.label for cell in found[:2]] == [
        "trainer=ls_gan, discriminator=plain",
        "trainer=ls_gan, discriminator=r1",
    ]
    assert found[1].flags == (
        "--trainer=ls_gan",
        "--set=penalty=r1",
        "--set=discriminator_learning_rate=1e-4",
        "--seed=2",
    )
    rates = [cell.config.optimizer.discriminator_learning_rate for cell in found]
    assert rates == [2e-4, 1e-4, 2e-4, 2e-3, 1e-4, 2e-3]
    kinds = [cell.config.network.discriminator_normalization for cell in found]
    assert kinds == ["none", "none", "spectral"] * 2
    assert found[4].name == "trainer=non_saturating_gan,discriminator=r1,seed=2"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{mine: {a: {penalty: r9}}}", "`penalty` must be one of"),
        ("{mine: {a: {penalti: r1}}}", "Did you mean 'penalty'"),
        ("{mine: {a: {seed: 1}}}", "Use --seeds"),
        ("{seed: {a: {steps: 1}}}", "Use --seeds"),
    ],
)
def test_settings_with_a_name_are_checked(text, match, tmp_path):
    path = tmp_path / "axes.yaml"
    path.write_text(f"vary: {text}")
    axes, _ = _cells.from_file(str(path))
    with pytest.raises(ValueError, match=match):
        _cells.check(axes)


def test_a_key_belongs_to_one_axis(tmp_path):
    path = tmp_path / "axes.yaml"
    path.write_text("vary: {steps: [1, 2], mine: {a: {steps: 3}, b: {}}}")
    axes, _ = _cells.from_file(str(path))
    with pytest.raises(ValueError, match="`steps` must be in one axis.*steps, mine"):
        cells(axes)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[1]", "must be an object"),
        ("vary: {steps: 3}", "steps does not have a list"),
        ("vary: {steps: []}", "steps does not have a list"),
        ("vary: {mine: {}}", "mine does not have a list or a mapping"),
        ("vary: {mine: {a: r1}}", "names must be mappings"),
        ("vary: {mine: {a: {steps: [3]}}}", "texts or numbers"),
        ("vary: {steps: [[3]]}", "texts or numbers"),
        ("vary: {}", "not a mapping"),
        ("vary: {steps: [3]}\nsteps: 3", "unknown key steps"),
        ("vary: {steps: [3]}\nseeds: x", "`seeds` must be a range"),
        ("vary: {steps: [3", "YAML|line"),
    ],
)
def test_bad_files(text, match, tmp_path):
    path = tmp_path / "axes.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=match) as raised:
        _cells.from_file(str(path))
    assert str(raised.value).startswith("`axes` must be a YAML file")


VARY = "vary=trainer=ls_gan,r3_gan"
BAD = [
    ([], "`vary` must be given, or `axes`"),
    ([VARY, "axes=a.yaml"], "but not both"),
    (["axes={tmp}/missing.yaml"], "`axes` must be a YAML file.*missing.yaml"),
    (["vary=trainer"], "`vary` must be KEY=VALUE,VALUE. Received: vary='trainer'"),
    (["vary=trainer="], "`vary` must be KEY=VALUE,VALUE"),
    (["vary=trianer=wgan"], "Did you mean 'trainer'.*Received: vary='trianer'"),
    (["vary=trainer.real_lable=1"], "Did you mean 'trainer.real_label'"),
    (["vary=preset=digits8"], "a key that --help lists"),
    (["vary=seed=0,1"], "Use --seeds"),
    (["set=seed=1", VARY], "`seed` must be given once.*for --seeds"),
    (["vary=trainer=ls_gan,wgan_pg"], "`trainer` must be.*mean 'wgan_gp'"),
    (["vary=penalty=none,r1+r3"], "`penalty` must be one of.*Received: penalty='r3'"),
    (["vary=dataset=digits"], "`dataset` must be one of.*mean 'digits8'"),
    (["vary=optimizer=adan"], "Did you mean 'adam'"),
    (["vary=loss=hing", "trainer=relativistic_gan"], "Did you mean 'hinge'"),
    (["vary=width=4,wide"], "`width` must be an integer. Received: width='wide'"),
    (["vary=real_label=0.9,1.1"], "`real_label` must be at most 1"),
    (["vary=precision=float8"], "`precision` must be one of"),
    (["vary=trainer=ls_gan,ls_gan"], "different values"),
    ([VARY, VARY], "each key once"),
    ([VARY, "trainer=wgan"], "`trainer` must be given once.*for --vary"),
    (
        ["vary=batch_size=1", "trainer=relativistic_average_gan"],
        "can run. `batch_size`",
    ),
    ([VARY, "seeds=4..0"], "`seeds` must be a range"),
    ([VARY, "seeds=0..6000"], "at most 10,000 cells"),
    ([VARY, "processes=-1"], "`processes` must be an integer from 0"),
    ([VARY, "strategy=multi_worker"], "Use --ray for several machines"),
    ([VARY, "ray="], "`ray` must be an address"),
    ([VARY, "trials=3"], "only with --search"),
    ([VARY, "search=coverage"], "`search` must be min:SCORE or max:SCORE"),
    ([VARY, "search=max:coverage", "processes=0"], "at least 1 with --search"),
    ([VARY, "dataset=npz:{tmp}/missing.npz"], "missing.npz"),
    ([VARY, "seed=3"], "no flag --seed. Did you mean --seeds"),
    ([VARY, "resume"], "There is no flag --resume"),
    ([VARY, "workdir={tmp}/run"], "comparison, but contains a run .config.json"),
    ([VARY, "workdir={tmp}/other"], "its compare.json cannot be read"),
    ([VARY, "procesess=2"], "Did you mean --processes"),
]


@pytest.fixture
def folder(tmp_path):
    for name, file in (("run", "config.json"), ("other", "compare.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text('{"cells": {"a": {}}}')
    return tmp_path


@pytest.mark.parametrize(("arguments", "match"), BAD)
def test_bad_input_is_one_line_and_runs_nothing(
    arguments, match, folder, capsys, monkeypatch
):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(compare, "_check_packages", lambda values: None)
    before = files(folder)
    assert run(compare, *(each.format(tmp=folder) for each in arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tfgan-compare: error: ") and err.count("\n") == 1
    assert re.search(match, err), err
    assert files(folder) == before


def test_packages_that_are_missing_are_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(compare.importlib.util, "find_spec", lambda name: None)
    assert run(compare, VARY, "preset=digits8", f"workdir={tmp_path}/new") == 2
    assert "pip install 'tfgan_tricks[compare]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_list_has_a_command_for_each_cell(tmp_path, capsys):
    axes = ["vary=penalty=none,r1", "vary=joint_batch=true,false", "seeds=0,4"]
    where = f"workdir={tmp_path}/a b"
    flags = ["preset=digits8", "steps=3", "set=width=8"]
    assert run(compare, *axes, *flags, where, "list") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 6 and err.count("\n") == 1
    assert "penalty=r1, joint_batch=true is not possible: `penalty` must be" in err
    assert lines[1].endswith(
        "-m launch.train --preset=digits8 --steps=3 --set=width=8 --set=penalty=none "
        f"--set=joint_batch=true --seed=4 '--workdir={tmp_path}/a b/cells/"
        "penalty=none,joint_batch=true,seed=4'"
    )
    assert list(tmp_path.iterdir()) == []
