"""Updates in parts of a batch, against the updates of the whole batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import precision
from tests.trainers import toy
from tests.trainers.test_simultaneous import critic
from tests.trainers.test_simultaneous import dense
from tfgan_tricks import layers
from tfgan_tricks import losses
from tfgan_tricks import penalties

STEPS = 2
CLASSES = 3
PENALTIES = [
    penalties.InterpolatedGradientPenalty(0.7),
    penalties.R1(0.3, every=2),
    penalties.R2(0.2),
]


def plain():
    return keras.Sequential([keras.Input((3,)), dense(5, "tanh"), dense(2)])


def virtual():
    reference = np.random.default_rng(1).normal(size=(5, 3))
    body = [dense(5, "tanh"), layers.VirtualBatchNorm(), dense(2)]
    return layers.VirtualBatchNormalized(
        keras.Sequential([keras.Input((3,)), *body]), reference
    )


def spectral():
    return layers.SpectralNormalization(dense(4, "tanh"))


def noise():
    return layers.GaussianNoise(0.4, seed=4)


def regularized():
    return dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.3))


def of_points(cls, *stack, generator=plain, **arguments):
    def make(**more):
        discriminator = critic(*(layer() for layer in stack))
        return cls(generator(), discriminator, **{**arguments, **more})

    return make


def with_labels(size, units):
    """Returns a network whose labels select rows of a matrix: sparse gradients."""
    inputs = keras.Input((size,)), keras.Input((), dtype="int32")
    rows = keras.layers.Embedding(CLASSES, 4)(inputs[1])
    hidden = keras.layers.Concatenate()([inputs[0], rows])
    return keras.Model(list(inputs), dense(units)(dense(4, "tanh")(hidden)))


def of_classes(**more):
    keras.utils.set_random_seed(1)
    return trainers.NonSaturatingGAN(with_labels(3, 2), with_labels(2, 1), **more)


def of_few_labels(**more):
    options = {"feature_matching": False, **more}
    return trainers.SemiSupervisedGAN(plain(), critic(last=dense(CLASSES)), **options)


def pairs(images):
    return images, np.arange(len(images)) % CLASSES


CASES = {
    "every kind of noise, penalty and state": of_points(
        trainers.LSGAN,
        spectral,
        noise,
        regularized,
        noise,
        generator=virtual,
        penalties=PENALTIES[:1],
        discriminator_history=0.2,
        generator_history=0.3,
        ema_decay=0.5,
    ),
    "lazy penalties, clipped weights": of_points(
        trainers.WGAN, clip=0.4, discriminator_steps=2, penalties=PENALTIES[1:2]
    ),
    "pairs": of_points(trainers.RelativisticGAN, base=losses.hinge()),
    "both at once": of_points(
        trainers.HingeGAN,
        spectral,
        noise,
        regularized,
        schedule="simultaneous",
        discriminator_steps=1,
        penalties=PENALTIES[2:],
    ),
    "by class": of_classes,
    "few labels": of_few_labels,
}


def fitted(make, images, compiled=False, optimizer=None, **more):
    trainer = make(**more)
    made = optimizer or (lambda: keras.optimizers.SGD(1.0))
    trainer.compile(made(), made(), run_eagerly=not compiled)
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(8, drop_remainder=True)
    dataset = dataset.take(STEPS * trainer.batches_per_step)
    return trainer, trainer.fit(dataset, verbose=0).history


def data_of(name):
    images = toy.points(8 * 4 * STEPS)
    if name == "by class":
        return pairs(images)
    return (images, pairs(images[::-1])) if name == "few labels" else images


@pytest.mark.parametrize("name", CASES)
def test_an_update_in_parts_is_the_update_of_the_whole_batch(name):
    """One run is eager and whole, the other a compiled loop over the parts."""
    make, images = CASES[name], data_of(name)
    whole, expected = fitted(make, images)
    parts, logs = fitted(make, images, compiled=True, micro_batches=4)
    assert logs.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(logs[key], values, rtol=1e-5, atol=1e-6, err_msg=key)
    toy.assert_equal_weights(whole, parts, rtol=2e-5, atol=2e-6)
    fresh = make()
    for network in ("generator", "discriminator"):
        before, after = (getattr(x, network).get_weights() for x in (fresh, parts))
        assert any(np.any(a != b) for a, b in zip(before, after, strict=True))


def test_the_parts_follow_one_another_in_one_loop():
    """The graph grows no more when there are more parts than the first and the loop."""
    products = {}
    for count in (2, 8):
        trainer = CASES["pairs"](micro_batches=count)
        trainer.compile("sgd", "sgd")
        step = tf.function(trainer.train_step, autograph=False)
        graph = step.get_concrete_function(tf.TensorSpec([16, 2])).graph
        loops = [op for op in graph.get_operations() if op.type.endswith("While")]
        assert [op.get_attr("parallel_iterations") for op in loops] == [1, 1]
        products[count] = [op.type for op in graph.get_operations()].count("MatMul")
    assert products[2] == products[8] > 0


@pytest.mark.parametrize("by_class", [False, True])
def test_each_part_has_its_rows_and_labels(by_class):
    rows = []

    class Watched(trainers.NonSaturatingGAN):
        def train_step(self, data):
            return self.alternate(data)

        def generator_objective(self, real, seed):
            rows.append((real.images.numpy(), real.labels))
            return super().generator_objective(real, seed)

    def make(**more):
        conditional = of_classes()
        chosen = conditional if by_class else CASES["pairs"]()
        return Watched(chosen.generator, chosen.discriminator, **more)

    images = toy.points(8)
    trainer, _ = fitted(make, pairs(images) if by_class else images, micro_batches=4)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in rows]), images)
    if by_class:
        labels = np.concatenate([labels for _, labels in rows])
        np.testing.assert_array_equal(labels, pairs(images)[1])


def test_float16_keeps_its_loss_scale_and_its_skips():
    """The parts' losses are scaled like the whole, so that they overflow alike."""
    found = {}
    for count in (1, 4):
        with precision.policy("mixed_float16"):
            trainer = CASES["pairs"](micro_batches=count)
        trainer.compile("sgd", "sgd", run_eagerly=True)
        batch = trainers.Batch(tf.constant(toy.points(8)) * 3.0)
        logs = []
        for _ in range(2):
            trainer.update_discriminator(batch)
            logs.append(int(trainer.discriminator_player.skipped.numpy()))
        found[count] = logs, precision.scales(trainer)
    assert found[1] == found[4]


