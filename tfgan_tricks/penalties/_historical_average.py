"""Historical averaging of a player's parameters."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica


class HistoricalAverage(keras.layers.Layer):
    """The squared distance of parameters from the mean of their past values.

        weight * ||theta - 1/t sum_i theta[i]||^2,   i = 1, ..., t

    summed over the parameters that are trained, where theta[i] are their values at
    update i and theta[t] the present ones. The mean is a constant to the gradient, is
    float32, and is stored as weights of this layer, so that a checkpoint contains it.
    It is equal on all replicas.

    Create it for all parameters that may ever be trained, frozen ones too, so that
    layers may be frozen and thawed later. Update it at the beginning of each of a
    player's steps, and add it to what the player minimizes. The trainers do both:
    `generator_history=0.1`.

    Args:
        variables: The parameters, frozen ones too.
        weight: Weight of the distance, zero or more.
        **kwargs: `name`.

    Call arguments:
        variables: The same parameters in the same order.
        trained: Those of them that are trained now, such as
            `network.trainable_variables`. `None` means all.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, if there are no variables, if those of a
            call or of `update` differ from them in number or shape, or if one of
            `trained` is not among them.

    >>> theta, phi = tf.Variable([1.0, 2.0]), tf.Variable([5.0])
    >>> penalty = HistoricalAverage([theta, phi], weight=2.0)
    >>> penalty.update([theta, phi])  # The mean is [1, 2], [5].
    >>> theta.assign([3.0, 2.0]) is phi.assign([6.0])
    False
    >>> float(penalty([theta, phi]))  # 2 * ((3 - 1)^2 + 0 + (6 - 5)^2)
    10.0
    >>> float(penalty([theta, phi], trained=[theta]))
    8.0
    >>> penalty.update([theta, phi])  # The mean is [2, 2], [5.5] now.
    >>> float(penalty([theta, phi]))
    2.5

    Reference:
        Salimans et al., 2016, section 3.3, arXiv:1606.03498.
    """

    def __init__(
        self, variables: Sequence[Any], weight: float = 1.0, **kwargs: Any
    ) -> None:
        _checks.not_negative(weight=weight)
        if not variables:
            raise ValueError(
                "`variables` must not be empty. Build the network first. "
                f"Received: variables={variables!r}"
            )
        super().__init__(dtype="float32", trainable=False, **kwargs)
        self.weight = weight
        self.count = replica.add_state(self, "count", (), dtype="int64", mean=False)
        self.means = [self._mean_of(value, i) for i, value in enumerate(variables)]
        self.built = True

    # Not `call`, for which Keras 3 would make tensors of the variables.
    def __call__(
        self, variables: Sequence[Any], trained: Sequence[Any] | None = None
    ) -> tf.Tensor:
        self._check(variables)
        chosen = _identities(variables, trained)
        distances = [
            tf.reduce_sum(tf.square(tf.cast(variable, tf.float32) - mean))
            for variable, mean in zip(variables, self.means, strict=True)
            if id(variable) in chosen
        ]
        return self.weight * tf.add_n(distances) if distances else tf.zeros([])

    def update(self, variables: Sequence[Any]) -> None:
        """Takes the present values of all parameters, frozen ones too, into the mean.

        Args:
            variables: As in the call.
        """
        self._check(variables)
        self.count.assign_add(1)
        is_first = tf.equal(tf.identity(self.count), 1)
        share = 1.0 / tf.cast(self.count, tf.float32)
        for variable, mean in zip(variables, self.means, strict=True):
            value = tf.cast(variable, tf.float32)
            past = tf.convert_to_tensor(mean)
            # The first takes the place of initial weights exactly, however large.
            mean.assign(tf.where(is_first, value, past + share * (value - past)))

    def _check(self, variables):
        shapes = [tuple(variable.shape) for variable in variables]
        expected = [tuple(mean.shape) for mean in self.means]
        if shapes != expected:
            raise ValueError(
                f"`variables` must be the {len(expected)} of this average's creation, "
                f"of shapes {expected}. Create a new one where layers were added or "
                f"replaced. Received: {len(shapes)} variables of shapes {shapes}"
            )

    def _mean_of(self, variable, index):
        mean = replica.add_state(self, f"mean_{index}", variable.shape)
        mean.assign(tf.cast(variable, tf.float32))
        # In Keras 3, checkpoints of TensorFlow do not look into lists.
        setattr(self, f"mean_{index}", mean)
        return mean


def _identities(variables, trained):
    known = {id(variable) for variable in variables}
    if trained is None:
        return known
    chosen = {id(variable) for variable in trained}
    if not chosen <= known:
        names = [each.name for each in trained if id(each) not in known]
        raise ValueError(
            "`trained` must be among `variables`. Pass all variables that may ever be "
            f"trained. Received: trained with {', '.join(names)}"
        )
    return chosen
