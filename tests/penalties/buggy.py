"""Five gradient penalties that well-known projects shipped, written anew.

Each has its bug and is a factory of `weight` with the call of
`InterpolatedGradientPenalty`. The comments name where the bug was reported.
"""

import tensorflow as tf


def _penalty(share, norm):
    def make(weight):
        def penalty(critic, *, real, fake, seed):
            mix = share(real, seed)
            points = mix * real + (1.0 - mix) * fake
            with tf.GradientTape() as tape:
                tape.watch(points)
                total = tf.reduce_sum(critic(points))
            slopes = norm(tape.gradient(total, points))
            return weight * tf.reduce_mean(tf.square(slopes - 1.0))

        return penalty

    return make


def _shape_per_sample(x):
    return [x.shape[0]] + [1] * (x.shape.rank - 1)


def _uniform(x, seed):
    return tf.random.stateless_uniform(_shape_per_sample(x), seed)


def _norm(gradients, epsilon=1e-12):
    axes = range(1, gradients.shape.rank)
    return tf.sqrt(tf.reduce_sum(tf.square(gradients), axes) + epsilon)


PENALTIES = {
    # keras-io issues 143 and 415.
    "normal share": _penalty(
        lambda x, seed: tf.random.stateless_normal(_shape_per_sample(x), seed), _norm
    ),
    # PyTorch-GAN issue 5.
    "share per pixel": _penalty(
        lambda x, seed: tf.random.stateless_uniform(x.shape, seed), _norm
    ),
    # torchgan, WassersteinGradientPenalty.
    "one share for the batch": _penalty(
        lambda x, seed: tf.random.stateless_uniform([], seed), _norm
    ),
    "norm over the batch": _penalty(
        _uniform, lambda gradients: tf.sqrt(tf.reduce_sum(tf.square(gradients)) + 1e-12)
    ),
    # keras-io issue 624.
    "root without epsilon": _penalty(_uniform, lambda g: _norm(g, epsilon=0.0)),
}
