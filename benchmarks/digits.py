"""How good the default run's digits are, on several seeds.

    python -m benchmarks.digits --seeds=0,1,2 --output=benchmarks/results/digits.json

Each seed is trained by `python -m launch.train` in a process of its own, whose wall
time includes its start. Of the exported generator, 1,000 samples are judged: by a
support vector machine trained on the real training digits, which tells how often each
digit is drawn; and by coverage (Naeem et al., 2020, arXiv:2002.09797), the share of
held-out digits that have a sample within the distance of their fifth nearest held-out
neighbour, in pixels.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

from absl import app
from absl import flags

from benchmarks import _judge

NUM_SAMPLES = 1000

_SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds to train with.")
_OUTPUT = flags.DEFINE_string("output", None, "JSON file for the results.")


def samples_of(export):
    import tensorflow as tf

    draw = tf.saved_model.load(export).signatures["sample"]
    images = draw(num_images=tf.constant(NUM_SAMPLES), seed=tf.constant(0))["images"]
    return _judge.flat(images.numpy())


def measure(seed):
    with tempfile.TemporaryDirectory() as folder:
        workdir = pathlib.Path(folder, "run")
        command = [sys.executable, "-m", "launch.train", f"--seed={seed}"]
        begin = time.monotonic()
        subprocess.run([*command, f"--workdir={workdir}"], check=True)
        seconds = time.monotonic() - begin
        result = _judge.judge(samples_of(str(workdir / "export")))
        config = json.loads((workdir / "config.json").read_text())
    return {"seed": int(seed), "seconds": round(seconds, 1), **result, "config": config}


def main(_):
    results = [measure(seed) for seed in _SEEDS.value]
    for result in results:
        print({key: value for key, value in result.items() if key != "config"})
    if _OUTPUT.value:
        path = pathlib.Path(_OUTPUT.value)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    app.run(main)
