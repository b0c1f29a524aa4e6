"""All differences between the two supported versions of Keras, and nothing else.

They are Keras 2.15 with TensorFlow 2.15 (for TensorFlow Addons) and Keras 3.15 or
later.
"""

import collections
import contextlib
import functools
import threading
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from typing import Self

import keras
import tensorflow as tf

KERAS_3 = int(keras.__version__.split(".")[0]) >= 3

# The base class of data that returns batches by index.
PyDataset = keras.utils.PyDataset if KERAS_3 else keras.utils.Sequence


def state_options(mean: bool) -> dict[str, Any]:
    """Returns options of `add_weight` for a variable that is equal on all replicas.

    With `mean`, an assignment under a distribution strategy stores the mean of the
    replicas' values, otherwise the first replica's value.
    """
    if KERAS_3:
        aggregation = "mean" if mean else "only_first_replica"
        return {"aggregation": aggregation, "autocast": False}
    aggregation = getattr(
        tf.VariableAggregation, "MEAN" if mean else "ONLY_FIRST_REPLICA"
    )
    return {"aggregation": aggregation, "experimental_autocast": False}


def build_optimizer(optimizer: Any, variables: list) -> None:
    """Creates an optimizer's slots; Addons optimizers have no method `build`."""
    build = getattr(optimizer, "build", None) or optimizer._create_all_weights
    build(variables)


def parameters(network: keras.Model) -> list:
    """Returns all weights that are trained unless they are frozen."""
    if not KERAS_3:  # Freezing a layer does not change the flags of its variables.
        return [weight for weight in network.weights if weight.trainable]
    layers = network._flatten_layers()
    own = {id(weight) for layer in layers for weight in layer._trainable_variables}
    return [weight for weight in network.weights if id(weight) in own]


def scale_loss(optimizer: Any, loss: tf.Tensor) -> tf.Tensor:
    """Multiplies `loss` by the optimizer's loss scale, if it has one."""
    if KERAS_3:
        return optimizer.scale_loss(loss)
    return getattr(optimizer, "get_scaled_loss", lambda x: x)(loss)


def unscale_gradients(optimizer: Any, gradients: list) -> list:
    """Inverts `scale_loss` for gradients; Keras 3 optimizers do this themselves."""
    return getattr(optimizer, "get_unscaled_gradients", lambda x: x)(gradients)


def clip_after_sum(optimizer: Any) -> None:
    """Makes an optimizer clip the sum of the replicas' gradients.

    In Keras 3, each replica clips its own gradients before they are summed. Here each
    replica clips the sum instead, and returns its share of the clipped sum.
    """
    if not KERAS_3:
        return
    # The class's method, since an optimizer may be compiled again.
    clip = functools.partial(type(optimizer)._clip_gradients, optimizer)

    def clip_sum(gradients):
        options = optimizer.clipnorm, optimizer.global_clipnorm, optimizer.clipvalue
        if not any(options):
            return gradients
        context = tf.distribute.get_replica_context()
        summed = context.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
        share = 1.0 / context.num_replicas_in_sync
        return [tf.math.scalar_mul(share, gradient) for gradient in clip(summed)]

    optimizer._clip_gradients = clip_sum


def adam_slots(optimizer: Any, variable: tf.Variable) -> tuple[Any, Any]:
    """Returns Adam's means of a variable's gradients and of their squares."""
    if KERAS_3:
        index = optimizer._get_variable_index(variable)
        slots = optimizer._momentums[index], optimizer._velocities[index]
        return slots[0].value, slots[1].value
    index = optimizer._index_dict[optimizer._var_key(variable)]
    return optimizer._momentums[index], optimizer._velocities[index]


class LearningRates(float):
    """The learning rates of several optimizers, read and assigned as one variable.

    Callbacks of Keras 2 need this for a model's `optimizer.lr`. An assignment keeps the
    ratios of the rates.
    """

    dtype = tf.float32
    optimizers: list

    def __new__(cls, optimizers: list) -> Self:
        rates = super().__new__(cls, _rate_of(optimizers[0]))
        rates.optimizers = optimizers
        return rates

    def assign(self, value: Any) -> None:
        for optimizer in self.optimizers:
            rate = _rate_of(optimizer)
            optimizer.learning_rate = float(value) * (rate / self if self else 1.0)


