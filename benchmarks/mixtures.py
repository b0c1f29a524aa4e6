"""Modes that the presets of the 2-D mixtures find, on several seeds.

    python -m benchmarks.mixtures --presets=ring8,grid25 --seeds=0,1,2,3,4,5,6,7,8,9 \\
        --output=benchmarks/results/mixtures.json

`python -m launch.train` trains each preset and seed in a separate process, and its
exported generator draws 10,000 points:

- `modes`, `high_quality` and `reverse_kl` are `metrics.mode_count` within the circle of
  three standard deviations. `box` has the same three numbers within the box.
- `spread` is the standard deviation of the points of high quality around their centers,
  in units of the mixture's own deviation. It is 0.97 for the mixture itself.
- `seconds` is the time from the start to the end of the process, and `cpu_seconds` the
  time of all cores together.

`real` judges 10,000 points of the test set. The file is written after each run, and
runs that it contains already with the same configuration are not repeated.
"""

import itertools
import json
import pathlib
import tempfile

import numpy as np
from absl import app
from absl import flags

from benchmarks import _training
from benchmarks._commit import commit
from launch.config import configuration
from tfgan_tricks import data
from tfgan_tricks import metrics

NUM_POINTS = 10_000


def judged(points, mixture):
    """Returns the measures of points, as the module describes them."""
    circle, box = (
        metrics.mode_count(points, *mixture, convention=convention)
        for convention in ("circle", "box")
    )
    return {
        **circle._asdict(),
        "box": box._asdict(),
        "spread": _spread(points, mixture),
    }


def _spread(points, mixture):
    offsets = points[:, None].astype("float64") - mixture.centers
    distances = np.linalg.norm(offsets, axis=-1)
    nearest = offsets[np.arange(len(points)), distances.argmin(axis=1)]
    good = nearest[distances.min(axis=1) <= 3 * mixture.std]
    return float(np.sqrt(np.mean(good**2)) / mixture.std)


def drawn(export):
    """Returns points of an exported generator."""
    import tensorflow as tf

    sampler = tf.saved_model.load(str(export))
    return sampler.sample(tf.constant(NUM_POINTS), tf.constant(0))["images"].numpy()


def measured(preset, seed, config):
    """Returns the results of a run."""
    with tempfile.TemporaryDirectory() as folder:
        run = [f"--preset={preset}", f"--seed={seed}", f"--workdir={folder}"]
        seconds = _training.train(*run)
        points = drawn(pathlib.Path(folder, "export"))
    told = {"preset": preset, "seed": seed, **seconds}
    mixture = data.mixture(config["dataset"]["name"])
    return {**told, **judged(points, mixture), "config": config}


def complete(path, presets, seeds):
    """Measures the runs that a file lacks, and yields all results after each run."""
    before = json.loads(path.read_text())["runs"] if path.exists() else []
    done = {(run["preset"], run["seed"]): run for run in before}
    for key in itertools.product(presets, seeds):
        config = _config(*key)
        if done.get(key, {}).get("config") != config:
            done[key] = measured(*key, config)
            yield _results(done)


def _config(preset, seed):
    config = configuration.changed(configuration.preset(preset), {"seed": seed})
    return json.loads(configuration.to_json(config))


def _results(done):
    names = sorted({run["config"]["dataset"]["name"] for run in done.values()})
    real = {
        name: judged(
            data.load(name, split="test").examples[:NUM_POINTS], data.mixture(name)
        )
        for name in names
    }
    return {"commit": commit(), "real": real, "runs": [done[k] for k in sorted(done)]}


def main(_):
    values = flags.FLAGS
    path = pathlib.Path(values.output)
    path.parent.mkdir(parents=True, exist_ok=True)
    seeds = [int(seed) for seed in values.seeds]
    for results in complete(path, values.presets, seeds):
        path.write_text(json.dumps(results, indent=2) + "\n")
    for run in json.loads(path.read_text())["runs"]:
        print({key: value for key, value in run.items() if key != "config"})


if __name__ == "__main__":
    flags.DEFINE_list("presets", ["ring8", "grid25"], "Presets to train.")
    flags.DEFINE_list("seeds", list(map(str, range(10))), "Seeds to train with.")
    flags.DEFINE_string("output", None, "JSON file for the results.", required=True)
    app.run(main)
