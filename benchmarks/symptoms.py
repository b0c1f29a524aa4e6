"""The figures of docs/does-not-train.md: GANs that fail, and their remedies.

    python -m benchmarks.symptoms

Each symptom is trained twice, without and with the line that the page adds, on data
that come with the package. The program writes the figures to docs/symptoms/NAME.png,
and their texts to benchmarks/results/symptoms.json. `--only=NAME,...` selects some.
"""

import io
import pathlib
import statistics
import time
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from absl import app
from absl import flags

import trainers
from benchmarks import _judge
from benchmarks import _results
from benchmarks._commit import commit
from tfgan_tricks import callbacks
from tfgan_tricks import data
from tfgan_tricks import layers
from tfgan_tricks import metrics
from tfgan_tricks import networks
from tfgan_tricks import penalties

ROOT = pathlib.Path(__file__).parent.parent
LATENT_DIM = 16
TOGETHER = {"steps_per_execution": 100, "jit_compile": True}
Dense = keras.layers.Dense


class Side(NamedTuple):
    """One half of a figure.

    Attributes:
        title: Difference between this half and the other.
        result: Result in numbers.
        pixels: Sample grid, or `None`.
        curve: Pairs of a step and a value to plot below, or `()`.
    """

    title: str
    result: str
    pixels: np.ndarray | None = None
    curve: tuple[tuple[int, float], ...] = ()


def digits():
    return data.to_unit_range(data.load("digits8").examples).numpy()


def pair(units=64):
    """Returns a generator of 8x8 images and a discriminator with layers of `units`."""
    return (
        networks.mlp_generator((8, 8, 1), LATENT_DIM, hidden=(64, 64)),
        networks.mlp_discriminator((8, 8, 1), hidden=(units, units)),
    )


def train(gan, batches, steps, rates=(1e-3, 1e-3), optimizers=None, every=None):
    """Yields the number of finished steps and the logs, while it trains."""
    optimizers = optimizers or [keras.optimizers.Adam(rate, 0.5) for rate in rates]
    gan.compile(*optimizers, steps_per_execution=50)
    every = every or steps
    for done in range(every, steps + 1, every):
        history = gan.fit(batches, steps_per_epoch=every, verbose=0).history
        yield done, {name: values[-1] for name, values in history.items()}


def samples(gan, count):
    return gan(tf.random.stateless_normal([count, LATENT_DIM], [0, 1])).numpy()


def d_loss_goes_to_zero():
    """Trains a discriminator with twenty times the rate, and a saturating loss."""
    for title, extra in (
        ("MinimaxGAN", []),
        ("+ penalties.R1(1.0)", [penalties.R1(1.0)]),
    ):
        gan = trainers.MinimaxGAN(*pair(units=256), penalties=extra)
        batches = data.batches(digits(), 64)
        logs = list(train(gan, batches, 1500, rates=(1e-4, 2e-3), every=50))
        curve = tuple((step, log["d_loss"]) for step, log in logs)
        result = f"d_loss {curve[-1][1]:.3f} at step 1500"
        yield Side(title, result, callbacks.picture(samples(gan, 36)), curve)


def all_samples_alike():
    """Trains a generator with a much higher rate, on a ring of eight modes."""
    ring = data.load("ring8").examples
    for title, extra in (
        ("NonSaturatingGAN", []),
        ("+ MinibatchDiscrimination", [layers.MinibatchDiscrimination(16, 3)]),
    ):
        stack = [keras.Input((2,))]
        for _ in range(2):
            stack += [Dense(64), keras.layers.LeakyReLU(0.2)]
        generator = networks.mlp_generator((2,), LATENT_DIM, hidden=(64, 64))
        discriminator = keras.Sequential([*stack, *extra, Dense(1)])
        gan = trainers.NonSaturatingGAN(generator, discriminator)
        list(train(gan, data.batches(ring, 64), 3000, rates=(5e-3, 2e-4)))
        points = samples(gan, 1000)
        result = f"{modes(points)} of 8 modes"
        yield Side(title, result, callbacks.picture(points, real=ring[:2000]))


def modes(points):
    """Counts the modes that have a hundredth of the points within 0.1."""
    centers = data.mixture("ring8").centers
    distances = np.linalg.norm(points[:, None] - centers, axis=-1)
    near = (distances < 0.1).mean(axis=0)
    return int((near >= 0.01).sum())


def blobs(count=2048, size=32):
    """Returns smooth bright or dark blobs on gray."""
    random, steps = np.random.RandomState(0), np.arange(size) / (size - 1)
    x, y = random.uniform(0.2, 0.8, (2, count, 1, 1))
    spread = random.uniform(0.1, 0.3, (count, 1, 1))
    height = random.choice([-0.9, 0.9], (count, 1, 1))
    squares = (steps[None, None] - x) ** 2 + (steps[None, :, None] - y) ** 2
    images = height * np.exp(-squares / (2 * spread**2))
    return images[..., None].astype("float32")


