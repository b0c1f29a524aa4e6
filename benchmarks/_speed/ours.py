"""This package's trainers: `fit`, and the step alone."""

import time

import keras
import numpy as np
import tensorflow as tf

import trainers
from benchmarks._speed import examples
from benchmarks._speed.contenders import Running
from tfgan_tricks import data
from tfgan_tricks import networks
from tfgan_tricks import penalties

PENALTIES = {
    "gp": penalties.InterpolatedGradientPenalty(10.0),
    "r1": penalties.R1(1.0),
    "r2": penalties.R2(1.0),
}


def start(workload, *, is_bare=False, jit_compile=False, **trainer):
    """Returns the trainer of a workload, ready to run.

    Args:
        workload: A `Workload`.
        is_bare: If `True`, the compiled step runs alone, on one and the same data.
        jit_compile: If `True`, XLA compiles the step.
        **trainer: Further arguments of the trainer.
    """
    gan = compiled(workload, jit_compile, **trainer)
    parameters = count(gan.generator) + count(gan.discriminator)
    if is_bare:
        return Running(parameters, of_step(gan, workload, jit_compile))
    return Running(parameters, of_fit(gan, batches(workload), workload))


def compiled(workload, jit_compile=False, **trainer):
    networks_of = with_precision(workload)
    if workload.is_semi_supervised:
        gan = trainers.SemiSupervisedGAN(*networks_of, features="features", **trainer)
    else:
        chosen = [PENALTIES[name] for name in workload.penalties]
        gan = trainers.RelativisticGAN(*networks_of, penalties=chosen, **trainer)
    gan.compile(
        jit_compile=jit_compile, steps_per_execution=workload.steps_per_execution
    )
    return gan


def with_precision(workload):
    """Returns the networks of a workload, in its precision."""
    policy = "mixed_bfloat16" if workload.precision == "bfloat16" else "float32"
    keras.mixed_precision.set_global_policy(policy)
    pair = workload.networks(networks)
    keras.mixed_precision.set_global_policy("float32")
    return pair


def count(network):
    return sum(int(np.prod(each.shape)) for each in network.trainable_variables)


def batches(workload):
    drawn = examples.real(workload)
    if workload.is_semi_supervised:
        labels = np.arange(len(drawn)) % 10
        source = data.Source(drawn, labels)
        return data.semi_supervised_batches(
            source, workload.batch_size, labels_per_class=10
        )
    return data.batches(drawn, workload.batch_size)


class Stopwatch(keras.callbacks.Callback):
    """Times from the end of the first execution of steps to the end of the last."""

    def on_train_begin(self, logs=None):
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())

    @property
    def seconds(self):
        return self.ends[-1] - self.ends[0]


def of_fit(model, dataset, workload):
    """Returns a function that times steps of `fit`, after one execution of them."""

    def run(steps):
        watch = Stopwatch()
        steps += workload.steps_per_execution
        model.fit(
            dataset, steps_per_epoch=steps, verbose=0, callbacks=[watch], shuffle=False
        )
        return watch.seconds

    return run


def of_step(gan, workload, jit_compile):
    """Returns a function that times the compiled step alone, after one of them."""
    parts = list(batches(workload).take(gan.batches_per_step))
    everything = tf.nest.map_structure(lambda *each: tf.concat(each, 0), *parts)
    step = tf.function(gan.train_step, jit_compile=jit_compile)

    def run(steps):
        tf.nest.map_structure(np.asarray, step(everything))
        begin = time.perf_counter()
        for _ in range(steps):
            logs = step(everything)
        tf.nest.map_structure(np.asarray, logs if steps else {})
        return time.perf_counter() - begin

    return run
