"""From a configuration to a compiled trainer, and to the `Run` of it."""

import contextlib
from typing import Any

import keras
import numpy as np

import trainers
from launch import _check
from launch import _config
from launch import _rates
from launch import _tables
from launch import _workdir
from launch.run import _data
from launch.run import _devices
from launch.run import _record
from launch.run import _report
from launch.run import _signals
from launch.run import _strategy
from launch.run._run import Run
from tfgan_tricks import _addons
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import networks
from tfgan_tricks import penalties

TRAINERS: dict[str, Any] = {
    "minimax_gan": trainers.MinimaxGAN,
    "non_saturating_gan": trainers.NonSaturatingGAN,
    "ls_gan": trainers.LSGAN,
    "wgan": trainers.WGAN,
    "wgan_gp": trainers.WGANGP,
    "hinge_gan": trainers.HingeGAN,
    "relativistic_gan": trainers.RelativisticGAN,
    "relativistic_average_gan": trainers.RelativisticAverageGAN,
    "r3_gan": trainers.R3GAN,
    "feature_matching_gan": trainers.FeatureMatchingGAN,
    "semi_supervised_gan": trainers.SemiSupervisedGAN,
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
    "features": "features",
    "distance": "distance",
    "feature_matching": "feature_matching",
    "discriminator_ema_decay": "discriminator_ema_decay",
}
_NUM_ADAPTED = 500


def run(config: Any, workdir: str, devices: _devices.Devices = _devices.ONE) -> Run:
    """Returns the `Run` of a `Config`, whose folder will hold the configuration.

    Raises:
        ValueError: If data, networks, batch size or what is in the folder do not fit.
        OSError: If a file cannot be read or written.
    """
    strategy = _strategy.make(devices)
    _signals.listen()
    source = _load(config, "train")
    shape = source.examples.shape[1:]
    _check.check_network(config, shape)
    num_classes = _check.num_classes(config, source)
    with strategy.scope():
        model = trainer(config, shape, num_classes, source.examples)
    return _run(config, workdir, model, _batches(config, source, num_classes))


def restored(workdir: str) -> Run:
    """Returns the `Run` in a folder, to sample and to export.

    Raises:
        ValueError: If there is none.
    """
    config, record = _workdir.read_trained(workdir)
    shape, num_classes = record.data.example_shape, record.data.num_classes
    return _run(config, workdir, trainer(config, shape, num_classes=num_classes), None)


def _run(config, workdir, model, examples):
    made = Run(
        workdir,
        model,
        examples,
        steps=config.steps,
        batch_size=config.batch_size,
        seed=config.seed,
        checkpoint_every=config.checkpoint_every,
        sample_every=config.sample_every,
        log_every=config.log_every,
        rollbacks=config.rollbacks,
        validation_data=None if examples is None else _test_set(config),
        metadata={"preset": config.preset},
    )
    made.files = {_workdir.CONFIG: _config.to_json(config) + "\n"}
    made.report = _report.Report(
        f"{config.trainer} on {config.dataset}",
        {_workdir.CONFIG: "the whole configuration"},
        (
            "launch.sample --workdir={folder} --output=grid.png",
            "launch.export --workdir={folder} --output=generator.keras",
        ),
    )
    return made


def _load(config, split):
    is_tfds = config.dataset.startswith("tfds:")
    return data.load(
        _check.source(config),
        image_size=config.image_size,
        channels=config.channels,
        data_dir=config.data_dir if is_tfds else None,
        split=split,
    )


def _batches(config, source, num_classes):
    """What the `Run` is given as data."""
    if config.labels_per_class is None:
        return source

    def between(start, stop):
        return data.semi_supervised_batches(
            source,
            config.batch_size,
            labels_per_class=config.labels_per_class,
            label_seed=config.seed,
            seed=config.seed,
            start=start,
        )

    between(0, 1)  # Checks all arguments at once.
    facts = _record.Data(
        example_shape=source.examples.shape[1:],
        num_examples=len(source.examples),
        num_classes=num_classes,
        label_names=source.label_names,
    )
    told = _data.described(source)
    return _data.Batches(between, config.batch_size, facts, description=told)


def _test_set(config):
    """What a classifying run is tested on after each epoch, where there is any."""
    has_test = config.dataset.partition(":")[0] in _tables.TESTED_DATASETS
    if config.trainer not in _tables.CLASSIFYING or not has_test:
        return None
    source = _load(config, "test")
    return data.to_unit_range(source.examples), source.labels


