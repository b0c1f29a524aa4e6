"""Networks as users bring them: each works, is refused in one line, or is warned of."""

import functools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests import replicas
from tests.trainers import toy
from tfgan_tricks import _compat
from tfgan_tricks import layers
from tfgan_tricks import penalties

GAN = trainers.NonSaturatingGAN
dense = keras.layers.Dense
points = toy.points


def generator(*last, **options):
    stack = [dense(6, "relu"), *last, dense(2, **options)]
    return keras.Sequential([keras.layers.InputLayer((4,)), *stack])


def discriminator(*last, units=1, inputs=2, **options):
    stack = [dense(6, "relu"), *last, dense(units, **options)]
    return keras.Sequential([keras.layers.InputLayer((inputs,)), *stack])


class Subclassed(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.hidden, self.last = dense(6, "tanh"), dense(units)

    def call(self, inputs):
        return self.last(self.hidden(inputs))


def called(network, size):
    network(tf.zeros([1, size]))
    return network


def inside_functional():
    inputs = keras.Input((4,))
    return keras.Model(inputs, Subclassed(2)(inputs))


def twice_the_sine(x):
    return 2 * tf.sin(x)


WORKS = {
    "own activation": lambda: (generator(activation=twice_the_sine), discriminator()),
    "lambda": lambda: (generator(activation=lambda x: x), discriminator()),
    "subclassed": lambda: (called(Subclassed(2), 4), called(Subclassed(1), 2)),
    "subclassed inside": lambda: (inside_functional(), discriminator()),
    "not built": lambda: (generator(), Subclassed(1)),
    "sequential, not built": lambda: (
        generator(),
        keras.Sequential([dense(3), dense(1)]),
    ),
    "frozen in part": lambda: (generator(dense(6, trainable=False)), discriminator()),
}


@pytest.mark.parametrize("make", WORKS.values(), ids=WORKS)
@pytest.mark.parametrize("cls", [GAN, trainers.R3GAN], ids=lambda cls: cls.__name__)
def test_trains_keeps_an_average_and_generates(cls, make):
    pair = make()
    trainer = cls(*pair, ema_decay=0.5)
    trainer.compile("sgd", "sgd")
    before = [[weight.numpy() for weight in n.trainable_weights] for n in pair]
    trainer.fit(points(), batch_size=48, verbose=0)
    for network, old in zip(pair, before, strict=True):
        now = [weight.numpy() for weight in network.trainable_weights]
        assert len(now) > 2
        assert all(np.any(a != b) for a, b in zip(now[:1], old[:1], strict=True))
    z = np.ones([3, 4], "float32")
    np.testing.assert_allclose(trainer(z), trainer.ema_generator(z), rtol=1e-6)
    assert not np.allclose(trainer(z), trainer.generator(z), rtol=1e-6)


def test_the_average_starts_from_the_weights_at_the_first_step():
    trainer = GAN(generator(), discriminator(), ema_decay=0.75)
    trainer.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    pretrained = [weight + 2.0 for weight in trainer.generator.get_weights()]
    trainer.generator.set_weights(pretrained)
    trainer.fit(points(), batch_size=96, verbose=0)
    for average, old, new in zip(
        trainer.ema_generator.get_weights(),
        pretrained,
        trainer.generator.get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(average, 0.75 * old + 0.25 * new, rtol=1e-5)


def test_losses_of_several_outputs_are_summed():
    inputs = keras.Input((2,))
    hidden = dense(5, "tanh")(inputs)
    patches = keras.layers.Reshape((3, 1, 1))(dense(3)(inputs))
    outputs = [dense(1)(hidden), patches]
    trainer = trainers.LSGAN(
        generator(), keras.Model(inputs, outputs), penalties=[penalties.R1(0.5)]
    )
    trainer.compile()
    real, fake = trainers.Batch(tf.constant(points(6))), toy.batch(6)
    fake = fake._replace(images=2.0 * fake.images)
    terms = trainer.discriminator_objective(real, fake, tf.constant([0, 1], tf.int64))
    logits = [trainer.discriminator(batch.images) for batch in (real, fake)]
    expected = sum(
        0.5 * np.mean((r.numpy() - 1) ** 2) + 0.5 * np.mean(f.numpy() ** 2)
        for r, f in zip(*logits, strict=True)
    )
    np.testing.assert_allclose(terms["d_loss"], expected, rtol=1e-5)
    x = tf.constant(points(6))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = sum(tf.reduce_sum(y) for y in trainer.discriminator(x))
    squares = np.sum(tape.gradient(total, x).numpy() ** 2, axis=1)
    np.testing.assert_allclose(terms["r1"], 0.25 * squares.mean(), rtol=1e-5)
    trainer.fit(points(), verbose=0)


def unfrozen_later(**options):
    trainer = GAN(generator(), discriminator(), **options)
    trainer.compile()
    trainer.fit(points(), verbose=0)
    trainer.discriminator.layers[0].trainable = False
    return trainer


@pytest.mark.parametrize("history", [None, 0.1])
def test_a_layer_may_be_frozen_if_the_trainer_is_compiled_again(history):
    trainer = unfrozen_later(discriminator_history=history)
    with pytest.raises(ValueError, match="`compile` again.*Received: 2 trainable"):
        trainer.fit(points(), verbose=0)
    trainer.compile()
    frozen, trained = (layer.get_weights() for layer in trainer.discriminator.layers)
    trainer.fit(points(), verbose=0)
    now = [layer.get_weights() for layer in trainer.discriminator.layers]
    np.testing.assert_array_equal(now[0][0], frozen[0])
    assert np.any(now[1][0] != trained[0])


def conditional(size, units, label_shape, of_labels):
    """Returns a network whose labels are mapped linearly to two numbers."""
    inputs = keras.Input((size,))
    labels = keras.Input(label_shape)
    joined = keras.layers.Concatenate()([inputs, of_labels(labels)])
    return keras.Model([inputs, labels], dense(units)(dense(5, "tanh")(joined)))


def embedded(labels):
    return keras.layers.Flatten()(keras.layers.Embedding(3, 2)(labels))


def scalar(size, units):
    inputs, labels = keras.Input((size,)), keras.Input((), dtype="int32")
    joined = keras.layers.Concatenate()([inputs, keras.layers.Embedding(3, 2)(labels)])
    return keras.Model([inputs, labels], dense(units)(dense(5, "tanh")(joined)))


LABEL_INPUTS = {
    "()": scalar,
    "(1,)": lambda size, units: conditional(size, units, (1,), embedded),
    "one-hot": lambda size, units: conditional(
        size, units, (3,), dense(2, use_bias=False)
    ),
}


def of_labels(form, labels):
    pair = LABEL_INPUTS[form](4, 2), LABEL_INPUTS[form](2, 1)
    for network in pair:
        rng = np.random.default_rng(3)
        for weight in sorted(network.weights, key=lambda w: str(tuple(w.shape))):
            weight.assign(rng.normal(size=weight.shape))
    trainer = trainers.RelativisticGAN(*pair)
    trainer.compile("sgd", "sgd")
    trainer.fit(points(), labels, batch_size=8, verbose=0)
    return sorted(float(np.sum(w**2)) for n in pair for w in n.get_weights())


LABELS = np.arange(96) ** 2 % 3


@functools.cache
def of_indices(roll=0):
    return of_labels("()", np.roll(LABELS, roll))


def test_labels_count():
    assert not np.allclose(of_indices(roll=5), of_indices(), rtol=1e-4)


@pytest.mark.parametrize("form", LABEL_INPUTS)
def test_labels_count_alike_in_every_form(form):
    labels, expected = LABELS, of_indices()
    given = [labels, labels[:, None], labels.astype("float64")]
    given += [] if form != "one-hot" else [np.eye(3, dtype="float32")[labels]]
    for each in given:
        np.testing.assert_allclose(of_labels(form, each), expected, rtol=1e-4)


class Choosing(keras.layers.Layer):
    def call(self, inputs):
        return tf.one_hot(tf.argmax(inputs, axis=-1), 2)

    def compute_output_shape(self, input_shape):
        return input_shape


def half(dtype):
    return keras.Sequential([keras.layers.InputLayer((4,)), dense(2, dtype=dtype)])


def two_outputs():
    inputs = keras.Input((4,))
    return keras.Model(inputs, [dense(2)(inputs), dense(2)(inputs)])


def frozen():
    network = discriminator()
    network.trainable = False
    return network


def fit(*pair, cls=GAN, **options):
    trainer = cls(*pair, **options)
    trainer.compile()
    trainer.fit(points(), batch_size=8, verbose=0)


same = keras.Sequential([keras.layers.InputLayer((2,)), dense(2), dense(2)])
conditional_generator = LABEL_INPUTS["()"](4, 2)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: fit(Subclassed(2), discriminator()),
            "once on latents.*Received.*Subclassed",
        ),
        (lambda: fit(generator(), frozen()), "trainable.*Received: .*=False"),
        (
            lambda: fit(generator(), discriminator(inputs=3)),
            r"\(None, 2\).*\(None, 3\)",
        ),
        (lambda: fit(discriminator(), generator()), r"\(None, 1\).*\(None, 4\)"),
        (lambda: fit(same, same), "two networks.*Received: one"),
        (lambda: fit(generator(), lambda x: x), "keras.Model.*Received.*lambda"),
        (lambda: fit(two_outputs(), discriminator()), r"one output.*Received.*\[\("),
        (
            lambda: fit(conditional_generator, discriminator()),
            r"labels.*Received.*\(None, 4\), \(None,\) and \(None, 2\)",
        ),
        (
            lambda: fit(generator(), LABEL_INPUTS["one-hot"](2, 1)),
            r"labels.*Received.*\(None, 4\) and \(None, 2\), \(None, 3\)",
        ),
        (
            lambda: fit(
                keras.Sequential([keras.layers.InputLayer((4,)), dense(2), Choosing()]),
                discriminator(),
            ),
            "argmax.*Received: generator=",
        ),
        (lambda: fit(half("float16"), discriminator()), "mixed_float16.*Received"),
        (
            lambda: fit(half("bfloat16"), discriminator(), ema_decay=0.5),
            "mixed_bfloat16.*Received",
        ),
        (lambda: fit(half("bfloat16"), discriminator()), None),
        (
            lambda: trainers.FeatureMatchingGAN(
                generator(), called(Subclassed(1), 2), features="hidden"
            ),
            "subclassed.*two outputs.*Received: features='hidden'",
        ),
        (
            lambda: trainers.SemiSupervisedGAN(
                conditional_generator, LABEL_INPUTS["()"](2, 3), feature_matching=False
            ),
            r"no labels.*Received.*\(None,\)",
        ),
    ],
)
def test_refused_in_one_line(act, message):
    if message is None:  # A neighbor that works.
        act()
        return
    with pytest.raises(ValueError, match=message) as caught:
        act()
    assert "\n" not in str(caught.value)


