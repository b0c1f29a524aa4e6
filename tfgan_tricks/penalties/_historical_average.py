"""Historical averaging of a player's parameters."""

import keras
import tensorflow as tf

from tfgan_tricks import _checks
from tfgan_tricks import _compat


class HistoricalAverage(keras.layers.Layer):
    """The squared distance of parameters from the mean of their past values.

        weight * ||theta - 1/t sum_i theta[i]||^2,   i = 1, ..., t

    summed over all parameters, where theta[i] are their values at update i and
    theta[t] the present ones. The mean is a constant to the gradient, is float32, and
    is stored as weights of this layer, so that a checkpoint holds it. It is equal on
    all replicas.

    Update it at the beginning of each of a player's steps, and add it to what the
    player minimises. The trainers do both: `generator_history=0.1`.

    Args:
        variables: the parameters, such as `network.trainable_variables`.
        weight: zero or more.
        **kwargs: `name`.

    Call arguments:
        variables: the same parameters.

    Returns:
        A float32 scalar.

    Raises:
        ValueError: if `weight` is negative.

    >>> theta = tf.Variable([1.0, 2.0])
    >>> penalty = HistoricalAverage([theta], weight=2.0)
    >>> penalty.update([theta])  # The mean is [1, 2].
    >>> theta.assign([3.0, 2.0]) is not None
    True
    >>> float(penalty([theta]))  # 2 * ((3 - 1)^2 + 0)
    8.0
    >>> penalty.update([theta])  # The mean is [2, 2] now.
    >>> float(penalty([theta]))
    2.0

    Reference:
        Salimans et al., 2016, section 3.3, arXiv:1606.03498.
    """

    def __init__(self, variables, weight=1.0, **kwargs):
        _checks.not_negative(weight=weight)
        super().__init__(dtype="float32", trainable=False, **kwargs)
        self.weight = weight
        self.count = _compat.add_state(self, "count", (), dtype="int64", mean=False)
        self.means = [self._mean_of(value, i) for i, value in enumerate(variables)]
        self.built = True

    def call(self, variables):
        distances = [
            tf.reduce_sum(tf.square(tf.cast(variable, tf.float32) - mean))
            for variable, mean in zip(variables, self.means, strict=True)
        ]
        return self.weight * tf.add_n(distances)

    def update(self, variables):
        """Takes the present values of the parameters into their mean."""
        self.count.assign_add(1)
        share = 1.0 / tf.cast(self.count, tf.float32)
        for variable, mean in zip(variables, self.means, strict=True):
            value = tf.cast(variable, tf.float32)
            mean.assign_add(share * (value - mean))

    def _mean_of(self, variable, index):
        mean = _compat.add_state(self, f"mean_{index}", variable.shape)
        mean.assign(tf.cast(variable, tf.float32))
        # In Keras 3, checkpoints of TensorFlow do not look into lists.
        setattr(self, f"mean_{index}", mean)
        return mean
