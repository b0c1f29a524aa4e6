"""The workloads: networks, batch size, penalties and precision, a row each."""

from typing import Any
from typing import NamedTuple

from benchmarks._speed import architectures


class Workload(NamedTuple):
    """A GAN to train, with the loss of RSGAN unless it is semi-supervised.

    Attributes:
        title: Its name for readers.
        family: Prefix of the functions in `tfgan_tricks.networks` that make it.
        generator: Arguments of the function of the generator.
        discriminator: Arguments of the function of the discriminator.
        example_shape: Shape of a real example.
        batch_size: Number of examples in a batch.
        penalties: Names of penalties on the discriminator: "gp", "r1", "r2".
        precision: "float32" or "bfloat16".
        steps_per_execution: Number of steps in one call from Python.
        reference_size: Number of examples in the reference batch of the generator.
        baseline: Workload to compare with, in the same rounds.
    """

    title: str
    family: str
    generator: dict[str, Any]
    discriminator: dict[str, Any]
    example_shape: tuple[int, ...]
    batch_size: int = 64
    penalties: tuple[str, ...] = ()
    precision: str = "float32"
    steps_per_execution: int = 1
    reference_size: int = 0
    baseline: str | None = None

    @property
    def generator_layers(self):
        suffix = "generator"
        return list(self._function(architectures, suffix)(**self.generator))

    @property
    def discriminator_layers(self):
        suffix = "classifier" if self.is_semi_supervised else "discriminator"
        return list(self._function(architectures, suffix)(**self.discriminator))

    def networks(self, module):
        """Returns the networks that the functions of a module make."""
        suffix = "classifier" if self.is_semi_supervised else "discriminator"
        return (
            self._function(module, "generator")(**self.generator),
            self._function(module, suffix)(**self.discriminator),
        )

    def _function(self, module, suffix):
        return getattr(module, f"{self.family}_{suffix}")

    @property
    def latent_dim(self):
        return self.generator_layers[0].inputs

    @property
    def is_semi_supervised(self):
        return self.family == "weight_norm"

    @property
    def is_of_images(self):
        return len(self.example_shape) == 3

    @property
    def needs_tricks(self):
        """`True` if a layer of the networks exists in this package only."""
        return self.mixes_examples or bool(self.reference_size)

    @property
    def mixes_examples(self):
        """`True` if the discriminator compares the examples of a batch."""
        tricky = self.discriminator.get("minibatch_discrimination")
        return bool(tricky or self.is_semi_supervised)

    @property
    def num_critic_batches(self):
        """The number of batches that the discriminator learns from in an update."""
        return 3 if self.is_semi_supervised else 2


def dcgan(size, title=None, width=64, **options):
    """Returns a DCGAN without normalization in the discriminator."""
    shape = {"image_size": size, "width": width}
    generator = shape | options.pop("generator", {})
    discriminator = {"normalization": "none"} | options.pop("discriminator", {})
    title = title or f"DCGAN-{size}"
    example = (size, size, 3)
    return Workload(
        title, "dcgan", generator, shape | discriminator, example, **options
    )


def comparing(size):
    """Returns a DCGAN with minibatch discrimination, at a batch size."""
    return dcgan(
        32,
        f"DCGAN-32, minibatch discrimination, batch {size}",
        discriminator={"minibatch_discrimination": True},
        batch_size=size,
        baseline="dcgan32" if size == 64 else f"batch_{size}",
    )


def with_precisions(rows):
    """Returns rows, and the same in bfloat16."""
    half = {
        f"{name}_bfloat16": row._replace(precision="bfloat16")
        for name, row in rows.items()
    }
    return rows | half


GP, ZERO_CENTERED = ("gp",), ("r1", "r2")
STANDARD_CNN = Workload("Standard CNN (SNGAN)", "standard_cnn", {}, {}, (32, 32, 3))
POINTS = Workload(
    "MLP on 2-D points, 3x128, R1 and R2",
    "mlp",
    {"output_shape": (2,), "latent_dim": 4, "hidden": (128,) * 3},
    {"input_shape": (2,), "hidden": (128,) * 3},
    (2,),
    batch_size=256,
    penalties=ZERO_CENTERED,
    steps_per_execution=20,
)
SEMI_SUPERVISED = Workload(
    "Semi-supervised MNIST", "weight_norm", {}, {}, (28, 28, 1), batch_size=100
)
IMAGES = {
    "dcgan32": dcgan(32),
    "dcgan32_gp": dcgan(32, "DCGAN-32, WGAN-GP", penalties=GP),
    "dcgan32_r1_r2": dcgan(32, "DCGAN-32, R1 and R2", penalties=ZERO_CENTERED),
    "dcgan64": dcgan(64),
    "standard_cnn": STANDARD_CNN,
}
TRICKS = {
    "spectral_norm": dcgan(
        32,
        "DCGAN-32, spectral normalization",
        discriminator={"normalization": "spectral"},
        baseline="dcgan32",
    ),
    "virtual_batch_norm": dcgan(
        32,
        "DCGAN-32, virtual batch normalization",
        generator={"normalization": "virtual"},
        reference_size=64,
        baseline="dcgan32",
    ),
    **{f"minibatch_{size}": comparing(size) for size in (64, 256, 1024)},
}
GROWTH = {
    **{
        f"batch_{size}": dcgan(32, f"DCGAN-32, batch {size}", batch_size=size)
        for size in (16, 32, 64, 128, 256, 512, 1024)
    },
    **{f"size_{size}": dcgan(size) for size in (16, 32, 64, 128)},
    **{
        f"width_{width}": dcgan(32, f"DCGAN-32, width {width}", width)
        for width in (16, 32, 64, 128)
    },
}
ROWS = {
    **with_precisions(IMAGES),
    **TRICKS,
    "semi_supervised": SEMI_SUPERVISED,
    "points": POINTS,
    "points_1": POINTS._replace(
        title=f"{POINTS.title}, one step an execution", steps_per_execution=1
    ),
    **GROWTH,
}
# The rows of the table of targets.
TARGETS = (
    *(f"dcgan32{suffix}" for suffix in ("", "_gp", "_r1_r2", "_bfloat16")),
    *("dcgan32_gp_bfloat16", "semi_supervised", "minibatch_64"),
    *("virtual_batch_norm", "spectral_norm", "points"),
)