def trainer(
    config: _config.Config,
    shape: tuple[int, ...],
    num_classes: int | None = None,
    examples: np.ndarray | None = None,
) -> keras.Model:
    """The compiled trainer of a `Config`, for examples of a shape, and of classes.

    With some `examples`, its first weights follow from them where the network's do.
    """
    make = TRAINERS[config.trainer]
    with _policy(config.precision):
        generator, discriminator = NETWORKS[config.network](
            config, shape, **_by_class(config, num_classes)
        )
    if examples is not None and config.network == "weight_norm":
        layers.adapt(discriminator, data.to_unit_range(examples[:_NUM_ADAPTED]))
    given = {key: getattr(config, key) for key in ARGUMENTS}
    if config.loss is not None and given.pop("real_label") not in (None, 1.0):
        given["loss"] = {"name": config.loss, "real_label": config.real_label}
    model = make(
        generator,
        discriminator,
        penalties=_penalties(config),
        discriminator_history=config.discriminator_history,
        generator_history=config.generator_history,
        discriminator_steps=config.discriminator_steps,
        reuse_real_batch=config.reuse_real_batch,
        joint_batch=config.joint_batch,
        ema_decay=config.ema_decay,
        seed=config.seed,
        **{ARGUMENTS[key]: v for key, v in given.items() if v is not None},
    )
    rates = _rates.both(config, model.step)
    model.compile(
        *(_optimizer(make.paper_optimizer, rate, config) for rate in rates),
        jit_compile=config.jit_compile,
        steps_per_execution=config.steps_per_execution,
    )
    return model


@contextlib.contextmanager
def _policy(name):
    """A context in which layers are made with a dtype policy."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def _penalties(config):
    if config.penalty == "none":
        return ()
    names = config.penalty.split("+")
    return tuple(PENALTIES[name](weight=config.penalty_weight) for name in names)


def _optimizer(paper, learning_rate, config):
    betas = {"beta_1": config.beta_1, "beta_2": config.beta_2}
    given = {name: beta for name, beta in betas.items() if beta is not None}
    given["learning_rate"] = learning_rate
    if config.optimizer is not None:
        return _addons.optimizer(config.optimizer, **given)
    return getattr(keras.optimizers, paper.name)(**paper.arguments | given)


def _by_class(config, num_classes):
    """What networks that know of classes are told beside the rest."""
    known = {"num_classes": num_classes, "label_dim": config.label_dim}
    return {key: value for key, value in known.items() if value is not None}


def _mlp(config, shape):
    hidden = [config.width] * config.hidden_layers
    return (
        networks.mlp_generator(shape, config.latent_dim, hidden, config.seed),
        networks.mlp_discriminator(shape, hidden, config.seed),
    )


def _dcgan(config, shape, **by_class):
    size, _, channels = shape
    return (
        networks.dcgan_generator(
            size,
            channels,
            latent_dim=config.latent_dim,
            width=config.width,
            normalization=config.normalization,
            seed=config.seed,
            **by_class,
        ),
        networks.dcgan_discriminator(
            size,
            channels,
            width=config.width,
            normalization=config.discriminator_normalization,
            minibatch_discrimination=_minibatch_discrimination(config),
            seed=config.seed,
            **by_class,
        ),
    )


def _minibatch_discrimination(config):
    return config.minibatch_discrimination and (not config.joint_batch or "joint")


def _standard_cnn(config, shape):
    channels = shape[-1]
    spectral = config.discriminator_normalization == "spectral"
    return (
        networks.standard_cnn_generator(channels, config.latent_dim, config.seed),
        networks.standard_cnn_discriminator(channels, spectral, config.seed),
    )


def _weight_norm(config, shape, num_classes):
    comparing = config.minibatch_discrimination
    return (
        networks.weight_norm_generator(shape, config.latent_dim, seed=config.seed),
        networks.weight_norm_classifier(
            shape, num_classes, minibatch_discrimination=comparing, seed=config.seed
        ),
    )


NETWORKS: dict[str, Any] = {
    "mlp": _mlp,
    "dcgan": _dcgan,
    "standard_cnn": _standard_cnn,
    "weight_norm": _weight_norm,
}
