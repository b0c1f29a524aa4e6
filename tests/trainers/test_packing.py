"""Packs, against packs that are joined one by one and gradients of separate tapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import precision
from tests.trainers import toy
from tests.trainers.test_simultaneous import apply
from tests.trainers.test_simultaneous import assert_same
from tests.trainers.test_simultaneous import dense
from tests.trainers.test_simultaneous import descent
from tests.trainers.test_simultaneous import outputs
from tests.trainers.test_simultaneous import weights
from tfgan_tricks import callbacks
from tfgan_tricks import layers
from tfgan_tricks import losses
from tfgan_tricks import penalties
from tfgan_tricks import replica
from tfgan_tricks.networks import dcgan_discriminator
from tfgan_tricks.networks import dcgan_generator
from trainers import _packing
from trainers._updates import fold

PACKING = 3
ROWS = 12
SHAPE = (2, 3, 2)
WIDE = (2, 3, 2 * PACKING)


def images(count):
    random = np.random.default_rng(0)
    return random.normal(0.5, 1.5, (count, *SHAPE)).astype("float32")


def packs(x):
    """Joins three examples at a time, one pack after the other."""
    rows = tf.unstack(tf.convert_to_tensor(x))
    starts = range(0, len(rows), PACKING)
    return tf.stack([tf.concat(rows[i : i + PACKING], axis=-1) for i in starts])


def networks(*middle):
    small = [keras.Input((3,)), dense(12), keras.layers.Reshape(SHAPE)]
    flat, features = keras.layers.Flatten(), dense(4, "tanh", name="features")
    judge = [keras.Input(WIDE), flat, features, *middle, dense(1)]
    return keras.Sequential(small), keras.Sequential(judge)


def made(cls, *middle, optimizer=lambda: keras.optimizers.SGD(1.0), **arguments):
    options = {"packing": PACKING, "discriminator_steps": 1, **arguments}
    trainer = cls(*networks(*middle), **options)
    trainer.compile(optimizer(), optimizer(), run_eagerly=True)
    return trainer


def by_hand(trainer, real):
    """Updates both networks once, on packs by hand; returns the discriminator's terms.

    Each network's gradient comes from a tape of its own.
    """
    g, d, loss = trainer.generator, trainer.discriminator, trainer.adversarial_loss
    first, last = real[:ROWS], real[-ROWS:]
    seed = trainer.random_seed("discriminator 0")
    is_shared = trainer.reuse_fake_batch or trainer.schedule == "simultaneous"
    seeds = (
        fold(seed, 0),
        fold(seed, 0) if is_shared else trainer.random_seed("generator"),
    )
    latents = [replica.stateless_normal([ROWS, 3], each) for each in seeds]
    found = {}

    def judged(network, *batches):
        if not trainer.joint_batch:
            return [outputs(network, batch) for batch in batches]
        return tf.split(outputs(network, tf.concat(batches, axis=0)), 2)

    def logits(x, fake):
        pair = judged(d, packs(x), packs(fake))
        return dict(zip(("real_logits", "fake_logits"), pair, strict=True))

    def d_loss():
        fake = tf.stop_gradient(outputs(g, latents[0]))
        found["d_loss"] = loss.discriminator(**logits(first, fake))
        for index, penalty in enumerate(trainer.penalties):
            found[penalty.name] = penalty(
                lambda x: outputs(d, x),
                real=packs(first),
                fake=packs(fake),
                seed=fold(fold(seed, 1), index),
            )
        return tf.add_n(list(found.values()))

    def g_loss():
        fake = outputs(g, latents[1])
        if isinstance(trainer, trainers.FeatureMatchingGAN):
            means = [
                tf.reduce_mean(d.layers[1](d.layers[0](packs(x))), axis=0)
                for x in (last, fake)
            ]
            return tf.reduce_sum((means[0] - means[1]) ** 2)
        return loss.generator(**logits(last, fake))

    of_discriminator, _ = descent(d, d_loss)
    if trainer.schedule == "simultaneous":
        of_generator, _ = descent(g, g_loss)
        apply(d, of_discriminator)
    else:
        apply(d, of_discriminator)
        of_generator, _ = descent(g, g_loss)
    apply(g, of_generator)
    return {name: float(value) for name, value in found.items()}


GRADIENTS = [
    penalties.R1(0.4),
    penalties.R2(0.3),
    penalties.InterpolatedGradientPenalty(0.5),
    penalties.DraganPenalty(0.2),
]
CASES = {
    "label smoothing, R1, R2, WGAN-GP, DRAGAN": lambda: made(
        trainers.NonSaturatingGAN, real_label=0.8, penalties=GRADIENTS
    ),
    "pack with pack": lambda: made(trainers.RelativisticGAN),
    "mean of packs, minibatch discrimination": lambda: made(
        trainers.RelativisticAverageGAN,
        layers.MinibatchDiscrimination(3, 2, keras.initializers.RandomNormal(seed=1)),
        base="hinge",
    ),
    "feature matching": lambda: made(trainers.FeatureMatchingGAN, features="features"),
    "simultaneous": lambda: made(
        trainers.R3GAN, schedule="simultaneous", penalties=GRADIENTS[:1]
    ),
    "batches used twice": lambda: made(
        trainers.RelativisticGAN,
        base=losses.least_squares(),
        reuse_real_batch=True,
        reuse_fake_batch=True,
    ),
    "joint": lambda: made(
        trainers.LSGAN,
        layers.JointMinibatchDiscrimination(
            3, 2, keras.initializers.RandomNormal(seed=2)
        ),
        joint_batch=True,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_step_judges_packs_of_real_and_packs_of_fake_examples(name):
    trainer, expected = CASES[name](), CASES[name]()
    real = images(ROWS * trainer.batches_per_step)
    before = weights(trainer)
    logs = trainer.fit(real, batch_size=ROWS, shuffle=False, verbose=0).history
    told = by_hand(expected, real)
    assert_same(trainer, expected, before)
    assert any(np.any(a != b) for a, b in zip(weights(trainer), before, strict=True))
    for term, value in told.items():
        np.testing.assert_allclose(logs[term][0], value, rtol=1e-5, err_msg=term)


def test_a_lazy_penalty_keeps_its_rhythm_on_packs():
    trainer = made(trainers.LSGAN, penalties=[penalties.R1(1.0, every=2)])
    history = trainer.fit(images(ROWS), batch_size=ROWS, epochs=3, verbose=0).history
    assert [value > 0.0 for value in history["r1"]] == [True, False, True]


def test_float16_judges_the_same_packs():
    def first_losses(policy):
        with precision.policy(policy):
            trainer = made(trainers.NonSaturatingGAN, optimizer=keras.optimizers.Adam)
        assert trainer.discriminator_player.needs_loss_scale is (policy[-2:] == "16")
        logs = trainer.train_on_batch(images(ROWS), return_dict=True)
        assert all(np.isfinite(weight).all() for weight in weights(trainer))
        return [logs["d_loss"], logs["g_loss"]]

    half, full = first_losses("mixed_float16"), first_losses("float32")
    np.testing.assert_allclose(half, full, rtol=1e-2)


def test_a_trainer_of_packs_continues_from_its_file_and_its_checkpoint(tmp_path):
    def adam():
        return keras.optimizers.Adam(0.01)

    trainer = made(trainers.R3GAN, optimizer=adam, ema_decay=0.5)
    trainer.train_on_batch(images(2 * ROWS))
    trainer.save(tmp_path / "gan.keras")
    callbacks.save(trainer, tmp_path / "checkpoints")
    from_file = keras.models.load_model(tmp_path / "gan.keras")
    from_checkpoint = made(trainers.R3GAN, optimizer=adam, ema_decay=0.5)
    callbacks.restore(from_checkpoint, tmp_path / "checkpoints")
    assert from_file.packing == PACKING
    for each in (trainer, from_file, from_checkpoint):
        each.train_on_batch(images(2 * ROWS))
    toy.assert_equal_weights(trainer, from_file)
    toy.assert_equal_weights(trainer, from_checkpoint)


def test_a_generator_draws_single_examples():
    trainer = made(trainers.LSGAN)
    assert trainer(tf.zeros([5, 3])).shape == (5, *SHAPE)
    assert trainer.sampling_generator.output_shape == (None, *SHAPE)


def test_an_unbuilt_discriminator_is_built_for_packs():
    generator, _ = networks()
    discriminator = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    trainers.LSGAN(generator, discriminator, packing=4)
    assert discriminator.layers[1].kernel.shape[0] == 4 * np.prod(SHAPE)


def test_arrays_lose_a_last_batch_that_is_not_full():
    trainer = made(trainers.LSGAN)
    trainer.fit(images(2 * ROWS + 5), batch_size=ROWS, verbose=0)
    assert int(trainer.step.numpy()) == 2


def test_rows_of_an_unknown_number_are_counted_in_the_step():
    spec = tf.TensorSpec([None, 2])

    @tf.function(input_signature=[spec])
    def packed(x):
        return _packing.packed(_packing.checked(x, 2), 2)

    x = tf.reshape(tf.range(12.0), [6, 2])
    np.testing.assert_array_equal(packed(x), np.reshape(np.arange(12.0), [3, 4]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="a multiple of 2 .* size"):
        packed(x[:5])


def by_class():
    sizes = {"image_size": 8, "channels": 1, "width": 1, "num_classes": 3}
    sizes |= {"label_dim": 1}
    generator = dcgan_generator(**sizes, latent_dim=1)
    return generator, dcgan_discriminator(**sizes)


def dataset(size, **options):
    return tf.data.Dataset.from_tensor_slices(images(24)).batch(size, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: made(trainers.LSGAN, packing=0), "`packing` .* packing=0"),
        (lambda: made(trainers.LSGAN, packing=1.5), "`packing` .* packing=1.5"),
        (
            lambda: made(trainers.LSGAN, packing=2),
            r"packs of 2 images, joined by `packing=2`, of shape \(None, 2, 3, 4\)",
        ),
        (
            lambda: trainers.LSGAN(*by_class(), packing=2),
            "label input: .*one. Use .* packing=2",
        ),
        (
            lambda: made(trainers.LSGAN, micro_batches=2),
            "micro_batches` above 1.*packing=3, micro_batches=2",
        ),
        (
            lambda: toy.make(trainers.SemiSupervisedGAN, packing=2),
            "`packing` must be 1: .* each single image. Received: packing=2",
        ),
        (
            lambda: made(trainers.LSGAN).fit(dataset(6)),
            r"a multiple of 3, .* of `packing=3` .* sizes=\[None\]",
        ),
        (
            lambda: made(trainers.LSGAN).fit(dataset(8, drop_remainder=True)),
            r"a multiple of 3, .* drop_remainder=True.* sizes=\[8\]",
        ),
        (
            lambda: made(trainers.LSGAN).fit(images(24), batch_size=8),
            r"a multiple of 3, .* sizes=\[8\]",
        ),
        (
            lambda: made(trainers.LSGAN).train_on_batch(images(8)),
            "a multiple of 3, so that .* Received: 8 examples",
        ),
        (
            lambda: made(trainers.LSGAN).real_batches(tf.constant(images(8))),
            "`x` must .* a multiple of 3 .* Received: batch size 8",
        ),
        (
            lambda: made(trainers.LSGAN).fit(np.zeros([12, *WIDE]), batch_size=6),
            r"images of shape \(2, 3, 2\)",
        ),
    ],
)
def test_what_cannot_be_packed_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
