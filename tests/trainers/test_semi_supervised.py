"""Discriminators that classify."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers import toy
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import penalties
from trainers import _together

RNG = np.random.default_rng(5)
CENTRES = np.array([[4.0, 0.0], [-2.0, 3.0], [-2.0, -3.0]])
SEED = tf.constant([3, 4], tf.int64)


def make(scale=1.0, **kwargs):
    """Returns a trainer of three classes, whose logits are linear in the images."""
    generator = toy.networks()[0]
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3, name="logits"),
        ]
    )
    kernel = scale * np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -1.1]])
    discriminator.layers[-1].set_weights([kernel, scale * np.array([0.3, 0.0, -0.4])])
    trainer = trainers.SemiSupervisedGAN(
        generator, discriminator, **{"features": "logits", **kwargs}
    )
    trainer.compile("sgd", "sgd")
    return trainer


def batch():
    real, labeled = (RNG.normal(0, 2, (7, 2)).astype("float32") for _ in range(2))
    labels = tf.constant(RNG.integers(0, 3, 7))
    return trainers.Batch(
        tf.constant(real), labeled=trainers.Batch(tf.constant(labeled), labels)
    )


def log_probabilities(trainer, images):
    """Returns them for all four classes; the fourth, "generated", has logit 0."""
    logits = trainer.discriminator(images).numpy().astype("float64")
    logits = np.concatenate([logits, np.zeros([len(logits), 1])], axis=1)
    top = logits.max(axis=1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))


def log_real(log_p):
    top = log_p[:, :3].max(axis=1)
    return top + np.log(np.exp(log_p[:, :3] - top[:, None]).sum(axis=1))


@pytest.mark.parametrize("scale", [1.0, 500.0])
def test_the_discriminators_terms_equal_the_paper(scale):
    trainer, real = make(scale), batch()
    fake = trainer.sample_like(real, SEED)
    terms = trainer.discriminator_objective(real, fake, SEED)
    labeled = log_probabilities(trainer, real.labeled.images)
    conditional = labeled[:, :3] - log_real(labeled)[:, None]
    supervised = -conditional[np.arange(7), real.labeled.labels.numpy()].mean()
    unlabeled = -log_real(log_probabilities(trainer, real.images)).mean()
    generated = -log_probabilities(trainer, fake.images)[:, 3].mean()
    assert set(terms) == {"d_loss", "supervised_loss"}
    np.testing.assert_allclose(terms["supervised_loss"], supervised, rtol=1e-4)
    expected = (unlabeled + generated) / 2
    np.testing.assert_allclose(terms["d_loss"], expected, rtol=1e-4)


def test_without_feature_matching_the_generator_minimizes_log_one_minus_d():
    trainer, real = make(feature_matching=False), batch()
    fake = trainer.sample_like(real, SEED)
    value = trainer.generator_objective(real, SEED)["g_loss"]
    expected = log_probabilities(trainer, fake.images)[:, 3].mean()
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert trainer.batches_per_step == 1


@pytest.mark.parametrize("distance", ["l2", "mse", "l1"])
def test_with_it_the_generator_matches_mean_features(distance):
    trainer, real = make(distance=distance), batch()
    fake = trainer.sample_like(real, SEED)
    features = [trainer.discriminator(x.images).numpy() for x in (real, fake)]
    gap = features[0].mean(axis=0) - features[1].mean(axis=0)
    expected = {"l2": gap @ gap, "mse": gap @ gap / 3, "l1": np.abs(gap).mean()}
    value = trainer.generator_objective(real, SEED)["g_loss"]
    np.testing.assert_allclose(value, expected[distance], rtol=1e-5)
    assert trainer.batches_per_step == 2


def test_smoothing_moves_the_unlabeled_term_only():
    real = batch()
    objectives = []
    for real_label in (1.0, 0.7):
        trainer = make(feature_matching=False, real_label=real_label)
        fake = trainer.sample_like(real, SEED)
        terms = trainer.discriminator_objective(real, fake, SEED)
        generator = trainer.generator_objective(real, SEED)["g_loss"]
        objectives.append((terms["supervised_loss"], generator, terms["d_loss"]))
    (supervised, generator, hard), (same_supervised, same_generator, soft) = objectives
    assert supervised == same_supervised and generator == same_generator
    log_p = log_probabilities(trainer, real.images)
    moved = 0.3 * (log_real(log_p) - log_p[:, 3]).mean() / 2
    np.testing.assert_allclose(soft - hard, moved, rtol=1e-4)


@pytest.mark.parametrize(("p", "q", "real_label"), [(0.3, 0.5, 0.9), (0.6, 0.1, 0.75)])
def test_the_best_discriminator_of_the_smoothed_game(p, q, real_label):
    """At a point of densities p and q, D = real_label p / (p + q) for any K."""
    loss = make(real_label=real_label).adversarial_loss
    best = real_label * p / (p + q)

    def slope(probability):
        logits = tf.constant([0.5, -1.0, 0.2])
        logits += np.log(probability / (1 - probability)) - tf.reduce_logsumexp(logits)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            z = tf.reduce_logsumexp(logits)
            real = loss.discriminator(real_logits=z, fake_logits=-1e4)
            fake = loss.discriminator(real_logits=0.0, fake_logits=z)
            total = p * real + q * fake
        return float(tf.reduce_sum(tape.gradient(total, logits)))

    np.testing.assert_allclose(slope(best), 0.0, atol=1e-6)
    assert slope(best - 0.01) < -1e-4 < 1e-4 < slope(best + 0.01)


def test_unlabeled_labeled_and_the_generators_images_are_the_streams_own():
    trainer = make()
    rows = np.arange(12.0, dtype="float32")[:, None] * np.ones((1, 2), "float32")
    batches = trainer.real_batches((rows, (100 + rows, np.arange(12) % 3)))
    assert len(batches) == 2
    for index, each in enumerate(batches):
        np.testing.assert_array_equal(each.images, rows[index::2])
        np.testing.assert_array_equal(each.labeled.images, 100 + rows[index::2])
        np.testing.assert_array_equal(each.labeled.labels, np.arange(12)[index::2] % 3)


def of_layers(*stack, **options):
    """Returns a trainer whose discriminator ends in a layer named "logits"."""
    logits = keras.layers.Dense(3, name="logits", kernel_initializer="ones")
    discriminator = keras.Sequential([keras.Input((2,)), *stack, logits], **options)
    trainer = trainers.SemiSupervisedGAN(
        toy.networks()[0], discriminator, features="logits"
    )
    trainer.compile("sgd", "sgd")
    return trainer


def gradients_of(trainer, objective):
    weights = trainer.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        terms = objective()
        total = tf.add_n(list(terms.values()))
    return terms, tape.gradient(total, weights)


def test_one_call_of_the_discriminator_equals_three(monkeypatch):
    hidden = layers.WeightNormDense(5, "tanh", name="hidden")
    trainer, real = of_layers(hidden), batch()
    fake = trainer.sample_like(real, SEED)
    shapes = []

    def class_logits(each):
        shapes.append(tuple(each.images.shape))
        return type(trainer).class_logits(trainer, each)

    def objective():
        return trainer.discriminator_objective(real, fake, SEED)

    monkeypatch.setattr(trainer, "class_logits", class_logits)
    together = gradients_of(trainer, objective)
    assert shapes == [(21, 2)]
    monkeypatch.setattr(_together, "is_known_to_be_independent", lambda network: False)
    apart = gradients_of(trainer, objective)
    assert shapes[1:] == [(7, 2)] * 3
    for one, other in zip(*map(tf.nest.flatten, (together, apart)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


class Centered(keras.layers.Dense):
    """A user's layer that compares the examples of a batch."""

    def call(self, inputs):
        outputs = super().call(inputs)
        return outputs - tf.reduce_mean(outputs, axis=0)


