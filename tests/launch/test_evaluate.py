"""Evaluations in runs and by `launch.evaluate`."""

import contextlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from launch import evaluate
from launch import export
from launch import sample
from launch import train
from tests.launch.programs import TINY
from tests.launch.programs import files
from tests.launch.programs import run
from tests.launch.test_run import assert_same_run
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import export as exporting
from tfgan_tricks import metrics
from tfgan_tricks import networks

NUM_IMAGES = 40


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Keeps classifiers of these tests in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("TFGAN_TRICKS_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Writes images of two classes, bright and dark."""
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    labels = np.arange(NUM_IMAGES) % 2
    noise = np.random.RandomState(0).randint(0, 90, [NUM_IMAGES, 4, 4, 1])
    images = (noise + 150 * labels[:, None, None, None]).astype("uint8")
    np.savez(path, images=images, labels=labels)
    return path


def trained(folder, archive, *arguments, steps=6):
    options = ("checkpoint_every=3", "sample_every=100", f"steps={steps}")
    return run(
        train,
        f"workdir={folder}",
        *TINY,
        f"dataset=npz:{archive}",
        *options,
        *arguments,
    )


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, archive):
    """Trains a run with evaluations; its folder must not be changed."""
    folder = tmp_path_factory.mktemp("evaluated") / "run"
    with (folder.parent / "printed").open("w") as printed:
        with contextlib.redirect_stdout(printed):
            assert trained(folder, archive, "evaluate_every=4") == 0
    return folder


@pytest.fixture
def copy(evaluated, tmp_path):
    shutil.copytree(evaluated, tmp_path / "run")
    return tmp_path / "run"


def evaluations(folder):
    return json.loads((folder / "best" / "evaluations.json").read_text())


def test_evaluations_change_nothing_of_the_training(evaluated, archive, tmp_path):
    assert trained(tmp_path / "without", archive) == 0
    assert_same_run(evaluated, tmp_path / "without")
    assert not (tmp_path / "without" / "best").exists()


def test_a_resumed_run_has_the_evaluations_of_an_uninterrupted_one(
    evaluated, archive, tmp_path, monkeypatch
):
    """The process ends between an evaluation and the next checkpoint."""
    folder = tmp_path / "run"

    def end(self, step, logs):
        if step == 5:
            raise SystemError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("tfgan_tricks.callbacks.SampleGrid.on_steps", end)
        patch.setattr("tfgan_tricks.callbacks.SampleGrid._is_due", lambda self: True)
        assert trained(folder, archive, "evaluate_every=4") == 1
    assert sorted(evaluations(folder)["scores"]) == ["4"]
    assert trained(folder, archive, "evaluate_every=4", "resume") == 0
    assert_same_run(evaluated, folder)
    assert evaluations(folder) == evaluations(evaluated)
    assert callbacks.best(folder / "best") == callbacks.best(evaluated / "best")
    best = [files(each / "best") for each in (folder, evaluated)]
    assert best[0].keys() == best[1].keys()


def test_scores_are_in_the_metrics(evaluated):
    lines = (evaluated / "metrics.jsonl").read_text().splitlines()
    scored = [line for line in map(json.loads, lines) if "coverage" in line]
    assert [line["step"] for line in scored] == [4, 6]
    recorded = evaluations(evaluated)["scores"]
    for line in scored:
        known = recorded[str(line["step"])]
        assert known == {name: line[name] for name in known}


def test_the_last_step_is_evaluated_too_and_both_are_named(evaluated):
    printed = " ".join((evaluated.parent / "printed").read_text().split())
    recorded = evaluations(evaluated)["scores"]
    assert sorted(recorded) == ["4", "6"]
    best = callbacks.best(evaluated / "best")
    assert f"best: the checkpoint of {best.told()}" in printed
    assert "the best of 2 evaluations by frechet_distance" in printed
    value = recorded["6"]["frechet_distance"]
    assert f"the last step has frechet_distance {value:.4g}" in printed
    assert "Evaluations took" in printed and "% of the time" in printed


