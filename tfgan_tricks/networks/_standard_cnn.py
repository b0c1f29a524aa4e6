"""The "standard CNN" of the SNGAN and relativistic GAN papers, for 32x32 images."""

import keras

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts

_SAME = {"padding": "same", **_parts.CHANNELS_LAST}
_HALVED = {"kernel_size": 4, "strides": 2, **_SAME}
_KEPT = {"kernel_size": 3, **_SAME}
# The names of the discriminator's convolutions, with the size of their results.
_CONVOLUTIONS = (
    ("conv_32", 64, _KEPT),
    ("down_16", 64, _HALVED),
    ("conv_16", 128, _KEPT),
    ("down_8", 128, _HALVED),
    ("conv_8", 256, _KEPT),
    ("down_4", 256, _HALVED),
    ("conv_4", 512, _KEPT),
)


def standard_cnn_generator(
    channels: int = 3,
    latent_dim: int = 128,
    normalization: str = "batch",
    activation: str = "relu",
    seed: int = 0,
) -> keras.Sequential:
    """Returns the generator of the relativistic GAN's 32x32 experiments.

    A dense layer without activation projects the latents to `4x4x512`. Three transposed
    4x4 convolutions with normalization and activation follow, to `8x8x256`,
    `16x16x128` and `32x32x64`. A 3x3 convolution with tanh returns the image.

    Initial weights are those in the author's code. Convolutions are drawn from
    N(0, 0.02^2), the scales of the normalizations from N(1, 0.02^2), and the dense
    layer from U(-a, a) with a = 1 / sqrt(number of inputs). Biases start at 0.

    Args:
        channels: Number of channels of the images, 1 to 4.
        latent_dim: Length of the latents, at least 1.
        normalization: "batch" or "none".
        activation: "relu" or "tanh".
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from latents `[batch, latent_dim]` to float32 images
        `[batch, 32, 32, channels]` in [-1, 1].

    Raises:
        ValueError: If an argument is out of range, or the network would have more than
            10^9 weights.

    >>> standard_cnn_generator(channels=1).output_shape
    (None, 32, 32, 1)

    Reference:
        Jolicoeur-Martineau, 2018, arXiv:1807.00734; Miyato et al., 2018,
        arXiv:1802.05957.
    """
    _checks.channels(channels)
    _checks.positive_integer(latent_dim=latent_dim)
    _parts.check_choice("normalization", normalization, ("batch", "none"))
    _parts.check_choice("activation", activation, ("relu", "tanh"))
    _limits.check_weights([latent_dim * 16 * 512], latent_dim=latent_dim)
    make = _parts.Maker("standard_cnn_generator", seed)
    stack = [
        keras.Input((latent_dim,)),
        _plain(make).layer(keras.layers.Dense, 16 * 512, "project"),
        keras.layers.Reshape((4, 4, 512), name="grid"),
    ]
    for size, filters in ((8, 256), (16, 128), (32, 64)):
        name = f"up_{size}"
        up = make.layer(keras.layers.Conv2DTranspose, filters, name, **_HALVED)
        act = keras.layers.Activation(activation, name=f"{name}_{activation}")
        stack += [up, *_norm(make, name, normalization), act]
    last = make.layer(keras.layers.Conv2D, channels, "to_channels", **_KEPT)
    return make.sequential(*stack, last, _parts.pictures())


def standard_cnn_discriminator(
    channels: int = 3,
    normalization: str = "spectral",
    activation: str = "leaky_relu",
    seed: int = 0,
) -> keras.Sequential:
    """Returns the discriminator of the relativistic GAN's 32x32 experiments.

    3x3 convolutions keep the size, and 4x4 convolutions halve it: `32x32x64`,
    `16x16x64`, `16x16x128`, `8x8x128`, `8x8x256`, `4x4x256`, `4x4x512`. Each is
    followed by an activation. A dense layer computes the logit. Initial weights are
    drawn as in `standard_cnn_generator`.

    Args:
        channels: Number of channels of the images, at least 1. With `packing`, all
            channels of a pack.
        normalization: "spectral", "batch" or "none". Spectral normalization applies to
            every convolution, and not to the dense layer. Batch normalization follows
            every convolution except the last.
        activation: "leaky_relu", of slope 0.1, or "tanh".
        seed: Integer seed of the initial weights.

    Returns:
        A `keras.Sequential` from images `[batch, 32, 32, channels]` to float32 logits
        `[batch, 1]`.

    Raises:
        ValueError: If an argument is out of range.

    >>> standard_cnn_discriminator(channels=1).output_shape
    (None, 1)

    Reference:
        Jolicoeur-Martineau, 2018, arXiv:1807.00734; Miyato et al., 2018,
        arXiv:1802.05957.
    """
    _checks.positive_integer(channels=channels)
    _limits.check_weights(_sizes(channels), channels=channels)
    _parts.check_choice("normalization", normalization, ("spectral", "batch", "none"))
    _parts.check_choice("activation", activation, ("leaky_relu", "tanh"))
    spectral = normalization == "spectral"
    make = _parts.Maker("standard_cnn_discriminator", seed, spectral)
    stack = [keras.Input((32, 32, channels))]
    for name, filters, convolution in _CONVOLUTIONS:
        stack.append(make.layer(keras.layers.Conv2D, filters, name, **convolution))
        if name != "conv_4":
            stack += _norm(make, name, normalization)
        stack.append(_activation(activation, name))
    features = _parts.flat("features")
    return make.sequential(*stack, features, _plain(make).logit())


def _sizes(channels):
    """Returns the number of weights of each of the discriminator's kernels."""
    filters = [count for _, count, _ in _CONVOLUTIONS]
    pairs = zip(_CONVOLUTIONS, _limits.chained(channels, *filters), strict=True)
    kernels = [options["kernel_size"] ** 2 * size for (*_, options), size in pairs]
    return [*kernels, 4 * 4 * filters[-1]]


def _plain(make):
    """Returns a factory of dense layers with PyTorch's initializer, as the author's."""
    return _parts.Maker(make.network, make.seed, initializer=_fan_in_uniform)


def _fan_in_uniform(seed):
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed)


def _norm(make, name, normalization):
    if normalization != "batch":
        return []
    name = f"{name}_norm"
    gamma = _parts.normal(make.seed_of(name), mean=1.0)
    return [_parts.batch_norm(name, gamma_initializer=gamma)]


def _activation(activation, name):
    if activation == "tanh":
        return keras.layers.Activation("tanh", name=f"{name}_tanh")
    return layers.LeakyReLU(0.1, name=f"{name}_leaky")
