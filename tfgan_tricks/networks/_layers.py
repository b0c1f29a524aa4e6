"""What the networks of this package are made of."""

import dataclasses
import zlib
from collections.abc import Callable

import keras

from tfgan_tricks import layers


def normal(seed, mean=0.0):
    """The initializer of Radford et al., 2015, arXiv:1511.06434."""
    return keras.initializers.RandomNormal(mean, stddev=0.02, seed=seed)


def batch_norm(name, **kwargs):
    """Batch normalization over all replicas."""
    return keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=True, name=name, **kwargs
    )


def pictures():
    """The end of a generator: float32 in [-1, 1] under any dtype policy."""
    return keras.layers.Activation("tanh", dtype="float32", name="pictures")


@dataclasses.dataclass(frozen=True)
class Maker:
    """Makes the layers of one network, whose first weights follow from a seed."""

    network: str
    seed: int
    spectral: bool = False
    initializer: Callable = normal

    def seed_of(self, name):
        """A layer's own seed: no two layers or networks share random numbers."""
        return zlib.crc32(f"{self.network}/{name}/{self.seed}".encode()) & 0x7FFFFFFF

    def layer(self, kind, units, name, **kwargs):
        """A layer with a kernel, spectrally normalised if the network is."""
        initializer = self.initializer(self.seed_of(name))
        layer = kind(units, kernel_initializer=initializer, name=name, **kwargs)
        if self.spectral:
            return layers.SpectralNormalization(layer, name=f"{name}_spectral")
        return layer

    def logit(self):
        """The end of a discriminator: float32 under any dtype policy."""
        return self.layer(keras.layers.Dense, 1, "logit", dtype="float32")

    def sequential(self, *stack):
        return keras.Sequential(stack, name=self.network)