def image(scale=1.0, shift=0.0):
    return (np.random.default_rng(0).uniform(-1, 1, (64, 2)) * scale + shift).astype(
        "float32"
    )


def ranged(data, **options):
    trainer = GAN(generator(activation="tanh"), discriminator(), **options)
    trainer.compile()
    trainer.fit(data, verbose=0)
    trainer.fit(data, verbose=0)


def batched(data):
    return tf.data.Dataset.from_tensor_slices(data).batch(32)


BYTES = np.random.default_rng(0).integers(0, 256, (64, 2)).astype("uint8")
SIGMOID = dense(1, "sigmoid")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: fit(generator(), discriminator(activation="sigmoid")),
            "ends in sigmoid",
        ),
        (lambda: fit(generator(), discriminator(units=2)), "2 numbers for one logit"),
        (
            lambda: fit(
                generator(),
                discriminator(keras.layers.BatchNormalization()),
                cls=trainers.WGANGP,
            ),
            r"gradient_penalty.*batch normalization.*\(batch_norm",
        ),
        (lambda: ranged(image(127, 128)), "to 25.*range is -1 to 1"),
        (lambda: ranged(BYTES), "from 0 to 25.*range is -1 to 1"),
        (lambda: ranged(batched(image(0.5, 0.5))), "from 0.* to 0.*range is -1 to 1"),
        (lambda: ranged(image(), output_range=(0, 255)), "range is 0 to 255"),
        (lambda: ranged(image()), None),
        (lambda: ranged(batched(image(0.9))), None),
        (lambda: ranged(image(0.5, 0.5), output_range=(0, 1)), None),
        (
            lambda: fit(
                generator(keras.layers.BatchNormalization()), discriminator(SIGMOID)
            ),
            None,
        ),
    ],
)
def test_warned_of_once(act, message, recwarn):
    act()
    ours = [str(w.message) for w in recwarn if str(w.message).startswith("`")]
    if message is None:
        assert ours == []
    else:
        assert len(ours) == 1
        assert re.search(message, ours[0]), ours[0]


