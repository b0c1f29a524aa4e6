"""Trains on one and on two replicas; for a process of its own."""

import json

import keras
import numpy as np
import tensorflow as tf

from tests import replicas
from tests.trainers import replica_cases
from tests.trainers import toy
from tfgan_tricks import _compat


class Logs(keras.callbacks.Callback):
    """Keeps what `fit` reports: the mean since the epoch began, after each step."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(dict(logs))

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(dict(logs))


def trained(case, distribute=None, **options):
    """Returns a trainer after `STEPS` steps, and the logs."""
    trainer = case.make()
    name, arguments = case.optimizer
    pair = [getattr(keras.optimizers, name)(**arguments) for _ in range(2)]
    for _ in range(case.compilations):
        trainer.compile(*pair, **options)
    batches = trainer.batches_per_step
    dataset = tf.data.Dataset.from_tensor_slices(case.data)
    if distribute is None:
        dataset = dataset.batch(replica_cases.BATCH, drop_remainder=True)
        dataset = dataset.take(replica_cases.STEPS * batches)
    else:
        dataset = dataset.batch(replica_cases.BATCH * batches, drop_remainder=True)
        dataset = distribute(dataset.take(replica_cases.STEPS))
    logs = Logs()
    # In Keras 2, data that are distributed already have no length.
    steps = distribute and replica_cases.STEPS
    trainer.fit(dataset, steps_per_epoch=steps, verbose=0, callbacks=[logs])
    return trainer, logs.seen


def state(trainer):
    """Returns all variables except for metrics, which differ between replicas."""
    metrics = {id(v) for metric in trainer.metrics for v in metric.variables}
    weights = [v for v in trainer.weights if id(v) not in metrics]
    pair = trainer.generator_optimizer, trainer.discriminator_optimizer
    return weights + [v for optimizer in pair for v in optimizer.variables]


def copies(variable, strategy):
    value = variable.value if _compat.KERAS_3 else variable
    return [each.numpy() for each in strategy.experimental_local_results(value)]


def has_equal_copies(variable, strategy):
    one, other = copies(variable, strategy)
    return bool(np.array_equal(one, other))


def loss_of(trainer):
    config = trainer.adversarial_loss.config
    return "_".join(part["name"] for part in (config, config.get("base")) if part)


def options_of(trainer):
    """Returns the common arguments that differ from their defaults."""
    return [
        name
        for name, default in toy.OPTIONS.items()
        if getattr(trainer, name) != default
    ]


def parts_of(trainer):
    """Returns the names of all parts of a trainer, by kind."""
    pair = trainer.generator, trainer.discriminator
    used = [layer for network in pair for layer in network._flatten_layers()]
    histories = trainer.generator_history, trainer.discriminator_history
    used_penalties = [*trainer.penalties, *filter(None, histories)]
    return {
        "trainers": [type(trainer).__name__],
        "losses": [loss_of(trainer)],
        "penalties": [type(penalty).__name__ for penalty in used_penalties],
        "layers": [type(layer).__name__ for layer in used],
        "options": options_of(trainer),
    }


def compared(case, strategy, **options):
    """Compares a case that runs eagerly on one device and compiled on two."""
    one, logs_of_one = trained(case, run_eagerly=True)
    with strategy.scope():
        two, logs_of_two = trained(
            case, steps_per_execution=case.steps_per_execution, **options
        )
    return {
        "parts": parts_of(one),
        "logs": [logs_of_one, logs_of_two],
        "state": [[v.numpy() for v in state(trainer)] for trainer in (one, two)],
        "steps": int(two.step.numpy()),
        "names": [v.name for v in state(two)],
        "equal": [has_equal_copies(v, strategy) for v in state(two)],
    }


def refusal(function, **arguments):
    try:
        function(**arguments)
    except ValueError as error:
        return str(error)
    return None


def partial_batches(strategy):
    """Returns the steps on arrays, and the errors for batches that are not full."""
    examples = replica_cases.POINTS[:29]
    dataset = tf.data.Dataset.from_tensor_slices(examples)
    with strategy.scope():
        trainer = replica_cases.CASES["relativistic_minimax"].make()
        trainer.compile()
        lazy = replica_cases.LAZY.make()
        lazy.compile()
    trainer.fit(examples, batch_size=6, verbose=0)
    return {
        "steps on arrays": int(trainer.step.numpy()),
        "may not be full": refusal(trainer.fit, x=dataset.batch(8)),
        "odd": refusal(trainer.fit, x=examples, batch_size=7),
        "lazy": refusal(lazy.fit, x=examples, batch_size=6, verbose=0),
        "xla": refusal(trainer.compile, jit_compile=True),
    }


def evaluated(strategy):
    """Returns a classifier's error on one and two replicas, with an odd last batch."""
    case = replica_cases.CASES["semi_supervised"]
    images, labels = case.data[0][:29], case.data[1][1][:29]
    errors = []
    for scope in (tf.distribute.get_strategy(), strategy):
        with scope.scope():
            trainer = case.make()
            trainer.compile(steps_per_execution=3)
        errors.append(trainer.evaluate(images, labels, batch_size=8, verbose=0))
    return errors


def cases(strategy, part):
    """Compares every other case."""
    names = list(replica_cases.CASES)[part::2]
    return {name: compared(replica_cases.CASES[name], strategy) for name in names}


def others(strategy):
    by_class = replica_cases.CASES["least_squares, by class"]
    distribute = strategy.experimental_distribute_dataset
    return {
        "local": compared(replica_cases.LOCAL, strategy),
        "distributed": compared(by_class, strategy, distribute=distribute),
        "partial": partial_batches(strategy),
        "errors": evaluated(strategy),
    }


def main(part):
    strategy = replicas.two_replicas(cross_device_ops=None)
    results = {"cases": cases(strategy, part)} | ({} if part else others(strategy))
    print(json.dumps(results, default=lambda x: np.asarray(x).tolist()))
