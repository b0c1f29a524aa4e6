"""Options of all data pipelines in this package."""

import tensorflow as tf


def deterministic() -> tf.data.Options:
    """Returns options that keep the order of examples and disable autotuning.

    With autotuning, the end of an iterator can take seconds in TensorFlow 2.15 and
    2.21, since it waits for the tuning thread, which sleeps ever longer. Each of
    several workers creates all batches, and uses its share of each batch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    sharing = tf.data.experimental.AutoShardPolicy.DATA
    options.experimental_distribute.auto_shard_policy = sharing
    return options
