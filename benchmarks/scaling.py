"""Bytes and time of a step on one device, two devices and two workers.

    python -m benchmarks.scaling --preset=digits8 --steps=300 --output=FILE

All three runs use this machine and the same batch size, one run after the other. On a
CPU, the difference is therefore the cost of sharing, not the gain of more devices. The
time of a step is the median over tenths of the run, without the first two tenths.
"""

import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import tensorflow as tf
from absl import app
from absl import flags

from benchmarks import _training
from benchmarks import _workers
from benchmarks._commit import commit
from tfgan_tricks import callbacks

FLAGS = {
    "none": [],
    "mirrored": ["--strategy=mirrored", "--num_virtual_devices=2"],
    "multi_worker": ["--strategy=multi_worker"],
}


def gradient_bytes(folder, discriminator_steps):
    """Returns the bytes of the gradients that one step of a run sums over replicas.

    Adam keeps the mean of each gradient, so its momentums have the gradients' shapes.
    """
    checkpoints = os.path.join(folder, "checkpoints")
    newest = os.path.join(checkpoints, f"ckpt-{callbacks.newest(checkpoints)}")
    shapes = tf.train.load_checkpoint(newest).get_variable_to_shape_map()
    times = {"generator": 1, "discriminator": discriminator_steps}
    return sum(
        4 * math.prod(shape) * count
        for player, count in times.items()
        for name, shape in shapes.items()
        if f"{player}_player/optimizer/_momentums/" in name
    )


def milliseconds(strategy, folder):
    """Returns the median time of a step."""
    every = flags.FLAGS.steps // 10
    command = [sys.executable, "-m", "launch.train", f"--preset={flags.FLAGS.preset}"]
    command += [*FLAGS[strategy], f"--workdir={folder}", f"--steps={flags.FLAGS.steps}"]
    command += [f"--set=log_every={every}", "--set=steps_per_execution=1"]
    several = strategy == "multi_worker"
    workers = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for environment in (_workers.environments() if several else [None])
    ]
    if any([worker.wait() for worker in workers]):
        raise RuntimeError(f"The run of {command} has failed.")
    lines = pathlib.Path(folder, "metrics.jsonl").read_text().splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines][1:]
    gaps = [after - before for before, after in zip(seconds, seconds[1:], strict=False)]
    return round(1000 * statistics.median(gaps) / every, 1)


def main(_):
    with tempfile.TemporaryDirectory() as folder:
        folders = {strategy: os.path.join(folder, strategy) for strategy in FLAGS}
        times = {each: milliseconds(each, path) for each, path in folders.items()}
        config = _training.config_of(folders["none"])
        result = {
            "preset": flags.FLAGS.preset,
            "batch_size": config["batch_size"],
            "steps": flags.FLAGS.steps,
            "gradient_bytes": gradient_bytes(
                folders["none"], config["trainer"]["discriminator_steps"]
            ),
            "commit": commit(),
            "milliseconds": times,
        }
    print(json.dumps(result, indent=1))
    if flags.FLAGS.output:
        pathlib.Path(flags.FLAGS.output).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    flags.DEFINE_string("preset", "digits8", "Preset to train.")
    flags.DEFINE_integer("steps", 300, "Number of steps, a multiple of ten.")
    flags.DEFINE_string("output", None, "JSON file for the result.")
    app.run(main)
