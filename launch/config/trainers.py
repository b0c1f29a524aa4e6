"""The rows of trainers, and of the losses that some of them start from.

Options have the names and defaults of the class's own arguments.
"""

from typing import Annotated
from typing import Any
from typing import ClassVar
from typing import Literal

from launch.config import fields
from launch.config.fields import option

Distance = Literal["l2", "mse", "l1"]
Schedule = Literal["alternating", "simultaneous"]

_DISCRIMINATOR_STEPS = "Number of discriminator updates per generator update."
_REAL_LABEL = (
    "Discriminator's target for real examples, in (0, 1]. A value below 1 is label "
    "smoothing."
)
_FEATURES = "Name of the discriminator layer whose features are matched."
_DISTANCE = "Distance between the mean features of real and fake examples."


class Loss(fields.Row):
    """The base loss of a relativistic trainer or of `FeatureMatchingGAN`."""

    def identifier(self) -> str | dict[str, Any]:
        """Returns the loss in the form that `tfgan_tricks.losses.get` accepts."""
        told = self.model_dump(exclude_defaults=True)
        return {"name": str(self), **told} if told else str(self)


class NonSaturatingLoss(Loss):
    name: Literal["non_saturating"] = "non_saturating"
    at = "tfgan_tricks.losses:non_saturating"
    real_label: fields.Label = option(1.0, _REAL_LABEL)


class MinimaxLoss(Loss):
    name: Literal["minimax"] = "minimax"
    at = "tfgan_tricks.losses:minimax"
    real_label: fields.Label = option(1.0, _REAL_LABEL)


class LeastSquaresLoss(Loss):
    name: Literal["least_squares"] = "least_squares"
    at = "tfgan_tricks.losses:least_squares"


class HingeLoss(Loss):
    name: Literal["hinge"] = "hinge"
    at = "tfgan_tricks.losses:hinge"


class WassersteinLoss(Loss):
    name: Literal["wasserstein"] = "wasserstein"
    at = "tfgan_tricks.losses:wasserstein"


def adam(rate: float, beta_1: float, beta_2: float, **options: float) -> dict[str, Any]:
    """Returns the Adam of a paper, with the same learning rate for both networks."""
    return _optimizer("adam", rate, beta_1=beta_1, beta_2=beta_2, **options)


def _optimizer(name, rate, **options):
    rates = {"generator_learning_rate": rate, "discriminator_learning_rate": rate}
    return {"name": name, **rates, **options}


class Trainer(fields.Row):
    """A trainer: a loss and its training step.

    Choosing another trainer also chooses the optimizer and penalties of its paper.
    """

    optimizer: ClassVar[dict[str, Any]] = adam(2e-4, 0.5, 0.999)
    penalty: ClassVar[tuple[dict[str, Any], ...]] = ()
    compares_batch: ClassVar[bool] = False  # Batches need two examples or more.
    classifies: ClassVar[bool] = False  # Needs labels, and a network that classifies.
    judges_logits: ClassVar[bool] = True  # Both losses are functions of logits.
    of_data: ClassVar[tuple[str, ...]] = ()  # Options that its class does not accept.
    stays = (
        "reuse_real_batch",
        "reuse_fake_batch",
        "schedule",
        "micro_batches",
        "joint_batch",
        "packing",
        "discriminator_history",
        "generator_history",
        "ema_decay",
    )

    discriminator_steps: fields.Few = option(1, _DISCRIMINATOR_STEPS)
    reuse_real_batch: bool = option(
        False, "If true, all updates of a step share one batch of real examples."
    )
    reuse_fake_batch: bool = option(
        False,
        "If true, the generator's update uses the fake examples of the step's last "
        "discriminator update.",
    )
    schedule: Schedule = option(
        "alternating",
        "Order of the updates: alternating, the generator after the discriminator, or "
        "simultaneous, both on the same examples and at the same weights.",
    )
    micro_batches: fields.Few = option(
        1,
        "Number of equal parts of a batch that each update processes one after another "
        "to save memory. batch_size must be a multiple of it.",
    )
    joint_batch: bool = option(
        False,
        "If true, the discriminator gets real and fake examples in one batch, and its "
        "minibatch discrimination compares each example with both.",
    )
    packing: fields.Few = option(
        1, "Number of examples that the discriminator judges as one pack (PacGAN)."
    )
    discriminator_history: fields.Weight | None = option(
        None, "Weight of the discriminator's historical averaging; none disables it."
    )
    generator_history: fields.Weight | None = option(
        None, "Weight of the generator's historical averaging; none disables it."
    )
    ema_decay: fields.Decay | None = option(
        None,
        "Decay per step of a moving average of the generator's weights, which then "
        "draws the samples; none keeps no average.",
    )

    @classmethod
    def brings(cls) -> dict[str, Any]:
        return {"optimizer": cls.optimizer, "penalty": cls.penalty}

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of the trainer's class, except the networks."""
        options = self.options()
        if isinstance(options.get("base"), Loss):
            options["base"] = options["base"].identifier()
        return {k: value for k, value in options.items() if k not in self.of_data}


