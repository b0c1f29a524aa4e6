"""Adam in one pass over memory."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import _compat


def fuse(optimizer: Any) -> None:
    """Makes Keras' Adam update each weight by TensorFlow's fused kernel.

    Keras computes the update in a dozen operations, each a pass over memory. The kernel
    computes the same formula in one. The optimizer's options, state and saving stay
    unchanged. Other optimizers, classes that replace the update, `amsgrad`, sparse
    gradients and weights that are not float32 keep Keras' update.
    """
    # Optimizers of Addons have no such method.
    unfused = getattr(type(optimizer), "update_step", None)
    if unfused is not keras.optimizers.Adam.update_step or optimizer.amsgrad:
        return

    def update_step(gradient, variable, *learning_rate):
        if isinstance(gradient, tf.IndexedSlices) or variable.dtype != tf.float32:
            return unfused(optimizer, gradient, variable, *learning_rate)
        (rate,) = learning_rate or [optimizer.learning_rate]
        step = tf.cast(optimizer.iterations + 1, tf.float32)
        mean, square = _compat.adam_slots(optimizer, variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=tf.pow(tf.cast(optimizer.beta_1, tf.float32), step),
            beta2_power=tf.pow(tf.cast(optimizer.beta_2, tf.float32), step),
            lr=tf.cast(rate, tf.float32),
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )

    optimizer.update_step = update_step
