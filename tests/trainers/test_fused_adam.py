"""TensorFlow's fused kernel in place of Keras' Adam."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainers import _fused_adam

SHAPES = [(3, 5), (7,), (2, 3, 4, 5)]
STEPS = 20
# The kernel takes 1 - beta_2 of a float32. For .999 this is off by 5e-5 at most.
CLOSE = {"rtol": 5e-5, "atol": 1e-9}


def schedule():
    return keras.optimizers.schedules.ExponentialDecay(0.03, 5, 0.7)


OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01),
    "gan": lambda: keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.9, epsilon=1e-3),
    "no_momentum": lambda: keras.optimizers.Adam(0.01, beta_1=0.0, beta_2=0.99),
    "schedule": lambda: keras.optimizers.Adam(schedule()),
    "weight_decay": lambda: keras.optimizers.Adam(0.01, weight_decay=0.1),
    "clipnorm": lambda: keras.optimizers.Adam(0.01, clipnorm=0.3),
    "clipvalue": lambda: keras.optimizers.Adam(0.01, clipvalue=0.3),
    "ema": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "sgd": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
}


class Halved(keras.optimizers.Adam):
    """A user's own optimizer, whose update must stay the user's."""

    def update_step(self, gradient, variable, *learning_rate):
        super().update_step(0.5 * gradient, variable, *learning_rate)


OPTIMIZERS["own"] = lambda: Halved(0.01, epsilon=1e-3)


def variables():
    """Returns trainable Keras variables of one layer."""
    numbers = np.random.default_rng(3)
    layer = keras.layers.Layer()
    return [
        layer.add_weight(
            name=f"weight_{index}",
            shape=shape,
            initializer=keras.initializers.Constant(numbers.normal()),
        )
        for index, shape in enumerate(SHAPES)
    ]


def gradients_of(step):
    numbers = np.random.default_rng([5, step])
    # Their sizes differ as much as in a deep network.
    return [
        tf.constant(numbers.normal(size=s) * 10.0 ** -(3 * i), tf.float32)
        for i, s in enumerate(SHAPES)
    ]


def state_after(optimizer, gradients_of=gradients_of, **options):
    """Returns the variables and the optimizer's own state after some steps."""
    targets = variables()
    optimizer.build(targets)

    @tf.function(**options)
    def step(gradients):
        optimizer.apply_gradients(zip(gradients, targets, strict=True))

    for index in range(STEPS):
        step(gradients_of(index))
    return [np.array(each) for each in [*targets, *optimizer.variables]]


def fused(name):
    optimizer = OPTIMIZERS[name]()
    _fused_adam.fuse(optimizer)
    return optimizer


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_update_is_that_of_keras(name, jit_compile):
    expected = state_after(OPTIMIZERS[name](), jit_compile=jit_compile)
    actual = state_after(fused(name), jit_compile=jit_compile)
    for one, other in zip(expected, actual, strict=True):
        np.testing.assert_allclose(other, one, **CLOSE)


def test_rows_of_a_sparse_gradient_are_updated_by_keras():
    def sparse(step):
        values, rows = tf.ones([2, 5]) * (step + 1), tf.constant([0, 2])
        rows = tf.IndexedSlices(values, rows, tf.constant([3, 5]))
        return [rows, *gradients_of(step)[1:]]

    expected = state_after(OPTIMIZERS["adam"](), sparse)
    for one, other in zip(expected, state_after(fused("adam"), sparse), strict=True):
        np.testing.assert_allclose(other, one, **CLOSE)


@pytest.mark.parametrize(
    "name, number", [("adam", len(SHAPES)), ("amsgrad", 0), ("own", 0), ("sgd", 0)]
)
def test_the_kernel_replaces_only_an_update_that_it_computes(name, number):
    optimizer, targets = fused(name), variables()
    optimizer.build(targets)

    @tf.function
    def step(gradients):
        optimizer.apply_gradients(zip(gradients, targets, strict=True))

    graph = step.get_concrete_function(gradients_of(0)).graph
    kernels = [op for op in graph.get_operations() if op.type == "ResourceApplyAdam"]
    assert len(kernels) == number


def test_a_fused_optimizer_is_saved_as_the_users():
    optimizer = fused("gan")
    expected = OPTIMIZERS["gan"]().get_config() | {"name": optimizer.name}
    assert optimizer.get_config() == expected
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again) is keras.optimizers.Adam
