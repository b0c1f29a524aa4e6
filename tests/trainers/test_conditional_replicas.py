"""A conditional training on two replicas, in a process of its own, against one."""

import json
import pathlib
import subprocess
import sys

import numpy as np

SCRIPT = """
import json
import numpy as np
import tensorflow as tf
import trainers
from tfgan_tricks import networks

cpu = tf.config.list_physical_devices("CPU")[0]
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, halves)
strategy = tf.distribute.MirroredStrategy(
    ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
)
images = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 1)).astype("float32")
labels = np.arange(16) % 3
dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)

def trained():
    sizes = {"image_size": 8, "channels": 1, "width": 2, "num_classes": 4}
    trainer = trainers.LSGAN(
        networks.dcgan_generator(**sizes, latent_dim=3, label_dim=5),
        networks.dcgan_discriminator(**sizes, label_dim=5),
    )
    trainer.compile()
    trainer.fit(dataset, verbose=0)
    players = trainer.generator.weights + trainer.discriminator.weights
    return [weight.numpy().tolist() for weight in players]

with strategy.scope():
    two = trained()
print(json.dumps([trained(), two]))
"""


def test_two_replicas_learn_what_one_does():
    root = pathlib.Path(__file__).parents[2]
    command = [sys.executable, "-c", SCRIPT]
    output = subprocess.check_output(command, cwd=root, text=True)
    for one, two in zip(*json.loads(output.splitlines()[-1]), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-3, atol=1e-5)