def with_other_best(folder):
    """Makes the checkpoint of step 3 the best of the run."""
    for path in (folder / "best").glob("ckpt-*"):
        path.unlink()
    for path in (folder / "checkpoints").glob("ckpt-3.*"):
        shutil.copy(path, folder / "best")
    recorded = evaluations(folder)
    recorded["scores"]["3"] = {"frechet_distance": 0.125}
    (folder / "best" / "evaluations.json").write_text(json.dumps(recorded))


def test_the_best_can_be_sampled_exported_and_evaluated(
    copy, archive, tmp_path, capsys
):
    with_other_best(copy)
    flags = f"workdir={copy}", "checkpoint=best"
    what = "step 3, the best of 3 evaluations by frechet_distance (0.125)"
    assert run(sample, *flags, f"output={tmp_path}/best.png") == 0
    assert f"samples of {what} are in" in capsys.readouterr().out
    assert run(sample, flags[0], f"output={tmp_path}/last.png") == 0
    assert "samples of step 6 are in" in capsys.readouterr().out
    pictures = [(tmp_path / f"{name}.png").read_bytes() for name in ("best", "last")]
    assert pictures[0] != pictures[1]
    assert run(export, *flags, f"output={tmp_path}/exported") == 0
    assert f"The generator of {what} is in" in capsys.readouterr().out
    metadata = json.loads((tmp_path / "exported" / "metadata.json").read_text())
    told = {
        "step": 3,
        "checkpoint": "best",
        "best_of": 3,
        "best_by": "frechet_distance",
    }
    assert told == {name: metadata[name] for name in told}
    # The same generator, in the export and in the run.
    assert run(evaluate, *flags) == 0
    assert run(evaluate, f"samples={tmp_path}/exported", f"dataset=npz:{archive}") == 0
    in_run = json.loads((copy / "evaluation-best.json").read_text())
    beside = json.loads((tmp_path / "exported.evaluation.json").read_text())
    assert told == {name: in_run[name] for name in told}
    assert in_run["scores"] == pytest.approx(beside["scores"], rel=1e-4)
    assert not (copy / "evaluation.json").exists()


def test_a_run_is_evaluated_against_its_data(copy, archive, capsys):
    assert run(evaluate, f"workdir={copy}", "num_images=30", "seed=5") == 0
    found = json.loads((copy / "evaluation.json").read_text())
    assert (found["step"], found["checkpoint"]) == (6, "last")
    protocol = found["protocol"]
    known = {"features": "classifier", "num_real": 30, "num_fake": 30, "seed": 5}
    known |= {"accuracy": 1.0, "split": "train", "dataset": f"npz:{archive}"}
    assert known == {name: protocol[name] for name in known}
    source = data.load(f"npz:{archive}")
    judge = metrics.Judge(source.examples, source.labels, num_examples=30, seed=5)
    generator = tf.saved_model.load(str(copy / "export"))
    images = generator.sample(30, 5)["images"]
    evaluation = metrics.Evaluation.of_entries(found)
    expected = judge(images.numpy(), (-1.0, 1.0))
    assert evaluation.minus(expected) == pytest.approx(
        dict.fromkeys(expected.scores, 0), abs=1e-3
    )
    printed = capsys.readouterr().out
    assert "of accuracy 100.0%" in printed
    for name, value in found["scores"].items():
        assert f"{name}  " in printed and f"{value:.5g}" in printed


def test_real_images_in_files_are_as_good_as_themselves(archive, tmp_path):
    source = data.load(f"npz:{archive}")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, image in enumerate(source.examples):
        callbacks.write_png(folder / f"{index:02}.png", image.repeat(3, axis=2))
    shutil.copy(archive, tmp_path / "same.npz")
    against = f"dataset=npz:{archive}", "features=pixels"
    assert run(evaluate, f"samples={folder}", *against) == 0
    assert run(evaluate, f"samples={tmp_path}/same.npz", *against) == 0
    for name, most in (("pictures", 1e-3), ("same.npz", 1e-3)):
        text = (tmp_path / f"{name}.evaluation.json").read_text()
        scores = json.loads(text)["scores"]
        assert abs(scores["frechet_distance"]) < most
        assert scores["precision"] == scores["recall"] == scores["coverage"] == 1


