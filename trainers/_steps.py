"""The order of training steps, and several steps in one execution."""

import functools
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import tensorflow as tf


def after_data(train_step: Callable) -> Callable:
    """Makes every part of a step wait for its data.

    Otherwise, at the end of a dataset of unknown length, TensorFlow would run the parts
    that need no data, such as the step counter, once more.
    """

    @functools.wraps(train_step)
    def waiting(trainer, data):
        tensors = [each for each in tf.nest.flatten(data) if tf.is_tensor(each)]
        with tf.control_dependencies(tensors):
            return train_step(trainer, data)

    return waiting


def in_one_execution(trainer: Any, step: Callable, names: Iterable[str]) -> Callable:
    """Returns a function that replaces Keras 3's own loop over several steps.

    Keras calls the step as a compiled function in a branch of `tf.cond`. For such a
    function, replicas number their collective operations with placeholders of the
    surrounding graph, which `tf.cond` does not feed. Here the step is not a separate
    function.

    Args:
        trainer: The trainer. Its `steps_per_execution` is the maximum number of steps
            in one execution.
        step: The trainer's `train_step` or `test_step`.
        names: Names in the logs.
    """
    strategy, count = trainer.distribute_strategy, trainer.steps_per_execution

    def step_of_replica(data):
        logs = step(data)
        return {name: tf.cast(tf.reshape(logs[name], ()), "float32") for name in logs}

    def step_of_all(data):
        logs = strategy.run(step_of_replica, args=(data,))
        return {name: strategy.reduce("MEAN", logs[name], None) for name in logs}

    @tf.function(reduce_retracing=True, autograph=False)
    def steps(iterator):
        def is_due(done, batch, logs):
            return (done < count) & batch.has_value()

        def body(done, batch, logs):
            logs = step_of_all(batch.get_value())
            batch = tf.cond(
                done + 1 < count, iterator.get_next_as_optional, lambda: batch
            )
            return done + 1, batch, logs

        logs = dict.fromkeys(names, 0.0)
        start = tf.constant(0), iterator.get_next_as_optional(), logs
        done, _, logs = tf.while_loop(is_due, body, start)
        return done, logs

    def execute(iterator):
        done, logs = steps(iterator)
        if done == 0:
            raise StopIteration
        return logs

    return execute
