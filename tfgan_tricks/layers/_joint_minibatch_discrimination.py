"""Minibatch discrimination over a batch of real and fake examples."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import replica
from tfgan_tricks.layers._minibatch_discrimination import MinibatchDiscrimination
from tfgan_tricks.layers._minibatch_discrimination import similarity_sums


@keras.saving.register_keras_serializable("tfgan_tricks")
class JointMinibatchDiscrimination(MinibatchDiscrimination):
    """Appends how close each example is to the real ones and to the fake ones.

        o_ib = mean over j != i of exp(-|M_ib - M_jb|_1),   M_i = f_i T

    once over the `j` of the real half of the batch and once over those of the fake
    half, on all replicas. The first half of each replica's inputs is real, the second
    fake. `T`, its scale and `adapt` are those of `MinibatchDiscrimination`.

    This is the mode of the authors' ImageNet code, and another discriminator than that
    of `MinibatchDiscrimination`: a fake example among real ones can be told from them
    by its company. All trainers take it with `joint_batch=True`, which joins the
    batches. The authors' code divides the sums by the number of all pairs, a factor
    that the next layer absorbs; the means here do not depend on the batch size.

    Args:
        num_kernels: integer of at least 1, how many similarities to either half.
        kernel_dim: as in `MinibatchDiscrimination`.
        kernel_initializer: likewise.
        **kwargs: likewise.

    Returns:
        For inputs `[batch, A]`, `[batch, A + 2 * num_kernels]`: the inputs, the
        similarities to the real half, and those to the fake half, all in `[0, 1]`;
        0 where there is no other example. Of an odd batch, as `predict` may leave one
        at its end, the example in the middle counts as fake.

    Raises:
        ValueError: as in `MinibatchDiscrimination`.

    >>> layer = JointMinibatchDiscrimination(num_kernels=1, kernel_dim=1)
    >>> real, fake = [[0.0], [0.0]], [[0.0], [1e9]]
    >>> layer(tf.constant(real + fake))[:, 1:].numpy()
    array([[1. , 0.5],
           [1. , 0.5],
           [1. , 0. ],
           [0. , 0. ]], dtype=float32)

    Reference:
        Salimans et al., 2016, section 3.2, arXiv:1606.03498, and the authors' code.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        projections = self._project(inputs)
        middle = tf.shape(inputs)[0] // 2
        is_fake = tf.range(tf.shape(inputs)[0]) >= middle
        halves = (projections[:middle], ~is_fake), (projections[middle:], is_fake)
        similarities = [
            _mean_similarities(projections, half, tf.cast(inside, tf.float32))
            for half, inside in halves
        ]
        return tf.concat([inputs, *similarities], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], input_shape[1] + 2 * self.num_kernels)


def _mean_similarities(projections, half, inside):
    """Mean similarity to the others of one half; `inside` is 1 for its members."""
    others = replica.gather(half)
    # A member's similarity to itself is exactly 1, with derivative 0.
    sums = similarity_sums(projections, others) - inside[:, tf.newaxis]
    counts = tf.cast(tf.shape(others)[0], tf.float32) - inside
    return tf.math.divide_no_nan(sums, counts[:, tf.newaxis])
