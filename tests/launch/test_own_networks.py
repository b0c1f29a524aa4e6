"""Runs by `launch.Run`, with the user's own networks and data."""

import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import launch
import trainers
from tests.launch.programs import files
from tests.launch.test_run import assert_same_run
from tests.launch.test_run import metrics
from tfgan_tricks import data

rng = np.random.default_rng(5)
POINTS = rng.normal(size=[30, 2]).astype("float32")
LABELS = np.arange(30) % 3
SMALL = {"checkpoint_every": 2, "sample_every": 3, "log_every": 1, "verbose": False}


def networks(width=8, num_classes=None):
    z, x = keras.Input((3,)), keras.Input((2,))
    told = [keras.Input((1,), dtype="int32") for _ in range(2 * bool(num_classes))]
    hidden = [z, x]
    if num_classes:
        words = [keras.layers.Embedding(num_classes, 2) for _ in range(2)]
        flat = [keras.layers.Flatten()(w(t)) for w, t in zip(words, told, strict=True)]
        hidden = [
            keras.layers.Concatenate()([a, b])
            for a, b in zip(hidden, flat, strict=True)
        ]
    keras.utils.set_random_seed(3)
    outputs = []
    for inputs, units in zip(hidden, (2, 1), strict=True):
        dense = keras.layers.Dense(width, "relu")(inputs)
        outputs.append(keras.layers.Dense(units)(dense))
    pairs = [[z, *told[:1]], [x, *told[1:]]]
    return [
        keras.Model(inputs if num_classes else inputs[0], output)
        for inputs, output in zip(pairs, outputs, strict=True)
    ]


def gan(kind=trainers.RelativisticGAN, optimizers=(None, None), **options):
    shape = {k: options.pop(k) for k in ("width", "num_classes") if k in options}
    trainer = kind(*networks(**shape), **options)
    trainer.compile(*optimizers)
    return trainer


def made(folder, trainer=None, given=POINTS, steps=5, **options):
    trainer = gan() if trainer is None else trainer
    return launch.Run(folder, trainer, given, steps=steps, **{**SMALL, **options})


def from_number(start):
    return data.batches(POINTS, 6, seed=4, start=start)


def shuffled():
    rows = tf.data.Dataset.from_tensor_slices(POINTS)
    return rows.shuffle(30, seed=7).batch(6, drop_remainder=True)