def test_modes_of_a_mixture_are_counted(tmp_path, capsys):
    exporting.save(networks.mlp_generator((2,), 3, (4,)), tmp_path / "points")
    flags = f"samples={tmp_path}/points", "dataset=ring8", "split=test"
    assert run(evaluate, *flags, "num_images=200") == 0
    found = json.loads((tmp_path / "points.evaluation.json").read_text())
    assert {"modes", "high_quality", "reverse_kl"} < found["scores"].keys()
    assert found["protocol"]["split"] == "test"
    assert found["protocol"]["features"] == "pixels"


BAD = [
    ((), "`workdir` must be given, or `samples`, but not both"),
    (("workdir=a", "samples=b"), "but not both"),
    (("workdir={tmp}/missing",), "no config.json"),
    (("samples={tmp}",), "`dataset` must be given with --samples"),
    (("samples={tmp}/missing", "dataset=digits8"), "`samples` must exist"),
    (("samples={tmp}", "dataset=digit"), "Did you mean 'digits8'"),
    (("samples={tmp}", "dataset=npz:{tmp}/no"), "`dataset` must be a file"),
    (("samples={tmp}", "dataset=digits8", "checkpoint=best"), "last with --samples"),
    (("samples={tmp}", "dataset=digits8", "split=all"), "one of test, train"),
    (("samples={tmp}", "dataset=ring8", "image_size=8"), "`image_size` "),
    (("samples={tmp}", "dataset=digits8", "image_size=x"), "must be an integer"),
    (("workdir={run}", "checkpoint=newest"), "one of best, last"),
    (("workdir={run}", "num_images=19"), "from 20 to 1000000"),
    (("workdir={run}", "dataset=image_folder:{tmp}"), "folder with"),
]


@pytest.mark.parametrize(("arguments", "expected"), BAD)
def test_errors_come_before_tensorflow(
    arguments, expected, tmp_path, evaluated, capsys, monkeypatch
):
    monkeypatch.setattr("launch._cli.quiet_imports", None)
    places = {"tmp": tmp_path, "run": evaluated}
    given = [argument.format(**places) for argument in arguments]
    assert run(evaluate, *given) == 2
    line = capsys.readouterr().err
    assert line.startswith("tfgan-evaluate: error: ") and line.count("\n") == 1
    assert expected in line
    assert list(tmp_path.iterdir()) == []


def test_samples_of_another_shape_or_nothing_are_an_error(archive, tmp_path, capsys):
    np.savez(tmp_path / "few.npz", images=np.zeros([5, 4, 4, 1], "uint8"))
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"no graph")
    (tmp_path / "saved" / "metadata.json").write_text("{}")
    for name, told in {
        "few.npz": "`samples` must contain at least 20 images",
        "saved": "`samples` must be a SavedModel of tfgan-export",
    }.items():
        flags = f"samples={tmp_path / name}", f"dataset=npz:{archive}"
        assert run(evaluate, *flags) == 2
        assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("*.evaluation.json"))


def test_a_run_without_evaluations_has_no_best(copy, capsys):
    shutil.rmtree(copy / "best")
    for program, more in ((sample, "output=no.png"), (evaluate, "seed=0")):
        assert run(program, f"workdir={copy}", "checkpoint=best", more) == 2
        assert "`checkpoint` must be last for a run without" in capsys.readouterr().err


def test_someone_elses_folder_is_checked_first(copy, tmp_path, capsys):
    (copy / "evaluation.json").symlink_to(tmp_path / "elsewhere")
    assert run(evaluate, f"workdir={copy}") == 2
    assert "only files and folders of its own" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()
