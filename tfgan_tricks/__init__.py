"""Losses and tricks for training GANs with TensorFlow and Keras."""

__version__ = "0.1.0"
