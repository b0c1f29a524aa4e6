"""Historical averaging of a player's parameters."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import replica


class HistoricalAverage(keras.layers.Layer):
    """Squared distance of parameters from the mean of their past values.

        lambda ||theta - 1/t sum_i theta_i||^2

    summed over the trained parameters, where theta_i is the value of a parameter at
    update i, from 1 to t, and theta_t is its current value.

    The mean is float32, and no gradient passes through it. It is stored as weights of
    this layer, so checkpoints contain it. It is equal on all replicas.

    The trainers use this layer for you: pass them `generator_history=0.1`. To use it in
    a training step of your own, create it for all parameters, including frozen ones, so
    that layers can be frozen and unfrozen later. Call `update` at the beginning of each
    update of the network, and add the distance to the network's loss.

    Args:
        variables: List of all parameters, including frozen ones.
        weight: Weight lambda of the distance, at least 0.
        **kwargs: `name`, as for `keras.layers.Layer`.

    Call arguments:
        variables: List of the same parameters in the same order.
        trained: List of the parameters that are currently trained, such as
            `network.trainable_variables`. `None` means all.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: If `weight` is negative, if `variables` is empty, if the variables
            of a call or of `update` differ in number or shape from those at creation,
            or if `trained` contains a variable that is not among `variables`.

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

    # Not `call`: Keras 3 would convert the variables to tensors for it.
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
        """Adds the current values of all parameters to their mean.

        Args:
            variables: List of the parameters in their order at creation, including
                frozen ones.
        """
        self._check(variables)
        self.count.assign_add(1)
        is_first = tf.equal(tf.identity(self.count), 1)
        share = 1.0 / tf.cast(self.count, tf.float32)
        for variable, mean in zip(variables, self.means, strict=True):
            value = tf.cast(variable, tf.float32)
            past = tf.convert_to_tensor(mean)
            # The first value replaces the initial weights exactly, however large.
            mean.assign(tf.where(is_first, value, past + share * (value - past)))

    def _check(self, variables):
        shapes = [tuple(variable.shape) for variable in variables]
        expected = [tuple(mean.shape) for mean in self.means]
        if shapes != expected:
            raise ValueError(
                f"`variables` must be the {len(expected)} variables that this average "
                f"was created for, of shapes {expected}. Create a new average after "
                "adding or replacing layers. "
                f"Received: {len(shapes)} variables of shapes {shapes}"
            )

    def _mean_of(self, variable, index):
        mean = replica.add_state(self, f"mean_{index}", variable.shape)
        mean.assign(tf.cast(variable, tf.float32))
        # TensorFlow's checkpoints do not save lists of Keras 3 variables.
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
