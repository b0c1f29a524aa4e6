"""Runs by `launch.Run`, of networks and data of the user's own."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

import launch
import trainers
from launch.run import _signals
from tests.launch.programs import ROOT
from tests.launch.programs import files
from tests.launch.server import wait_for
from tests.launch.test_run import assert_same_training
from tests.launch.test_run import metrics
from tests.launch.test_run import weights
from tfgan_tricks import callbacks
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
        flat = [
            keras.layers.Flatten()(w(t)) for w, t in zip(words, told, strict=True)
        ]
        hidden = [
            keras.layers.Concatenate()([a, b]) for a, b in zip(hidden, flat, strict=True)
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
@pytest.mark.parametrize("kind", [trainers.RelativisticGAN, trainers.LSGAN])
def test_a_resumed_run_is_the_unbroken_one(tmp_path, form, kind):
    """Ended in an epoch, of steps with one or two batches."""
    for name, ends in {"whole": [7], "resumed": [2, 4, 7]}.items():
        for steps in ends:
            given, options = FORMS[form]()
            trainer = gan(kind, discriminator_steps=2)
            made(tmp_path / name, trainer, given, steps, **options).train()
    assert_same_training(tmp_path / "whole", tmp_path / "resumed")
    assert [line["step"] for line in metrics(tmp_path / "resumed")] == [*range(1, 8)]


def test_batches_are_those_of_the_form_in_their_order(tmp_path):
    """By hand: what `fit` makes of the same batches."""
    made(tmp_path / "run", given=from_number, steps=5).train()
    by_hand = gan()
    for start in (0, 3):
        by_hand.fit(from_number(start).take(3 if start == 0 else 2), verbose=0)
    kept = weights(tmp_path / "run")
    name = "model/generator_player/network/layer_with_weights-0/kernel"
    (key,) = [key for key in kept if "generator_player" in key and _is(key, name)]
    np.testing.assert_array_equal(kept[key], by_hand.generator.get_weights()[0])


def _is(key, name):
    return kept_shape(key) and key.endswith("VARIABLE_VALUE") and name


def kept_shape(key):
    return re.search(r"network/.*(kernel|_kernel)/", key) and "-0/" in key