def checkerboards():
    """Trains a generator of transposed convolutions, and one that resizes."""
    for title, up in (("Conv2DTranspose", _transposed), ("UpSampling2D, Conv2D", _up)):
        generator = keras.Sequential(
            [
                keras.Input((LATENT_DIM,)),
                Dense(8 * 8 * 32, "relu"),
                keras.layers.Reshape((8, 8, 32)),
                *up(32, "relu"),
                *up(1, "tanh"),
            ]
        )
        discriminator = networks.dcgan_discriminator(32, 1, 16, normalization="none")
        gan = trainers.NonSaturatingGAN(
            generator, discriminator, penalties=[penalties.R1(0.3)]
        )
        list(train(gan, data.batches(blobs(), 32), 600))
        images = samples(gan, 64)
        result = f"{fine(images):.2%} of the variance in checkers"
        yield Side(title, result, callbacks.picture(images[:16]))


def _transposed(filters, activation):
    conv = keras.layers.Conv2DTranspose
    yield conv(filters, 4, strides=2, padding="same", activation=activation)


def _up(filters, activation):
    yield keras.layers.UpSampling2D(interpolation="bilinear")
    yield keras.layers.Conv2D(filters, 3, padding="same", activation=activation)


def fine(images):
    """Returns the share of the variance in either axis' two highest frequencies."""
    images = images[..., 0] - images[..., 0].mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(images)) ** 2
    size = images.shape[-1]
    high = np.abs(np.fft.fftfreq(size, 1 / size)) >= size // 2 - 1
    return float(power[:, high[:, None] | high].sum() / power.sum())


def nan():
    """Trains with updates that grow without bound, and with clipped gradients."""
    for title, options in (
        ("SGD(1.0)", {}),
        ("SGD(1.0, clipnorm=0.1)", {"clipnorm": 0.1}),
    ):
        optimizers = [keras.optimizers.SGD(1.0, **options) for _ in range(2)]
        gan = trainers.LSGAN(*pair())
        logs = list(train(gan, data.batches(digits(), 64), 3000, optimizers=optimizers))
        result = f"d_loss {logs[-1][1]['d_loss']:.3f} at step 3000"
        yield Side(title, result, callbacks.picture(samples(gan, 36)))


def grayer_than_the_data():
    """Trains a generator with tanh on images from 0 to 1 and from -1 to 1."""
    images = data.load("digits8").examples
    for title, real in (
        ("images / 255", (images / 255.0).astype("float32")),
        ("data.to_unit_range(images)", digits()),
    ):
        gan = trainers.NonSaturatingGAN(
            *pair(), penalties=[penalties.R1(0.5)], output_range=(-1.0, 1.0)
        )
        list(train(gan, data.batches(real, 64), 3000))
        drawn = samples(gan, 36)
        darkest = callbacks.picture(drawn, output_range=(-1.0, 1.0)).min()
        result = f"the darkest pixel is {darkest} of 255"
        yield Side(title, result, callbacks.picture(drawn))


def good_then_bad():
    """Trains a discriminator that memorizes two hundred images."""
    real = digits()
    held_out = _judge.flat(real[-500:])
    for title, extra in (
        ("200 images", []),
        ("+ penalties.R1(1.0)", [penalties.R1(1.0)]),
    ):
        gan = trainers.NonSaturatingGAN(*pair(units=256), penalties=extra)
        batches = data.batches(real[:200], 50)
        curve, losses = [], []
        for step, logs in train(gan, batches, 6000, every=300):
            fake = _judge.flat(samples(gan, 500))
            coverage = metrics.density_coverage(held_out, fake).coverage
            curve.append((step, coverage))
            losses.append(logs["d_loss"])
        best, last = max(value for _, value in curve), curve[-1][1]
        result = (
            f"coverage {best:.2f}, then {last:.2f}; "
            f"d_loss {losses[0]:.2f}, then {losses[-1]:.2f}"
        )
        yield Side(title, result, callbacks.picture(samples(gan, 36)), tuple(curve))


def labels_ignored():
    """Trains a discriminator that gets the label after, or before, hidden layers."""
    from sklearn.svm import SVC

    source = data.load("digits8")
    judge = SVC(C=10.0).fit(_judge.flat(digits()), source.labels)
    labels = np.arange(1000, dtype="int32") % 10
    for title, is_first in (("label joins last", False), ("label joins first", True)):
        gan = trainers.NonSaturatingGAN(
            _generator_of_class(),
            _discriminator_of_class(is_first),
            penalties=[penalties.R1(0.5)],
        )
        list(train(gan, data.batches(source, 64, with_labels=True), 3000))
        latents = tf.random.stateless_normal([1000, LATENT_DIM], [0, 1])
        images = gan([latents, labels]).numpy()
        right = np.mean(judge.predict(_judge.flat(images)) == labels)
        result = f"{right:.0%} show the digit asked for"
        yield Side(
            title, result, callbacks.picture(images[labels < 5][:30], num_classes=5)
        )


def _generator_of_class():
    latents, label = keras.Input((LATENT_DIM,)), keras.Input((), dtype="int32")
    vector = keras.layers.Embedding(10, 16)(label)
    x = keras.layers.Concatenate()([latents, vector])
    for _ in range(2):
        x = Dense(64, "relu")(x)
    images = keras.layers.Reshape((8, 8, 1))(Dense(64, "tanh")(x))
    return keras.Model([latents, label], images)


