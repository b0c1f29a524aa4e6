"""Optimizers of TensorFlow Addons by name, and what stands for Addons without it."""

import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests import addons
from tests.test_docs import ROOT
from tests.trainers import toy
from tfgan_tricks import _addons
from tfgan_tricks import _compat
from tfgan_tricks import callbacks
from tfgan_tricks import layers
from tfgan_tricks import losses


@addons.skip_if_missing
@pytest.mark.parametrize("name", _addons.REPLACEMENTS)
def test_names_match_addons_and_arguments_reach_them(name):
    kind = getattr(addons.imported().optimizers, name)
    arguments = {"learning_rate": 0.25, "beta_1": 0.5, "beta_2": 0.75}
    optimizer = _addons.optimizer(f"addons:{name}", **arguments)
    assert type(optimizer) is kind
    inner = getattr(optimizer, "_optimizer", optimizer)
    assert float(inner.learning_rate) == 0.25
    hypers = {key.replace("_", ""): key for key in inner._hyper}
    if name != "ProximalAdagrad":
        assert [inner._hyper[hypers[key]] for key in ("beta1", "beta2")] == [0.5, 0.75]


@addons.skip_if_missing
def test_all_that_need_no_argument_but_a_learning_rate_have_a_name():
    module = addons.imported().optimizers
    legacy = keras.optimizers.legacy.Optimizer
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type)]
    names = {kind.__name__ for kind in kinds if issubclass(kind, legacy)}
    others = {
        "COCOB",
        "MovingAverage",
        "SWA",
        "AveragedOptimizerWrapper",
        "OptimizerV2",
    }
    others |= {"AdamW", "SGDW", "ConditionalGradient", "MultiOptimizer"}
    assert names - others == set(_addons.REPLACEMENTS)


@pytest.mark.parametrize("name", _addons.NAMES)
def test_without_addons_an_error_names_what_to_use(name, monkeypatch):
    if not _compat.KERAS_3:
        monkeypatch.setattr(_addons.importlib.util, "find_spec", lambda name: None)
    trainer = trainers.LSGAN(*toy.networks())
    replacement = re.escape(_addons.REPLACEMENTS[name.removeprefix("addons:")])
    with pytest.raises(ValueError, match=f"end-of-life.*{replacement}.*='{name}'"):
        trainer.compile(name)


def test_addons_that_cannot_be_imported_are_none(monkeypatch):
    monkeypatch.setattr(_addons.importlib.util, "find_spec", lambda name: "found")
    monkeypatch.setitem(sys.modules, "tensorflow_addons", None)
    with pytest.raises(ValueError, match="keras.optimizers.Lamb.*='addons:LAMB'"):
        _addons.optimizer("addons:LAMB")


@pytest.mark.parametrize("name", ["addons:Lookahed", "addons:AdamW", "addons:"])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match=f"addons:Yogi.*Received: optimizer='{name}'"):
        trainers.LSGAN(*toy.networks()).compile(name)


def replacement_names():
    """Returns classes of Keras that the errors advise."""
    text = " ".join(_addons.REPLACEMENTS.values())
    return set(re.findall(r"keras\.optimizers\.(\w+)", text))


def test_replacements_exist_on_the_current_stack():
    missing = {x for x in replacement_names() if not hasattr(keras.optimizers, x)}
    assert missing == (set() if _compat.KERAS_3 else {"Lamb"})


def rows():
    lines = (ROOT / "docs/addons.md").read_text().splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    return [(names, code.strip("`")) for names, _, code in table[2:]]


def test_the_table_names_every_optimizer():
    named = re.findall(r"`(\w+)`", " ".join(names for names, _ in rows()))
    assert set(_addons.REPLACEMENTS) <= set(named)


@pytest.mark.skipif(not _compat.KERAS_3, reason="the lines are for the current stack")
@pytest.mark.parametrize("code", [code for _, code in rows()])
def test_lines_of_the_table_run(code, tmp_path):
    gan = toy.make(trainers.LSGAN)
    names = {
        **{"keras": keras, "tf": tf, "gan": gan, "HingeGAN": trainers.HingeGAN},
        **{"callbacks": callbacks, "layers": layers, "losses": losses},
        **{"generator": gan.generator, "discriminator": gan.discriminator},
        **{"images": tf.ones([2, 8, 8, 4]), "path": str(tmp_path / "average.keras")},
    }
    value = eval(code, names)
    if isinstance(value, keras.optimizers.Optimizer):
        gan.compile(value, "sgd")
        gan.fit(toy.endless(), steps_per_epoch=1, verbose=0)
    if isinstance(value, keras.layers.Layer) and not isinstance(value, keras.Model):
        shape = [2, 3] if isinstance(value, layers.WeightNormDense) else [2, 8, 8, 4]
        assert np.isfinite(value(tf.ones(shape), training=True)).all()


def test_instance_normalization_is_a_group_normalization():
    x = tf.random.stateless_normal([3, 5, 4, 6], [1, 2])
    theirs = addons.imported().layers.InstanceNormalization(epsilon=1e-3)
    ours = keras.layers.GroupNormalization(groups=-1)
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-6)


def descended(network, optimizer, callback=None):
    """Trains for ten steps, one `fit` each; yields after each."""
    network.compile(optimizer, "mse")
    data = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    for _ in range(10):
        network.fit(data, data[:, :2], verbose=0, callbacks=callback, shuffle=False)
        yield


def test_average_of_a_generator_matches_moving_average():
    module = addons.imported()
    keras.utils.set_random_seed(3)
    stack = [keras.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(2)]
    ours, theirs = keras.Sequential(stack), None
    theirs = keras.models.clone_model(ours)
    theirs.set_weights(ours.get_weights())
    ema = callbacks.GeneratorEMA(ours, decay=0.8)
    sgd = keras.optimizers.legacy.SGD
    averaging = module.optimizers.MovingAverage(sgd(0.1), average_decay=0.8)
    steps = descended(ours, sgd(0.1), [ema]), descended(theirs, averaging)
    start = ours.get_weights()
    for _ in zip(*steps, strict=True):
        for average, weight in zip(ema.average.weights, theirs.weights, strict=True):
            slot = averaging.get_slot(weight, "average")
            np.testing.assert_allclose(average, slot, rtol=1e-6, atol=1e-7)
    assert np.abs(start[0] - ema.average.get_weights()[0]).max() > 0.01
