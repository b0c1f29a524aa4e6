"""How every pipeline of this package runs."""

import tensorflow as tf


def deterministic() -> tf.data.Options:
    """Options that keep the order of examples, and state parallelism.

    With autotuning, the end of an iterator can take seconds on TensorFlow 2.15 and
    2.21: the thread that tunes sleeps ever longer, and is waited for. Of several
    workers, each makes all batches, and takes its share of every one.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    sharing = tf.data.experimental.AutoShardPolicy.DATA
    options.experimental_distribute.auto_shard_policy = sharing
    return options