@pytest.mark.skipif(_compat.NOISE_IS_SAVED, reason="Keras 3 saves random states.")
def test_random_states_that_cannot_be_saved_are_warned_of():
    with pytest.warns(UserWarning, match="Keras 2 does not save.*dropout"):
        fit(generator(), discriminator(keras.layers.Dropout(0.2)))


SCRIPT = """
import json, warnings, keras, tensorflow as tf, trainers
from tests import replicas
strategy, said = replicas.two_replicas(), {}
from tests.trainers import test_networks_of_users as here
outside = here.generator(), here.discriminator()
with strategy.scope():
    try:
        here.GAN(*outside)
    except ValueError as error:
        said["outside"] = str(error)
    noisy = here.discriminator(keras.layers.Dropout(0.3))
    trainer = here.GAN(here.generator(), noisy)
    trainer.compile()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    trainer.fit(here.points(), batch_size=8, verbose=0)
said["noise"] = [str(each.message) for each in caught]
for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
    options = {"ema_overwrite_frequency": {"use_ema": True}}.get(name, {})
    try:
        with strategy.scope():
            trainer.compile(keras.optimizers.SGD(0.1, **options | {name: 2}))
    except (TypeError, ValueError) as error:
        said[name] = str(error)
print(json.dumps(said))
"""