def _discriminator_of_class(is_first):
    images, label = keras.Input((8, 8, 1)), keras.Input((), dtype="int32")
    vector = keras.layers.Embedding(10, 16)(label)
    x = keras.layers.Flatten()(images)
    if is_first:
        x = keras.layers.Concatenate()([x, vector])
    for _ in range(2):
        x = keras.layers.LeakyReLU(0.2)(Dense(64)(x))
    if not is_first:
        x = keras.layers.Concatenate()([x, vector])
    return keras.Model([images, label], Dense(1)(x))


def slow():
    """Measures steps that are so small that Python takes most of the time."""
    options, rounds, steps = ({}, TOGETHER), 5, 200
    gans = [trainers.NonSaturatingGAN(*pair()) for _ in options]
    batches = data.batches(digits(), 64)
    for gan, chosen in zip(gans, options, strict=True):
        gan.compile(**chosen)
        gan.fit(batches, steps_per_epoch=steps, verbose=0)
    times = [[] for _ in gans]
    for _ in range(rounds):
        for gan, own in zip(gans, times, strict=True):
            begin = time.perf_counter()
            gan.fit(batches, steps_per_epoch=steps, verbose=0)
            own.append((time.perf_counter() - begin) / steps * 1000)
    for title, own in zip(
        ("compile()", "+ steps_per_execution, jit_compile"), times, strict=True
    ):
        median = statistics.median(own)
        yield Side(title, f"{median:.1f} ms a step", curve=((0, median),))


SYMPTOMS = {
    "d-loss-zero": (d_loss_goes_to_zero, "d_loss"),
    "all-alike": (all_samples_alike, None),
    "checkerboards": (checkerboards, None),
    "nan": (nan, None),
    "gray": (grayer_than_the_data, None),
    "good-then-bad": (good_then_bad, "coverage"),
    "labels-ignored": (labels_ignored, None),
    "slow": (slow, "ms a step"),
}


def draw(sides, quantity):
    """Returns both sides next to each other, as the bytes of a small PNG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [(_show, 2.6)] if sides[0].pixels is not None else []
    rows += [(_plot, 1.5)] if sides[0].curve else []
    heights = [height for _, height in rows]
    figure, axes = pyplot.subplots(
        len(rows),
        2,
        squeeze=False,
        figsize=(6.0, sum(heights) + 0.6),
        height_ratios=heights,
        layout="constrained",
    )
    for column, side in enumerate(sides):
        lines = [side.title, *side.result.split("; ")]
        axes[0, column].set_title("\n".join(lines), fontsize=9)
        for row, (fill, _) in enumerate(rows):
            fill(axes[row, column], side)
    if quantity is not None:
        axes[-1, 0].set_ylabel(quantity)
        highest = max(value for side in sides for _, value in side.curve)
        for each in axes[-1]:
            each.set_ylim(0.0, 1.1 * highest)
    return _png(figure)


def _show(axes, side):
    axes.imshow(side.pixels.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


def _plot(axes, side):
    steps, values = zip(*side.curve, strict=True)
    if len(steps) == 1:
        axes.bar(steps, values, width=0.5)
        axes.set(xlim=(-1, 1), xticks=[])
    else:
        axes.plot(steps, values)
        axes.set_xlabel("step")


def _png(figure):
    """Returns a figure in 32 colors."""
    from matplotlib import pyplot
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=100)
    pyplot.close(figure)
    image = Image.open(drawn).convert("RGB").quantize(32)
    image.save(packed, "png", optimize=True)
    return packed.getvalue()


def shown(name):
    """Trains the two sides of a symptom, and returns the figure and its texts."""
    keras.utils.set_random_seed(0)
    train_both, quantity = SYMPTOMS[name]
    begin = time.monotonic()
    sides = list(train_both())
    said = [{"title": side.title, "result": side.result} for side in sides]
    seconds = round(time.monotonic() - begin, 1)
    return draw(sides, quantity), {"sides": said, "seconds": seconds}


def main(_):
    # Such small networks train faster without threads.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    folder = pathlib.Path(flags.FLAGS.folder)
    results = _results.read(flags.FLAGS.output, {})
    folder.mkdir(parents=True, exist_ok=True)
    for name in flags.FLAGS.only:
        picture, said = shown(name)
        (folder / f"{name}.png").write_bytes(picture)
        results[name] = said | {"commit": commit()}
        _results.write(flags.FLAGS.output, dict(sorted(results.items())))
        print(name, said, flush=True)


if __name__ == "__main__":
    flags.DEFINE_list("only", list(SYMPTOMS), "Names of the symptoms to draw.")
    flags.DEFINE_string("folder", str(ROOT / "docs/symptoms"), "Folder of figures.")
    flags.DEFINE_string(
        "output",
        str(ROOT / "benchmarks/results/symptoms.json"),
        "JSON file for the texts of the figures.",
    )
    app.run(main)
