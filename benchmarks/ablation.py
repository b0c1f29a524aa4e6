"""Effect of each trick of Salimans et al. (2016) on 8x8 digits, as in their Table 3.

    python -m benchmarks.ablation --seeds=0,1,2 \\
        --output=benchmarks/results/ablation.json

The base has virtual batch normalization (VBN), one-sided label smoothing (LS) and
minibatch discrimination (MBD). The variants remove each of these, or add historical
averaging (HA) or feature matching (FM). Runs that the output file already contains
are skipped.

Each run is judged by 1,000 samples of its generator, without weight averaging:

- digit score: exp(E KL(p(y|x) || p(y))), the formula of the inception score, with the
  probabilities of a logistic regression on the pixels of the 1,437 real training
  digits. It is between 1 and 10, and cannot be compared with inception scores.
- coverage: the share of the 360 held-out digits that have a sample within the distance
  of their fifth nearest held-out neighbor, in pixels.
- smallest share: the share of the digit that a support vector machine finds least
  often.

The row "real" judges real digits instead of samples: held-out digits for the digit
score, training digits for the other measures.
"""

import functools
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app
from absl import flags

import trainers
from benchmarks import _judge
from benchmarks import _results
from benchmarks._commit import commit
from tfgan_tricks import data
from tfgan_tricks import export
from tfgan_tricks import layers
from tfgan_tricks import metrics

BASE = {
    "normalization": "virtual",
    "real_label": 0.9,
    "minibatch_discrimination": "separate",
    "history": None,
    "feature_matching": False,
    "steps": 2000,
    "batch_size": 64,
    "latent_dim": 32,
    "width": 256,
    "learning_rate": 1e-3,
}
NO_MINIBATCH = {"minibatch_discrimination": None}
VARIANTS = {
    "base": {},
    "-VBN+BN": {"normalization": "batch"},
    "-LS": {"real_label": 1.0},
    "-MBD": NO_MINIBATCH,
    "-MBD+joint MBD": {"minibatch_discrimination": "joint"},
    "-VBN-LS-MBD": {"normalization": None, "real_label": 1.0, **NO_MINIBATCH},
    "+HA": {"history": 0.01},
    "+FM": {"feature_matching": True},
    "-MBD+FM": {"feature_matching": True, **NO_MINIBATCH},
}
SCORES = ("digit_score", "coverage", "smallest_share")
NUM_SAMPLES = 1000
LATENT_SEED = 7


def generator(config):
    dense = keras.layers.Dense
    norms = {
        "virtual": layers.VirtualBatchNorm,
        "batch": keras.layers.BatchNormalization,
    }
    norm = norms.get(config["normalization"])
    stack = [keras.Input((config["latent_dim"],))]
    for _ in range(2):
        stack.append(dense(config["width"]))
        stack += [norm()] if norm else []
        stack.append(keras.layers.ReLU())
    stack += [dense(64, "tanh"), keras.layers.Reshape((8, 8, 1))]
    network = keras.Sequential(stack)
    if norm is not layers.VirtualBatchNorm:
        return network
    shape = [config["batch_size"], config["latent_dim"]]
    reference = tf.random.stateless_normal(shape, [LATENT_SEED, config["seed"]])
    return layers.VirtualBatchNormalized(network, reference)


def discriminator(config):
    kinds = {
        "separate": layers.MinibatchDiscrimination,
        "joint": layers.JointMinibatchDiscrimination,
    }
    compare = kinds.get(config["minibatch_discrimination"])
    stack = [keras.Input((8, 8, 1)), keras.layers.Flatten()]
    for name in ("hidden", "features"):
        stack.append(keras.layers.Dense(config["width"]))
        stack.append(keras.layers.LeakyReLU(0.2, name=name))
    stack += [compare(num_kernels=32, kernel_dim=5)] if compare else []
    return keras.Sequential([*stack, keras.layers.Dense(1)])


