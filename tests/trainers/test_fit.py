"""`fit` on every kind of input, in every mode."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import toy
from tfgan_tricks import losses

EVERY_TRAINER = pytest.mark.parametrize("cls", toy.ALL, ids=lambda cls: cls.__name__)


@EVERY_TRAINER
def test_modes_train_alike(cls):
    """With plain gradient descent: Adam amplifies the rounding of zero gradients."""
    descent = {"generator_optimizer": "sgd", "discriminator_optimizer": "sgd"}
    modes = [{}, {"run_eagerly": True}, {"steps_per_execution": 2}]
    ours = [toy.make(cls, descent | mode, discriminator_steps=2) for mode in modes]
    for trainer in ours:
        batches = toy.endless(cls=cls)
        history = trainer.fit(batches, steps_per_epoch=4, verbose=0).history
        penalties = (penalty.name for penalty in trainer.penalties)
        assert set(history) == {*cls.loss_names, *penalties}
        assert int(trainer.step.numpy()) == 4
        assert int(trainer.generator_optimizer.iterations.numpy()) == 4
        assert int(trainer.discriminator_optimizer.iterations.numpy()) == 8
    toy.assert_equal_weights(ours[0], ours[1], rtol=1e-5, atol=1e-6)
    toy.assert_equal_weights(ours[0], ours[2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "cls", [trainers.WGANGP, trainers.R3GAN, trainers.RelativisticAverageGAN]
)
def test_xla_trains(cls):
    """XLA draws other normal numbers, so only what they do not touch is compared."""
    trainer = toy.make(cls, {"jit_compile": True}, ema_decay=0.9)
    before = [
        network.get_weights()[0]
        for network in (trainer.generator, trainer.discriminator)
    ]
    history = trainer.fit(toy.endless(), steps_per_epoch=2, verbose=0).history
    assert all(np.isfinite(values[-1]) for values in history.values())
    assert int(trainer.discriminator_optimizer.iterations.numpy()) == (
        2 * trainer.discriminator_steps
    )
    after = [
        network.get_weights()[0]
        for network in (trainer.generator, trainer.discriminator)
    ]
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


class Spied(trainers.RelativisticGAN):
    """Keeps the real batches that its updates saw."""

    def discriminator_objective(self, real, fake, seed):
        self.seen.append(real.images.numpy())
        return super().discriminator_objective(real, fake, seed)

    def generator_objective(self, real, seed):
        self.seen.append(real.images.numpy())
        return super().generator_objective(real, seed)


def spy(dataset, **kwargs):
    trainer = toy.make(Spied, {"run_eagerly": True}, **kwargs)
    trainer.seen = []
    trainer.fit(dataset, shuffle=False, verbose=0, batch_size=8)
    return trainer.seen


def test_every_update_of_a_step_sees_fresh_data():
    data = toy.points(96)
    seen = spy(data, discriminator_steps=2)
    assert [len(batch) for batch in seen] == [8] * 12
    rows = np.concatenate(seen)
    assert len(np.unique(rows[:, 0])) == 96
    assert set(rows[:, 0]) == set(data[:, 0])


def test_reused_batches_are_the_users_batches():
    data = toy.points(32)
    seen = spy(data, discriminator_steps=2, reuse_real_batch=True)
    assert len(seen) == 12
    np.testing.assert_array_equal(
        np.stack(seen), np.repeat(data.reshape(4, 8, 2), 3, 0)
    )


def test_partial_last_batch_is_trained_on():
    seen = spy(toy.points(29))
    assert [len(batch) for batch in seen] == [8, 8, 8, 5]


@pytest.mark.parametrize(
    "data",
    [
        toy.points(32),
        tf.data.Dataset.from_tensor_slices(toy.points(32)).batch(8),
        tf.data.Dataset.from_tensor_slices(toy.points(32)).batch(8, True),
        tf.data.Dataset.from_tensor_slices((toy.points(32), np.arange(32))).batch(8),
        tf.data.Dataset.from_generator(
            lambda: iter(toy.points(32).reshape(4, 8, 2)),
            output_signature=tf.TensorSpec([None, 2]),
        ).apply(tf.data.experimental.assert_cardinality(4)),
    ],
    ids=["array", "dynamic batch", "static batch", "with labels", "generator"],
)
@pytest.mark.parametrize("cls", [trainers.LSGAN, trainers.RelativisticGAN])
def test_kinds_of_data(cls, data):
    trainer = toy.make(cls, {"run_eagerly": True})
    is_array = isinstance(data, np.ndarray)
    trainer.fit(data, batch_size=8 if is_array else None, verbose=0)
    assert int(trainer.step.numpy()) == (4 if cls is trainers.LSGAN else 2)


def test_labels_may_be_given_apart():
    trainer = toy.make(trainers.LSGAN)
    trainer.fit(toy.points(32), np.arange(32), batch_size=8, verbose=0)
    assert int(trainer.step.numpy()) == 4


def test_arrays_are_shuffled_by_the_seed():
    orders = []
    for seed in (0, 0, 1):
        trainer = toy.make(Spied, {"run_eagerly": True}, seed=seed)
        trainer.seen = []
        trainer.fit(toy.points(), batch_size=8, verbose=0)
        orders.append(np.concatenate(trainer.seen))
    np.testing.assert_array_equal(orders[0], orders[1])
    assert np.any(orders[0] != orders[2])
    assert np.any(orders[0] != toy.points())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "Received: x=None"),
        (iter([toy.points()]), "from_generator.*Received: x=<list_iter"),
        (toy.points(7), "at least 2 batches.*Received: 1 batches"),
    ],
    ids=["nothing", "an iterator", "less than a step"],
)
def test_data_that_cannot_be_trained_on(data, message):
    with pytest.raises(ValueError, match=message):
        toy.make(trainers.RelativisticGAN).fit(data, batch_size=8)


def test_keras_callbacks_run(tmp_path):
    trainer = toy.make(trainers.NonSaturatingGAN)
    trainer.fit(
        toy.endless(),
        steps_per_epoch=2,
        epochs=2,
        verbose=0,
        callbacks=[
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
            keras.callbacks.ModelCheckpoint(str(tmp_path / "last.keras")),
            keras.callbacks.EarlyStopping("g_loss", patience=5, mode="min"),
            keras.callbacks.TensorBoard(str(tmp_path / "events")),
        ],
    )
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert header.startswith("epoch,d_loss,g_loss")
    assert (tmp_path / "last.keras").exists()
    assert list((tmp_path / "events").rglob("events*"))


def test_summary_names_both_networks():
    lines = []
    toy.make(trainers.LSGAN, ema_decay=0.9).summary(print_fn=lines.append)
    generator, discriminator = toy.networks()
    text = "\n".join(str(line) for line in lines)
    assert f"{generator.count_params()}" in text
    assert f"{discriminator.count_params()}" in text


def test_generates_with_predict_and_call():
    trainer = toy.make(trainers.LSGAN)
    latents = np.ones((5, 3), "float32")
    expected = trainer.generator(latents, training=False)
    np.testing.assert_array_equal(trainer(latents), expected)
    np.testing.assert_allclose(trainer.predict(latents, verbose=0), expected, rtol=1e-6)


def test_a_users_loss_and_optimizers():
    loss = losses.AdversarialLoss(
        lambda *, real_logits, fake_logits: tf.reduce_mean(fake_logits - real_logits),
        lambda *, fake_logits, real_logits=None: -tf.reduce_mean(fake_logits),
    )

    class MyGAN(trainers.AdversarialTrainer):
        def train_step(self, data):
            return self.alternate(data)

    trainer = MyGAN(*toy.networks(), loss=loss)
    trainer.compile("sgd", keras.optimizers.Adam(1e-3))
    trainer.fit(toy.endless(), steps_per_epoch=2, verbose=0)
    assert isinstance(trainer.generator_optimizer, keras.optimizers.SGD)
    assert isinstance(trainer.discriminator_optimizer, keras.optimizers.Adam)
