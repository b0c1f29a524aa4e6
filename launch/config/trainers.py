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


class Loss(fields.Row):
    """What a relativistic or feature matching trainer starts from."""

    def identifier(self) -> str | dict[str, Any]:
        """The loss as `tfgan_tricks.losses.get` takes it."""
        told = self.model_dump(exclude_defaults=True)
        return {"name": str(self), **told} if told else str(self)


class NonSaturatingLoss(Loss):
    name: Literal["non_saturating"] = "non_saturating"
    at = "tfgan_tricks.losses:non_saturating"
    real_label: fields.Label = option(1.0, "Target of real examples, below 1 smoothed.")


class MinimaxLoss(Loss):
    name: Literal["minimax"] = "minimax"
    at = "tfgan_tricks.losses:minimax"
    real_label: fields.Label = option(1.0, "Target of real examples, below 1 smoothed.")


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
    """A paper's Adam, with the same rate for both players."""
    return _optimizer("adam", rate, beta_1=beta_1, beta_2=beta_2, **options)


def _optimizer(name, rate, **options):
    rates = {"generator_learning_rate": rate, "discriminator_learning_rate": rate}
    return {"name": name, **rates, **options}


class Trainer(fields.Row):
    """A loss and how it is trained; another one brings its own paper's optimizer."""

    optimizer: ClassVar[dict[str, Any]] = adam(2e-4, 0.5, 0.999)
    penalty: ClassVar[tuple[dict[str, Any], ...]] = ()
    compares_batch: ClassVar[bool] = False  # Needs several examples in a batch.
    classifies: ClassVar[bool] = False  # Needs labels, and a network that classifies.
    of_data: ClassVar[tuple[str, ...]] = ()  # Options that are no arguments.
    stays = (
        "reuse_real_batch",
        "joint_batch",
        "discriminator_history",
        "generator_history",
        "ema_decay",
    )

    discriminator_steps: fields.Few = option(1, "Discriminator updates in a step.")
    reuse_real_batch: bool = option(
        False, "If true, all updates of a step see the same batch of real examples."
    )
    joint_batch: bool = option(
        False,
        "If true, the discriminator sees real and fake examples in one batch, and its "
        "minibatch discrimination compares with both.",
    )
    discriminator_history: fields.Weight | None = option(
        None, "Weight of the discriminator's historical averaging; none for none."
    )
    generator_history: fields.Weight | None = option(
        None, "Weight of the generator's historical averaging; none for none."
    )
    ema_decay: fields.Decay | None = option(
        None, "Decay of the average of the generator, which then generates."
    )

    @classmethod
    def brings(cls) -> dict[str, Any]:
        return {"optimizer": cls.optimizer, "penalty": cls.penalty}

    def arguments(self) -> dict[str, Any]:
        """What the trainer's class is told beside the networks."""
        options = self.options()
        if isinstance(options.get("base"), Loss):
            options["base"] = options["base"].identifier()
        return {k: value for k, value in options.items() if k not in self.of_data}


class MinimaxGAN(Trainer):
    name: Literal["minimax_gan"] = "minimax_gan"
    at = "trainers:MinimaxGAN"
    real_label: fields.Label = option(1.0, "Target of real examples, below 1 smoothed.")


class NonSaturatingGAN(Trainer):
    name: Literal["non_saturating_gan"] = "non_saturating_gan"
    at = "trainers:NonSaturatingGAN"
    real_label: fields.Label = option(1.0, "Target of real examples, below 1 smoothed.")


class LSGAN(Trainer):
    name: Literal["ls_gan"] = "ls_gan"
    at = "trainers:LSGAN"
    a: fields.Number = option(0.0, "The discriminator's target of fake examples.")
    b: fields.Number = option(1.0, "The discriminator's target of real examples.")
    c: fields.Number = option(1.0, "The generator's target of fake examples.")


class WGAN(Trainer):
    name: Literal["wgan"] = "wgan"
    at = "trainers:WGAN"
    optimizer = _optimizer("rmsprop", 5e-5)
    discriminator_steps: fields.Few = option(5, "Critic updates in a step.")
    clip: fields.Rate = option(0.01, "Bound of the critic's weights.")


class WGANGP(Trainer):
    name: Literal["wgan_gp"] = "wgan_gp"
    at = "trainers:WGANGP"
    optimizer = adam(1e-4, 0.0, 0.9)
    penalty = ({"name": "gradient_penalty", "weight": 10.0},)
    discriminator_steps: fields.Few = option(5, "Critic updates in a step.")


class HingeGAN(Trainer):
    name: Literal["hinge_gan"] = "hinge_gan"
    at = "trainers:HingeGAN"
    optimizer = adam(2e-4, 0.0, 0.9)
    discriminator_steps: fields.Few = option(5, "Discriminator updates in a step.")


class OnBase(Trainer):
    """A trainer that starts from another loss."""

    base: Annotated[Loss, fields.OneOf()] = option(
        NonSaturatingLoss(),
        "Loss that a relativistic trainer starts from, or that the discriminator of "
        "feature_matching_gan minimizes.",
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
    features: fields.Text = option("features", "Discriminator layer to match.")
    distance: Distance = option("l2", "Distance of the mean features.")


class SemiSupervisedGAN(Trainer):
    name: Literal["semi_supervised_gan"] = "semi_supervised_gan"
    at = "trainers:SemiSupervisedGAN"
    optimizer = adam(3e-3, 0.5, 0.999, epsilon=1e-4)
    classifies = True
    of_data = ("labels_per_class",)
    features: fields.Text = option("features", "Discriminator layer to match.")
    feature_matching: bool = option(True, "If true, the generator matches features.")
    distance: Distance = option("mse", "Distance of the mean features.")
    real_label: fields.Label = option(1.0, "Target of real examples, below 1 smoothed.")
    discriminator_ema_decay: fields.Decay | None = option(
        0.9999, "Decay of the average of the discriminator, which then classifies."
    )
    labels_per_class: fields.Steps = option(
        10, "Number of examples of each class with a label, drawn by the seed."
    )
