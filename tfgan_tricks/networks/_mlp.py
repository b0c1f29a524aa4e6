"""Networks of dense layers, for points or small images."""

import functools
import math
from collections.abc import Callable
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
    activation: str = "relu",
    initializer: str = "glorot_uniform",
    seed: int = 0,
) -> keras.Sequential:
    """Returns a generator of dense layers with an activation in between.

    Images, of shape `(height, width, channels)`, end in tanh. Outputs of other shapes
    are linear.

    Args:
        output_shape: Shape of one example, such as `(2,)` or `(8, 8, 1)`.
        latent_dim: Length of the latents, at least 1.
        hidden: Numbers of units of the hidden layers, each at least 1.
        activation: "relu" or "tanh".
        initializer: Initial weights, "glorot_uniform", or "orthogonal" with a gain of
            1.4.
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
        Goodfellow et al., 2014, arXiv:1406.2661; tanh and orthogonal weights: Mao et
        al., 2017, arXiv:1611.04076, section 4.4, and the authors' code.
    """
    _parts.check_choice("activation", activation, ("relu", "tanh"))
    _parts.check_sizes("output_shape", output_shape, at_least=1)
    _parts.check_sizes("hidden", hidden, at_least=0)
    _checks.positive_integer(latent_dim=latent_dim)
    _limits.check_weights(
        _limits.chained(latent_dim, *hidden, math.prod(output_shape)),
        latent_dim=latent_dim,
        hidden=hidden,
        output_shape=output_shape,
    )
    make = _maker("mlp_generator", initializer, seed)
    stack = [keras.Input((latent_dim,))]
    for level, units in enumerate(hidden):
        stack.append(make.layer(keras.layers.Dense, units, f"hidden_{level}"))
        name = f"hidden_{level}_{activation}"
        stack.append(keras.layers.Activation(activation, name=name))
    units = math.prod(output_shape)
    stack.append(make.layer(keras.layers.Dense, units, "flat", dtype="float32"))
    stack.append(keras.layers.Reshape(output_shape, dtype="float32", name="examples"))
    end = [_parts.pictures()] if len(output_shape) == 3 else []
    return make.sequential(*stack, *end)


def mlp_discriminator(
    input_shape: Sequence[int],
    hidden: Sequence[int] = (256, 256),
    activation: str = "leaky_relu",
    initializer: str = "glorot_uniform",
    seed: int = 0,
) -> keras.Sequential:
    """Returns a discriminator of dense layers with an activation in between.

    Args:
        input_shape: Shape of one example, such as `(2,)` or `(8, 8, 1)`.
        hidden: Numbers of units of the hidden layers, each at least 1.
        activation: "leaky_relu", of slope 0.2, or "tanh".
        initializer: Initial weights, "glorot_uniform", or "orthogonal" with a gain of
            1.4.
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
        Goodfellow et al., 2014, arXiv:1406.2661; tanh and orthogonal weights: Mao et
        al., 2017, arXiv:1611.04076, section 4.4, and the authors' code.
    """
    _parts.check_choice("activation", activation, ("leaky_relu", "tanh"))
    _parts.check_sizes("input_shape", input_shape, at_least=1)
    _parts.check_sizes("hidden", hidden, at_least=0)
    _limits.check_weights(
        _limits.chained(math.prod(input_shape), *hidden, 1),
        input_shape=input_shape,
        hidden=hidden,
    )
    make = _maker("mlp_discriminator", initializer, seed)
    stack = [keras.Input(input_shape), _parts.flat("flat")]
    for level, units in enumerate(hidden):
        end = "leaky" if activation == "leaky_relu" else activation
        name = "features" if level == len(hidden) - 1 else f"hidden_{level}_{end}"
        stack.append(make.layer(keras.layers.Dense, units, f"hidden_{level}"))
        stack.append(_activation(activation, name))
    return make.sequential(*stack, make.logit())


def _activation(activation, name):
    if activation == "tanh":
        return keras.layers.Activation("tanh", name=name)
    return layers.LeakyReLU(0.2, name=name)


# N(0, 0.02^2) suits wide convolutions. It would start a narrow network near 0.
_INITIALIZERS: dict[str, Callable] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "orthogonal": functools.partial(keras.initializers.Orthogonal, 1.4),
}


def _maker(network, initializer, seed):
    _parts.check_choice("initializer", initializer, tuple(_INITIALIZERS))
    return _parts.Maker(network, seed, initializer=_INITIALIZERS[initializer])
