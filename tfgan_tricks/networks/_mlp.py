"""Networks of dense layers, for points or small images."""

import math
from collections.abc import Sequence

import keras

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts


def mlp_generator(
    output_shape: Sequence[int],
    latent_dim: int = 128,
    hidden: Sequence[int] = (256, 256),
    seed: int = 0,
) -> keras.Sequential:
    """Returns a generator of dense layers with ReLU in between.

    Images, of shape `(height, width, channels)`, end in tanh. Outputs of other shapes
    are linear. Initial weights are Glorot uniform.

    Args:
        output_shape: Shape of one example, such as `(2,)` or `(8, 8, 1)`.
        latent_dim: Length of the latents, at least 1.
        hidden: Numbers of units of the hidden layers, each at least 1.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from latents `[batch, latent_dim]` to float32 examples
        `[batch, *output_shape]`. Images are in [-1, 1].

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> mlp_generator((2,), latent_dim=4, hidden=(16,)).count_params()
    114

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661.
    """
    _parts.check_sizes("output_shape", output_shape, at_least=1)
    _parts.check_sizes("hidden", hidden, at_least=0)
    _checks.positive_integer(latent_dim=latent_dim)
    _limits.check_weights(
        _limits.chained(latent_dim, *hidden, math.prod(output_shape)),
        latent_dim=latent_dim,
        hidden=hidden,
        output_shape=output_shape,
    )
    make = _maker("mlp_generator", seed)
    stack = [keras.Input((latent_dim,))]
    for level, units in enumerate(hidden):
        stack.append(make.layer(keras.layers.Dense, units, f"hidden_{level}"))
        stack.append(keras.layers.ReLU(name=f"hidden_{level}_relu"))
    units = math.prod(output_shape)
    stack.append(make.layer(keras.layers.Dense, units, "flat", dtype="float32"))
    stack.append(keras.layers.Reshape(output_shape, dtype="float32", name="examples"))
    end = [_parts.pictures()] if len(output_shape) == 3 else []
    return make.sequential(*stack, *end)


def mlp_discriminator(
    input_shape: Sequence[int], hidden: Sequence[int] = (256, 256), seed: int = 0
) -> keras.Sequential:
    """Returns a discriminator of dense layers with leaky ReLU of slope 0.2 in between.

    Initial weights are Glorot uniform.

    Args:
        input_shape: Shape of one example, such as `(2,)` or `(8, 8, 1)`.
        hidden: Numbers of units of the hidden layers, each at least 1.
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from examples `[batch, *input_shape]` to float32 logits
        `[batch, 1]`.

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> mlp_discriminator((8, 8, 1), hidden=(16,)).count_params()
    1057

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661.
    """
    _parts.check_sizes("input_shape", input_shape, at_least=1)
    _parts.check_sizes("hidden", hidden, at_least=0)
    _limits.check_weights(
        _limits.chained(math.prod(input_shape), *hidden, 1),
        input_shape=input_shape,
        hidden=hidden,
    )
    make = _maker("mlp_discriminator", seed)
    stack = [keras.Input(input_shape), _parts.flat("flat")]
    for level, units in enumerate(hidden):
        name = "features" if level == len(hidden) - 1 else f"hidden_{level}_leaky"
        stack.append(make.layer(keras.layers.Dense, units, f"hidden_{level}"))
        stack.append(layers.LeakyReLU(0.2, name=name))
    return make.sequential(*stack, make.logit())


def _maker(network, seed):
    # N(0, 0.02^2) suits wide convolutions. It would start a narrow network near 0.
    initializer = keras.initializers.GlorotUniform
    return _parts.Maker(network, seed, initializer=initializer)
