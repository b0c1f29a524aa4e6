"""Training, sampling and exporting, by configuration and directory."""

import atexit
import dataclasses
import math
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from launch import _build
from launch import _check
from launch import _config
from launch import _devices
from launch import _recovery
from launch import _rollback
from launch import _signals
from launch import _strategy
from launch import _tables
from launch import _untrusted
from launch import _workdir
from tfgan_tricks import _facts
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import export as exporting
from tfgan_tricks.callbacks import _picture

_NUM_POINTS = 2000


@dataclasses.dataclass(frozen=True)
class Job:
    """A training that is ready to run, or to go on."""

    config: _config.Config
    workdir: str
    source: data.Source
    trainer: Any
    rate_scale: tf.Variable  # Of learning rates that decay, for rollbacks.
    facts: _workdir.Facts
    devices: _devices.Devices
    output: str  # The folder that this worker writes to.

    @property
    def generated_classes(self) -> int | None:
        """How many labels the generator takes, or `None` if it takes none."""
        return self.facts.generated_classes

    def run(self) -> None:
        """Trains, exports the generator, and says where everything is.

        Raises:
            FloatingPointError: if a loss is not finite any more, and no rollback is
                left.
            ConnectionError: if another worker has ended.
            KeyboardInterrupt: after SIGINT or SIGTERM, and a checkpoint.
            _workdir.DiskFull: if a file cannot be written for lack of room.
        """
        begin = time.monotonic()
        self.say(_headline(self))
        with _strategy.loss_of_workers(), _recovery.full_disk():
            _fit(self)
            _export(self)
        self.say(_farewell(self, time.monotonic() - begin))

    def say(self, text):
        if self.devices.is_chief:
            print(text, flush=True)


def prepare(config, workdir, devices=_devices.ONE):
    """A `Job`: loads the data, builds and restores the trainer, and claims `workdir`.

    Raises:
        ValueError: if data, networks, batch size or checkpoint do not fit.
        OSError: if a file cannot be read or written.
    """
    strategy = _strategy.make(devices)
    if devices.has_others:
        _signals.listen()
    _check.check_replicas(config, strategy.num_replicas_in_sync)
    source = _load(config, "train")
    shape = source.examples.shape[1:]
    _check.check_network(config, shape)
    done = _recovery.newest_step(workdir)
    facts = _known(config, source)
    _workdir.check_same_data(workdir, facts)
    steps_per_execution = _steps_per_execution(config, done)
    with strategy.scope():
        rate_scale = tf.Variable(1.0, trainable=False, name="rate_scale")
        trainer = _build.trainer(
            config,
            shape,
            steps_per_execution,
            facts.num_classes,
            source.examples,
            rate_scale,
        )
    output = workdir if devices.is_chief else _temporary_folder()
    job = Job(config, workdir, source, trainer, rate_scale, facts, devices, output)
    _batches(job)
    if done:
        _recovery.restore(trainer, workdir, done)
    _rollback.lower(job, _workdir.rollbacks(workdir))
    _workdir.drop_metrics(output, after=done)
    _workdir.write_config(output, config, facts)
    return job


def _known(config, source):
    num_classes = _check.num_classes(config, source)
    names = () if num_classes is None else source.label_names
    return _workdir.Facts(
        source.examples.shape[1:],
        num_classes,
        bool(config.conditional),
        _untrusted.label_names(names, num_classes),
        len(source.examples),
    )


