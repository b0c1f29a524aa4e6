"""What the networks of this package are made of."""

import dataclasses
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import keras

from tfgan_tricks import _checks
from tfgan_tricks import layers

# For each layer with a data format, whatever Keras is set to.
CHANNELS_LAST: dict[str, Any] = {"data_format": "channels_last"}


def normal(seed: int, mean: float = 0.0) -> keras.initializers.Initializer:
    """The initializer of Radford et al., 2015, arXiv:1511.06434."""
    return keras.initializers.RandomNormal(mean, stddev=0.02, seed=seed)


def batch_norm(name: str, **kwargs: Any) -> keras.layers.Layer:
    """Batch normalization over all replicas."""
    return keras.layers.BatchNormalization(
        axis=-1, momentum=0.9, epsilon=1e-5, synchronized=True, name=name, **kwargs
    )


def flat(name: str) -> keras.layers.Layer:
    """Features as vectors, in the order in which they are stored."""
    return keras.layers.Flatten(name=name, **CHANNELS_LAST)


def pictures() -> keras.layers.Layer:
    """The end of a generator: float32 in [-1, 1] under any dtype policy."""
    return keras.layers.Activation("tanh", dtype="float32", name="pictures")


def chain(x: Any, stack: Iterable[Callable]) -> Any:
    """What comes out of layers, one after the other, for `x`."""
    for layer in stack:
        x = layer(x)
    return x


def concatenated(name: str, *tensors: Any) -> Any:
    return keras.layers.Concatenate(name=name)(list(tensors))


def label_input(make: "Maker", num_classes: int, label_dim: int) -> tuple[Any, Any]:
    """An input of labels, int32 `[batch]`, and their vectors `[batch, label_dim]`.

    To look a row up is to multiply a matrix with the one-hot label. Rows have length
    one at first and are then made longer, so that what a step of an optimizer moves
    is no smaller a part of them than of other weights.
    """
    _checks.positive_integer(num_classes=num_classes, label_dim=label_dim)
    deviation = label_dim**-0.5
    rows = keras.initializers.RandomNormal(0.0, deviation, seed=make.seed_of("label"))
    labels = keras.Input((), dtype="int32", name="labels")
    table = keras.layers.Embedding(
        num_classes, label_dim, embeddings_initializer=rows, name="label"
    )
    scaled = keras.layers.Rescaling(1.0 / deviation, name="label_vector")
    return labels, scaled(table(labels))


def check_sizes(argument: str, sizes: Any, at_least: int) -> None:
    """Raises `ValueError` unless sizes are positive integers, enough of them."""
    if not isinstance(sizes, (tuple, list)) or len(sizes) < at_least:
        raise ValueError(
            f"`{argument}` must be a tuple of {at_least} or more sizes. "
            f"Received: {argument}={sizes!r}"
        )
    for size in sizes:
        _checks.positive_integer(**{argument: size})


@dataclasses.dataclass(frozen=True)
class Maker:
    """Makes the layers of one network, whose first weights follow from a seed."""

    network: str
    seed: int
    spectral: bool = False
    initializer: Callable = normal

    def seed_of(self, name: str) -> int:
        """A layer's own seed: no two layers or networks share random numbers."""
        return zlib.crc32(f"{self.network}/{name}/{self.seed}".encode()) & 0x7FFFFFFF

    def layer(
        self, kind: Callable, units: int, name: str, **kwargs: Any
    ) -> keras.layers.Layer:
        """A layer with a kernel, spectrally normalised if the network is."""
        initializer = self.initializer(self.seed_of(name))
        layer = kind(units, kernel_initializer=initializer, name=name, **kwargs)
        if self.spectral:
            return layers.SpectralNormalization(layer, name=f"{name}_spectral")
        return layer

    def comparison(
        self, kind: Callable = layers.MinibatchDiscrimination
    ) -> keras.layers.Layer:
        """Minibatch discrimination of the sizes of Salimans et al., 2016."""
        name = "minibatch_discrimination"
        initializer = self.initializer(self.seed_of(name))
        return kind(100, 5, kernel_initializer=initializer, name=name)

    def logit(self) -> keras.layers.Layer:
        """The end of a discriminator: float32 under any dtype policy."""
        return self.layer(keras.layers.Dense, 1, "logit", dtype="float32")

    def sequential(self, *stack: keras.layers.Layer) -> keras.Sequential:
        return keras.Sequential(stack, name=self.network)
