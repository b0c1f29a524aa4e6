"""Whole runs, as small as they can be."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from launch import _workdir
from launch import export
from launch import sample
from launch import train
from launch.run import _data
from launch.run import _exporting
from launch.run import _record
from launch.run import _training
from launch.run._folder import Folder
from tests.launch.programs import TINY
from tests.launch.programs import files
from tests.launch.programs import run
from tests.trainers import toy
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import export as exporting
from tfgan_tricks import networks

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("start", "stop", "size", "expected"),
    [
        (0, 4, 2, [(0, 2, 2)]),
        (0, 5, 2, [(0, 2, 2), (2, 3, 1)]),
        (3, 4, 2, [(1, 2, 1)]),
        (3, 9, 4, [(0, 1, 1), (1, 2, 4), (2, 3, 1)]),
        (1, 3, 8, [(0, 1, 2)]),
        (4, 4, 2, []),
    ],
)
def test_legs(start, stop, size, expected):
    assert list(_training.legs(start, stop, size)) == expected


@pytest.mark.parametrize("start", range(7))
@pytest.mark.parametrize("stop", [7, 8, 12])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_legs_lead_to_the_end_by_whole_epochs(start, stop, size):
    step = start
    for initial_epoch, epochs, steps in _training.legs(start, stop, size):
        assert initial_epoch == step // size
        if epochs - initial_epoch > 1:
            assert (steps, step % size) == (size, 0)
        step += (epochs - initial_epoch) * steps
    assert step == stop


def tiny(workdir, *arguments, steps=4):
    options = ("checkpoint_every=2", "sample_every=3", f"steps={steps}")
    return run(train, f"workdir={workdir}", *TINY, *options, *arguments)


def weights(workdir):
    """Returns all values of the newest checkpoint."""
    reader = tf.train.load_checkpoint(str(workdir / "checkpoints"))
    names = reader.get_variable_to_shape_map()
    return {n: reader.get_tensor(n) for n in names if not n.startswith("_CHECKP")}


def assert_same_run(a, b):
    a, b = weights(a), weights(b)
    assert a.keys() == b.keys() and len(a) > 10
    differ = ("save_counter", "trackers", "metrics", "total", "count")
    for name in a:
        if not any(part in name for part in differ):
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def assert_resumes(folder, *options):
    """Compares an uninterrupted run, `a`, with one resumed within an epoch, `b`."""
    assert tiny(folder / "a", *options) == 0
    assert tiny(folder / "b", *options, steps=2) == 0
    assert tiny(folder / "b", *options, "resume") == 0
    assert_same_run(folder / "a", folder / "b")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains a tiny run for four steps; its folder must not be changed."""
    workdir = tmp_path_factory.mktemp("trained") / "run"
    assert tiny(workdir) == 0
    return workdir


