"""Command-line programs: train, sample and export GANs."""

import os

# Both are read once, when TensorFlow is imported. On many CPUs oneDNN is off unless
# asked for, and steps take almost twice as long.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
