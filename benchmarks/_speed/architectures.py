"""Networks as lists of layers, from which other frameworks build the same arithmetic.

The functions have the names and arguments of those in `tfgan_tricks.networks`.
"""

import itertools
import math
from typing import NamedTuple


class Dense(NamedTuple):
    """A dense layer, with a trainable scale of its kernel if it has `scale`."""

    inputs: int
    units: int
    bias: bool = True
    scale: bool = False
    spectral: bool = False

    @property
    def parameters(self):
        return (self.inputs + self.bias + self.scale) * self.units

    @property
    def flops(self):
        return 2 * self.inputs * self.units


class Conv(NamedTuple):
    """A convolution of a square image of side `size`, padded to keep `size / stride`.

    With `transposed`, it is the transpose, and its outputs have the side
    `size * stride`.
    """

    size: int
    channels: int
    filters: int
    kernel: int = 4
    stride: int = 2
    bias: bool = True
    transposed: bool = False
    spectral: bool = False

    @property
    def parameters(self):
        return (self.kernel**2 * self.channels + self.bias) * self.filters

    @property
    def flops(self):
        positions = self.size**2 if self.transposed else (self.size // self.stride) ** 2
        return 2 * positions * self.kernel**2 * self.channels * self.filters


class MinibatchDiscrimination(NamedTuple):
    inputs: int
    kernels: int = 100
    kernel_dim: int = 5

    @property
    def parameters(self):
        return (self.inputs + 1) * self.kernels * self.kernel_dim

    @property
    def flops(self):
        return 2 * self.inputs * self.kernels * self.kernel_dim


class BatchNorm(NamedTuple):
    features: int
    scale: bool = True

    @property
    def parameters(self):
        return (1 + self.scale) * self.features

    flops = 0


class Activation(NamedTuple):
    name: str
    slope: float = 0.0

    parameters = flops = 0


class Reshape(NamedTuple):
    """To a square image, or to a vector if `size` is 0."""

    size: int
    channels: int

    parameters = flops = 0


RELU, TANH, SOFTPLUS = map(Activation, ("relu", "tanh", "softplus"))
_COARSEST = 4


def dcgan_generator(
    image_size, channels=3, latent_dim=128, width=64, normalization="batch"
):
    *finer, coarsest = _widths(image_size, width)
    units = _COARSEST**2 * coarsest
    yield Dense(latent_dim, units, bias=False)
    yield Reshape(_COARSEST, coarsest)
    yield from (BatchNorm(coarsest), RELU)
    size, seen = _COARSEST, coarsest
    for filters in reversed(finer):
        yield Conv(size, seen, filters, bias=False, transposed=True)
        yield from (BatchNorm(filters), RELU)
        size, seen = 2 * size, filters
    yield Conv(size, seen, channels, transposed=True)
    yield TANH


def dcgan_discriminator(
    image_size,
    channels=3,
    width=64,
    normalization="none",
    minibatch_discrimination=False,
):
    spectral = normalization == "spectral"
    size, seen = image_size, channels
    for filters in _widths(image_size, width):
        yield Conv(size, seen, filters, spectral=spectral)
        yield Activation("leaky_relu", 0.2)
        size, seen = size // 2, filters
    features = size**2 * seen
    yield Reshape(0, features)
    if minibatch_discrimination:
        compared = MinibatchDiscrimination(features)
        yield compared
        features += compared.kernels
    yield Dense(features, 1, spectral=spectral)


def standard_cnn_generator(channels=3, latent_dim=128):
    yield Dense(latent_dim, 16 * 512)
    yield Reshape(4, 512)
    for size, seen, filters in ((4, 512, 256), (8, 256, 128), (16, 128, 64)):
        yield Conv(size, seen, filters, transposed=True)
        yield from (BatchNorm(filters), RELU)
    yield Conv(32, 64, channels, kernel=3, stride=1)
    yield TANH


def standard_cnn_discriminator(channels=3, spectral=True):
    leaky = Activation("leaky_relu", 0.1)
    size, seen = 32, channels
    for filters in (64, 128, 256):
        yield Conv(size, seen, filters, kernel=3, stride=1, spectral=spectral)
        yield leaky
        yield Conv(size, filters, filters, spectral=spectral)
        yield leaky
        size, seen = size // 2, filters
    yield Conv(4, 256, 512, kernel=3, stride=1, spectral=spectral)
    yield leaky
    yield Reshape(0, 16 * 512)
    yield Dense(16 * 512, 1)


def mlp_generator(output_shape, latent_dim, hidden):
    *sizes, last = itertools.pairwise([latent_dim, *hidden, math.prod(output_shape)])
    for inputs, units in sizes:
        yield from (Dense(inputs, units), RELU)
    yield Dense(*last)


def mlp_discriminator(input_shape, hidden):
    for inputs, units in itertools.pairwise([math.prod(input_shape), *hidden]):
        yield from (Dense(inputs, units), Activation("leaky_relu", 0.2))
    yield Dense(hidden[-1], 1)


def weight_norm_generator():
    for inputs in (100, 500):
        yield Dense(inputs, 500, bias=False)
        yield from (BatchNorm(500, scale=False), SOFTPLUS)
    yield Dense(500, 784, scale=True)


def weight_norm_classifier():
    for sizes in itertools.pairwise((784, 1000, 500, 250, 250, 250)):
        yield from (Dense(*sizes), RELU)
    yield Dense(250, 10, scale=True)


def _widths(image_size, width):
    """Returns the channels of the hidden levels, from the finest to the coarsest."""
    levels = (image_size // _COARSEST).bit_length() - 1
    return [width * min(2**level, 8) for level in range(levels)]
