"""Effects of a training call of a network besides its outputs."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import _facts
from tfgan_tricks import layers

# Operations with access to state that do not change it.
_READS = ("ReadVariableOp", "ResourceGather")


class Effects(NamedTuple):
    """Effects of a training call.

    Attributes:
        has_losses: `True` if the network has losses of its own, of either kind.
        is_repeatable: `True` if another call of the same inputs has the same outputs
            and changes nothing, as without dropout, noise and moving averages. The
            vector of `SpectralNormalization` does not count, since it changes once in
            an update.
    """

    has_losses: bool
    is_repeatable: bool


def effects(network: keras.Model) -> Effects:
    """Returns the effects of a network's training call."""
    losses = _compat.weight_losses(network)

    @tf.function(autograph=False)
    def call(x, labels=None):
        network(_facts.inputs(network, x, labels), training=True)
        losses.extend(_compat.call_losses(network))

    x, *labels = _facts.input_shapes(network)
    specs = [tf.TensorSpec(x), *(tf.TensorSpec(shape, tf.int32) for shape in labels)]
    with layers.updates_never():
        graph = call.get_concrete_function(*specs).graph
    stateful = (each for each in graph.get_operations() if each.op_def.is_stateful)
    return Effects(bool(losses), all(each.type in _READS for each in stateful))