def _temporary_folder():
    """Where other workers than the first write: saving takes part of them all."""
    folder = tempfile.mkdtemp(prefix="tfgan_tricks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _load(config, split):
    is_tfds = config.dataset.startswith("tfds:")
    return data.load(
        _check.source(config),
        image_size=config.image_size,
        channels=config.channels,
        data_dir=config.data_dir if is_tfds else None,
        split=split,
    )


def _test_set(config):
    """What a classifying training is tested on after each epoch, where there is any."""
    has_test = config.dataset.partition(":")[0] in _tables.TESTED_DATASETS
    if config.trainer not in _tables.CLASSIFYING or not has_test:
        return None
    source = _load(config, "test")
    return data.to_unit_range(source.examples), source.labels


def sample(workdir, num_images, seed, path, label=None):
    """Draws samples of the newest checkpoint to a PNG file.

    Those of a conditional training are of one label, or of all in turn, in rows.
    `None` images are as many as `callbacks.SampleGrid` draws. More images than a
    picture shows are all in an array file beside it too.

    Returns:
        The checkpoint's step, the number of samples, and in words where they are.

    Raises:
        ValueError: if there is no checkpoint of such a training.
        OSError: if a file cannot be written.
    """
    _, facts, trainer = _restored(workdir)
    generator = trainer.sampling_generator
    sampler = exporting.Sampler(generator, facts.generated_classes)
    in_turn = sampler.num_classes if label is None else None
    count = num_images or _picture.default_count(in_turn)
    what = _labels(facts.generated_classes, count, label)
    samples = exporting.samples(sampler, what, seed)
    output_range = _facts.output_range(generator)
    pixels = callbacks.picture(samples, None, output_range, in_turn)
    callbacks.write_png(path, pixels)
    step, drawn = int(trainer.step.numpy()), count
    if samples.ndim == 4:
        drawn = _picture.Grid.of(samples.shape, in_turn).capacity
    if drawn >= count:
        return step, count, path
    arrays = {"images": data.to_uint8(samples, output_range or (-1.0, 1.0)).numpy()}
    if sampler.num_classes is not None:
        arrays["labels"] = what
    array_path = os.path.splitext(path)[0] + ".npz"
    with _picture.whole_file(array_path) as file:
        np.savez(file, **arrays)
    return step, count, f"{array_path}, the first {drawn} of them in {path}"


def export(workdir, path, format):
    """Exports the generator of the newest checkpoint; returns the checkpoint's step.

    Raises:
        ValueError: if there is no checkpoint of such a training, or `path` exists.
        OSError: if the file cannot be written.
    """
    config, facts, trainer = _restored(workdir)
    if format == "keras":
        exporting.save_keras(trainer.sampling_generator, path)
    else:
        _save(config, trainer, facts, path)
    return int(trainer.step.numpy())


def _restored(workdir):
    config, facts = _workdir.read_config(workdir)
    trainer = _build.trainer(config, facts.shape, num_classes=facts.num_classes)
    _recovery.restore(trainer, workdir, _recovery.newest_step(workdir))
    return config, facts, trainer


def _labels(num_classes, num_images, label):
    """What `Sampler.sample` takes first: the number of images, or their labels."""
    if num_classes is None:
        return num_images
    if label is None:
        return np.arange(num_images, dtype="int32") % num_classes
    return np.full(num_images, label, "int32")


def _save(config, trainer, facts, path):
    named = facts.generated_classes is not None and facts.label_names
    exporting.save(
        trainer.sampling_generator,
        path,
        output_range=None if config.dataset in _tables.POINT_DATASETS else (-1.0, 1.0),
        num_classes=facts.generated_classes,
        metadata={
            "preset": config.preset,
            "step": int(trainer.step.numpy()),
            "weights": "raw" if config.ema_decay is None else "ema",
            **({"label_names": list(named)} if named else {}),
        },
    )


def _steps_per_execution(config, done):
    """As many as there may be for executions to end where epochs do.

    Keras 3 makes whole executions only.
    """
    ends = (done, config.sample_every, config.steps)
    return math.gcd(config.steps_per_execution, *ends)


def legs(start: int, stop: int, size: int) -> Iterator[tuple[int, int, int]]:
    """The arguments of `fit` that lead from one step to another.

    Epochs are of `size` steps, counted from step 0; the first and the last may be
    shorter. Yields (initial_epoch, epochs, steps_per_epoch).

    >>> list(legs(130, 475, 100))
    [(1, 2, 70), (2, 4, 100), (4, 5, 75)]
    """
    while start < stop:
        epoch = start // size
        whole = 0 if start % size else (stop - start) // size
        length = size if whole else min((epoch + 1) * size, stop) - start
        yield epoch, epoch + max(whole, 1), length
        start += max(whole, 1) * length


def _step(job):
    return int(job.trainer.step.numpy())


def _file(job, name):
    return os.path.join(job.output, name)


def _batches(job):
    config, source = job.config, job.source
    start = _step(job) * job.trainer.batches_per_step
    order = {"seed": config.seed, "start": start}
    if config.labels_per_class is not None:
        return data.semi_supervised_batches(
            source,
            config.batch_size,
            labels_per_class=config.labels_per_class,
            label_seed=config.seed,
            **order,
        )
    labelled = bool(config.conditional)
    return data.batches(source, config.batch_size, with_labels=labelled, **order)


def _fit(job):
    saver, *others = _callbacks(job)
    tested = _test_set(job.config)
    with _signals.deferred():
        if job.config.rollbacks and not _step(job):
            saver.set_model(job.trainer)
            saver.on_steps(0, {})
        while _step(job) < job.config.steps:
            try:
                _train(job, saver, others, tested)
            except FloatingPointError as error:
                _rollback.roll_back(job, error)


def _train(job, saver, others, tested):
    config, start = job.config, _step(job)
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_end=_signals.release, on_test_batch_end=_signals.release
    )
    try:
        for initial_epoch, epochs, steps in legs(
            start, config.steps, config.sample_every
        ):
            job.trainer.fit(
                _batches(job),
                initial_epoch=initial_epoch,
                epochs=epochs,
                steps_per_epoch=steps,
                callbacks=[*others, saver, stop],
                validation_data=tested,
                verbose="auto" if job.devices.is_chief else 0,
            )
    except KeyboardInterrupt:
        # Other workers have not stopped at this step, and saving takes part of them.
        if _step(job) > start and not job.devices.has_others:
            saver.on_steps(_step(job), {})
        raise