def _rate_of(optimizer):
    return float(keras.backend.get_value(optimizer.lr))  # type: ignore[attr-defined]


def logs(metrics: Iterable[keras.metrics.Metric]) -> dict[str, tf.Tensor]:
    """Returns the values of metrics by name, in the shape that `fit` needs."""
    # Unchanged: Keras 2 sums values that differ between replicas.
    values = {metric.name: metric.result() for metric in metrics}
    strategy = tf.distribute.get_strategy()
    of_workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    if KERAS_3 and of_workers and strategy.extended._in_multi_worker_mode():
        # Keras 3 concatenates the values of several workers, but not of one.
        return {name: tf.reshape(value, (1,)) for name, value in values.items()}
    return values


def log_first_replica(model: keras.Model) -> None:
    """Makes `fit` log the first replica's values, which all replicas agree on.

    Keras 2 logs the sum of the workers' values.
    """
    if not KERAS_3:
        model.distribute_reduction_method = "first"


def steps_per_execution(model: keras.Model) -> int:
    """Returns the number of steps in one execution, a variable in Keras 2."""
    return int(tf.convert_to_tensor(model.steps_per_execution))


def steps_are_branches(model: keras.Model) -> bool:
    """Returns `True` if a loop over several steps runs each of them in a `tf.cond`."""
    return KERAS_3 and model.steps_per_execution > 1


def _added_losses(network):
    """Returns a list for each layer of the losses that its calls have added."""
    name = "_losses" if KERAS_3 else "_eager_losses"
    return [getattr(layer, name) for layer in network._flatten_layers()]


def call_losses(network: keras.Model) -> list:
    """Returns the losses that a network's layers added in its last call."""
    return [loss for added in _added_losses(network) for loss in added]


@contextlib.contextmanager
def without_losses(network: keras.Model) -> Iterator[None]:
    """Drops the losses that calls of layers add inside the block."""
    losses = _added_losses(network)
    counts = [len(added) for added in losses]
    yield
    for added, count in zip(losses, counts, strict=True):
        del added[count:]


def input_structure(network: keras.Model) -> Any:
    """Returns a network's inputs, or the shapes it was built for, or `None`."""
    if KERAS_3:
        made = getattr(network, "_inputs_struct", None)
        made = getattr(network, "inputs", None) if made is None else made
        built = (getattr(network, "_build_shapes_dict", None) or {}).get("input_shape")
    else:
        made = getattr(network, "_nested_inputs", None)
        built = getattr(network, "_build_input_shape", None)
    return built if made is None else made


def output_shapes(network: keras.Model, specs: Any) -> Any:
    """Returns the shapes of a network's outputs for specs of its inputs."""
    if KERAS_3:
        specs = tf.nest.map_structure(
            lambda spec: keras.KerasTensor(spec.shape, spec.dtype.name), specs
        )
        outputs = network.compute_output_spec(specs)
    else:
        outputs = tf.function(network).get_concrete_function(specs).structured_outputs
    return tf.nest.map_structure(lambda output: tf.TensorShape(output.shape), outputs)


