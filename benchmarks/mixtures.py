"""Modes that the presets of the 2-D mixtures find, on several seeds.

    python -m benchmarks.mixtures --output=benchmarks/results/mixtures.json
    python -m benchmarks.mixtures --trainers=ls_gan,hinge_gan --seeds=0,1,2 \\
        --output=benchmarks/results/mixtures.json

`python -m launch.train` trains each preset, trainer and seed in a separate process. The
trainer is the preset's own unless `--trainers` replaces it. The preset's optimizer,
penalties and number of discriminator updates stay. The exported generator draws 10,000
points:

- `modes`, `high_quality` and `reverse_kl` are `metrics.mode_count` within the circle of
  three standard deviations. `box` has the same three numbers within the box.
- `spread` is the standard deviation of the points of high quality around their centers,
  in units of the mixture's own deviation. It is 0.97 for the mixture itself.
- `seconds` is the time from the start to the end of the process, and `cpu_seconds` the
  time of all cores together.

`real` judges 10,000 points of the test set. The file is written after each run, and
runs that it contains already with the same configuration are not repeated. A run that
fails has the last line of its output as `failure`.

`--animations` is a folder for a GIF of each preset: the points that its first seed drew
during training.
"""

import itertools
import json
import pathlib
import tempfile
from typing import NamedTuple

import numpy as np
from absl import app
from absl import flags
from PIL import Image

from benchmarks import _results
from benchmarks import _training
from benchmarks._commit import commit
from launch.config import configuration
from tfgan_tricks import data
from tfgan_tricks import metrics

NUM_POINTS = 10_000
_FRAME_MILLISECONDS = 350
_KEPT = ("generator_learning_rate", "discriminator_learning_rate", "beta_1", "beta_2")


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


def animate(samples, path):
    """Writes a GIF of the sample grids in a folder, in the order of their steps."""
    frames = [Image.open(each).convert("P") for each in sorted(samples.iterdir())]
    times = [_FRAME_MILLISECONDS] * (len(frames) - 1) + [4 * _FRAME_MILLISECONDS]
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=times, loop=0
    )


class Run(NamedTuple):
    """A run by what differs between runs. No trainer means the preset's own."""

    preset: str
    trainer: str
    seed: int

    def changes(self):
        """Returns what differs from the preset, by key.

        A trainer brings the optimizer and penalty of its own paper, unless these are
        named.
        """
        if not self.trainer:
            return {"seed": self.seed}
        preset = configuration.preset(self.preset)
        return {
            "trainer": self.trainer,
            "optimizer": preset.optimizer.name,
            **{key: getattr(preset.optimizer, key) for key in _KEPT},
            "penalty": "+".join(map(str, preset.penalty)),
            "penalty_weight": preset.penalty[0].weight,
            "discriminator_steps": preset.trainer.discriminator_steps,
            "seed": self.seed,
        }

    def flags(self):
        changes = [f"--set={key}={value}" for key, value in self.changes().items()]
        return [f"--preset={self.preset}", *changes]

    def config(self):
        preset = configuration.preset(self.preset)
        config = configuration.changed(preset, self.changes())
        return json.loads(configuration.to_json(config))


def measured(run, config, animation=None):
    """Returns the results of a `Run`, and writes its animation to a path if given."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            seconds = _training.train(*run.flags(), f"--workdir={folder}")
        except RuntimeError as error:
            return {**run._asdict(), "failure": str(error), "config": config}
        points = drawn(pathlib.Path(folder, "export"))
        if animation:
            animate(pathlib.Path(folder, "samples"), animation)
    mixture = data.mixture(config["dataset"]["name"])
    judgment = judged(points, mixture)
    return {**run._asdict(), **seconds, **judgment, "config": config}


def complete(path, presets, trainers, seeds, animations=None):
    """Measures the runs that a file lacks, and yields all results after each run."""
    before = _results.read(path, {"runs": []})["runs"]
    done = {_of_results(results): results for results in before}
    for run in itertools.starmap(Run, itertools.product(presets, trainers, seeds)):
        config = run.config()
        if done.get(run, {}).get("config") == config:
            continue
        is_shown = animations and not run.trainer and run.seed == seeds[0]
        animation = pathlib.Path(animations, f"{run.preset}.gif") if is_shown else None
        done[run] = measured(run, config, animation)
        yield _contents(done)


def _of_results(results):
    return Run(*(results[key] for key in Run._fields))


def _contents(done):
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
    seeds = [int(seed) for seed in values.seeds]
    chosen = values.presets, values.trainers, seeds
    for results in complete(values.output, *chosen, values.animations):
        _results.write(values.output, results)
    for run in _results.read(values.output, {"runs": []})["runs"]:
        print({key: value for key, value in run.items() if key != "config"})


if __name__ == "__main__":
    flags.DEFINE_list("presets", ["ring8", "grid25"], "Presets to train.")
    flags.DEFINE_list("trainers", [""], "Trainers instead of the preset's own.")
    flags.DEFINE_list("seeds", list(map(str, range(10))), "Seeds to train with.")
    flags.DEFINE_string("animations", None, "Folder for animations of the presets.")
    flags.DEFINE_string("output", None, "JSON file for the results.", required=True)
    app.run(main)
