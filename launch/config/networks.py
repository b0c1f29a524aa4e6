"""The rows of networks."""

import math
from typing import Any
from typing import ClassVar
from typing import Literal
from typing import Self

from pydantic import model_validator

from launch.config import fields
from launch.config.fields import option

_NORMALIZATION = "Normalization of the generator."
_DISCRIMINATOR_NORMALIZATION = "Normalization of the discriminator."
_ACTIVATION = "Activation of hidden layers; with relu, the discriminator's is leaky."
_LABEL_DIM = "Number of values that encode a label in class-conditional networks."
_MINIBATCH_DISCRIMINATION = (
    "If true, the discriminator compares the examples of a batch."
)


class Network(fields.Row):
    """A generator and a discriminator, which `at` and `discriminator_at` create.

    Both functions also get `latent_dim`, the seed, the shape of the examples and the
    number of classes, as far as they have arguments for them.
    """

    discriminator_at: ClassVar[str] = ""
    makes_points: ClassVar[bool] = False
    image_sizes: ClassVar[tuple[int, ...]] = ()  # Empty: any size.
    classifies: ClassVar[bool] = False  # For trainers that classify.
    adapts: ClassVar[bool] = False  # Initial weights depend on examples.
    generator_adapts: ClassVar[bool] = False  # On latents.
    stays = ("latent_dim",)

    latent_dim: fields.Latents = option(
        128, "Length of the latents, the generator's input."
    )

    @property
    def by_label(self) -> bool:
        """`True` if both networks have an input for labels."""
        return bool(getattr(self, "conditional", False))

    def for_generator(self) -> dict[str, Any]:
        """Returns further arguments of the function that creates the generator."""
        return {}

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        """Returns further arguments of the function that creates the discriminator."""
        return {}

    def num_weights(self, shape: fields.Shape) -> int:
        """Returns the approximate number of weights of both networks.

        Args:
            shape: Shape of an example.
        """
        return 0

    def comparing(self) -> str:
        """Returns the name of the part that compares a batch's examples, or ""."""
        kinds = ("normalization", "discriminator_normalization")
        if "batch" in (getattr(self, key, None) for key in kinds):
            return "batch normalization"
        compares = getattr(self, "minibatch_discrimination", False)
        return "minibatch discrimination" if compares else ""


class MLP(Network):
    name: Literal["mlp"] = "mlp"
    at = "tfgan_tricks.networks:mlp_generator"
    discriminator_at = "tfgan_tricks.networks:mlp_discriminator"
    makes_points = True
    width: fields.Units = option(256, "Number of units in each hidden layer.")
    hidden_layers: fields.Few = option(2, "Number of hidden layers.")
    activation: Literal["relu", "tanh"] = option("relu", _ACTIVATION)
    initializer: Literal["glorot_uniform", "orthogonal"] = option(
        "glorot_uniform", "Initial weights; orthogonal ones have a gain of 1.4."
    )

    def num_weights(self, shape: fields.Shape) -> int:
        example = math.prod(size or 1 for size in shape)
        hidden = 2 * (self.hidden_layers - 1) * self.width
        return self.width * (hidden + 2 * example + self.latent_dim)

    def for_generator(self) -> dict[str, Any]:
        return {
            "hidden": [self.width] * self.hidden_layers,
            "activation": self.activation,
            "initializer": self.initializer,
        }

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        return self.for_generator() | {"activation": _leaky(self.activation)}