def producer(tensor: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Returns the layer of a Keras tensor, the layer's inputs and other arguments."""
    layer, index, _ = tensor._keras_history
    node = layer._inbound_nodes[index]
    if KERAS_3:
        return layer, node.input_tensors, node.arguments.kwargs
    return layer, node.keras_inputs, node.call_kwargs


def consumers(network: keras.Model, tensor: Any) -> Iterator[tuple[Any, list]]:
    """Yields the layers of a network that use a Keras tensor, with their outputs."""
    for layer in network.operations if KERAS_3 else network.layers:
        for node in layer._inbound_nodes:
            taken = node.input_tensors if KERAS_3 else node.keras_inputs
            if any(one is tensor for one in taken):
                yield layer, tf.nest.flatten(node.outputs)


def tf_variables(network: keras.Model) -> list:
    """Returns a network's variables as variables of TensorFlow."""
    return [v.value for v in network.variables] if KERAS_3 else network.variables


if KERAS_3:

    def substituted(variables: Iterable, values: Iterable) -> AbstractContextManager:
        """Returns a context in which variables have the values of others, to read."""
        return keras.StatelessScope(
            state_mapping=[
                (v, tf.convert_to_tensor(x))
                for v, x in zip(variables, values, strict=True)
            ]
        )

else:

    @contextlib.contextmanager
    def substituted(variables: Iterable, values: Iterable) -> Iterator[None]:
        """Returns a context in which variables have the values of others, to read."""
        pairs = [
            [getattr(each, "_variable", each) for each in pair]  # Without autocast.
            for pair in zip(variables, values, strict=True)
        ]
        _exchange(pairs)
        try:
            yield
        finally:
            _exchange(pairs)

    def _exchange(pairs):
        """Exchanges the contents of variables, since layers refer to the variables."""
        for one, other in pairs:
            one.__dict__, other.__dict__ = other.__dict__, one.__dict__
            one.__class__, other.__class__ = other.__class__, one.__class__


# Whether the random states of Keras' layers are variables, which checkpoints contain.
NOISE_IS_SAVED = KERAS_3


def noisy_layers(network: keras.Model) -> list:
    """Returns the layers of a network that draw random numbers in training."""
    found = []
    for layer in network._flatten_layers():
        draws = (
            layer._seed_generators if KERAS_3 else hasattr(layer, "_random_generator")
        )
        amounts = [getattr(layer, name, None) for name in ("rate", "dropout", "stddev")]
        if draws and 0 not in amounts:
            found.append(layer)
    return found


class ListOfThread(collections.UserList):
    """A list with separate contents in each thread."""

    def __init__(self, items: Iterable = ()):
        self._local = threading.local()
        self.data.extend(items)

    @property
    def data(self) -> list:  # type: ignore[override]  # An attribute in the base.
        return self._local.__dict__.setdefault("items", [])


if KERAS_3:

    def weight_losses(network: keras.Model) -> list:
        """Returns the losses of a network that are functions of its weights."""
        return network._get_regularization_losses()

    def keep_losses_apart(network: keras.Model) -> None:
        """Keeps the losses apart that a network's calls add on each replica."""
        for layer in network._flatten_layers():
            layer._losses = ListOfThread()

    def seed_states(network: keras.Model) -> list:
        """Returns the random states of a network's layers."""
        layers = network._flatten_layers()
        return [seed.state for layer in layers for seed in layer._seed_generators]

else:

    def weight_losses(network: keras.Model) -> list:
        """Returns the losses of a network that are functions of its weights."""
        losses = [
            function()
            for layer in network._flatten_layers()
            for function in layer._callable_losses
        ]
        return [loss for loss in losses if loss is not None]

    def keep_losses_apart(network: keras.Model) -> None:
        """Keeps the losses apart that a network's calls add on each replica."""

    def seed_states(network: keras.Model) -> list:
        """Returns the random states of a network's layers."""
        return []


def learning_rate(optimizer: Any) -> Any:
    """Returns an optimizer's schedule, or its learning rate as number or variable.

    Wrappers, such as `LossScaleOptimizer`, return the inner optimizer's.
    """
    inner = getattr(optimizer, "inner_optimizer", None)
    inner = inner or getattr(optimizer, "_optimizer", None)
    if inner is not None:
        return learning_rate(inner)
    if hasattr(optimizer, "_hyper"):  # An optimizer of Addons, as before Keras 2.11.
        return optimizer._hyper["learning_rate"]
    return optimizer._learning_rate


def set_schedule(optimizer: Any, schedule: Any) -> None:
    """Replaces an optimizer's schedule; Keras 2 has no public method for this."""
    inner = getattr(optimizer, "inner_optimizer", None)
    inner = inner or getattr(optimizer, "_optimizer", None)
    if inner is not None:
        set_schedule(inner, schedule)
    elif hasattr(optimizer, "_hyper"):
        optimizer._hyper["learning_rate"] = schedule
    else:
        optimizer._learning_rate = schedule