@pytest.mark.parametrize(
    "stack",
    [
        lambda: [keras.layers.BatchNormalization()],
        lambda: [layers.MinibatchDiscrimination(3, 2)],
        lambda: [Centered(4)],
        lambda: [keras.layers.Dense(4, activity_regularizer="l2")],
    ],
)
def test_batches_stay_apart_if_the_discriminator_may_compare_examples(stack):
    trainer, real, rows = of_layers(*stack()), batch(), []
    real = real._replace(images=real.images[:7])
    trainer.class_logits = lambda each: rows.append(each) or tf.ones([7, 3])
    trainer.discriminator_objective(real, trainer.sample_like(real, SEED), SEED)
    assert [each.images.shape[0] for each in rows] == [7, 7, 7]


def test_another_number_of_labeled_images_is_accepted():
    trainer, real = of_layers(), batch()
    labeled = trainers.Batch(real.labeled.images[:3], real.labeled.labels[:3])
    fake = trainer.sample_like(real, SEED)
    whole = trainer.discriminator_objective(real, fake, SEED)
    part = trainer.discriminator_objective(real._replace(labeled=labeled), fake, SEED)
    np.testing.assert_allclose(part["d_loss"], whole["d_loss"], rtol=1e-5)


def test_evaluate_gives_the_error_and_predict_the_classes():
    trainer = make()
    *before, _, _ = trainer.ema_discriminator.get_weights()
    trainer.ema_discriminator.set_weights([*before, np.eye(2, 3), np.zeros(3)])
    x = np.array([[2.0, 1.0], [1.0, 2.0], [-1.0, -2.0], [3.0, 0.0], [0.0, 1.0]])
    classes = [0, 1, 2, 0, 1]
    np.testing.assert_array_equal(trainer.predict(x, batch_size=2, verbose=0), classes)
    labels = np.array([0, 1, 1, 0, 0])
    error = trainer.evaluate(x, labels, batch_size=2, verbose=0)
    np.testing.assert_allclose(error, 2 / 5, rtol=1e-6)
    again = trainer.evaluate(x, labels, batch_size=2, verbose=0, return_dict=True)
    np.testing.assert_allclose(again["error"], 2 / 5, rtol=1e-6)


