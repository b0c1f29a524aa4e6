"""The networks of the semi-supervised experiments on MNIST."""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts


def weight_norm_generator(
    output_shape: Sequence[int] = (28, 28, 1),
    latent_dim: int = 100,
    hidden: Sequence[int] = (500, 500),
    uniform_latents: bool = True,
    norm_epsilon: float = 1e-6,
    seed: int = 0,
) -> keras.Sequential:
    """Returns the generator of the paper's semi-supervised experiments on MNIST.

    Its layers are dense. Each hidden layer has batch normalization without a scale,
    then softplus. The last layer is weight-normalized and ends in a sigmoid that is
    scaled to [-1, 1]. The authors' latents are uniform in [0, 1]. The first layer
    computes them from normal latents, by the distribution function of N(0, 1).

    Args:
        output_shape: Shape of an image, `(height, width, channels)`.
        latent_dim: Length of the latents, at least 1.
        hidden: Numbers of units of the hidden layers, each at least 1.
        uniform_latents: If `True`, the hidden layers get uniform latents instead of
            normal ones.
        norm_epsilon: Number added to the variance in batch normalization, at least 0.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from latents `[batch, latent_dim]` to float32 images
        `[batch, *output_shape]` in [-1, 1].

    Raises:
        ValueError: If a size is not a positive integer, or the network would have more
            than 10^9 weights.

    >>> weight_norm_generator((8, 8, 1), latent_dim=4, hidden=(16,)).output_shape
    (None, 8, 8, 1)

    Reference:
        Salimans et al., 2016, section 5.1, arXiv:1606.03498, and the authors' code.
    """
    _checks.positive_integer(latent_dim=latent_dim)
    _checks.not_negative(norm_epsilon=norm_epsilon)
    _parts.check_sizes("output_shape", output_shape, at_least=1)
    _parts.check_sizes("hidden", hidden, at_least=0)
    _limits.check_weights(
        _limits.chained(latent_dim, *hidden, math.prod(output_shape)),
        latent_dim=latent_dim,
        hidden=hidden,
        output_shape=output_shape,
    )
    glorot = keras.initializers.GlorotUniform
    make = _parts.Maker("weight_norm_generator", seed, initializer=glorot)
    stack = [keras.Input((latent_dim,))]
    if uniform_latents:
        stack.append(uniform_from_normal())
    for level, units in enumerate(hidden):
        name = f"hidden_{level}"
        stack.append(make.layer(keras.layers.Dense, units, name, use_bias=False))
        stack.append(_parts.batch_norm(f"{name}_norm", norm_epsilon, scale=False))
        stack.append(keras.layers.Activation("softplus", name=f"{name}_softplus"))
    units = math.prod(output_shape)
    last = make.layer(layers.WeightNormDense, units, "flat", activation="sigmoid")
    stack += [last, keras.layers.Reshape(output_shape, name="unit_pictures")]
    end = keras.layers.Rescaling(2.0, -1.0, dtype="float32", name="pictures")
    return make.sequential(*stack, end)


def weight_norm_classifier(
    input_shape: Sequence[int] = (28, 28, 1),
    num_classes: int = 10,
    hidden: Sequence[int] = (1000, 500, 250, 250, 250),
    input_noise: float = 0.3,
    hidden_noise: float = 0.5,
    minibatch_discrimination: bool = False,
    seed: int = 0,
) -> keras.Sequential:
    """Returns the discriminator of the paper's semi-supervised experiments on MNIST.

    Its layers are dense and weight-normalized, with ReLU in between. Call
    `layers.adapt` once to set their initial scales. Normal noise is added to the
    images, scaled to [0, 1], and to the outputs of each hidden layer. The features to
    match are the outputs of the last hidden layer, `features`.

    Args:
        input_shape: Shape of an image in [-1, 1], `(height, width, channels)`.
        num_classes: Number of classes and logits, at least 1.
        hidden: Numbers of units of the hidden layers, each at least 1, at least one
            layer.
        input_noise: Standard deviation of the noise added to images in [0, 1].
        hidden_noise: Standard deviation of the noise added to hidden-layer outputs.
        minibatch_discrimination: If `True`, the last layer also gets similarities of
            each example's features to the features of its batch, from 100 kernels of 5
            dimensions.
        seed: Integer seed of the initial weights and of the noise.

    Returns:
        A `keras.Sequential` from images `[batch, *input_shape]` to float32 logits
        `[batch, num_classes]`.

    Raises:
        ValueError: If a size is not a positive integer, or the network would have more
            than 10^9 weights.

    >>> weight_norm_classifier((8, 8, 1), 3, hidden=(16,)).output_shape
    (None, 3)

    Reference:
        Salimans et al., 2016, section 5.1, arXiv:1606.03498, and the authors' code.
    """
    _checks.positive_integer(num_classes=num_classes)
    _parts.check_sizes("input_shape", input_shape, at_least=1)
    _parts.check_sizes("hidden", hidden, at_least=1)
    _limits.check_weights(
        _limits.chained(math.prod(input_shape), *hidden, num_classes),
        input_shape=input_shape,
        hidden=hidden,
        num_classes=num_classes,
    )
    make = _parts.Maker("weight_norm_classifier", seed, initializer=_wide)
    names = [f"hidden_{level}" for level in range(len(hidden) - 1)] + ["features"]

    def noise(stddev, name):
        name = f"{name}_noise"
        return layers.GaussianNoise(stddev, make.seed_of(name), name=name)

    stack = [
        keras.Input(input_shape),
        keras.layers.Rescaling(0.5, 0.5, name="unit_pictures"),
        _parts.flat("flat"),
        noise(input_noise, "input"),
    ]
    for units, name in zip(hidden, names, strict=True):
        options = {"activation": "relu", "trainable_scale": False}
        stack.append(make.layer(layers.WeightNormDense, units, name, **options))
        stack.append(noise(hidden_noise, name))
    if minibatch_discrimination:
        stack.append(make.comparison())
    last = make.layer(layers.WeightNormDense, num_classes, "logits", dtype="float32")
    return make.sequential(*stack, last)


def uniform_from_normal() -> keras.layers.Layer:
    """Returns a layer that makes normal latents uniform in [0, 1]."""
    name = "uniform_latents"
    return keras.layers.Activation(normal_cdf, dtype="float32", name=name)


@keras.saving.register_keras_serializable("tfgan_tricks")
def normal_cdf(x: tf.Tensor) -> tf.Tensor:
    """Returns the probability that a standard normal number is less than x."""
    return 0.5 * tf.math.erfc(-math.sqrt(0.5) * x)


def _wide(seed):
    """Returns the authors' initializer; Adam turns longer columns more slowly."""
    return keras.initializers.RandomNormal(stddev=0.1, seed=seed)
