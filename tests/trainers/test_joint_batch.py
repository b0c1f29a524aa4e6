"""The discriminator on real and fake images in one batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import toy
from tfgan_tricks import layers
from tfgan_tricks import penalties

DESCENT = {"generator_optimizer": "sgd", "discriminator_optimizer": "sgd"}
EAGER = {"run_eagerly": True}


def comparing_discriminator():
    initializer = keras.initializers.RandomNormal(stddev=1.0, seed=1)
    dense = keras.layers.Dense
    return keras.Sequential(
        [
            keras.Input((2,)),
            dense(3, "relu", kernel_initializer=initializer),
            layers.JointMinibatchDiscrimination(4, 2, initializer),
            dense(1, kernel_initializer=initializer),
        ]
    )


def joint(cls, **kwargs):
    generator, _ = toy.networks()
    trainer = cls(generator, comparing_discriminator(), joint_batch=True, **kwargs)
    trainer.compile("sgd", "sgd")
    return trainer


def test_features_are_matched_in_a_joint_batch():
    """After the comparison, features depend on the other examples."""
    generator, _ = toy.networks()
    discriminator = comparing_discriminator()
    compared = discriminator.layers[1].name
    trainer = trainers.FeatureMatchingGAN(
        generator, discriminator, features=compared, joint_batch=True
    )
    real = trainers.Batch(tf.constant(toy.points(8)))
    seed = tf.constant([1, 2], tf.int64)
    fake = trainer.sample_like(real, seed)
    together = tf.concat([real.images, fake.images], axis=0)
    features = discriminator.layers[1](discriminator.layers[0](together)).numpy()
    gap = features[:8].mean(axis=0) - features[8:].mean(axis=0)
    loss = trainer.generator_objective(real, seed)["g_loss"]
    np.testing.assert_allclose(loss, np.sum(gap**2), rtol=1e-5)


def test_a_classifier_is_not_trained_in_joint_batches():
    generator, discriminator = toy.networks()
    with pytest.raises(ValueError, match="Received: joint_batch=True"):
        trainers.SemiSupervisedGAN(
            generator,
            discriminator,
            feature_matching=False,
            discriminator_ema_decay=None,
            joint_batch=True,
        )


@pytest.mark.parametrize("cls", [trainers.LSGAN, trainers.RelativisticGAN])
def test_losses_equal_one_call_on_real_then_fake(cls):
    trainer = joint(cls)
    real = trainers.Batch(tf.constant(toy.points(8)))
    seed = tf.constant([1, 2], tf.int64)
    fake = trainer.sample_like(real, seed)
    together = tf.concat([real.images, fake.images], axis=0)
    logits = trainer.discriminator(together, training=True)
    names = {"real_logits": logits[:8], "fake_logits": logits[8:]}
    loss = trainer.adversarial_loss
    np.testing.assert_allclose(
        trainer.discriminator_objective(real, fake, seed)["d_loss"],
        loss.discriminator(**names),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        trainer.generator_objective(real, seed)["g_loss"],
        loss.generator(**names),
        rtol=1e-6,
    )
    alone = trainer.discriminator(fake.images, training=True)
    assert np.all(np.abs(alone - logits[8:]) > 1e-3)


def test_where_examples_are_judged_alone_joining_changes_nothing():
    separate, together = (
        toy.make(trainers.RelativisticGAN, DESCENT | EAGER, joint_batch=joint_batch)
        for joint_batch in (False, True)
    )
    for trainer in (separate, together):
        trainer.fit(toy.endless(), steps_per_epoch=3, verbose=0)
    toy.assert_equal_weights(separate, together, rtol=1e-5, atol=1e-6)


def test_generator_update_draws_its_own_real_batch():
    trainer = joint(trainers.LSGAN, discriminator_steps=2)
    assert trainer.generator_needs_real and trainer.batches_per_step == 3
    assert joint(trainers.LSGAN, reuse_real_batch=True).batches_per_step == 1


def weights_that_move(trainer):
    """Returns the weights without biases that batch normalization cancels."""
    weights = [*trainer.discriminator.trainable_weights]
    return [w.numpy() for w in (*weights, *trainer.generator.trainable_weights[-2:])]


@pytest.mark.parametrize(
    "mode", [{}, {"run_eagerly": True}, {"jit_compile": True}], ids=str
)
def test_it_trains_on_a_partial_last_batch_too(mode):
    trainer = joint(trainers.NonSaturatingGAN)
    trainer.compile(**DESCENT, **mode)
    before = weights_that_move(trainer)
    points = toy.points(28 if mode == {} else 32)
    history = trainer.fit(points, batch_size=8, verbose=0).history
    assert all(np.isfinite(values[-1]) for values in history.values())
    assert int(trainer.step.numpy()) == 2
    after = weights_that_move(trainer)
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


def test_labels_are_joined_with_their_images():
    real = trainers.Batch(tf.zeros([2, 3]), tf.constant([1, 2]), labeled="kept")
    both = real.joined(trainers.Batch(tf.ones([2, 3]), tf.constant([4, 5])))
    np.testing.assert_array_equal(both.images[:, 0], [0, 0, 1, 1])
    np.testing.assert_array_equal(both.labels, [1, 2, 4, 5])
    assert both.labeled == "kept"
    plain = trainers.Batch(tf.zeros([2, 3]))
    assert plain.joined(plain).labels is None


def test_a_joint_trainer_continues_from_its_file(tmp_path):
    trainer = joint(trainers.NonSaturatingGAN)
    trainer.compile(**DESCENT, **EAGER)
    trainer.fit(toy.endless(), steps_per_epoch=1, verbose=0)
    trainer.save(tmp_path / "gan.keras")
    restored = keras.models.load_model(tmp_path / "gan.keras")
    assert restored.joint_batch is True
    for each in (trainer, restored):
        each.fit(toy.endless(), steps_per_epoch=1, verbose=0)
    toy.assert_equal_weights(trainer, restored)


def test_penalties_are_refused():
    with pytest.raises(ValueError, match=r"neither half.*Received: penalties=\['r1'\]"):
        joint(trainers.LSGAN, penalties=[penalties.R1()])