@pytest.fixture
def copy(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def metrics(workdir):
    return [json.loads(x) for x in (workdir / "metrics.jsonl").read_text().splitlines()]


def test_files_of_a_run(trained):
    assert sorted(path.name for path in trained.iterdir()) == [
        "checkpoints",
        "config.json",
        "export",
        "metrics.jsonl",
        "run.json",
        "samples",
        "tensorboard",
    ]
    grids = sorted(path.name for path in (trained / "samples").iterdir())
    assert grids == ["step-000003.png", "step-000004.png"]
    assert [line["step"] for line in metrics(trained)] == [1, 2, 3, 4]
    assert set(metrics(trained)[0]) == {"step", "seconds", "d_loss", "g_loss"}
    checkpoints = sorted(p.name for p in (trained / "checkpoints").glob("*.index"))
    assert checkpoints == ["ckpt-2.index", "ckpt-3.index", "ckpt-4.index"]
    assert any((trained / "tensorboard").iterdir())


def test_config_is_the_whole_configuration(trained):
    config, record = _workdir.read_trained(trained)
    assert (config.network.width, config.steps, config.network.name) == (4, 4, "mlp")
    facts = _record.Data(example_shape=(8, 8, 1), num_examples=1437)
    assert record.data == facts
    assert (record.seed, record.batch_size) == (0, 8)


def test_metadata_says_what_was_exported(trained):
    metadata = json.loads((trained / "export" / "metadata.json").read_text())
    assert metadata["output_range"] == [-1.0, 1.0]
    assert (metadata["latent_dim"], metadata["image_shape"]) == (3, [8, 8, 1])
    assert (metadata["preset"], metadata["step"]) == ("digits8", 4)
    assert metadata["weights"] == "ema"


def test_last_lines_say_where_everything_is(copy, capsys):
    assert tiny(copy, "resume", steps=5) == 0
    last = capsys.readouterr().out.splitlines()[-11:]
    for name in ("config.json", "metrics.jsonl", "checkpoints", "export"):
        assert (copy / name).exists() and any(name in line for line in last)
    assert any("samples/step-000005.png" in line for line in last)
    for program in ("sample", "export"):
        assert any(f"python -m launch.{program} --workdir={copy}" in x for x in last)


def exported(workdir):
    model = tf.saved_model.load(str(workdir / "export"))
    return model.sample(tf.constant(64), tf.constant(0))["images"].numpy()


def test_sample_draws_what_the_export_and_the_callback_draw(trained, tmp_path, capsys):
    output = tmp_path / "grid.png"
    output.write_text("an earlier grid")
    assert run(sample, f"workdir={trained}", f"output={output}") == 0
    pixels = tf.io.decode_png(output.read_bytes())
    last = tf.io.decode_png((trained / "samples" / "step-000004.png").read_bytes())
    np.testing.assert_array_equal(pixels, last)
    np.testing.assert_array_equal(pixels, callbacks.picture(exported(trained)))
    assert f"64 samples of step 4 are in {output}" in capsys.readouterr().out


def test_number_and_seed_of_samples(trained, tmp_path):
    sizes, grids = [], []
    for seed in (1, 2):
        output = tmp_path / f"{seed}.png"
        flags = (f"output={output}", f"seed={seed}", "num_images=4")
        assert run(sample, f"workdir={trained}", *flags) == 0
        grids.append(tf.io.decode_png(output.read_bytes()).numpy())
        sizes.append(grids[-1].shape)
    assert sizes == [(130, 130, 1)] * 2
    assert not np.array_equal(*grids)


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("num_images", [96, 1024, 1030])
def test_samples_that_do_not_fit_into_a_grid_are_in_an_array_file(
    tmp_path, num_classes, num_images
):
    generator = networks.dcgan_generator(8, 3, 4, width=2, num_classes=num_classes)
    generator.set_weights([3 * weight for weight in generator.get_weights()])
    path = str(tmp_path / "many.png")
    drawn = _exporting.samples(generator, num_classes, num_images, 7, None)
    where = _exporting.draw(drawn, None, path)
    what = num_images if num_classes is None else np.arange(num_images) % num_classes
    sampled = exporting.Sampler(generator).sample(what, 7)["images"]
    pixels = tf.io.decode_png((tmp_path / "many.png").read_bytes())
    drawn = 1024 if num_classes is None else 3 * 32
    expected = callbacks.picture(sampled[:drawn], num_classes=num_classes)
    np.testing.assert_array_equal(pixels, expected)
    if num_images <= drawn:
        assert where == path and len(list(tmp_path.iterdir())) == 1
        return
    assert where == f"{tmp_path}/many.npz, the first {drawn} of them in {path}"
    images = data.load(f"npz:{tmp_path}/many.npz")
    difference = images.examples.astype(int) - data.to_uint8(sampled).numpy()
    assert np.abs(difference).max() <= 1
    if num_classes is None:
        assert images.labels is None
    else:
        np.testing.assert_array_equal(images.labels, what)


def test_export_to_both_formats(trained, tmp_path):
    folder, file = tmp_path / "saved", tmp_path / "g.keras"
    assert run(export, f"workdir={trained}", f"output={folder}") == 0
    assert run(export, f"workdir={trained}", f"output={file}") == 0
    z = tf.random.stateless_normal([5, 3], seed=[1, 2])
    models = [tf.saved_model.load(str(path)) for path in (folder, trained / "export")]
    loaded, original = (model.generate(z)["images"] for model in models)
    np.testing.assert_array_equal(loaded, original)
    np.testing.assert_allclose(keras.saving.load_model(file)(z), loaded, atol=1e-6)
    same = json.loads((trained / "export" / "metadata.json").read_text())
    assert json.loads((folder / "metadata.json").read_text()) == same


def test_export_overwrites_nothing(trained, tmp_path, capsys):
    (tmp_path / "mine.keras").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").touch()
    for name in ("mine.keras", "folder"):
        assert run(export, f"workdir={trained}", f"output={tmp_path / name}") == 2
        assert "`output` must not exist yet" in capsys.readouterr().err
    assert (tmp_path / "mine.keras").read_text() == "mine"


@pytest.mark.parametrize("stop", [1, 3])
def test_resumed_run_equals_the_uninterrupted_run(trained, tmp_path, stop):
    workdir = tmp_path / "run"
    assert tiny(workdir, steps=stop) == 0
    before = metrics(workdir)
    assert run(train, f"workdir={workdir}", "resume", "steps=4") == 0
    assert_same_run(workdir, trained)
    np.testing.assert_array_equal(exported(workdir), exported(trained))
    assert metrics(workdir)[: len(before)] == before
    assert [line["step"] for line in metrics(workdir)] == [1, 2, 3, 4]


def test_several_batches_per_step_resume_in_order(tmp_path):
    assert_resumes(tmp_path, "trainer=wgan_gp", "set=discriminator_steps=2")


def test_another_seed_gives_another_run(trained, tmp_path):
    assert tiny(tmp_path / "run", "seed=1") == 0
    assert not np.allclose(exported(tmp_path / "run"), exported(trained))


def test_order_of_the_data_follows_from_the_seed():
    source = data.load("ring8")
    trainer = toy.make(trainers.LSGAN)
    first = {
        seed: next(iter(_data.batches(source, trainer, 8, seed).between(0, 1))).numpy()
        for seed in (0, 1)
    }
    assert not np.array_equal(first[0], first[1])


def refused(capsys, folder, match, *arguments, steps=9):
    before = files(folder)
    assert tiny(folder, *arguments, steps=steps) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    for part in match:
        assert part in error
    assert files(folder) == before


def test_resume_refuses_another_configuration_naming_the_keys(copy, capsys):
    match = ("seed=5 (it was 0)", "penalty='r1' (it was 'none')", "steps, checkpoint_")
    refused(capsys, copy, match, "resume", "seed=5", "set=penalty=r1")


def test_resume_of_another_preset_is_refused(copy, capsys):
    refused(
        capsys, copy, ("preset='mnist' (it was 'digits8')",), "preset=mnist", "resume"
    )


def test_same_command_again_is_refused_without_resume(copy, capsys):
    refused(capsys, copy, ("contains a run (config.json, ", "--resume"))


def test_resume_of_less_than_what_is_done_is_refused(copy, capsys):
    match = ("at least the 4 steps", "Received: steps=3")
    refused(capsys, copy, match, "resume", steps=3)


def test_resume_of_what_is_done_changes_nothing(copy):
    before = files(copy)
    assert tiny(copy, "resume", steps=4) == 0
    after = files(copy)
    assert after == before


def test_resume_before_the_first_checkpoint_starts_anew(trained, copy):
    shutil.rmtree(copy / "checkpoints")
    assert tiny(copy, "resume") == 0
    assert_same_run(copy, trained)


@pytest.fixture
def interrupted_at_2(monkeypatch):
    def interrupt(self, step, logs):
        if step == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.StopOnNonFinite, "on_steps", interrupt)


