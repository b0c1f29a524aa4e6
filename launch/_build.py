"""Builds a compiled trainer and its `Run` from a configuration."""

import contextlib
import importlib
import inspect
from typing import Any

import keras
import tensorflow as tf

from launch import _check
from launch import _rates
from launch.config import configuration
from launch.config.configuration import Config
from launch.config.datasets import Dataset
from launch.run import _data
from launch.run import _devices
from launch.run import _record
from launch.run import _report
from launch.run import _signals
from launch.run import _workers
from launch.run._run import Run
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import metrics

_NUM_ADAPTED = 500
_NUM_JUDGED = 1000  # During a run, where an evaluation must be short.


def run(
    config: Config,
    workdir: str,
    devices: _devices.Devices = _devices.ONE,
    download: bool = False,
) -> Run:
    """Returns the `Run` of a `Config`, whose folder will contain the configuration.

    Raises:
        ValueError: If the data, networks, batch size and folder do not fit together.
        OSError: If a file cannot be read or written.
    """
    strategy = _workers.strategy(devices)
    _signals.listen()
    source = load_data(config.dataset, "train", download)
    shape = source.examples.shape[1:]
    config.check_shape(shape)
    num_classes = _check.num_classes(config, source)
    with strategy.scope():
        model = trainer(config, shape, num_classes, source.examples)
    judging = None
    if config.evaluate_every:
        judging = judge(config.dataset, source, _NUM_JUDGED)
    return _run(config, workdir, model, _batches(config, source, num_classes), judging)


def restored(config: Config, record: _record.Record, workdir: str) -> Run:
    """Returns the `Run` in a folder, for sampling and export.

    Raises:
        ValueError: If the weights do not match the configuration.
    """
    shape, num_classes = record.data.example_shape, record.data.num_classes
    return _run(config, workdir, trainer(config, shape, num_classes=num_classes), None)


def judge(
    dataset: Dataset, source: data.Source, num_examples: int, **options: Any
) -> metrics.Judge:
    """Returns the `metrics.Judge` of a dataset.

    Args:
        dataset: Row of the dataset.
        source: Its examples.
        num_examples: Number of examples to compare.
        **options: Further arguments of the judge.
    """
    return metrics.Judge(
        source.examples,
        source.labels,
        num_examples=num_examples,
        mixture=data.mixture(dataset.name) if dataset.is_mixture else None,
        dataset=str(dataset),
        **options,
    )


def _run(config, workdir, model, examples, judging=None):
    built = Run(
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
        judge=judging,
        evaluate_every=config.evaluate_every if judging else 0,
        validation_data=None if examples is None else _test_set(config),
        metadata={"preset": config.preset},
    )
    built.files = {configuration.FILE: configuration.to_json(config) + "\n"}
    built.report = _report.Report(
        f"{config.trainer} on {config.dataset}",
        {configuration.FILE: "the complete configuration"},
        (
            "launch.sample --workdir={folder} --output=grid.png",
            "launch.evaluate --workdir={folder}",
            "launch.export --workdir={folder} --output=generator.keras",
        ),
    )
    return built


def load_data(dataset: Dataset, split: str, download: bool = False) -> data.Source:
    """Loads the dataset of a row."""
    return data.load(
        dataset.source, split=split, download=download, **dataset.loading()
    )


def _batches(config, source, num_classes):
    """Returns the data for the `Run`."""
    if not config.trainer.classifies:
        return source

    def between(start, stop):
        return data.semi_supervised_batches(
            source,
            config.batch_size,
            labels_per_class=config.trainer.labels_per_class,
            label_seed=config.seed,
            seed=config.seed,
            start=start,
        )

    between(0, 1)  # Checks all arguments at once.
    facts = _record.Data(
        example_shape=source.examples.shape[1:],
        num_examples=len(source.examples),
        num_classes=num_classes,
        label_names=_data.names_of(source),
    )
    told = _data.described(source)
    return _data.Batches(between, config.batch_size, facts, description=told)


def _test_set(config):
    """Returns the test set of a classifier for each epoch, or `None`."""
    if not (config.trainer.classifies and config.dataset.has_test):
        return None
    source = load_data(config.dataset, "test")
    return data.to_unit_range(source.examples), source.labels


def trainer(
    config: Config,
    shape: tuple[int, ...],
    num_classes: int | None = None,
    examples: Any = None,
) -> keras.Model:
    """Returns the compiled trainer of a `Config`.

    Args:
        config: The configuration.
        shape: Shape of an example.
        num_classes: Number of classes, or `None` for a run without labels.
        examples: Examples for networks whose initial weights depend on them. `None`
            leaves these weights as they were drawn, in the generator too.

    Raises:
        ValueError: If this version of Keras does not have the optimizer.
    """
    with _policy(config.precision):
        generator, discriminator = _networks(config, shape, num_classes)
    if examples is not None and config.network.adapts:
        layers.adapt(discriminator, data.to_unit_range(examples[:_NUM_ADAPTED]))
    if examples is not None and config.network.generator_adapts:
        latents = [config.batch_size, config.network.latent_dim]
        seed = [config.seed, 0]
        layers.adapt(generator, tf.random.stateless_normal(latents, seed))
    model = load(config.trainer.at)(
        generator,
        discriminator,
        penalties=[load(each.at)(**each.options()) for each in config.penalty],
        seed=config.seed,
        **config.trainer.arguments(),
    )
    rates = _rates.both(config, model.step)
    model.compile(
        *(_optimizer(config.optimizer, rate) for rate in rates),
        jit_compile=config.jit_compile,
        steps_per_execution=config.steps_per_execution,
    )
    return model


def load(at: str) -> Any:
    """Returns the class or function of a row, given as "module:name"."""
    module, _, name = at.partition(":")
    return getattr(importlib.import_module(module), name)


@contextlib.contextmanager
def _policy(name):
    """Sets the dtype policy of layers that are created inside the block."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def _networks(config, shape, num_classes):
    *sizes, channels = shape
    known = {
        "output_shape": shape,
        "image_size": shape[0],
        "channels": channels,
        "latent_dim": config.network.latent_dim,
        "seed": config.seed,
    }
    if num_classes is not None:
        known["num_classes"] = num_classes
    row, options = config.network, config.trainer
    channels *= options.packing
    judged = known | {"input_shape": (*sizes, channels), "channels": channels}
    return (
        _made(row.at, known, row.for_generator()),
        _made(row.discriminator_at, judged, row.for_discriminator(options.joint_batch)),
    )


def _made(at, known, options):
    """Returns a network, created with its options and the arguments that it accepts."""
    make = load(at)
    taken = inspect.signature(make).parameters
    return make(**{k: value for k, value in known.items() if k in taken}, **options)


def _optimizer(row, rate):
    try:
        make = load(row.at)
    except AttributeError:
        raise ValueError(
            "`optimizer` must be an optimizer of this version of Keras. "
            f"Received: optimizer={row.name!r}"
        ) from None
    return make(learning_rate=rate, **row.arguments())
