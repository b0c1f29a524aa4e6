"""Measures of the default run's digits, on several seeds.

    python -m benchmarks.digits --data_dir=DIR --workdir=runs/judge --seeds=0,1,2 \\
        --output=benchmarks/results/digits.json --picture=docs/digits.png

DIR is the folder in which TensorFlow Datasets keeps MNIST. `python -m launch.train`
trains each seed in a separate process. `seconds` is the time from the start to the end
of this process, and `cpu_seconds` the time of all cores together. The run is judged by
2,000 samples of the exported generator, 200 of each class:

- `sure`: the share of samples for which a convolutional classifier gives one class a
  probability above 0.9.
- `as_asked`: the share of samples that the classifier assigns to the class that was
  asked for.
- `smallest_share`: the share of the class that the classifier finds least often.
- `coverage` (Naeem et al., 2020, arXiv:2002.09797): the share of 2,000 digits of
  MNIST's test set that have a sample within the distance of their fifth nearest
  neighbor among the 2,000, in 64 principal components.

The classifier and the components are fitted to MNIST's training set without the digits
that the run is trained on. `real` judges 2,000 other digits of the test set as if they
were samples. The image for the docs is the last sample grid of the first seed.
"""

import pathlib
import shutil
import tempfile

import numpy as np
from absl import app
from absl import flags

from benchmarks import _mnist
from benchmarks import _results
from benchmarks import _training
from benchmarks._commit import commit


def samples_of(export):
    """Returns 2,000 samples of an exported generator, equally many of each class."""
    import tensorflow as tf

    draw = tf.saved_model.load(str(export)).signatures["sample"]
    labels = np.arange(_mnist.NUM_SAMPLES, dtype="int32") % 10
    images = draw(labels=tf.constant(labels), seed=tf.constant(0))["images"]
    return _mnist.Digits(images.numpy(), labels)


def measure(judge, seed, workdir):
    """Returns the results of one seed, with its configuration."""
    seconds = _training.train(f"--seed={seed}", f"--workdir={workdir}")
    measures = judge.measures(samples_of(workdir / "export"))
    config = _training.config_of(workdir)
    return {"seed": int(seed), **seconds, **measures, "config": config}


def last_picture(workdir):
    return max((workdir / "samples").iterdir())


def main(_):
    values = flags.FLAGS
    with tempfile.TemporaryDirectory() as folder:
        workdirs = {seed: pathlib.Path(folder, seed) for seed in values.seeds}
        judge = _mnist.Judge(values.data_dir, values.workdir)
        runs = [measure(judge, seed, path) for seed, path in workdirs.items()]
        if values.picture:
            shutil.copy(last_picture(workdirs[values.seeds[0]]), values.picture)
    results = {"commit": commit(), "real": judge.real(), "runs": runs}
    for measures in (results["real"], *runs):
        print({key: value for key, value in measures.items() if key != "config"})
    _results.write(values.output, results)


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder of prepared MNIST.", required=True)
    flags.DEFINE_string("workdir", "runs/judge", "Folder that keeps the classifier.")
    flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds to train with.")
    flags.DEFINE_string("output", None, "JSON file for the results.")
    flags.DEFINE_string("picture", None, "PNG file for the first seed's last samples.")
    app.run(main)
