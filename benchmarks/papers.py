"""Short runs of the papers' own settings, on random data of their shapes.

    python -m benchmarks.papers --workdir=runs/papers \\
        --output=benchmarks/results/papers.json --markdown=docs/papers.md

Each preset trains two steps, resumes for two more, and exports its generator, each time
by the command line. The results have the weights of both networks and the products of a
step: one multiplication and one addition are two operations, and nothing else counts.
`--markdown` writes the table between the marks of a page. A second call runs presets
without results only.
"""

import json
import math
import pathlib
import subprocess
import sys

import numpy as np
from absl import app
from absl import flags

from benchmarks._commit import commit
from benchmarks._speed import flops
from benchmarks._speed import report
from launch.config import configuration
from launch.config import papers

STEPS = 2
NUM_CLASSES = 3740  # The characters of HWDB 1.0, one random image of each.


class Products:
    """The products of a layer for one example, with or without a wrapper."""

    def __init__(self, layer):
        inner = getattr(layer, "layer", layer)
        kernel = inner.kernel.shape
        downward = type(inner).__name__ == "Conv2D"
        image = (layer.output if downward else layer.input).shape[1:-1]
        positions = math.prod(image) if len(kernel) == 4 else 1
        self.flops = 2 * math.prod(kernel) * positions


def layers_of(network):
    return [
        Products(layer)
        for layer in network.layers
        if hasattr(getattr(layer, "layer", layer), "kernel")
    ]


def gflop(config, generator, discriminator):
    """Returns the products of a step, in 10^9 floating-point operations.

    They are counted as in docs/performance.md.
    """
    made, judged = layers_of(generator), layers_of(discriminator)
    known = {"gradient_penalty": "gp"}
    names = [known.get(str(each), str(each)) for each in config.penalty]
    update_discriminator = (
        2 * flops.trained(judged)
        + flops.of_penalties(names, flops.forward(judged))
        + flops.forward(made)
    )
    # A relativistic generator also needs the logits of real images.
    real = flops.forward(judged) if "relativistic" in config.trainer.name else 0
    update_generator = flops.trained(made) + 2 * flops.forward(judged) + real
    updates = config.trainer.discriminator_steps * update_discriminator
    return config.batch_size * (updates + update_generator) / 1e9


def described(name):
    """Returns the sizes of a preset's networks and of its step."""
    from launch import _build

    config = configuration.preset(name)
    num_classes = NUM_CLASSES if config.uses_labels else None
    model = _build.trainer(config, shape_of(config), num_classes)
    networks = model.generator, model.discriminator
    weights = [
        sum(math.prod(each.shape) for each in network.trainable_weights)
        for network in networks
    ]
    return {
        "generator_weights": weights[0],
        "discriminator_weights": weights[1],
        "batch_size": config.batch_size,
        "steps": config.steps,
        "gflop": float(f"{gflop(config, *networks):.4g}"),
    }


def shape_of(config):
    if len(config.dataset.shape) == 1:
        return config.dataset.shape
    if str(config.dataset) == "tfds:cifar10":
        return (32, 32, 3)
    size, _, channels = config.dataset.example_shape()
    return (size or 28, size or 28, channels or 1)


def data_flags(config, folder):
    """Returns the flags for data of the preset's shape."""
    shape = shape_of(config)
    if len(shape) == 1:
        return []
    path = folder / f"random{shape[0]}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        images = np.random.default_rng(0).integers(
            0, 256, [NUM_CLASSES, *shape], "uint8"
        )
        np.savez(path, images=images, labels=np.arange(NUM_CLASSES))
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
    output, folder = pathlib.Path(values.output), pathlib.Path(values.workdir)
    results = json.loads(output.read_text()) if output.exists() else {"presets": {}}
    done = results["presets"]
    for name in papers.PRESETS:
        if name in done:
            continue
        run(name, folder)
        done[name] = described(name) | {"steps_run": 2 * STEPS, "commit": commit()}
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(results, indent=2) + "\n")
    if values.markdown:
        page = pathlib.Path(values.markdown)
        page.write_text(report.replaced(page.read_text(), "presets", table(done)))


if __name__ == "__main__":
    flags.DEFINE_string("workdir", "runs/papers", "Folder for data and runs.")
    flags.DEFINE_string("output", None, "JSON file for the results.", required=True)
    flags.DEFINE_string("markdown", None, "Page for the table.")
    app.run(main)
