"""What a step exchanges and costs on one device, two devices and two workers.

    python -m benchmarks.scaling --preset=digits8 --steps=300 --output=FILE

All three train on this machine, at the same batch size, so that on a CPU the difference
is what sharing costs and not what it gains. The time of a step is the median over
tenths of the training, the first two left out; the trainings follow each other.
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

from benchmarks import _workers
from benchmarks._commit import commit
from tfgan_tricks import callbacks

_PRESET = flags.DEFINE_string("preset", "digits8", "What to train.")
_STEPS = flags.DEFINE_integer("steps", 300, "Training steps, a multiple of ten.")
_OUTPUT = flags.DEFINE_string("output", None, "JSON file for the result.")

FLAGS = {
    "none": [],
    "mirrored": ["--strategy=mirrored", "--num_virtual_devices=2"],
    "multi_worker": ["--strategy=multi_worker"],
}


def gradient_bytes(folder, discriminator_steps):
    """Bytes of the gradients that one training step of a run reduces.

    Adam keeps the mean of each gradient.
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
    """Of a step, in the median."""
    every = _STEPS.value // 10
    command = [sys.executable, "-m", "launch.train", f"--preset={_PRESET.value}"]
    command += [*FLAGS[strategy], f"--workdir={folder}", f"--steps={_STEPS.value}"]
    command += [f"--set=log_every={every}", "--set=steps_per_execution=1"]
    several = strategy == "multi_worker"
    workers = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for environment in (_workers.environments() if several else [None])
    ]
    if any([worker.wait() for worker in workers]):
        raise RuntimeError(f"The training by {command} has failed.")
    lines = pathlib.Path(folder, "metrics.jsonl").read_text().splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines][1:]
    gaps = [after - before for before, after in zip(seconds, seconds[1:], strict=False)]
    return round(1000 * statistics.median(gaps) / every, 1)


def main(_):
    with tempfile.TemporaryDirectory() as folder:
        folders = {strategy: os.path.join(folder, strategy) for strategy in FLAGS}
        times = {each: milliseconds(each, path) for each, path in folders.items()}
        config = json.loads(pathlib.Path(folders["none"], "config.json").read_text())
        result = {
            "preset": _PRESET.value,
            "batch_size": config["batch_size"],
            "steps": _STEPS.value,
            "gradient_bytes": gradient_bytes(
                folders["none"], config["discriminator_steps"]
            ),
            "commit": commit(),
            "milliseconds": times,
        }
    print(json.dumps(result, indent=1))
    if _OUTPUT.value:
        pathlib.Path(_OUTPUT.value).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    app.run(main)
