"""Parts of Keras have the same effect as in a training step written by hand."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import plain_keras
from tests.trainers.replica_cases import Adding
from tfgan_tricks import _compat

EVERY_FAMILY = pytest.mark.parametrize("family", plain_keras.FAMILIES)
# One step a batch, and several updates of several batches with a penalty.
TWO_FAMILIES = pytest.mark.parametrize("family", ["non_saturating", "wasserstein"])
EAGER = {"run_eagerly": True}
L2 = keras.regularizers.L2


# Name: options of both hidden layers, and functions that make layers of both networks.
NETWORKS = {
    "plain": ({}, []),
    "kernel_regularizer": ({"kernel_regularizer": L2(0.2)}, []),
    "bias_regularizer": ({"bias_regularizer": keras.regularizers.L1(0.1)}, []),
    "two regularizers": (
        {"kernel_regularizer": L2(0.2), "bias_regularizer": L2(0.4)},
        [],
    ),
    "activity_regularizer": ({"activity_regularizer": L2(0.01)}, []),
    "ActivityRegularization": ({}, [lambda: keras.layers.ActivityRegularization(0.01)]),
    "add_loss": ({"kernel_regularizer": L2(0.2)}, [Adding]),
    "constraint": ({"kernel_constraint": keras.constraints.MaxNorm(0.3)}, []),
    "own constraint": (
        {"kernel_constraint": lambda w: tf.clip_by_value(w, -0.2, 0.2)},
        [],
    ),
    "own regularizer": (
        {"kernel_regularizer": lambda w: 0.1 * tf.reduce_sum(w**4)},
        [],
    ),
    "batch norm": ({}, [lambda: keras.layers.BatchNormalization(momentum=0.8)]),
    "layer norm": ({}, [keras.layers.LayerNormalization]),
    "group norm": ({}, [lambda: keras.layers.GroupNormalization(groups=2)]),
    "nested": ({}, [lambda: keras.Sequential([keras.layers.Dense(5, "elu")])]),
    "reshaped": (
        {},
        [
            lambda: keras.layers.Reshape((3, 2)),
            lambda: keras.layers.Conv1D(4, 2, padding="same"),
            keras.layers.LeakyReLU,
            keras.layers.Flatten,
        ],
    ),
    "recurrent": (
        {},
        [lambda: keras.layers.Reshape((3, 2)), lambda: keras.layers.GRU(4)],
    ),
    "frozen layer": ({}, [lambda: keras.layers.Dense(6, trainable=False)]),
    "frozen norm": ({}, [lambda: keras.layers.BatchNormalization(trainable=False)]),
    "float64 layer": ({}, [lambda: keras.layers.Dense(6, dtype="float64")]),
}
RANDOM = {
    "dropout": ({}, [lambda: keras.layers.Dropout(0.4)]),
    "keras noise": ({}, [lambda: keras.layers.GaussianNoise(0.5, seed=3)]),
    "gaussian dropout": ({}, [lambda: keras.layers.GaussianDropout(0.3)]),
}
if _compat.NOISE_IS_SAVED:  # Elsewhere the numbers depend on the graph they are in.
    NETWORKS |= RANDOM


def made(name):
    dense, stack = NETWORKS[name]
    return plain_keras.networks(stack, stack, **dense)


def descent(**options):
    return [keras.optimizers.SGD(rate, **options) for rate in (0.3, 0.1)]


def weights_without(name):
    """Returns `True` if a row adds options to a plain network, but no layers."""
    return not NETWORKS[name][1]


def with_momentum(**options):
    given = {"learning_rate": 0.3, "momentum": 0.2} | options
    return [keras.optimizers.SGD(**given) for _ in range(2)]


@functools.cache
def plainly_trained(family, optimizers):
    """Returns the first kernels of a family's plain networks after training."""
    family = plain_keras.FAMILIES[family]
    return kernels(plain_keras.trained(family, made("plain"), optimizers(), **EAGER))


def kernels(trainer):
    """Returns the first kernels of both networks."""
    return [net.get_weights()[0] for net in (trainer.generator, trainer.discriminator)]


def assert_other_kernels(trainer, others):
    for one, other in zip(kernels(trainer), others, strict=True):
        assert not np.allclose(one, other, rtol=1e-4)


@TWO_FAMILIES
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings(
    "ignore:`penalties` .* need the gradient of each single example"
)
def test_networks_train_as_by_hand(name, family):
    trainer, _ = plain_keras.assert_trained_alike(
        plain_keras.FAMILIES[family], lambda: made(name), descent, **EAGER
    )
    if name != "plain" and weights_without(name):
        assert_other_kernels(trainer, plainly_trained(family, descent))


@pytest.mark.parametrize("name", ["add_loss", "own constraint", "batch norm"])
def test_networks_train_as_by_hand_in_a_graph(name):
    plain_keras.assert_trained_alike(
        plain_keras.FAMILIES["relativistic"], lambda: made(name), descent
    )


OWN = {"d_losses", "g_losses"}