def test_what_several_replicas_cannot_do_is_said():
    said = replicas.printed_by(SCRIPT)
    assert "scope" in said["outside"] and "Received" in said["outside"]
    assert any(
        "on each replica" in text and "dropout" in text for text in said["noise"]
    )
    assert "must be None on several replicas" in said["ema_overwrite_frequency"]
    accumulating = said["gradient_accumulation_steps"]
    assert "must be None on several replicas" in accumulating or (
        not _compat.KERAS_3 and "gradient_accumulation_steps" in accumulating
    )


CHECKED = """
import json, numpy as np, keras, tensorflow as tf, trainers
from tests.trainers import toy, test_networks_of_users as here
tf.debugging.enable_check_numerics()
keras.mixed_precision.set_global_policy("mixed_float16")
trainer = here.GAN(here.generator(dtype="float32"), here.discriminator(dtype="float32"))
trainer.compile()
trainer.fit(here.points(), batch_size=8, verbose=0)
steps, said = int(trainer.step.numpy()), ""
try:
    trainer.fit(np.full([8, 2], np.nan, "float32"), verbose=0)
except tf.errors.InvalidArgumentError as error:
    said = str(error)
print(json.dumps({"steps": steps, "nan": "NaN" in said}))
"""


def test_check_numerics_fires_on_real_nan_only():
    assert replicas.printed_by(CHECKED) == {"steps": 12, "nan": True}


def test_adapting_after_construction_counts():
    classifier = keras.Sequential(
        [keras.layers.InputLayer((2,)), layers.WeightNormDense(3)]
    )
    trainer = trainers.SemiSupervisedGAN(
        generator(),
        classifier,
        feature_matching=False,
        discriminator_ema_decay=0.5,
    )
    trainer.compile("sgd", "sgd")
    before = trainer.ema_discriminator.get_weights()
    layers.adapt(classifier, points())
    adapted = classifier.get_weights()
    trainer.fit(toy.endless(cls=type(trainer)), steps_per_epoch=1, verbose=0)
    assert any(np.any(a != b) for a, b in zip(before, adapted, strict=True))
    now = trainer.ema_discriminator.get_weights(), classifier.get_weights()
    for average, old, new in zip(now[0], adapted, now[1], strict=True):
        np.testing.assert_allclose(average, (old + new) / 2, rtol=1e-4, atol=1e-6)
