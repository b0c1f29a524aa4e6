"""Minibatch discrimination over a batch of real and fake examples."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_tricks import replica
from tfgan_tricks.layers._minibatch_discrimination import MinibatchDiscrimination
from tfgan_tricks.layers._minibatch_discrimination import similarity_sums


@keras.saving.register_keras_serializable("tfgan_tricks")
class JointMinibatchDiscrimination(MinibatchDiscrimination):
    """Similarity of each example to the real and to the fake examples.

        M_i = f_i T
        o_ib = mean(exp(-||M_ib - M_jb||_1))

    for the features f_i of each example, with the mean over all other examples j, once
    over the real half of the batch and once over the fake half, on all replicas. The
    first half of each replica's inputs is real, the second half is fake. See
    `MinibatchDiscrimination` for the tensor T, its scale and `adapt`.

    Use it with `joint_batch=True`, which every trainer except `SemiSupervisedGAN`
    supports. It is the mode of the authors' ImageNet code. The discriminator differs
    from one with `MinibatchDiscrimination`, since it compares each fake example with
    real ones. The authors' code divides the sums by the number of all pairs, a factor
    that the next layer absorbs. The means do not depend on the batch size.

    Args:
        num_kernels: Number of similarities to each half, an integer of at least 1.
        kernel_dim: Dimension in which distances are measured, an integer of at least 1.
        kernel_initializer: Initializer of the kernel, see `MinibatchDiscrimination`.
        **kwargs: `name` and `trainable`, as for `keras.layers.Layer`.

    Returns:
        For inputs of shape `[batch, A]`, a float32 tensor of shape
        `[batch, A + 2 * num_kernels]`: the inputs, the similarities to the real half,
        and the similarities to the fake half. Similarities are in `[0, 1]`, and 0 where
        there is no other example. The middle example of an odd batch, such as the last
        one in `predict`, counts as fake.

    Raises:
        ValueError: If `num_kernels` or `kernel_dim` is not a positive integer, or the
            inputs are not of rank 2.

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
    """Returns mean similarities to others in a half; `inside` is 1 for its members."""
    others = replica.gather(half)
    # A member's similarity to itself is exactly 1, with derivative 0.
    sums = similarity_sums(projections, others) - inside[:, tf.newaxis]
    counts = tf.cast(tf.shape(others)[0], tf.float32) - inside
    return tf.math.divide_no_nan(sums, counts[:, tf.newaxis])
