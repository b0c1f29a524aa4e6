"""A plain Keras model with its own `train_step`, as the GANs of keras.io have."""

import keras
import tensorflow as tf

from benchmarks._speed import examples
from benchmarks._speed import ours
from benchmarks._speed.contenders import Running


class GAN(keras.Model):
    """A relativistic GAN, with the gradient penalties that `penalties` names."""

    def __init__(self, generator, discriminator, latent_dim, penalties):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.penalties = penalties
        self.d_tracker = keras.metrics.Mean(name="d_loss")
        self.g_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, **kwargs):
        super().compile(**kwargs)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer

    @property
    def metrics(self):
        return [self.d_tracker, self.g_tracker]

    def train_step(self, images):
        real, other = tf.split(images, 2)
        size = tf.shape(real)[0]

        latents = tf.random.normal((size, self.latent_dim))
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            d_loss = tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))
            d_loss += self.penalty(real, fake)
        weights = self.discriminator.trainable_weights
        gradients = tape.gradient(d_loss, weights)
        self.d_optimizer.apply_gradients(zip(gradients, weights, strict=True))

        latents = tf.random.normal((size, self.latent_dim))
        with tf.GradientTape() as tape:
            fake = self.generator(latents, training=True)
            real_logits = self.discriminator(other, training=True)
            fake_logits = self.discriminator(fake, training=True)
            g_loss = tf.reduce_mean(tf.nn.softplus(real_logits - fake_logits))
        weights = self.generator.trainable_weights
        gradients = tape.gradient(g_loss, weights)
        self.g_optimizer.apply_gradients(zip(gradients, weights, strict=True))

        self.d_tracker.update_state(d_loss)
        self.g_tracker.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}

    def penalty(self, real, fake):
        total = 0.0
        if "gp" in self.penalties:
            shape = [tf.shape(real)[0]] + [1] * (len(real.shape) - 1)
            share = tf.random.uniform(shape)
            norms = tf.sqrt(self.squared_norms(real + share * (fake - real)) + 1e-12)
            total += 10.0 * tf.reduce_mean((norms - 1.0) ** 2)
        for name, points in {"r1": real, "r2": fake}.items():
            if name in self.penalties:
                total += 0.5 * tf.reduce_mean(self.squared_norms(points))
        return total

    def squared_norms(self, points):
        with tf.GradientTape() as tape:
            tape.watch(points)
            logits = self.discriminator(points, training=True)
        gradients = tape.gradient(logits, points)
        return tf.reduce_sum(gradients**2, axis=range(1, len(points.shape)))


def start(workload, **options):
    """Returns a plain Keras model of a workload, ready to run.

    Args:
        workload: A `Workload`.
        **options: Further arguments of `compile`, instead of Keras' defaults.
    """
    generator, discriminator = ours.with_precision(workload)
    gan = GAN(generator, discriminator, workload.latent_dim, workload.penalties)
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    gan.compile(*optimizers, **options)
    dataset = tf.data.Dataset.from_tensor_slices(examples.real(workload))
    dataset = dataset.shuffle(1024).batch(2 * workload.batch_size, drop_remainder=True)
    one_by_one = workload._replace(steps_per_execution=1)
    dataset = dataset.repeat().prefetch(tf.data.AUTOTUNE)
    parameters = ours.count(generator) + ours.count(discriminator)
    return Running(parameters, ours.of_fit(gan, dataset, one_by_one))