class MinimaxGAN(Trainer):
    name: Literal["minimax_gan"] = "minimax_gan"
    at = "trainers:MinimaxGAN"
    real_label: fields.Label = option(1.0, _REAL_LABEL)


class NonSaturatingGAN(Trainer):
    name: Literal["non_saturating_gan"] = "non_saturating_gan"
    at = "trainers:NonSaturatingGAN"
    real_label: fields.Label = option(1.0, _REAL_LABEL)


class LSGAN(Trainer):
    name: Literal["ls_gan"] = "ls_gan"
    at = "trainers:LSGAN"
    a: fields.Number = option(0.0, "Discriminator's target for fake examples.")
    b: fields.Number = option(1.0, "Discriminator's target for real examples.")
    c: fields.Number = option(1.0, "Generator's target for fake examples.")


class WGAN(Trainer):
    name: Literal["wgan"] = "wgan"
    at = "trainers:WGAN"
    optimizer = _optimizer("rmsprop", 5e-5)
    discriminator_steps: fields.Few = option(5, _DISCRIMINATOR_STEPS)
    clip: fields.Rate = option(
        0.01, "Bound on the absolute value of the critic's weights."
    )


class WGANGP(Trainer):
    name: Literal["wgan_gp"] = "wgan_gp"
    at = "trainers:WGANGP"
    optimizer = adam(1e-4, 0.0, 0.9)
    penalty = ({"name": "gradient_penalty", "weight": 10.0},)
    discriminator_steps: fields.Few = option(5, _DISCRIMINATOR_STEPS)


class HingeGAN(Trainer):
    name: Literal["hinge_gan"] = "hinge_gan"
    at = "trainers:HingeGAN"
    optimizer = adam(2e-4, 0.0, 0.9)
    discriminator_steps: fields.Few = option(5, _DISCRIMINATOR_STEPS)


class OnBase(Trainer):
    """A trainer with a base loss."""

    base: Annotated[Loss, fields.OneOf()] = option(
        NonSaturatingLoss(),
        "Base loss of a relativistic trainer, or discriminator loss of "
        "feature_matching_gan.",
        key="loss",
        flag=True,
    )


class RelativisticGAN(OnBase):
    name: Literal["relativistic_gan"] = "relativistic_gan"
    at = "trainers:RelativisticGAN"


class RelativisticAverageGAN(OnBase):
    name: Literal["relativistic_average_gan"] = "relativistic_average_gan"
    at = "trainers:RelativisticAverageGAN"
    compares_batch = True


class R3GAN(Trainer):
    name: Literal["r3_gan"] = "r3_gan"
    at = "trainers:R3GAN"
    optimizer = adam(2e-4, 0.0, 0.99)
    penalty = ({"name": "r1", "weight": 1.0}, {"name": "r2", "weight": 1.0})


class FeatureMatchingGAN(OnBase):
    name: Literal["feature_matching_gan"] = "feature_matching_gan"
    at = "trainers:FeatureMatchingGAN"
    judges_logits = False
    features: fields.Text = option("features", _FEATURES)
    distance: Distance = option("l2", _DISTANCE)


class SemiSupervisedGAN(Trainer):
    name: Literal["semi_supervised_gan"] = "semi_supervised_gan"
    at = "trainers:SemiSupervisedGAN"
    optimizer = adam(3e-3, 0.5, 0.999, epsilon=1e-4)
    classifies = True
    judges_logits = False
    of_data = ("labels_per_class",)
    features: fields.Text = option("features", _FEATURES)
    feature_matching: bool = option(
        True,
        "If true, the generator matches features; otherwise it minimizes the log "
        "probability that its images are fake.",
    )
    distance: Distance = option("mse", _DISTANCE)
    real_label: fields.Label = option(1.0, _REAL_LABEL)
    discriminator_ema_decay: fields.Decay | None = option(
        0.9999,
        "Decay per step of a moving average of the discriminator's weights, which then "
        "classifies; none keeps no average.",
    )
    labels_per_class: fields.Steps = option(
        10, "Number of labeled examples per class, chosen at random by the seed."
    )