def _callbacks(job):
    """The saver first; it has to be called last, after the guard."""
    config, log_dir = job.config, _file(job, _workdir.TENSORBOARD)
    points = job.source.examples.ndim == 2
    return (
        callbacks.Checkpoints(
            _file(job, _workdir.CHECKPOINTS), config.checkpoint_every
        ),
        callbacks.StopOnNonFinite(),
        callbacks.MetricsLog(_file(job, _workdir.METRICS), config.log_every, log_dir),
        callbacks.SampleGrid(
            _file(job, _workdir.SAMPLES),
            config.sample_every,
            num_samples=_NUM_POINTS if points else None,
            num_classes=job.generated_classes,
            real=job.source.examples[:_NUM_POINTS] if points else None,
            log_dir=log_dir,
        ),
    )


def _export(job):
    """Exports to a new directory, which then takes the place of an earlier one."""
    path = _file(job, _workdir.EXPORT)
    shutil.rmtree(path + ".new", ignore_errors=True)
    _save(job.config, job.trainer, job.facts, path + ".new")
    shutil.rmtree(path, ignore_errors=True)
    os.replace(path + ".new", path)


def _headline(job):
    config, examples = job.config, job.source.examples
    what = "x".join(map(str, examples.shape[1:])) if examples.ndim > 2 else "points"
    replicas = job.trainer.distribute_strategy.num_replicas_in_sync
    shared = f", on {replicas} replicas" if replicas > 1 else ""
    return (
        f"Training {config.trainer} on {config.dataset} ({len(examples)} examples, "
        f"{what}{_left_out(job.source)}), steps {_step(job)} to {config.steps}"
        f"{shared}, in {job.workdir}"
    )


def _left_out(source):
    """What of a folder is not trained on, with commas before; empty if it all is."""
    unreadable = f", {source.skipped} unreadable" if source.skipped else ""
    others = " and ".join(f"{count} {suffix}" for suffix, count in source.left_out)
    return unreadable + (f", left out: {others}" if others else "")


def _farewell(job, seconds):
    workdir = job.workdir
    picture = os.path.join(_workdir.SAMPLES, f"step-{_step(job):06d}.png")
    return f"""
Trained to step {_step(job)} in {seconds:.0f} s. In {workdir} are
  {picture}: the last picture of samples
  {_workdir.EXPORT}: the generator as a SavedModel, which needs TensorFlow only
  {_workdir.CHECKPOINTS}: what --resume goes on from
  {_workdir.METRICS}, {_workdir.TENSORBOARD}: the losses
  {_workdir.CONFIG}: the whole configuration
Next:
  python -m launch.sample --workdir={workdir} --output=grid.png
  python -m launch.export --workdir={workdir} --output=generator.keras --format=keras
  tensorboard --logdir={workdir}"""
