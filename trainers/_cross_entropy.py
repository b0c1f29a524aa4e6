"""The base of trainers with a cross-entropy loss."""

from collections.abc import Callable
from typing import Any
from typing import ClassVar

import keras

from tfgan_tricks import losses
from trainers.base import AdversarialTrainer


class CrossEntropyTrainer(AdversarialTrainer):
    """A trainer whose loss smooths the labels of real images.

    Subclasses set `loss_factory`, a function of `real_label`.
    """

    loss_factory: ClassVar[Callable[..., losses.AdversarialLoss]]

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        real_label: float = 1.0,
        **kwargs: Any,
    ):
        loss = self.loss_factory(real_label=real_label)
        super().__init__(generator, discriminator, loss=loss, **kwargs)
        self.real_label = real_label

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"real_label": self.real_label}
