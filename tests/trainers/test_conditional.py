"""Trainers whose networks are told the label."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import toy
from tfgan_tricks import callbacks
from tfgan_tricks import networks
from tfgan_tricks import penalties

CENTERS = np.array([[-1.5, 0.5], [1.0, -1.0], [0.5, 1.5]], "float32")
# One of them has other uses for labels.
TRAINERS = [cls for cls in toy.ALL if cls is not trainers.SemiSupervisedGAN]


def conditional(inputs, hidden, outputs):
    """Returns a network of `inputs` numbers and a label."""
    keras.utils.set_random_seed(1)
    x, labels = keras.Input((inputs,)), keras.Input((), dtype="int32")
    label = keras.layers.Embedding(len(CENTERS), 4, "normal", name="label")(labels)
    y = keras.layers.Concatenate()([x, label])
    for units in hidden:
        y = keras.layers.LeakyReLU(0.2)(keras.layers.Dense(units)(y))
    y = keras.layers.Activation("linear", name="hidden")(y)
    return keras.Model([x, labels], keras.layers.Dense(outputs)(y))


def make(cls, hidden=(8,), rate=1e-3, run_eagerly=False, **kwargs):
    players = conditional(2, hidden, 2), conditional(2, hidden, 1)
    trainer = cls(*players, **toy.REQUIRED.get(cls, {}), **kwargs)
    adam = [keras.optimizers.Adam(rate, beta_1=0.5) for _ in players]
    trainer.compile(*adam, run_eagerly=run_eagerly)
    return trainer


def labeled(count=96, deviation=0.1):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, len(CENTERS), count)
    points = CENTERS[labels] + rng.normal(0, deviation, (count, 2))
    return points.astype("float32"), labels


def endless(batch_size=8, **kwargs):
    dataset = tf.data.Dataset.from_tensor_slices(labeled(**kwargs)).repeat()
    return dataset.batch(batch_size, drop_remainder=True)


def train(trainer, steps=2):
    trainer.fit(endless(), steps_per_epoch=steps, verbose=0)
    return trainer


def test_each_label_generates_its_own_points():
    trainer = make(trainers.LSGAN, (32, 32), rate=2e-3, ema_decay=0.98)
    trainer.fit(endless(64, count=960), steps_per_epoch=1000, verbose=0)
    for label, center in enumerate(CENTERS):
        z = tf.random.stateless_normal([200, 2], [label, 1])
        points = trainer.sampling_generator([z, tf.fill([200], label)])
        np.testing.assert_allclose(np.mean(points, axis=0), center, atol=0.3)


def calls(network):
    """Returns all inputs that a network is called with from now on."""
    seen, original = [], network.call

    def call(inputs, *args, **kwargs):
        seen.append([np.asarray(tensor) for tensor in inputs])
        return original(inputs, *args, **kwargs)

    network.call = call
    return seen


def test_fakes_are_made_and_judged_with_the_labels_of_the_real_ones():
    trainer = make(trainers.RelativisticGAN, penalties=[penalties.R1(1.0)])
    real = trainers.Batch(*map(tf.constant, labeled(8)))
    of_d, of_g = calls(trainer.discriminator), calls(trainer.generator)
    trainer.update_discriminator(real)
    trainer.update_generator(real)
    assert len(of_g) == 2
    assert len(of_d) == 4  # Real, also for the penalty, and fake; fake and real.
    for _, labels in [*of_d, *of_g]:
        np.testing.assert_array_equal(labels, real.labels)
    are_real = [np.array_equal(points, real.images) for points, _ in of_d]
    assert sum(are_real) == 2


@pytest.mark.parametrize("cls", TRAINERS, ids=lambda cls: cls.__name__)
def test_every_trainer_can_be_conditional(cls):
    trainer = make(cls, run_eagerly=True)
    history = trainer.fit(endless(), steps_per_epoch=1, verbose=0)
    assert all(np.isfinite(values[-1]) for values in history.history.values())


@pytest.mark.parametrize("size", [(8, 1), (8,)])
def test_labels_may_be_a_column_or_a_row_and_of_any_integers(size):
    trainer = make(trainers.LSGAN, run_eagerly=True)
    points, labels = labeled(8)
    labels = labels.reshape(size).astype("int64")
    trainer.fit(points, labels, batch_size=8, verbose=0)
    other = make(trainers.LSGAN, run_eagerly=True)
    other.fit(points, labels.reshape(8).astype("uint8"), batch_size=8, verbose=0)
    toy.assert_equal_weights(trainer, other)


def test_labels_matter_only_to_networks_that_take_them():
    points, labels = labeled(32)
    one, two = (toy.make(trainers.LSGAN, {"run_eagerly": True}) for _ in range(2))
    one.fit(points, labels, verbose=0)
    two.fit(points, verbose=0)
    toy.assert_equal_weights(one, two)
    one, two = (make(trainers.LSGAN, run_eagerly=True) for _ in range(2))
    one.fit(points, labels, verbose=0)
    two.fit(points, labels * 0, verbose=0)
    tables = (trainer.generator.get_layer("label").embeddings for trainer in (one, two))
    assert np.abs(np.subtract(*tables))[1:].max(axis=1).min() > 1e-4


def test_labels_must_be_given():
    with pytest.raises(ValueError, match="pairs.*Received: images only"):
        make(trainers.LSGAN).fit(labeled()[0], verbose=0)


def test_conditional_trainers_continue_identically(tmp_path):
    def fresh():
        return make(trainers.LSGAN, run_eagerly=True, ema_decay=0.9, seed=7)

    trainer = train(fresh())
    trainer.save(tmp_path / "gan.keras")
    tf.train.Checkpoint(model=trainer).save(str(tmp_path / "ckpt"))
    from_keras = keras.models.load_model(tmp_path / "gan.keras")
    from_checkpoint = fresh()
    callbacks.restore(from_checkpoint, tmp_path)
    train(trainer)
    for restored in (from_keras, from_checkpoint):
        train(restored)
        toy.assert_equal_weights(trainer, restored)


def test_the_average_takes_labels_too():
    trainer = train(make(trainers.LSGAN, run_eagerly=True, ema_decay=0.5))
    inputs = [tf.ones([2, 2]), tf.constant([0, 1])]
    drawn = trainer(inputs)
    np.testing.assert_array_equal(drawn, trainer.ema_generator(inputs))
    assert np.abs(drawn - trainer.generator(inputs)).max() > 1e-6


def test_the_networks_of_the_package_train_together():
    labels = np.arange(8) % 3
    images = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
    sizes = {"image_size": 8, "channels": 1, "width": 2, "num_classes": 4}
    trainer = trainers.LSGAN(
        networks.dcgan_generator(**sizes, latent_dim=3, label_dim=5),
        networks.dcgan_discriminator(**sizes, label_dim=5),
    )
    trainer.compile(run_eagerly=True)
    players = trainer.generator, trainer.discriminator
    tables = [player.get_layer("label").embeddings for player in players]
    before = [table.numpy() for table in tables]
    trainer.fit(images, labels, batch_size=8, verbose=0)
    for table, start in zip(tables, before, strict=True):
        moved = np.abs(table.numpy() - start).max(axis=1)
        assert (moved > 1e-5).tolist() == [True, True, True, False]
