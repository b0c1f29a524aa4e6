"""A strategy with one device, in a process of its own, is like no strategy."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests import replicas
from tests.trainers import toy


def points():
    return tf.data.Dataset.from_tensor_slices(toy.points(96))


# Batches of 8 of the same points in the same order, of static and of dynamic shape.
DATA = {
    "array": lambda: toy.points(96),
    "static": lambda: points().batch(8, drop_remainder=True),
    "dynamic": lambda: points().batch(8),
    "endless": lambda: points().repeat().batch(8),
    "rebatched": lambda: points().batch(16).rebatch(8),
    "unknown length": lambda: points().batch(8).filter(lambda x: True),
    "mapped": lambda: points().batch(8).map(lambda x: x).prefetch(2),
}


# Those that join batches differently: pairs, many of them, and nested ones.
CASES = {
    "RelativisticGAN": tuple(DATA),
    "WGANGP": ("array", "endless"),
    "SemiSupervisedGAN": ("rebatched", "unknown length"),
}


def labeled(dataset):
    return dataset.map(lambda x: (x, (x[::-1], tf.zeros([8], tf.int64))))


def trained(cls, form, **options):
    trainer = toy.make(cls, options, discriminator_steps=2)
    data = DATA[form]()
    is_array = isinstance(data, np.ndarray)
    if cls is trainers.SemiSupervisedGAN:
        data = labeled(data)
    size = 8 if is_array else None
    trainer.fit(data, batch_size=size, steps_per_epoch=2, shuffle=False, verbose=0)
    return trainer


def differences(strategy):
    """Returns the largest difference of a weight, by trainer and kind of data.

    All kinds are the same batches, so that all share one run without a strategy.
    """
    found = {}
    for name, forms in CASES.items():
        cls = getattr(trainers, name)
        alone = trained(cls, forms[0])
        for form in forms:
            with strategy.scope():
                pair = alone, trained(cls, form, steps_per_execution=2)
            weights = zip(*map(toy.weights, pair), strict=True)
            found[f"{name}, {form}"] = max(np.abs(a - b).max() for a, b in weights)
            found[f"{name}, {form}, steps"] = [int(each.step.numpy()) for each in pair]
            found[f"{name}, {form}, config"] = pair[1].get_compile_config()
    return found


def main():
    keras.utils.set_random_seed(1)
    reduction = tf.distribute.ReductionToOneDevice()
    strategy = tf.distribute.MirroredStrategy(["CPU:0"], cross_device_ops=reduction)
    print(json.dumps(differences(strategy), default=float))


@pytest.fixture(scope="module")
def found():
    return replicas.printed_by(
        "from tests.trainers import test_one_replica; test_one_replica.main()"
    )


@pytest.mark.parametrize("form", DATA)
def test_one_replica_under_a_strategy_trains_like_none(found, form):
    cases = [name for name in found if name.endswith(form)]
    assert cases
    for name in cases:
        assert found[name] < 1e-6, name
        assert found[f"{name}, steps"] == [2, 2], name
        assert found[f"{name}, config"]["steps_per_execution"] == 2, name