class DCGAN(Network):
    name: Literal["dcgan"] = "dcgan"
    at = "tfgan_tricks.networks:dcgan_generator"
    discriminator_at = "tfgan_tricks.networks:dcgan_discriminator"
    image_sizes = (8, 16, 28, 32, 64, 128)
    width: fields.Channels = option(64, "Number of channels at the highest resolution.")
    normalization: Literal["none", "batch", "virtual", "spectral"] = option(
        "batch", _NORMALIZATION
    )
    discriminator_normalization: Literal["none", "batch", "spectral"] = option(
        "batch", _DISCRIMINATOR_NORMALIZATION
    )
    minibatch_discrimination: bool = option(False, _MINIBATCH_DISCRIMINATION)
    conditional: bool = option(
        False, "If true, both networks are class-conditional: they also get the labels."
    )
    label_dim: fields.Latents = option(256, _LABEL_DIM)

    def num_weights(self, shape: fields.Shape) -> int:
        coarsest = self.width * min((shape[0] or 64) // 8, 8)
        return coarsest * (16 * self.latent_dim + 20 * coarsest)

    def for_generator(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "normalization": self.normalization,
            "label_dim": self.label_dim,
        }

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        joint = "joint" if joint_batch else True
        return {
            "width": self.width,
            "normalization": self.discriminator_normalization,
            "minibatch_discrimination": self.minibatch_discrimination and joint,
            "label_dim": self.label_dim,
        }

    @model_validator(mode="after")
    def _of_labels(self) -> Self:
        if self.conditional and self.normalization == "virtual":
            raise ValueError(
                "`normalization` must not be virtual if `conditional` is true. Choose "
                "another one. "
                "Received: normalization='virtual'"
            )
        if not self.conditional and self.label_dim != 256:
            raise ValueError(
                "`label_dim` must be given only with `conditional`. "
                f"Received: label_dim={self.label_dim} with conditional=False"
            )
        return self


class StandardCNN(Network):
    name: Literal["standard_cnn"] = "standard_cnn"
    at = "tfgan_tricks.networks:standard_cnn_generator"
    discriminator_at = "tfgan_tricks.networks:standard_cnn_discriminator"
    image_sizes = (32,)
    normalization: Literal["none", "batch"] = option("batch", _NORMALIZATION)
    discriminator_normalization: Literal["none", "batch", "spectral"] = option(
        "spectral", _DISCRIMINATOR_NORMALIZATION
    )
    activation: Literal["relu", "tanh"] = option("relu", _ACTIVATION)

    def for_generator(self) -> dict[str, Any]:
        return {"normalization": self.normalization, "activation": self.activation}

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        return {
            "normalization": self.discriminator_normalization,
            "activation": _leaky(self.activation),
        }


class LSGANScenes(Network):
    name: Literal["lsgan_scenes"] = "lsgan_scenes"
    at = "tfgan_tricks.networks:lsgan_generator"
    discriminator_at = "tfgan_tricks.networks:lsgan_discriminator"
    image_sizes = (112,)
    discriminator_normalization: Literal["batch"] = option(
        "batch", _DISCRIMINATOR_NORMALIZATION
    )


class LSGANCharacters(Network):
    name: Literal["lsgan_characters"] = "lsgan_characters"
    at = "tfgan_tricks.networks:lsgan_character_generator"
    discriminator_at = "tfgan_tricks.networks:lsgan_character_discriminator"
    image_sizes = (28,)
    discriminator_normalization: Literal["batch"] = option(
        "batch", _DISCRIMINATOR_NORMALIZATION
    )
    label_dim: fields.Latents = option(256, _LABEL_DIM)

    @property
    def by_label(self) -> bool:
        return True

    def for_generator(self) -> dict[str, Any]:
        return {"label_dim": self.label_dim}

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        return self.for_generator()


def _leaky(activation):
    """Returns the discriminator's activation."""
    return "leaky_relu" if activation == "relu" else activation


class WeightNorm(Network):
    name: Literal["weight_norm"] = "weight_norm"
    at = "tfgan_tricks.networks:weight_norm_generator"
    discriminator_at = "tfgan_tricks.networks:weight_norm_classifier"
    classifies = True
    adapts = True
    minibatch_discrimination: bool = option(False, _MINIBATCH_DISCRIMINATION)

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        return {"minibatch_discrimination": self.minibatch_discrimination}


class ConvWeightNorm(Network):
    name: Literal["conv_weight_norm"] = "conv_weight_norm"
    at = "tfgan_tricks.networks:conv_weight_norm_generator"
    discriminator_at = "tfgan_tricks.networks:conv_weight_norm_classifier"
    image_sizes = (32,)
    classifies = True
    adapts = generator_adapts = True
    width: fields.Channels = option(
        96, "Number of channels of the discriminator at the highest resolution."
    )
    minibatch_discrimination: bool = option(False, _MINIBATCH_DISCRIMINATION)

    def for_discriminator(self, joint_batch: bool) -> dict[str, Any]:
        return {
            "width": self.width,
            "minibatch_discrimination": self.minibatch_discrimination,
        }