FORMS = {
    "array": lambda: (POINTS, {"batch_size": 6}),
    "uint8": lambda: ((POINTS * 40 + 128).astype("uint8"), {"batch_size": 6}),
    "pair": lambda: ((POINTS, LABELS), {"batch_size": 6}),
    "source": lambda: (data.load("ring8"), {"batch_size": 6}),
    "function": lambda: (from_number, {}),
    "dataset": lambda: (shuffled(), {}),
    "endless dataset": lambda: (shuffled().repeat(), {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_resumed_run_equals_the_uninterrupted_run(tmp_path, form):
    """It stops within an epoch of the run and the data; a step takes three batches."""
    for name, ends in {"whole": [7], "resumed": [4, 7]}.items():
        for steps in ends:
            given, options = FORMS[form]()
            trainer = gan(discriminator_steps=2)
            made(tmp_path / name, trainer, given, steps, **options).train()
    assert_same_run(tmp_path / "whole", tmp_path / "resumed")
    assert [line["step"] for line in metrics(tmp_path / "resumed")] == [*range(1, 8)]


def assert_equal(networks):
    for one, two in zip(*(each.get_weights() for each in networks), strict=True):
        np.testing.assert_array_equal(one, two)


def test_batches_keep_their_order(tmp_path):
    """The run equals a `fit` by hand on the same batches."""
    run = made(tmp_path / "run", given=from_number, steps=5)
    run.train()
    by_hand = gan()
    by_hand.fit(from_number(0).take(5 * by_hand.batches_per_step), verbose=0)
    assert run.step == 5
    assert_equal([run.trainer.generator, by_hand.generator])


def test_nested_batches_come_from_a_function(tmp_path):
    def batches(start):
        source = data.load("digits8")
        order = {"labels_per_class": 2, "seed": 1, "start": start}
        return data.semi_supervised_batches(source, 16, **order)

    def classifier():
        inputs = keras.Input((8, 8, 1))
        flat = keras.layers.Flatten()(inputs)
        keras.utils.set_random_seed(3)
        hidden = keras.layers.Dense(5, name="features")(flat)
        z = keras.Input((3,))
        image = keras.layers.Dense(64, "tanh")(z)
        generator = keras.Model(z, keras.layers.Reshape((8, 8, 1))(image))
        logits = keras.layers.Dense(10)(hidden)
        trainer = trainers.SemiSupervisedGAN(
            generator, keras.Model(inputs, logits), features="features"
        )
        trainer.compile()
        return trainer

    for name, ends in {"whole": [4], "resumed": [3, 4]}.items():
        for steps in ends:
            made(tmp_path / name, classifier(), batches, steps).train()
    assert_same_run(tmp_path / "whole", tmp_path / "resumed")


@pytest.fixture
def begun(tmp_path):
    made(tmp_path / "run", gan(seed=2), batch_size=6, steps=3).train()
    return tmp_path / "run"


OTHERS = {
    "trainer": (
        lambda: gan(trainers.LSGAN, seed=2),
        {},
        "trainer='LSGAN' (it was 'Rel",
    ),
    "networks": (
        lambda: gan(seed=2, width=9),
        {},
        "shape of the generator's weight 0=(3, 9) (it was (3, 8)), "
        "shape of the discriminator's weight 0=(2, 9) (it was (2, 8))",
    ),
    "number of weights": (
        lambda: gan(seed=2, num_classes=3),
        {"given": (POINTS, LABELS)},
        "number of the generator's weights=5 (it was 4)",
    ),
    "seed": (lambda: gan(seed=2), {"seed": 8}, "seed=8 (it was 0)"),
    "seed of the trainer": (gan, {}, "trainer_seed=0 (it was 2)"),
    "batch size": (lambda: gan(seed=2), {"batch_size": 5}, "batch_size=5 (it was 6)"),
    "batches of a step": (
        lambda: gan(seed=2, discriminator_steps=2),
        {},
        "batches_per_step=3 (it was 2)",
    ),
    "number of examples": (
        lambda: gan(seed=2),
        {"given": POINTS[:-1]},
        "num_examples=29 (it was 30)",
    ),
    "fewer steps": (lambda: gan(seed=2), {"steps": 2}, "at least the 3 steps"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_folder_of_another_run_is_refused_naming_what_differs(begun, other):
    trainer, options, match = OTHERS[other]
    before = files(begun)
    with pytest.raises(ValueError, match=re.escape(match)):
        made(begun, trainer(), **{"batch_size": 6, "steps": 4, **options}).train()
    assert files(begun) == before


def test_checkpoints_of_something_else_are_refused(tmp_path, begun):
    (begun / "run.json").unlink()
    with pytest.raises(ValueError, match="no run.json.*Received: folder="):
        made(begun, gan(seed=2), batch_size=6)


BAD = {
    "no trainer": (lambda: {"trainer": networks()[0]}, "`trainer` must be one of"),
    "not compiled": (
        lambda: {"trainer": trainers.LSGAN(*networks())},
        "`trainer` must be compiled",
    ),
    "no steps": (lambda: {"steps": 0}, "`steps` must"),
    "a fraction": (lambda: {"log_every": 0.5}, "`log_every` must"),
    "a list": (lambda: {"given": [[1.0, 2.0]] * 3}, "`data` must be an array"),
    "a function of something": (
        lambda: {"given": lambda start: POINTS},
        "`data` must return",
    ),
    "no labels": (lambda: {"trainer": gan(num_classes=3)}, "`data` must have labels"),
    "batch size of its own": (
        lambda: {"given": shuffled(), "batch_size": 5},
        "Received: batch_size=5 with batches of 6",
    ),
    "few examples": (lambda: {"batch_size": 31}, "`batch_size` must be at most the 30"),
    "no UTF-8": (
        lambda: {"folder": os.fsdecode(b"a\xff")},
        r"`folder` must be a path in UTF-8.*Received: folder='a\\udcff'",
    ),
    "nothing": (lambda: {"folder": ""}, "`folder` must be a path"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_leave_nothing(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    options, match = BAD[case][0](), BAD[case][1]
    with pytest.raises(ValueError, match=match) as caught:
        made(
            **{"folder": "run", "batch_size": 6 if "given" not in options else None}
            | options
        ).train()
    assert "Received" in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_finite_data_are_repeated_and_empty_data_are_refused(tmp_path):
    made(tmp_path / "run", given=shuffled().take(2), steps=4).train()
    empty = shuffled().take(0)
    with pytest.raises(ValueError, match="`(data|x)` must"):
        made(tmp_path / "empty", given=empty, steps=4).train()


NAMES = {
    "spaces, umlauts and quotes": "mein Lauf \u00e4\u00f6 'so' \"so\"",
    "patterns and a line's end": "a[1]*?{x}\\b\nc",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_folders_of_any_name_are_resumed(tmp_path, name):
    for steps in (1, 2):
        run = made(tmp_path / name, batch_size=6, steps=steps)
        run.train()
    np.testing.assert_array_equal(
        made(tmp_path / name, None, None).sample(2), run.sample(2)
    )
    run.export(tmp_path / name / "again")
    for export in ("again", "export"):
        metadata = json.loads((tmp_path / name / export / "metadata.json").read_text())
        assert metadata["step"] == 2
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(NotADirectoryError, match="`folder` must be a folder"):
        made(tmp_path / "run")
    assert files(tmp_path) == {"run": b"mine"}


def test_samples_follow_seed_and_label(tmp_path):
    def conditional():
        return gan(num_classes=3)

    run = made(tmp_path / "run", conditional(), (POINTS, LABELS), batch_size=6)
    with pytest.raises(ValueError, match="`folder` must contain a checkpoint"):
        run.sample(1)
    run.train()
    later = made(tmp_path / "run", conditional(), None)
    ones = later.sample(4, seed=9, label=1)
    np.testing.assert_array_equal(ones, run.sample(4, seed=9, label=1))
    z = tf.random.stateless_normal([4, 3], [9, 0], alg="philox")
    expected = run.trainer.generator([z, tf.ones([4, 1], "int32")])
    np.testing.assert_allclose(ones, expected, atol=1e-6)
    expected = run.trainer.generator([z, tf.constant([[0], [1], [2], [0]])])
    np.testing.assert_allclose(later.sample(4, seed=9), expected, atol=1e-6)
    for label in (3, -1, "cat", 0.5):
        with pytest.raises(ValueError, match=f"Received: label={label!r}"):
            run.sample(4, label=label)


def test_an_unconditional_run_takes_no_label(begun):
    run = made(begun, gan(seed=2), None)
    assert run.sample(5).shape == (5, 2)
    with pytest.raises(ValueError, match="`label` must be None"):
        run.sample(5, label=0)
    with pytest.raises(ValueError, match="`data` must be given"):
        run.train()


def test_samples_come_from_the_newest_checkpoint(begun):
    run = made(begun, gan(seed=2), batch_size=6, steps=4)
    before = run.sample(5, seed=1)
    run.train()
    assert not np.array_equal(run.sample(5, seed=1), before)
    run.trainer.generator.set_weights(
        [0 * w for w in run.trainer.generator.get_weights()]
    )
    fresh = made(begun, gan(seed=2), None).sample(5, seed=1)
    assert np.abs(fresh).max() > 0


def test_exports_can_be_loaded_elsewhere(begun, tmp_path):
    run = made(begun, gan(seed=2), None)
    run.export(tmp_path / "saved")
    run.export(tmp_path / "g.keras")
    for path in (tmp_path / "saved", begun / "export"):
        code = (
            "import sys, tensorflow as tf\n"
            f"model = tf.saved_model.load({str(path)!r})\n"
            "g = model.sample(tf.constant(2), tf.constant(1))\n"
            "print(g['images'].numpy().tolist())"
        )
        out = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path)
        np.testing.assert_allclose(
            json.loads(out.splitlines()[-1]), run.sample(2, seed=1), rtol=1e-6
        )
    z = tf.random.stateless_normal([2, 3], [1, 0], alg="philox")
    images = keras.saving.load_model(tmp_path / "g.keras")(z)
    np.testing.assert_allclose(images, run.sample(2, seed=1), rtol=1e-6)
    with pytest.raises(ValueError, match="`path` must not exist"):
        run.export(tmp_path / "saved")


def test_a_finished_run_restores_missing_files(begun):
    before = files(begun)
    made(begun, gan(seed=2), batch_size=6, steps=3).train()
    assert files(begun) == before
    for path in (begun / "export").rglob("*"):
        if path.name != "variables" and path.is_file():
            path.unlink()
    (begun / ".export.new.abc").mkdir()
    (begun / "export.new").mkdir()
    (begun / "run.json.part").touch()
    made(begun, gan(seed=2), batch_size=6, steps=3).train()
    assert files(begun).keys() == before.keys()
    assert not list(begun.glob(".export*")) and not (begun / "export.new").exists()


def schedule():
    return keras.optimizers.schedules.PolynomialDecay(0.1, 10, 0.01)


RATES = {
    "schedules": lambda: (keras.optimizers.SGD(schedule()), None),
    "numbers": lambda: (keras.optimizers.SGD(0.05), keras.optimizers.Adam(0.02)),
    "a loss scale": lambda: (
        keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(schedule())),
        keras.optimizers.SGD(0.05),
    ),
}


def poisoned(folder, times):
    """Returns data whose batches at step 4 are NaN until so many rollbacks."""

    def now():
        rollbacks = sum("rolled_back_to" in line for line in metrics(folder))
        return np.float32(np.nan if rollbacks < times else 0)

    def batches(start):
        def spoil(index, batch):
            is_it = (start + index) // 2 == 3
            more = tf.cond(
                is_it, lambda: tf.numpy_function(now, [], "float32"), lambda: 0.0
            )
            return batch + more

        return from_number(start).enumerate().map(spoil)

    return batches


@pytest.mark.parametrize("rates", RATES)
def test_rollbacks_halve_rates_of_any_optimizer(tmp_path, rates):
    """The rates stay halved when the run is resumed."""
    for steps, given in {
        5: poisoned(tmp_path / "run", times=1),
        6: from_number,
    }.items():
        trainer = gan(optimizers=RATES[rates]())
        run = made(tmp_path / "run", trainer, given, steps, rollbacks=2)
        run.train()
    (entry,) = [line for line in metrics(tmp_path / "run") if "reason" in line]
    assert entry["rolled_back_to"] == 3
    by_hand = gan(optimizers=RATES[rates]())
    by_hand.fit(from_number(0).take(6), verbose=0)
    for player in ("generator", "discriminator"):
        optimizer = getattr(by_hand, f"{player}_optimizer")
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if rates == "numbers" or not callable(optimizer._learning_rate):
            optimizer.learning_rate = 0.5 * float(optimizer.learning_rate)
        else:
            whole = optimizer._learning_rate
            optimizer._learning_rate = Half(whole)
    by_hand.train_function = None
    by_hand.fit(from_number(6).take(6), verbose=0)
    assert_close([run.trainer.generator, by_hand.generator])


class Half(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, whole):
        self.whole = whole

    def __call__(self, step):
        return 0.5 * self.whole(step)


def assert_close(networks):
    for one, two in zip(*(each.get_weights() for each in networks), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


def test_none_is_left(tmp_path):
    run = made(
        tmp_path / "run",
        None,
        poisoned(tmp_path / "run", times=99),
        steps=6,
        rollbacks=1,
    )
    with pytest.raises(FloatingPointError, match="diverged at step 4"):
        run.train()
    assert run.folder.last_step() == 3
