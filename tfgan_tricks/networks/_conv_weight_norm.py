"""The networks of the semi-supervised experiments on CIFAR-10 and SVHN."""

import math
from typing import Any

import keras

from tfgan_tricks import _checks
from tfgan_tricks import _limits
from tfgan_tricks import layers
from tfgan_tricks.networks import _parts
from tfgan_tricks.networks import _weight_norm

_GRID = (4, 4, 512)
_UPWARD = {"kernel_size": 5, "strides": 2, "padding": "same"}
_KEPT: dict[str, Any] = {"kernel_size": 3, "padding": "same"}
_HALVED = _KEPT | {"strides": 2}
_UNPADDED: dict[str, Any] = {"kernel_size": 3}
_IN_NETWORK: dict[str, Any] = {"kernel_size": 1}
# Each convolution: its name, its channels as a multiple of the width, and its options.
# Dropout follows each level.
_LEVELS = (
    (("conv_32_0", 1, _KEPT), ("conv_32_1", 1, _KEPT), ("down_16", 1, _HALVED)),
    (("conv_16_0", 2, _KEPT), ("conv_16_1", 2, _KEPT), ("down_8", 2, _HALVED)),
)
_LAST_LEVEL = (
    ("conv_6", 2, _UNPADDED),
    ("network_in_network_0", 2, _IN_NETWORK),
    ("network_in_network_1", 2, _IN_NETWORK),
)
_LAST_STDDEV = 0.1  # Of a network's last layer, after `layers.adapt`.


def conv_weight_norm_generator(
    channels: int = 3, latent_dim: int = 100, seed: int = 0
) -> keras.Sequential:
    """Returns the generator of the paper's experiments on CIFAR-10 and SVHN.

    A dense layer projects the latents to 8,192 units, which become a `4x4x512` feature
    map. Three transposed 5x5 convolutions follow, to `8x8x256`, `16x16x128` and the
    image. All but the last layer have batch normalization without a scale, then ReLU.
    The last layer is weight-normalized and ends in tanh. Call `layers.adapt` once to
    set its initial scale, with which its outputs before tanh have deviation 0.1.

    Initial weights are drawn from N(0, 0.05^2). The authors' latents are uniform in
    [0, 1]. The first layer computes them from normal latents, by the distribution
    function of N(0, 1).

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

    >>> conv_weight_norm_generator(channels=1, latent_dim=8).output_shape
    (None, 32, 32, 1)

    Reference:
        Salimans et al., 2016, sections 6.2 and 6.3, arXiv:1606.03498, and the authors'
        code.
    """
    _checks.channels(channels)
    _checks.positive_integer(latent_dim=latent_dim)
    units = math.prod(_GRID)
    kernels = [25 * size for size in _limits.chained(512, 256, 128, channels)]
    _limits.check_weights([latent_dim * units, *kernels], latent_dim=latent_dim)
    make = _parts.Maker("conv_weight_norm_generator", seed, initializer=_normal)
    stack = [
        keras.Input((latent_dim,)),
        _weight_norm.uniform_from_normal(),
        make.layer(keras.layers.Dense, units, "project", use_bias=False),
        *_normalized("project"),
        keras.layers.Reshape(_GRID, name="grid"),
    ]
    for size, filters in ((8, 256), (16, 128)):
        name = f"up_{size}"
        options = _UPWARD | _parts.CHANNELS_LAST | {"use_bias": False}
        up = make.layer(keras.layers.Conv2DTranspose, filters, name, **options)
        stack += [up, *_normalized(name)]
    options = _UPWARD | {"adapted_stddev": _LAST_STDDEV}
    last = make.layer(layers.WeightNormConv2DTranspose, channels, "up_32", **options)
    return make.sequential(*stack, last, _parts.pictures())