@EVERY_FAMILY
def test_own_losses_are_in_the_logs(family):
    family = plain_keras.FAMILIES[family]
    logs = {}
    for name in ("plain", "kernel_regularizer"):
        trainer = family.make(*made(name))
        trainer.compile(*descent(), **EAGER)
        history = trainer.fit(plain_keras.POINTS, verbose=0).history
        logs[name] = history
    assert set(logs["kernel_regularizer"]) - set(logs["plain"]) == OWN
    assert min(logs["kernel_regularizer"][name][0] for name in OWN) > 0


OPTIMIZERS = {
    name: {"learning_rate": 0.01}
    for name in (
        *("SGD", "RMSprop", "Adam", "AdamW", "Adadelta", "Adagrad", "Adamax", "Nadam"),
        *("Ftrl", "Lion", "Adafactor", "Lamb", "Muon", "ScheduleFreeAdamW"),
    )
    if hasattr(keras.optimizers, name)
}
OPTIONS = [
    {"clipnorm": 0.05},
    {"global_clipnorm": 0.05},
    {"clipvalue": 0.01},
    {"weight_decay": 0.3},
    {"use_ema": True, "ema_momentum": 0.6},
    {"use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 2},
    {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.3, 1, 0.5)},
]
if hasattr(keras.optimizers.SGD(), "gradient_accumulation_steps"):
    OPTIONS.append({"gradient_accumulation_steps": 2})


def test_every_optimizer_of_keras_is_in_the_table():
    found = {
        name
        for name, kind in vars(keras.optimizers).items()
        if isinstance(kind, type)
        and issubclass(kind, keras.optimizers.Optimizer)
        and kind is not keras.optimizers.Optimizer
    }
    wrappers = {"LossScaleOptimizer", "MultiOptimizer"}
    assert found - wrappers == set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_train_as_by_hand(name):
    def optimizers():
        kind = getattr(keras.optimizers, name)
        return [kind(**OPTIMIZERS[name]) for _ in range(2)]

    # Nadam of Keras 2 counts in Python, so that its graphs differ from eager steps.
    options = EAGER if name == "Nadam" else {}
    plain_keras.assert_trained_alike(
        plain_keras.FAMILIES["least_squares"],
        lambda: made("plain"),
        optimizers,
        **options,
    )


@TWO_FAMILIES
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options))
def test_options_of_optimizers_count_as_by_hand(options, family):
    trainer, _ = plain_keras.assert_trained_alike(
        plain_keras.FAMILIES[family],
        lambda: made("plain"),
        lambda: with_momentum(**options),
        **EAGER,
    )
    assert_other_kernels(trainer, plainly_trained(family, with_momentum))


LABELS = np.arange(192)
BATCHES = np.split(plain_keras.POINTS[:192], 24)


def dataset():
    return tf.data.Dataset.from_tensor_slices(np.stack(BATCHES))


class Indexed(_compat.PyDataset):
    def __len__(self):
        return len(BATCHES)

    def __getitem__(self, index):
        return BATCHES[index]


class IndexedPairs(Indexed):
    def __getitem__(self, index):
        return [BATCHES[index], LABELS[:8]]


def from_generator(signature):
    return tf.data.Dataset.from_generator(
        lambda: iter(BATCHES), output_signature=signature
    )


ARRAYS = ("array", "tensor", "dict of arrays", "float64")
# All of the same 24 batches, in the same order.
DATA = {
    "array": lambda: plain_keras.POINTS[:192],
    "tensor": lambda: tf.constant(plain_keras.POINTS[:192]),
    "dict of arrays": lambda: {"image": plain_keras.POINTS[:192], "label": LABELS},
    "float64": lambda: plain_keras.POINTS[:192].astype("float64"),
    "PyDataset": Indexed,
    "PyDataset of lists": IndexedPairs,
    "dataset": dataset,
    "dataset of dynamic batches": lambda: dataset().unbatch().batch(8),
    "1-tuples": lambda: dataset().map(lambda x: (x,)),
    "pairs": lambda: dataset().map(lambda x: (x, x[:, 0])),
    "dicts": lambda: dataset().map(lambda x: {"image": x, "id": x[:, 0], "label": x}),
    "unknown length": lambda: dataset().filter(lambda x: True),
    "generator": lambda: from_generator(tf.TensorSpec([None, 2])),
    "generator without shapes": lambda: from_generator(tf.TensorSpec(None)),
}


@functools.cache
def trained_on_batches(family, steps):
    """Returns the weights of both networks after training by hand on all batches."""
    pair, family = made("plain"), plain_keras.FAMILIES[family]
    plain_keras.trained_by_hand(family, pair, descent(), steps, BATCHES)
    return [network.get_weights() for network in pair]


@pytest.mark.parametrize("name", ["relativistic", "wasserstein"])
@pytest.mark.parametrize("form", DATA)
def test_data_train_as_by_hand_whatever_form_they_have(form, name):
    family = plain_keras.FAMILIES[name]
    steps = len(BATCHES) // family.batches_per_step
    trainer = family.make(*made("plain"))
    trainer.compile(*descent(), **EAGER)
    size = 8 if form in ARRAYS else None
    trainer.fit(DATA[form](), batch_size=size, shuffle=False, verbose=0)
    assert int(trainer.step.numpy()) == steps
    by_hand = trained_on_batches(name, steps)
    for network, expected in zip(
        (trainer.generator, trainer.discriminator), by_hand, strict=True
    ):
        for a, b in zip(network.get_weights(), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=5e-4, atol=5e-6)