def trainer(config):
    keras.utils.set_random_seed(config["seed"])
    arguments = {
        "generator_history": config["history"],
        "discriminator_history": config["history"],
        "joint_batch": config["minibatch_discrimination"] == "joint",
        "seed": config["seed"],
    }
    networks = generator(config), discriminator(config)
    if config["feature_matching"]:
        loss = {"name": "non_saturating", "real_label": config["real_label"]}
        arguments |= {"features": "features", "base": loss}
        model = trainers.FeatureMatchingGAN(*networks, **arguments)
    else:
        arguments |= {"real_label": config["real_label"]}
        model = trainers.NonSaturatingGAN(*networks, **arguments)
    optimizers = [keras.optimizers.Adam(config["learning_rate"], 0.5) for _ in range(2)]
    # Many times faster: minibatch discrimination is a loop of small operations.
    model.compile(*optimizers, jit_compile=True, steps_per_execution=100)
    return model


def samples_of(config):
    model = trainer(config)
    batches = data.batches(
        data.load("digits8"), config["batch_size"], seed=config["seed"]
    )
    model.fit(batches, steps_per_epoch=config["steps"], verbose=0)
    sampler = export.Sampler(model.generator)
    images = sampler.sample(NUM_SAMPLES, LATENT_SEED)["images"]
    return _judge.flat(images.numpy())


def digit_score(samples):
    """Returns the inception score with the probabilities of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    train = data.load("digits8")
    classifier = LogisticRegression(max_iter=1000)
    classifier.fit(_judge.flat(train.examples) / 127.5 - 1.0, train.labels)
    probabilities = classifier.predict_proba(samples)
    return metrics.inception_score(probabilities, splits=1).mean


def judge(samples, held_out=None):
    scores = _judge.judge(samples)
    score = digit_score(samples if held_out is None else held_out)
    return {"digit_score": score} | {name: scores[name] for name in SCORES[1:]}


@functools.cache
def real():
    """Returns the measures of real digits."""
    train, test = (
        _judge.flat(data.load("digits8", split=split).examples) / 127.5 - 1.0
        for split in ("train", "test")
    )
    return judge(train, held_out=test)


def measure(variant, config):
    begin = time.monotonic()
    scores = judge(samples_of(config))
    keras.backend.clear_session()
    seconds = round(time.monotonic() - begin, 1)
    return {
        "variant": variant,
        "config": config,
        **scores,
        "seconds": seconds,
        "commit": commit(),
    }


def table(runs):
    """Returns a line for each variant: mean and standard deviation over the seeds."""
    lines = [["", *SCORES], ["real", *(f"{value:.3f}" for value in real().values())]]
    for variant in VARIANTS:
        own = [run for run in runs if run["variant"] == variant]
        if own:
            scores = [[run[name] for run in own] for name in SCORES]
            lines.append([variant, *map(spread, scores)])
    return "\n".join(
        f"{name:16}" + "".join(f"{cell:>18}" for cell in cells)
        for name, *cells in lines
    )


def spread(values):
    deviation = np.std(values, ddof=1) if len(values) > 1 else float("nan")
    return f"{np.mean(values):.3f} +- {deviation:.3f}"


def stored(path):
    return _results.read(path, {"runs": []})["runs"]


def train_missing(runs, seeds, variants, path=None):
    """Trains the runs that are missing in `runs`, and appends and stores each."""
    for seed in seeds:
        for variant in variants:
            config = BASE | VARIANTS[variant] | {"seed": seed}
            if all(run["config"] != config for run in runs):
                runs.append(measure(variant, config))
                print({k: v for k, v in runs[-1].items() if k != "config"}, flush=True)
                _results.write(path, {"real": real(), "runs": runs})


def main(_):
    # Such small networks train faster without threads.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    values = flags.FLAGS
    runs = stored(values.output)
    train_missing(runs, map(int, values.seeds), values.only, values.output)
    print(table(runs))


if __name__ == "__main__":
    flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds to train with.")
    flags.DEFINE_list("only", list(VARIANTS), "Names of the variants to train.")
    flags.DEFINE_string("output", None, "JSON file for the results.")
    app.run(main)
