"""From a configuration to a compiled trainer."""

import keras

import trainers
from tfgan_tricks import networks
from tfgan_tricks import penalties

TRAINERS = {
    "minimax_gan": trainers.MinimaxGAN,
    "non_saturating_gan": trainers.NonSaturatingGAN,
    "ls_gan": trainers.LSGAN,
    "wgan": trainers.WGAN,
    "wgan_gp": trainers.WGANGP,
    "hinge_gan": trainers.HingeGAN,
    "relativistic_gan": trainers.RelativisticGAN,
    "relativistic_average_gan": trainers.RelativisticAverageGAN,
    "r3_gan": trainers.R3GAN,
}

PENALTIES = {
    penalty.name: penalty
    for penalty in (
        penalties.InterpolatedGradientPenalty,
        penalties.DraganPenalty,
        penalties.ZeroCenteredInterpolated,
        penalties.R1,
        penalties.R2,
    )
}

# Keys of the configuration that are arguments of some trainers, and their names there.
ARGUMENTS = {
    "loss": "base",
    "real_label": "real_label",
    "a": "a",
    "b": "b",
    "c": "c",
    "clip": "clip",
}


def trainer(config, shape, steps_per_execution=1):
    """The compiled trainer of a `Config`, for examples of a shape."""
    make = TRAINERS[config.trainer]
    generator, discriminator = NETWORKS[config.network](config, shape)
    given = {key: getattr(config, key) for key in ARGUMENTS}
    model = make(
        generator,
        discriminator,
        penalties=_penalties(config),
        discriminator_steps=config.discriminator_steps,
        reuse_real_batch=config.reuse_real_batch,
        ema_decay=config.ema_decay,
        seed=config.seed,
        **{ARGUMENTS[key]: v for key, v in given.items() if v is not None},
    )
    paper = make.paper_optimizer
    model.compile(
        _optimizer(paper, config.generator_learning_rate, config),
        _optimizer(paper, config.discriminator_learning_rate, config),
        jit_compile=config.jit_compile,
        steps_per_execution=steps_per_execution,
    )
    return model


def _penalties(config):
    if config.penalty == "none":
        return ()
    names = config.penalty.split("+")
    return tuple(PENALTIES[name](weight=config.penalty_weight) for name in names)


def _optimizer(paper, learning_rate, config):
    betas = {"beta_1": config.beta_1, "beta_2": config.beta_2}
    given = {name: beta for name, beta in betas.items() if beta is not None}
    return getattr(keras.optimizers, paper.name)(learning_rate=learning_rate, **given)


def _mlp(config, shape):
    hidden = [config.width] * config.hidden_layers
    return (
        networks.mlp_generator(shape, config.latent_dim, hidden, config.seed),
        networks.mlp_discriminator(shape, hidden, config.seed),
    )


def _dcgan(config, shape):
    size, _, channels = shape
    return (
        networks.dcgan_generator(
            size,
            channels,
            latent_dim=config.latent_dim,
            width=config.width,
            normalization=config.normalization,
            seed=config.seed,
        ),
        networks.dcgan_discriminator(
            size,
            channels,
            width=config.width,
            normalization=config.discriminator_normalization,
            minibatch_discrimination=config.minibatch_discrimination,
            seed=config.seed,
        ),
    )


def _standard_cnn(config, shape):
    channels = shape[-1]
    spectral = config.discriminator_normalization == "spectral"
    return (
        networks.standard_cnn_generator(channels, config.latent_dim, config.seed),
        networks.standard_cnn_discriminator(channels, spectral, config.seed),
    )


NETWORKS = {"mlp": _mlp, "dcgan": _dcgan, "standard_cnn": _standard_cnn}