def test_interruption_keeps_a_checkpoint(
    trained, tmp_path, interrupted_at_2, monkeypatch, capsys
):
    assert tiny(tmp_path / "run", "set=log_every=9") == 130
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Interrupted at step 2" in error and "--resume" in error
    assert not (tmp_path / "run" / "export").exists()
    monkeypatch.undo()
    assert tiny(tmp_path / "run", "resume") == 0
    assert_same_run(tmp_path / "run", trained)


def test_divergence_is_one_line_and_exit_code_1(tmp_path, capsys):
    rates = [f"set={x}_learning_rate=1e30" for x in ("generator", "discriminator")]
    workdir = tmp_path / "run"
    flags = (f"workdir={workdir}", *TINY, *rates, "steps=9", "checkpoint_every=1")
    assert run(train, *flags) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    (step,) = re.findall(r"Training has diverged at step (\d):.*_loss=", error)
    assert Folder(workdir).last_step() == int(step) - 1
    assert not (workdir / "export").exists()


def replaced(flags, **values):
    """Replaces the values of flags `set=key=value`."""
    kept = [flag for flag in flags if flag.split("=")[1] not in values]
    return [*kept, *(f"set={key}={value}" for key, value in values.items())]


def test_steps_per_execution_changes_nothing(trained, tmp_path):
    workdir = tmp_path / "run"
    flags = replaced(TINY, steps_per_execution=2)
    arguments = (f"workdir={workdir}", *flags, "sample_every=2")
    assert run(train, *arguments, "steps=2") == 0
    assert run(train, f"workdir={workdir}", "resume", "steps=4") == 0
    assert [line["step"] for line in metrics(workdir)] == [2, 4]
    np.testing.assert_allclose(exported(workdir), exported(trained), atol=1e-6)


@pytest.mark.parametrize(
    ("wanted", "done", "sample_every", "steps", "possible"),
    [(50, 0, 1000, 6000, 50), (50, 0, 1000, 6, 2), (4, 6, 8, 16, 2), (5, 0, 7, 35, 1)],
)
def test_executions_end_where_epochs_do(wanted, done, sample_every, steps, possible):
    trainer = types.SimpleNamespace(steps_per_execution=wanted)
    _training.end_executions_at(trainer, done, sample_every, steps)
    assert trainer.steps_per_execution == possible


