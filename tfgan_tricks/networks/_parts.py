"""The layers that the networks of this package consist of."""

import dataclasses
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import keras

from tfgan_tricks import _checks
from tfgan_tricks import layers

# For each layer with a data format, whatever the setting of Keras.
CHANNELS_LAST: dict[str, Any] = {"data_format": "channels_last"}


def normal(seed: int, mean: float = 0.0) -> keras.initializers.Initializer:
    """Returns the initializer of Radford et al., 2015, arXiv:1511.06434."""
    return keras.initializers.RandomNormal(mean, stddev=0.02, seed=seed)


def batch_norm(name: str, epsilon: float = 1e-5, **kwargs: Any) -> keras.layers.Layer:
    """Returns a layer of batch normalization over all replicas."""
    options = {"axis": -1, "momentum": 0.9, "epsilon": epsilon, "synchronized": True}
    return keras.layers.BatchNormalization(name=name, **options | kwargs)


def flat(name: str) -> keras.layers.Layer:
    """Returns a layer that flattens features in their order in memory."""
    return keras.layers.Flatten(name=name, **CHANNELS_LAST)


def pictures() -> keras.layers.Layer:
    """Returns the last layer of a generator: float32 in [-1, 1] under any policy."""
    return keras.layers.Activation("tanh", dtype="float32", name="pictures")


def chain(x: Any, stack: Iterable[Callable]) -> Any:
    """Applies layers to `x`, one after the other."""
    for layer in stack:
        x = layer(x)
    return x


def concatenated(name: str, *tensors: Any) -> Any:
    return keras.layers.Concatenate(name=name)(list(tensors))


def label_input(make: "Maker", num_classes: int, label_dim: int) -> tuple[Any, Any]:
    """Returns an input of labels, int32 `[batch]`, and vectors `[batch, label_dim]`.

    The lookup of a row multiplies a matrix with the one-hot label. Rows initially have
    length one and are then scaled up, so that an optimizer's step changes them by as
    large a fraction as other weights.
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
    """Raises `ValueError` unless there are enough sizes, all positive integers."""
    if not isinstance(sizes, (tuple, list)) or len(sizes) < at_least:
        raise ValueError(
            f"`{argument}` must be a tuple of at least {at_least} sizes. "
            f"Received: {argument}={sizes!r}"
        )
    for size in sizes:
        _checks.positive_integer(**{argument: size})


def check_choice(argument: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raises `ValueError` unless the value is one of the choices."""
    if value not in choices:
        raise _checks.unknown_name(argument, value, choices)


@dataclasses.dataclass(frozen=True)
class Maker:
    """A factory of one network's layers, with initial weights from one seed."""

    network: str
    seed: int
    spectral: bool = False
    initializer: Callable = normal

    def seed_of(self, name: str) -> int:
        """Returns the seed of a layer: no two layers share random numbers."""
        return zlib.crc32(f"{self.network}/{name}/{self.seed}".encode()) & 0x7FFFFFFF

    def layer(
        self, kind: Callable, units: int, name: str, **kwargs: Any
    ) -> keras.layers.Layer:
        """Returns a layer with a kernel, spectrally normalized if the network is."""
        initializer = self.initializer(self.seed_of(name))
        layer = kind(units, kernel_initializer=initializer, name=name, **kwargs)
        if self.spectral:
            return layers.SpectralNormalization(layer, name=f"{name}_spectral")
        return layer

    def comparison(
        self, kind: Callable = layers.MinibatchDiscrimination
    ) -> keras.layers.Layer:
        """Returns minibatch discrimination with the sizes of Salimans et al., 2016."""
        name = "minibatch_discrimination"
        initializer = self.initializer(self.seed_of(name))
        return kind(100, 5, kernel_initializer=initializer, name=name)

    def logit(self) -> keras.layers.Layer:
        """Returns the last layer of a discriminator: float32 under any policy."""
        return self.layer(keras.layers.Dense, 1, "logit", dtype="float32")

    def sequential(self, *stack: keras.layers.Layer) -> keras.Sequential:
        return keras.Sequential(stack, name=self.network)
