"""The rows of penalties, whose options are the arguments of their classes."""

from typing import Literal

from launch.config import fields
from launch.config.fields import option


class Penalty(fields.Row):
    """A penalty on the discriminator's gradient with respect to its input."""

    weight: fields.Weight = option(
        10.0, "Weight of each penalty.", key="penalty_weight"
    )
    every: fields.Steps = option(
        1,
        "Number of steps from one computation of each penalty to the next, with its "
        "weight times this number.",
        key="penalty_every",
    )


class GradientPenalty(Penalty):
    name: Literal["gradient_penalty"] = "gradient_penalty"
    at = "tfgan_tricks.penalties:InterpolatedGradientPenalty"
    one_sided: bool = option(False, "If true, only norms above 1 are penalized.")


class DraganPenalty(Penalty):
    name: Literal["dragan_penalty"] = "dragan_penalty"
    at = "tfgan_tricks.penalties:DraganPenalty"
    noise_scale: fields.Rate = option(
        0.5, "Scale of the noise, in standard deviations of the real examples."
    )


class ZeroCenteredPenalty(Penalty):
    name: Literal["zero_centered_penalty"] = "zero_centered_penalty"
    at = "tfgan_tricks.penalties:ZeroCenteredInterpolated"


class R1(Penalty):
    name: Literal["r1"] = "r1"
    at = "tfgan_tricks.penalties:R1"


class R2(Penalty):
    name: Literal["r2"] = "r2"
    at = "tfgan_tricks.penalties:R2"