def test_points(tmp_path):
    workdir = tmp_path / "run"
    tiny_points = ("set=width=4", "set=latent_dim=2", "set=ema_decay=none")
    arguments = (f"workdir={workdir}", "preset=ring8", *tiny_points, "steps=2")
    assert run(train, *arguments) == 0
    metadata = json.loads((workdir / "export" / "metadata.json").read_text())
    assert (metadata["output_range"], metadata["image_shape"]) == (None, [2])
    assert metadata["weights"] == "raw"
    assert run(sample, f"workdir={workdir}", f"output={tmp_path}/p.png") == 0
    assert tf.io.decode_png((tmp_path / "p.png").read_bytes()).shape == (320, 320, 3)


def write_images(folder, size, number=4):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(number):
        pixels = rng.integers(0, 256, [size, size, 3], "uint8")
        callbacks.write_png(folder / f"{index}.png", pixels)


def test_folder_of_images_below_data_dir(tmp_path, capsys):
    write_images(tmp_path / "data" / "faces", size=9)
    (tmp_path / "data" / "faces" / "broken.png").write_text("not an image")
    for left in ("a.heic", "b.HEIC", "notes.txt", ".DS_Store", "._0.png"):
        (tmp_path / "data" / "faces" / left).touch()
    flags = ("dataset=image_folder:faces", f"data_dir={tmp_path}/data")
    small = ("preset=digits8", "set=image_size=8", "set=batch_size=4", "set=width=2")
    assert run(train, f"workdir={tmp_path}/run", *flags, *small, "steps=1") == 0
    expected = "(4 examples, 8x8x3, 1 unreadable, left out: 2 .heic and 1 .txt)"
    assert expected in capsys.readouterr().out
    record = _workdir.read_trained(tmp_path / "run")[1]
    assert record.data.example_shape == (8, 8, 3)


def npz(path, images, **arrays):
    np.savez(path, images=images, **arrays)
    return f"dataset=npz:{path}"


BY_CLASS = ("set=network=dcgan", "set=conditional=true")


LATE = [
    ("not uint8", lambda tmp: [npz(tmp / "d.npz", np.zeros([4, 8, 8, 1]))], "uint8"),
    (
        "size that the network cannot make",
        lambda tmp: [
            npz(tmp / "d.npz", np.zeros([99, 12, 12, 1], "uint8")),
            "set=network=dcgan",
        ],
        "Received: images of 12x12",
    ),
    (
        "images that are not square",
        lambda tmp: [
            npz(tmp / "d.npz", np.zeros([99, 8, 12, 1], "uint8")),
            "set=network=dcgan",
        ],
        "Received: images of 8x12",
    ),
    (
        "missing labels",
        lambda tmp: [npz(tmp / "d.npz", np.zeros([99, 8, 8, 1], "uint8")), *BY_CLASS],
        "`conditional` must be false for a dataset without labels",
    ),
    (
        "labels below zero",
        lambda tmp: [
            npz(
                tmp / "d.npz",
                np.zeros([99, 8, 8, 1], "uint8"),
                labels=np.arange(99) % 3 - 1,
            ),
            *BY_CLASS,
        ],
        "must have labels from 0 to 1. Received: labels from -1 to 1",
    ),
    ("too few examples", lambda tmp: ["preset=digits8", "batch_size=1438"], "=1438"),
    ("no such dataset", lambda tmp: ["dataset=tfds:mnits"], "Did you mean 'mnist'"),
]


@pytest.mark.parametrize(
    ("arguments", "match"), [case[1:] for case in LATE], ids=[case[0] for case in LATE]
)
def test_errors_that_only_the_data_reveal_are_one_line(
    tmp_path, capsys, arguments, match
):
    flags = [f"workdir={tmp_path}/run", *arguments(tmp_path)]
    assert run(train, *flags) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert match in err
    assert not (tmp_path / "run").exists()


def test_default_workdir_is_named_by_preset_and_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(train, *TINY, "steps=1") == 0
    (workdir,) = (tmp_path / "runs").iterdir()
    assert workdir.name.startswith("digits8-2")
    assert (workdir / "config.json").exists()


def program(*arguments):
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_program_as_users_start_it(trained, tmp_path):
    """Nothing appears on stderr: the lines of TensorFlow's import are held back."""
    flags = [f"--{flag}" for flag in (*TINY, "steps=4", f"workdir={tmp_path}/run")]
    result = program("launch.train", *flags)
    assert (result.returncode, result.stderr) == (0, "")
    assert "4/4" in result.stdout
    np.testing.assert_array_equal(exported(tmp_path / "run"), exported(trained))


def test_late_error_of_the_program_itself_is_one_line(tmp_path):
    archive = npz(tmp_path / "d.npz", np.zeros([4, 8, 8, 1]))
    result = program("launch.train", f"--{archive}", f"--workdir={tmp_path}/run")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("tfgan-train: error: ")
