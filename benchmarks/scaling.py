"""Bytes and time of a step on one device, two devices and two workers.

    python -m benchmarks.scaling --preset=digits8 --steps=300 --output=FILE

All three runs use this machine and the same batch size, one run after the other. On a
CPU, the difference is therefore the cost of sharing, not the gain of more devices. The
time of a step is the median over tenths of the run, without the first two tenths.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from absl import app
from absl import flags

from benchmarks import _results
from benchmarks import _workers
from benchmarks._commit import commit
from benchmarks._speed import ours
from launch import _build
from launch import _workdir

FLAGS = {
    "none": [],
    "mirrored": ["--strategy=mirrored", "--num_virtual_devices=2"],
    "multi_worker": ["--strategy=multi_worker"],
}


def gradient_bytes(trainer):
    """Returns the bytes of the float32 gradients that one step sums over replicas."""
    of_updates = trainer.discriminator_steps * ours.count(trainer.discriminator)
    return 4 * (ours.count(trainer.generator) + of_updates)


def milliseconds(strategy, preset, steps, folder):
    """Returns the median time of a step."""
    every = steps // 10
    command = [sys.executable, "-m", "launch.train", f"--preset={preset}"]
    command += [*FLAGS[strategy], f"--workdir={folder}", f"--steps={steps}"]
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


def measure(preset, steps):
    """Returns the results of a preset, after a run of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        times = {
            strategy: milliseconds(strategy, preset, steps, f"{folder}/{strategy}")
            for strategy in FLAGS
        }
        config, record = _workdir.read_trained(f"{folder}/none")
        run = _build.restored(config, record, f"{folder}/none")
    return {
        "preset": preset,
        "batch_size": config.batch_size,
        "steps": steps,
        "gradient_bytes": gradient_bytes(run.trainer),
        "commit": commit(),
        "milliseconds": times,
    }


def main(_):
    result = measure(flags.FLAGS.preset, flags.FLAGS.steps)
    print(json.dumps(result, indent=1))
    _results.write(flags.FLAGS.output, result)


if __name__ == "__main__":
    flags.DEFINE_string("preset", "digits8", "Preset to train.")
    flags.DEFINE_integer("steps", 300, "Number of steps, a multiple of ten.")
    flags.DEFINE_string("output", None, "JSON file for the result.")
    app.run(main)
