"""Short runs of the papers' own settings, on random data of their shapes.

    python -m benchmarks.papers --workdir=runs/papers \\
        --output=benchmarks/results/papers.json --markdown=docs/papers.md

Each preset trains two steps, resumes for two more, and exports its generator, each time
by the command line. The results have the weights of both networks and the products of a
step: one multiplication and one addition are two operations, and nothing else counts.
`--markdown` writes the table between the marks of a page. A second call runs presets
without results only.
"""

import math
import pathlib
import subprocess
import sys

import numpy as np
from absl import app
from absl import flags

from benchmarks import _results
from benchmarks._commit import commit
from benchmarks._speed import flops
from benchmarks._speed import report
from launch.config import configuration
from launch.config import papers

STEPS = 2
NUM_IMAGES = 4000
NUM_CHARACTERS = 3740  # The characters of HWDB 1.0, at least one image of each.
SHAPES = {"tfds:cifar10": (32, 32, 3), "tfds:svhn_cropped": (32, 32, 3)}


class Products:
    """The products of a layer for one example, with or without a wrapper."""

    def __init__(self, layer):
        inner = getattr(layer, "layer", layer)
        kernel = kernel_of(inner).shape
        downward = type(inner).__name__.endswith("Conv2D")
        image = (layer.output if downward else layer.input).shape[1:-1]
        positions = math.prod(image) if len(kernel) == 4 else 1
        self.flops = 2 * math.prod(kernel) * positions


def kernel_of(layer):
    """Returns the weights that a layer multiplies its inputs by, or `None`."""
    return getattr(layer, "kernel", getattr(layer, "theta", None))


def layers_of(network):
    network = getattr(network, "network", network)  # Virtually batch normalized.
    return [
        Products(layer)
        for layer in network.layers
        if kernel_of(getattr(layer, "layer", layer)) is not None
    ]


def gflop(config, model):
    """Returns the products of a step, in 10^9 floating-point operations.

    They are counted as in docs/performance.md.
    """
    made, judged = layers_of(model.generator), layers_of(model.discriminator)
    known = {"gradient_penalty": "gp"}
    names = [known.get(str(each), str(each)) for each in config.penalty]
    num_packs = config.batch_size / config.trainer.packing
    reference = getattr(model.generator, "reference", None)
    num_latents = config.batch_size + (0 if reference is None else reference.shape[0])
    # Real, fake and, with few labels, labeled images.
    update_discriminator = num_latents * flops.forward(made) + num_packs * (
        (2 + config.trainer.classifies) * flops.trained(judged)
        + flops.of_penalties(names, flops.forward(judged))
    )
    real = model.generator_needs_real * flops.forward(judged)
    update_generator = num_latents * flops.trained(made) + num_packs * (
        2 * flops.forward(judged) + real
    )
    updates = config.trainer.discriminator_steps * update_discriminator
    return (updates + update_generator) / 1e9


def described(name):
    """Returns the sizes of a preset's networks and of its step."""
    from benchmarks._speed import ours
    from launch import _build

    config = configuration.preset(name)
    num_classes = num_classes_of(config) if config.uses_labels else None
    model = _build.trainer(config, shape_of(config), num_classes)
    return {
        "generator_weights": ours.count(model.generator),
        "discriminator_weights": ours.count(model.discriminator),
        "batch_size": config.batch_size,
        "steps": config.steps,
        "gflop": float(f"{gflop(config, model):.4g}"),
    }


def shape_of(config):
    if len(config.dataset.shape) == 1:
        return config.dataset.shape
    if str(config.dataset) in SHAPES:
        return SHAPES[str(config.dataset)]
    size, _, channels = config.dataset.example_shape()
    channels = channels or config.dataset.shape[-1]
    return (size or 28, size or 28, channels or 1)


def num_classes_of(config):
    return 10 if config.trainer.classifies else NUM_CHARACTERS


def data_flags(config, folder):
    """Returns the flags for data of the preset's shape."""
    shape = shape_of(config)
    if len(shape) == 1:
        return []
    num_classes = num_classes_of(config)
    path = folder / f"random{shape[0]}x{shape[-1]}_{num_classes}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(0)
        images = random.integers(0, 256, [NUM_IMAGES, *shape], "uint8")
        np.savez(path, images=images, labels=np.arange(NUM_IMAGES) % num_classes)
    return [f"--dataset=npz:{path}"]


def run(name, folder):
    """Trains a preset, resumes it and exports its generator."""
    workdir = folder / name
    train = ["launch.train", f"--preset={name}", "--set", "steps_per_execution=1"]
    train += data_flags(configuration.preset(name), folder)
    _call(*train, f"--workdir={workdir}", f"--steps={STEPS}")
    _call("launch.train", "--resume", f"--workdir={workdir}", f"--steps={2 * STEPS}")
    _call("launch.export", f"--workdir={workdir}", f"--output={workdir / 'g.keras'}")


def _call(*arguments):
    subprocess.run([sys.executable, "-m", *arguments], check=True)


def table(presets):
    """Returns the table of the page in Markdown."""
    lines = [
        "| preset | weights of both networks | batch | steps | GFLOP a step |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, each in presets.items():
        weights = f"{each['generator_weights']:,} + {each['discriminator_weights']:,}"
        cells = [f"`{name}`", weights, each["batch_size"], f"{each['steps']:,}"]
        lines.append("| " + " | ".join(map(str, [*cells, each["gflop"]])) + " |")
    return "\n".join(lines)


def main(_):
    values = flags.FLAGS
    folder = pathlib.Path(values.workdir)
    results = _results.read(values.output, {"presets": {}})
    done = results["presets"]
    for name in papers.PRESETS:
        if name in done:
            continue
        run(name, folder)
        done[name] = described(name) | {"steps_run": 2 * STEPS, "commit": commit()}
        _results.write(values.output, results)
    if values.markdown:
        page = pathlib.Path(values.markdown)
        page.write_text(report.replaced(page.read_text(), "presets", table(done)))


if __name__ == "__main__":
    flags.DEFINE_string("workdir", "runs/papers", "Folder for data and runs.")
    flags.DEFINE_string("output", None, "JSON file for the results.", required=True)
    flags.DEFINE_string("markdown", None, "Page for the table.")
    app.run(main)