def test_without_an_average_the_discriminator_itself_classifies():
    trainer = make(discriminator_ema_decay=None)
    assert trainer.ema_discriminator is None
    x = RNG.normal(size=(9, 2)).astype("float32")
    expected = trainer.discriminator(x).numpy().argmax(axis=1)
    np.testing.assert_array_equal(trainer.predict(x, verbose=0), expected)


def test_the_averaged_discriminator_follows_the_recursion():
    trainer = make(discriminator_ema_decay=0.75)
    expected = trainer.discriminator.get_weights()
    for _ in range(3):
        trainer.train_step(next(iter(mixture_batches(1, 4))))
        now = trainer.discriminator.get_weights()
        expected = [0.75 * e + 0.25 * n for e, n in zip(expected, now, strict=True)]
    for a, b in zip(trainer.ema_discriminator.get_weights(), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert np.any(expected[0] != now[0])


def mixture(count=300):
    labels = np.arange(count) % 3
    points = CENTRES[labels] + RNG.normal(0, 0.7, (count, 2))
    return data.Source(points.astype("float32"), labels)


def mixture_batches(labels_per_class, batch_size=30):
    return data.semi_supervised_batches(
        mixture(), batch_size, labels_per_class=labels_per_class
    )


def test_it_learns_to_classify_from_one_label_of_each_class():
    generator, _ = toy.networks()
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(32, "relu", name="hidden"),
            keras.layers.Dense(3),
        ]
    )
    trainer = trainers.SemiSupervisedGAN(
        generator,
        discriminator,
        features="hidden",
        discriminator_ema_decay=0.9,
        penalties=[penalties.R1(0.01)],
    )
    trainer.compile()
    test = mixture(600)
    before = trainer.evaluate(test.examples, test.labels, verbose=0)
    logs = trainer.fit(
        mixture_batches(1),
        steps_per_epoch=150,
        verbose=0,
        validation_data=(test.examples, test.labels),
    ).history
    assert before > 0.2
    assert logs["val_error"][-1] < 0.03
    assert set(logs) == {"d_loss", "supervised_loss", "g_loss", "r1", "val_error"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": "logit"}, "Did you mean 'logits'"),
        ({"features": None}, "logits.*Received: features=None"),
        ({"distance": "l0"}, "Received: distance='l0'"),
        ({"joint_batch": True}, "Received: joint_batch=True"),
        ({"real_label": 0.0}, "Received: real_label=0.0"),
        ({"discriminator_ema_decay": 1.0}, "Received: discriminator_ema_decay=1.0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def test_plain_batches_are_refused_with_the_reason():
    with pytest.raises(ValueError, match="labeled_images.*Received"):
        make().fit(np.zeros([8, 2], "float32"), batch_size=4, verbose=0)
