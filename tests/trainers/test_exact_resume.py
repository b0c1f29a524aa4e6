"""A run that stops and resumes in a new process equals an uninterrupted run."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests import replicas
from tests.trainers import toy
from tfgan_tricks import _compat
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import layers

STEPS = 4
BATCH = 8
PLAYERS = ("generator_player", "discriminator_player")
# (the step of the checkpoint, the step to compare): in an epoch, and at its end.
BREAKS = {"in an epoch": (2, 4), "at an epoch's end": (4, 8)}


def keras_noise():
    """Returns layers with random states that Keras 3 can save, and Keras 2 cannot."""
    if not _compat.NOISE_IS_SAVED:
        return []
    return [keras.layers.Dropout(0.3), keras.layers.GaussianNoise(0.2)]


def networks(packing):
    """Returns networks with every kind of state: batches, sigma and a reference."""
    keras.utils.set_random_seed(3)
    reference = tf.random.stateless_normal([6, 3], seed=[1, 2])
    body = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(6, "relu"),
            layers.VirtualBatchNorm(),
            keras.layers.Dense(5),
        ]
    )
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            layers.VirtualBatchNormalized(body, reference),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(2),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((2 * packing,)),
            layers.SpectralNormalization(keras.layers.Dense(7), name="first"),
            keras.layers.ReLU(name="hidden"),
            layers.GaussianNoise(0.1),
            *keras_noise(),
            keras.layers.Dense(1),
        ]
    )
    return generator, discriminator


def made(cls):
    more = toy.REQUIRED.get(cls, {})
    packing = 2 if cls is trainers.RelativisticGAN else 1
    trainer = cls(
        *networks(packing),
        packing=packing,
        ema_decay=0.9,
        generator_history=0.1,
        discriminator_history=0.2,
        discriminator_steps=1,
        seed=5,
        **more,
    )
    trainer.compile()
    return trainer


def batches(trainer):
    """Returns batches of 96 points, which some trainers see twice, in two orders."""
    points = toy.points()
    start = int(trainer.step.numpy()) * trainer.batches_per_step
    if not isinstance(trainer, trainers.SemiSupervisedGAN):
        return data.batches(points, BATCH, seed=1, start=start)
    source = data.Source(points, np.zeros(len(points), "int64"))
    return data.semi_supervised_batches(
        source, BATCH, labels_per_class=9, seed=1, start=start
    )


def train(trainer, stop, folder):
    """Trains to a step, in epochs of `STEPS`, the first of which may be shorter."""
    saver = callbacks.Checkpoints(folder, every=2, max_to_keep=9)
    while (step := int(trainer.step.numpy())) < stop:
        steps = min(STEPS - step % STEPS, stop - step)
        options = {"steps_per_epoch": steps, "verbose": 0, "callbacks": [saver]}
        trainer.fit(batches(trainer), **options)


def values(folder, step):
    """Returns a checkpoint's values, except for what Keras resets in each epoch."""
    reader = tf.train.load_checkpoint(str(folder / f"ckpt-{step}"))
    names = reader.get_variable_to_shape_map()
    forgotten = ("_CHECKPOINTABLE", "save_counter", "trackers", "/error/", "metrics")
    kept = [name for name in names if not any(part in name for part in forgotten)]
    return {name: reader.get_tensor(name) for name in kept}


def resume_all(folder):
    """Resumes all trainers, as the new process does."""
    for cls in toy.ALL:
        trainer = made(cls)
        for name, (start, stop) in BREAKS.items():
            callbacks.restore(trainer, folder / cls.__name__, start)
            train(trainer, stop, folder / cls.__name__ / name)


SCRIPT = """
import pathlib
from tests.trainers import test_exact_resume
test_exact_resume.resume_all(pathlib.Path({!r}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns all trainers' checkpoints, uninterrupted and from the new process."""
    folder = tmp_path_factory.mktemp("resumed")
    for cls in toy.ALL:
        trainer = made(cls)
        trainer.fit(  # In one epoch: where epochs begin must make no difference.
            batches(trainer),
            steps_per_epoch=2 * STEPS,
            verbose=0,
            callbacks=[callbacks.Checkpoints(folder / cls.__name__, 2, max_to_keep=9)],
        )
    replicas.run(SCRIPT.format(str(folder)))
    return folder


@pytest.mark.parametrize("where", BREAKS)
@pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)
def test_two_halves_are_the_whole_bit_for_bit(folder, cls, where):
    stop = BREAKS[where][1]
    whole = values(folder / cls.__name__, stop)
    halves = values(folder / cls.__name__ / where, stop)
    assert whole.keys() == halves.keys()
    for name in whole:
        assert np.array_equal(whole[name], halves[name]), name


@pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)
def test_a_checkpoint_contains_all_state_of_a_trainer(folder, cls):
    names = list(values(folder / cls.__name__, 8))
    for part in (
        *(f"model/{player}/optimizer/" for player in PLAYERS),
        *(f"model/{player}/history/" for player in PLAYERS),
        *(f"model/{player}/network/" for player in PLAYERS),
        *("model/step/", "model/generator_player/average/"),
    ):
        assert any(part in name for name in names), part
    early, late = (values(folder / cls.__name__, step) for step in (4, 8))
    assert late["model/step/.ATTRIBUTES/VARIABLE_VALUE"] == 8
    moved = [name for name in names if not np.array_equal(early[name], late[name])]
    assert sum("optimizer/" in name for name in moved) > 12


def test_every_trainer_is_resumed():
    assert len(toy.ALL) == 11
