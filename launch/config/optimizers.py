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

_RATE = (
    "Learning rate of the {}'s optimizer. Default: set by the preset, otherwise by the "
    "trainer's paper."
)
_EPSILON = "Small number that keeps divisions finite."
_BETA_1 = "Decay of the moving average of gradients."
_BETA_2 = "Decay of the moving average of squared gradients."
_AMSGRAD = "If true, use AMSGrad."
_MOMENTUM = "Momentum of the updates; 0 disables it."
_WEIGHT_DECAY = "Strength of the weight decay."
_ACCUMULATOR = "Initial value of the sums of squared gradients."


class Optimizer(fields.Row):
    """The optimizer of both networks, each of which has its own learning rate."""

    stays: ClassVar[tuple[str, ...]] = (
        "generator_learning_rate",
        "discriminator_learning_rate",
        "beta_1",
        "beta_2",
    )

    generator_learning_rate: fields.Rate = option(2e-4, _RATE.format("generator"))
    discriminator_learning_rate: fields.Rate = option(
        2e-4, _RATE.format("discriminator")
    )

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of its class, except the learning rate."""
        return {
            key: value
            for key, value in self.options().items()
            if value is not None and not key.endswith("_learning_rate")
        }

    def check(self) -> None:
        """Raises `ValueError` if the optimizer is not available here."""


class KerasOptimizer(Optimizer):
    """A Keras optimizer."""

    weight_decay: fields.Weight | None = option(None, _WEIGHT_DECAY)
    clipnorm: fields.Rate | None = option(
        None, "Norm to which each gradient is clipped."
    )
    clipvalue: fields.Rate | None = option(
        None, "Absolute value to which each entry of a gradient is clipped."
    )
    global_clipnorm: fields.Rate | None = option(
        None, "Norm to which all gradients together are clipped."
    )


class AdamLike(KerasOptimizer):
    """An optimizer with the options of Adam."""

    beta_1: fields.Decay = option(0.9, _BETA_1)
    beta_2: fields.Decay = option(0.999, _BETA_2)
    epsilon: fields.Weight = option(1e-7, _EPSILON)


class Adam(AdamLike):
    name: Literal["adam"] = "adam"
    at = "keras.optimizers:Adam"
    amsgrad: bool = option(False, _AMSGRAD)


class AdamW(AdamLike):
    name: Literal["adamw"] = "adamw"
    at = "keras.optimizers:AdamW"
    weight_decay: fields.Weight = option(0.004, _WEIGHT_DECAY)
    amsgrad: bool = option(False, _AMSGRAD)


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
    stays = Optimizer.stays[:2]  # Its betas differ from Adam's.
    beta_1: Annotated[fields.Decay, Field(gt=0)] = option(
        0.9, "Weight of the momentum in an update."
    )
    beta_2: fields.Decay = option(0.99, "Decay of the momentum.")


class RMSprop(KerasOptimizer):
    name: Literal["rmsprop"] = "rmsprop"
    at = "keras.optimizers:RMSprop"
    rho: fields.Decay = option(0.9, _BETA_2)
    momentum: fields.Decay = option(0.0, _MOMENTUM)
    epsilon: fields.Weight = option(1e-7, _EPSILON)
    centered: bool = option(
        False, "If true, divide gradients by their standard deviation."
    )


class SGD(KerasOptimizer):
    name: Literal["sgd"] = "sgd"
    at = "keras.optimizers:SGD"
    momentum: fields.Decay = option(0.0, _MOMENTUM)
    nesterov: bool = option(False, "If true, use Nesterov momentum.")


class Adagrad(KerasOptimizer):
    name: Literal["adagrad"] = "adagrad"
    at = "keras.optimizers:Adagrad"
    initial_accumulator_value: fields.Weight = option(0.1, _ACCUMULATOR)
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
    epsilon_2: fields.Weight = option(1e-3, "Lower bound on the scale of the weights.")
    clip_threshold: fields.Rate = option(
        1.0, "Root mean square to which each update is clipped."
    )
    relative_step: bool = option(
        True, "If true, the learning rate falls with the number of updates."
    )


class Ftrl(KerasOptimizer):
    name: Literal["ftrl"] = "ftrl"
    at = "keras.optimizers:Ftrl"
    learning_rate_power: fields.Number = option(
        -0.5, "Exponent of the learning rate, zero or less."
    )
    initial_accumulator_value: fields.Weight = option(0.1, _ACCUMULATOR)
    l1_regularization_strength: fields.Weight = option(
        0.0, "Weight of L1 regularization."
    )
    l2_regularization_strength: fields.Weight = option(
        0.0, "Weight of L2 regularization."
    )
    l2_shrinkage_regularization_strength: fields.Weight = option(
        0.0, "Weight of L2 regularization that is added to the gradients."
    )
    beta: fields.Weight = option(
        0.0, "Number that is added to the root of the sum of squared gradients."
    )


class AddonsOptimizer(Optimizer):
    """An optimizer of TensorFlow Addons, for TensorFlow 2.15.

    Optimizers without betas ignore them.
    """

    at = "tfgan_tricks._addons:optimizer"
    name: Literal[*_addons.NAMES] = ""  # type: ignore[valid-type]
    beta_1: fields.Decay | None = option(None, _BETA_1)
    beta_2: fields.Decay | None = option(None, _BETA_2)

    def arguments(self) -> dict[str, Any]:
        return {"name": self.name} | super().arguments()

    def check(self) -> None:
        _addons.check(self.name)


class Schedule(fields.Row):
    """The schedule of both learning rates."""

    at: ClassVar[str] = "launch._rates:Decay"


class Constant(Schedule):
    name: Literal["constant"] = "constant"


class Decaying(Schedule):
    """A schedule that lowers both rates from step `start` to step `end`."""

    start: fields.Start = option(
        0, "Last step with the initial learning rates.", key="learning_rate_decay_start"
    )
    end: fields.Steps | None = option(
        None,
        "First step with the final learning rates, by default the number of steps that "
        "the run starts with.",
        key="learning_rate_decay_end",
    )
    final: fields.Fraction = option(
        0.0,
        "Final learning rates as a fraction of the initial learning rates.",
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
