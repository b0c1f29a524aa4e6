"""Filter gradients as products, against TensorFlow's own convolution."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainers import test_simultaneous as simultaneous
from trainers import _filter_gradients
from trainers._player import Player

# Height and width, kernel, strides and padding: all of them differ between the axes.
SHAPES = {
    "DCGAN": ((8, 8), (4, 4), (2, 2), "SAME"),
    "uneven": ((7, 6), (3, 2), (2, 3), "SAME"),
    "kept": ((3, 4), (3, 3), (1, 1), "SAME"),
    "rest": ((8, 9), (3, 4), (2, 3), "VALID"),
    "skipping": ((8, 9), (2, 1), (3, 4), "SAME"),
    "all": ((3, 2), (3, 2), (1, 1), "VALID"),
}


def random(seed, *shape):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def gradients_of(function, x, k):
    """Returns values and gradients of the first and of the second order."""
    with tf.GradientTape() as outer:
        outer.watch([x, k])
        with tf.GradientTape() as inner:
            inner.watch([x, k])
            y = function(x, k)
            total = tf.reduce_sum(tf.sin(y))
        first = inner.gradient(total, [x, k])
        both = tf.add_n([tf.reduce_sum(tf.sin(each)) for each in first])
    return [y, *first, *outer.gradient(both, [x, k])]


@pytest.mark.parametrize("name", SHAPES)
def test_values_and_gradients_are_those_of_tensorflow(name):
    size, window, strides, padding = SHAPES[name]
    x, k = random(1, 3, *size, 2), random(2, *window, 2, 5)

    def plain(x, k):
        return tf.nn.conv2d(x, k, strides, padding)

    outputs = tuple(plain(x, k).shape[1:3])
    kernel = tuple(k.shape)
    ours = _filter_gradients.Convolution((*size, 2), kernel, outputs, strides, padding)
    for one, other in zip(
        gradients_of(ours.of, x, k), gradients_of(plain, x, k), strict=True
    ):
        assert np.any(other != 0.0)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


class Own(keras.layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, 2.0 * kernel)


def network(kind=keras.layers.Conv2D, size=8, dtype="mixed_bfloat16", **options):
    keras.utils.set_random_seed(1)
    options = {"strides": 2, "padding": "same", **options}
    conv = kind(6, 4, dtype=dtype, **options)
    return keras.Sequential(
        [keras.Input((size, size, 2)), conv, keras.layers.Dense(1, dtype="float32")]
    )


def filter_gradients(model):
    """Counts the filter gradients of TensorFlow that the gradient needs."""

    @tf.function(autograph=False)
    def gradients(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(x, training=True) ** 2)
        return tape.gradient(loss, model.trainable_variables)

    spec = tf.TensorSpec((4, *model.input_shape[1:]))
    found = simultaneous.used(gradients.get_concrete_function(spec).graph)
    return found["Conv2DBackpropFilter"], gradients


def compiled(model):
    Player("discriminator", model).compile("sgd")
    return model


def test_a_layer_keeps_its_values_and_gradients():
    x = random(3, 4, 8, 8, 2)
    plain, fast = network(), compiled(network())
    (before, of_plain), (after, of_fast) = map(filter_gradients, (plain, fast))
    assert (before, after) == (1, 0)
    np.testing.assert_array_equal(plain(x), fast(x))
    for one, other in zip(of_plain(x), of_fast(x), strict=True):
        largest = np.max(np.abs(one))
        np.testing.assert_allclose(one, other, rtol=0.0, atol=2**-7 * largest)


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "float32"},
        {"size": 10},
        {"groups": 2},
        {"kind": Own},
        {"strides": 1, "dilation_rate": 2, "padding": "valid"},
    ],
    ids=str,
)
def test_other_convolutions_stay_as_they_are(options):
    model = compiled(network(**options))
    convolution = "convolution_op" in vars(model.layers[0])
    assert convolution == ("size" in options)
    if convolution:
        assert filter_gradients(model)[0] == 1