def conv_weight_norm_classifier(
    channels: int = 3,
    num_classes: int = 10,
    width: int = 96,
    minibatch_discrimination: bool = False,
    seed: int = 0,
) -> keras.Sequential:
    """Returns the discriminator of the paper's experiments on CIFAR-10 and SVHN.

    Three 3x3 convolutions with `width` channels, of which the last halves the size, are
    followed by three with `2 * width` channels, which do the same. A 3x3 convolution
    without padding and two 1x1 convolutions ("network in network") follow, to
    `6x6` positions. Their mean over all positions, `features`, are the features to
    match. A dense layer computes the logits. All layers are weight-normalized, with
    leaky ReLU of slope 0.2 in between. Call `layers.adapt` once to set their initial
    scales.

    Dropout of rate 0.2 is applied to the images, and of rate 0.5 after each layer that
    halves the size. Initial weights are drawn from N(0, 0.05^2). Only the last layer's
    scale is trained, and its outputs have deviation 0.1 after `layers.adapt`.

    Args:
        channels: Number of channels of the images, at least 1.
        num_classes: Number of classes and logits, at least 1.
        width: Number of channels of the finest level, at least 1: 96 for CIFAR-10 and
            64 for SVHN in the authors' code.
        minibatch_discrimination: If `True`, the last layer also gets similarities of
            each example's features to the features of its batch, from 100 kernels of 5
            dimensions, and normal noise of deviation 0.2 replaces the dropout of the
            images, as in the authors' code.
        seed: Integer seed of the initial weights, the dropout and the noise.

    Returns:
        A `keras.Sequential` from images `[batch, 32, 32, channels]` in [-1, 1] to
        float32 logits `[batch, num_classes]`.

    Raises:
        ValueError: If an argument is not a positive integer, or the network would have
            more than 10^9 weights.

    >>> conv_weight_norm_classifier(channels=1, num_classes=3, width=4).output_shape
    (None, 3)

    Reference:
        Salimans et al., 2016, sections 6.2 and 6.3, arXiv:1606.03498, and the authors'
        code.
    """
    sizes = {"channels": channels, "num_classes": num_classes, "width": width}
    _checks.positive_integer(**sizes)
    _limits.check_weights(_kernels(**sizes), **sizes)
    make = _parts.Maker("conv_weight_norm_classifier", seed, initializer=_normal)
    kind = layers.GaussianNoise if minibatch_discrimination else layers.Dropout
    stack = [keras.Input((32, 32, channels)), _seeded(make, kind, 0.2, "input")]
    for level in _LEVELS:
        stack += _convolutions(make, level, width)
        stack.append(_seeded(make, layers.Dropout, 0.5, level[-1][0]))
    stack += _convolutions(make, _LAST_LEVEL, width)
    pool = keras.layers.GlobalAveragePooling2D
    stack.append(pool(name="features", **_parts.CHANNELS_LAST))
    if minibatch_discrimination:
        stack.append(make.comparison())
    options = {"adapted_stddev": _LAST_STDDEV, "dtype": "float32"}
    last = make.layer(layers.WeightNormDense, num_classes, "logits", **options)
    return make.sequential(*stack, last)


def _convolutions(make, level, width):
    for name, multiple, options in level:
        options = options | {"trainable_scale": False}
        yield make.layer(layers.WeightNormConv2D, multiple * width, name, **options)
        yield layers.LeakyReLU(0.2, name=f"{name}_leaky")


def _seeded(make, kind, amount, name):
    name = f"{name}_{'dropout' if kind is layers.Dropout else 'noise'}"
    return kind(amount, make.seed_of(name), name=name)


def _kernels(channels, num_classes, width):
    """Returns the number of weights of each of the discriminator's kernels."""
    convolutions = [each for level in (*_LEVELS, _LAST_LEVEL) for each in level]
    filters = [multiple * width for _, multiple, _ in convolutions]
    pairs = zip(convolutions, _limits.chained(channels, *filters), strict=True)
    kernels = [options["kernel_size"] ** 2 * size for (*_, options), size in pairs]
    return [*kernels, filters[-1] * num_classes]


def _normalized(name):
    norm = _parts.batch_norm(f"{name}_norm", epsilon=1e-6, scale=False)
    return [norm, keras.layers.ReLU(name=f"{name}_relu")]


def _normal(seed):
    """Returns the authors' initializer."""
    return keras.initializers.RandomNormal(stddev=0.05, seed=seed)
