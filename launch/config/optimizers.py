"""The rows of optimizers, and of the schedules of their learning rates.

Options have the names and defaults of Keras' own arguments.
"""

from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal
from typing import Self

from pydantic import Field
from pydantic import model_validator

from launch.config import fields
from launch.config.fields import option
from tfgan_tricks import _addons

_EPSILON = "Small number that keeps divisions finite."
_BETA_1 = "Decay of the mean of gradients."
_BETA_2 = "Decay of the mean of squared gradients."


class Optimizer(fields.Row):
    """What updates both players' weights, each with its own learning rate."""

    stays: ClassVar[tuple[str, ...]] = (
        "generator_learning_rate",
        "discriminator_learning_rate",
        "beta_1",
        "beta_2",
    )

    generator_learning_rate: fields.Rate = option(
        2e-4, "Learning rate of the generator. Default: the trainer's paper's."
    )
    discriminator_learning_rate: fields.Rate = option(
        2e-4, "Learning rate of the discriminator. Default: the trainer's paper's."
    )

    def arguments(self) -> dict[str, Any]:
        """What its class is told beside a learning rate."""
        return {
            key: value
            for key, value in self.options().items()
            if value is not None and not key.endswith("_learning_rate")
        }

    def check(self) -> None:
        """Raises `ValueError` if the optimizer cannot be had here."""


class KerasOptimizer(Optimizer):
    """An optimizer of Keras."""

    weight_decay: fields.Weight | None = option(None, "Weight decay.")
    clipnorm: fields.Rate | None = option(None, "Largest norm of each gradient.")
    clipvalue: fields.Rate | None = option(None, "Largest entry of a gradient.")
    global_clipnorm: fields.Rate | None = option(
        None, "Largest norm of all gradients together."
    )


class AdamLike(KerasOptimizer):
    """An optimizer with the options of Adam."""

    beta_1: fields.Decay = option(0.9, _BETA_1)
    beta_2: fields.Decay = option(0.999, _BETA_2)
    epsilon: fields.Weight = option(1e-7, _EPSILON)


class Adam(AdamLike):
    name: Literal["adam"] = "adam"
    at = "keras.optimizers:Adam"
    amsgrad: bool = option(False, "If true, AMSGrad.")


class AdamW(AdamLike):
    name: Literal["adamw"] = "adamw"
    at = "keras.optimizers:AdamW"
    weight_decay: fields.Weight = option(0.004, "Weight decay.")
    amsgrad: bool = option(False, "If true, AMSGrad.")


class Adamax(AdamLike):
    name: Literal["adamax"] = "adamax"
    at = "keras.optimizers:Adamax"


class Nadam(AdamLike):
    name: Literal["nadam"] = "nadam"
    at = "keras.optimizers:Nadam"


class Lamb(AdamLike):
    name: Literal["lamb"] = "lamb"
    at = "keras.optimizers:Lamb"


class Lion(KerasOptimizer):
    name: Literal["lion"] = "lion"
    at = "keras.optimizers:Lion"
    stays = Optimizer.stays[:2]  # Its betas are others than Adam's.
    beta_1: Annotated[fields.Decay, Field(gt=0)] = option(0.9, _BETA_1)
    beta_2: fields.Decay = option(0.99, "Decay of the momentum.")


class RMSprop(KerasOptimizer):
    name: Literal["rmsprop"] = "rmsprop"
    at = "keras.optimizers:RMSprop"
    rho: fields.Decay = option(0.9, _BETA_2)
    momentum: fields.Decay = option(0.0, "Momentum.")
    epsilon: fields.Weight = option(1e-7, _EPSILON)
    centered: bool = option(False, "If true, divides by the standard deviation.")


class SGD(KerasOptimizer):
    name: Literal["sgd"] = "sgd"
    at = "keras.optimizers:SGD"
    momentum: fields.Decay = option(0.0, "Momentum.")
    nesterov: bool = option(False, "If true, Nesterov's momentum.")


class Adagrad(KerasOptimizer):
    name: Literal["adagrad"] = "adagrad"
    at = "keras.optimizers:Adagrad"
    initial_accumulator_value: fields.Weight = option(0.1, "First sum of squares.")
    epsilon: fields.Weight = option(1e-7, _EPSILON)


class Adadelta(KerasOptimizer):
    name: Literal["adadelta"] = "adadelta"
    at = "keras.optimizers:Adadelta"
    rho: fields.Decay = option(0.95, _BETA_2)
    epsilon: fields.Weight = option(1e-7, _EPSILON)


class Adafactor(KerasOptimizer):
    name: Literal["adafactor"] = "adafactor"
    at = "keras.optimizers:Adafactor"
    beta_2_decay: fields.Number = option(-0.8, "Exponent of the decay of beta_2.")
    epsilon_1: fields.Weight = option(1e-30, _EPSILON)
    epsilon_2: fields.Weight = option(1e-3, "Least scale of the weights.")
    clip_threshold: fields.Rate = option(1.0, "Largest size of an update.")
    relative_step: bool = option(True, "If true, the learning rate falls by itself.")


class Ftrl(KerasOptimizer):
    name: Literal["ftrl"] = "ftrl"
    at = "keras.optimizers:Ftrl"
    learning_rate_power: fields.Number = option(-0.5, "Exponent, zero or less.")
    initial_accumulator_value: fields.Weight = option(0.1, "First sum of squares.")
    l1_regularization_strength: fields.Weight = option(0.0, "Weight of L1.")
    l2_regularization_strength: fields.Weight = option(0.0, "Weight of L2.")
    l2_shrinkage_regularization_strength: fields.Weight = option(
        0.0, "Weight of L2 on the loss."
    )
    beta: fields.Weight = option(0.0, "Added to the root of the sum of squares.")


class AddonsOptimizer(Optimizer):
    """An optimizer of TensorFlow Addons, on the stack that has it."""

    at = "tfgan_tricks._addons:optimizer"
    name: Literal[*_addons.NAMES] = ""  # type: ignore[valid-type]
    beta_1: fields.Decay | None = option(None, "As Adam's, where it has it.")
    beta_2: fields.Decay | None = option(None, "As Adam's, where it has it.")

    def arguments(self) -> dict[str, Any]:
        return {"name": self.name} | super().arguments()

    def check(self) -> None:
        _addons.check(self.name)


class Schedule(fields.Row):
    """How both learning rates change as a run goes on."""

    at: ClassVar[str] = "launch._rates:Decay"


class Constant(Schedule):
    name: Literal["constant"] = "constant"


class Decaying(Schedule):
    """From the whole rates at step `start` to a fraction of them at step `end`."""

    start: fields.Start = option(
        0, "Last step with the whole learning rates.", key="learning_rate_decay_start"
    )
    end: fields.Steps | None = option(
        None,
        "First step with the final learning rates. Default: the steps that the run "
        "begins with.",
        key="learning_rate_decay_end",
    )
    final: fields.Fraction = option(
        0.0,
        "Final learning rates as a fraction of the whole ones.",
        key="learning_rate_final",
    )

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.end is not None and self.start >= self.end:
            raise ValueError(
                "`learning_rate_decay_start` must be below `learning_rate_decay_end`. "
                f"Received: learning_rate_decay_start={self.start} with "
                f"learning_rate_decay_end={self.end}"
            )
        return self


class Linear(Decaying):
    name: Literal["linear"] = "linear"


class Cosine(Decaying):
    name: Literal["cosine"] = "cosine"
