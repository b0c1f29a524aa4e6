"""The base of the relativistic trainers."""

from collections.abc import Mapping
from typing import Any
from typing import ClassVar

import keras

from tfgan_tricks import losses
from trainers.base import AdversarialTrainer


class RelativisticTrainer(AdversarialTrainer):
    """A trainer whose loss compares real and fake images.

    Subclasses set `combinator`, the name of the combinator in `losses`.
    """

    combinator: ClassVar[str]

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        base: str | Mapping[str, Any] | losses.AdversarialLoss = "non_saturating",
        **kwargs: Any,
    ):
        loss = losses.get({"name": self.combinator, "base": base})
        super().__init__(generator, discriminator, loss=loss, **kwargs)
        self.base = base

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"base": losses.config_of(self.base)}