def joined(*extra, **options):
    return lambda: of_points(trainers.LSGAN, *extra, **options)(micro_batches=2)


def batch_norm():
    return keras.layers.BatchNormalization(name="a")


def normalized():
    return keras.Sequential([keras.Input((3,)), batch_norm(), dense(2)])


ADDED = keras.layers.ActivityRegularization(0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: toy.make(trainers.LSGAN, micro_batches=0), "micro_batches=0"),
        (lambda: toy.make(trainers.LSGAN, micro_batches=2.0), "micro_batches=2.0"),
        (joined(batch_norm), r"=2 with a \(BatchNorm"),
        (joined(generator=normalized), r"=2 with a \(BatchNorm"),
        (joined(lambda: layers.MinibatchStdDev(name="b")), r"=2 with b \(Minib"),
        (joined(joint_batch=True), "joint_batch=True"),
        (joined(reuse_fake_batch=True), "reuse_fake_batch=True"),
        (
            lambda: of_points(trainers.RelativisticAverageGAN)(micro_batches=2),
            "relativistic average",
        ),
        (
            lambda: trainers.FeatureMatchingGAN(
                plain(), critic(), features="x", micro_batches=2
            ),
            "feature matching",
        ),
        (
            lambda: of_few_labels(feature_matching=True, features="x", micro_batches=2),
            "feature matching",
        ),
    ],
)
def test_what_needs_the_whole_batch_is_refused(make, message):
    with pytest.raises(ValueError, match=f"must.*Received: .*{message}"):
        make()


@pytest.mark.parametrize(
    ("make", "size", "message"),
    [
        (
            joined(penalties=[penalties.DraganPenalty()]),
            8,
            "a call of `replica.global_",
        ),
        (joined(lambda: ADDED), 8, "`activity_regularizer`"),
        (joined(noise, penalties=[penalties.R1(every=2)]), 8, "layer 'gaussian_noise"),
        (joined(), 7, r"micro-batches .* sizes=\[7\]"),
    ],
    ids=["statistics", "losses of calls", "noise in a branch", "size"],
)
def test_what_a_step_shows_is_refused_in_its_first_trace(make, size, message):
    trainer = make()
    trainer.compile("sgd", "sgd")
    with pytest.raises(ValueError, match=message):
        trainer.fit(toy.points(), batch_size=size, verbose=0)


def test_batch_normalization_may_be_frozen_and_must_stay_so():
    norm = keras.layers.BatchNormalization(trainable=False)
    trainer = of_points(trainers.LSGAN, lambda: norm)(micro_batches=2)
    norm.trainable = True
    trainer.compile("sgd", "sgd")
    with pytest.raises(ValueError, match="whole batch"):
        trainer.fit(toy.points(8), batch_size=8, verbose=0)


def test_batches_of_unknown_size_are_checked_when_they_come():
    trainer = joined()()
    trainer.compile("sgd", "sgd", run_eagerly=False)
    step = tf.function(trainer.train_step, autograph=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="multiple of micro_batc"):
        step.get_concrete_function(tf.TensorSpec([None, 2]))(tf.zeros([7, 2]))


def test_incomplete_batches_of_arrays_are_dropped():
    trainer = joined(reuse_real_batch=True)()
    trainer.compile("sgd", "sgd")
    trainer.fit(toy.points(19), batch_size=8, verbose=0)
    assert int(trainer.step.numpy()) == 2
