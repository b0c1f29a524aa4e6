"""The "standard CNN" of the SNGAN and relativistic GAN papers, for 32x32 images."""

import keras

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts

_SAME = {"padding": "same", **_parts.CHANNELS_LAST}
_HALVED = {"kernel_size": 4, "strides": 2, **_SAME}
_KEPT = {"kernel_size": 3, **_SAME}


def standard_cnn_generator(
    channels: int = 3, latent_dim: int = 128, seed: int = 0
) -> keras.Sequential:
    """Returns the generator of the relativistic GAN's 32x32 experiments.

    A dense layer without activation projects the latents to `4x4x512`. Three transposed
    4x4 convolutions with batch normalization and ReLU follow, to `8x8x256`, `16x16x128`
    and `32x32x64`. A 3x3 convolution with tanh returns the image.

    Initial weights are those in the author's code. Convolutions are drawn from
    N(0, 0.02^2), the scales of the normalizations from N(1, 0.02^2), and the dense
    layer from U(-a, a) with a = 1 / sqrt(number of inputs). Biases start at 0.

    Args:
        channels: Number of channels of the images, 1 to 4.
        latent_dim: Length of the latents, at least 1.
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
        relu = keras.layers.ReLU(name=f"{name}_relu")
        stack += [up, _norm(make, name), relu]
    last = make.layer(keras.layers.Conv2D, channels, "to_channels", **_KEPT)
    return make.sequential(*stack, last, _parts.pictures())


def standard_cnn_discriminator(
    channels: int = 3, spectral: bool = True, seed: int = 0
) -> keras.Sequential:
    """Returns the discriminator of the relativistic GAN's 32x32 experiments.

    3x3 convolutions keep the size, and 4x4 convolutions halve it: `32x32x64`,
    `16x16x64`, `16x16x128`, `8x8x128`, `8x8x256`, `4x4x256`, `4x4x512`. Each is
    followed by leaky ReLU of slope 0.1. A dense layer computes the logit. Initial
    weights are drawn as in `standard_cnn_generator`.

    Args:
        channels: Number of channels of the images, 1 to 4.
        spectral: If `True`, every convolution is spectrally normalized, and the dense
            layer is not. If `False`, every convolution except the last has batch
            normalization.
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
    _checks.channels(channels)
    make = _parts.Maker("standard_cnn_discriminator", seed, spectral)
    stack = [keras.Input((32, 32, channels))]
    for filters, half in ((64, 16), (128, 8), (256, 4)):
        stack += _block(make, filters, f"conv_{2 * half}", _KEPT)
        stack += _block(make, filters, f"down_{half}", _HALVED)
    stack += _block(make, 512, "conv_4", _KEPT, normalized=False)
    features = _parts.flat("features")
    return make.sequential(*stack, features, _plain(make).logit())


def _plain(make):
    """Returns a factory of dense layers with PyTorch's initializer, as the author's."""
    return _parts.Maker(make.network, make.seed, initializer=_fan_in_uniform)


def _fan_in_uniform(seed):
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed)


def _norm(make, name):
    name = f"{name}_norm"
    gamma = _parts.normal(make.seed_of(name), mean=1.0)
    return _parts.batch_norm(name, gamma_initializer=gamma)


def _block(make, filters, name, convolution, normalized=True):
    conv = make.layer(keras.layers.Conv2D, filters, name, **convolution)
    norm = [_norm(make, name)] if normalized and not make.spectral else []
    return [conv, *norm, layers.LeakyReLU(0.1, name=f"{name}_leaky")]
