"""A PyTorch loop with eager or compiled networks."""

import contextlib
import time

import torch
from torch import nn
from torch.nn.utils import parametrizations

from benchmarks._speed import examples
from benchmarks._speed.contenders import Running

_ACTIVATIONS = {
    "relu": lambda slope: nn.ReLU(),
    "leaky_relu": nn.LeakyReLU,
    "tanh": lambda slope: nn.Tanh(),
}


def dense(layer):
    return nn.Linear(layer.inputs, layer.units, bias=layer.bias)


def conv(layer):
    kind = nn.ConvTranspose2d if layer.transposed else nn.Conv2d
    return kind(
        layer.channels,
        layer.filters,
        layer.kernel,
        layer.stride,
        padding=1,
        bias=layer.bias,
    )


def reshape(layer):
    if not layer.size:
        return nn.Flatten()
    return nn.Unflatten(1, (layer.channels, layer.size, layer.size))


MODULES = {
    "Dense": dense,
    "Conv": conv,
    "BatchNorm": lambda layer: nn.BatchNorm2d(layer.features),
    "Activation": lambda layer: _ACTIVATIONS[layer.name](layer.slope),
    "Reshape": reshape,
}


def network(layers):
    """Returns a `torch.nn.Sequential` of layers with DCGAN's initial weights."""
    modules = []
    for layer in layers:
        module = MODULES[type(layer).__name__](layer)
        if hasattr(module, "weight") and not isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if getattr(layer, "spectral", False):
            module = parametrizations.spectral_norm(module)
        modules.append(module)
    return nn.Sequential(*modules)


class GAN:
    """A relativistic GAN, with the gradient penalties that the workload names."""

    def __init__(self, workload, generator, discriminator):
        self.generator, self.discriminator = generator, discriminator
        self.workload = workload
        # One kernel for all weights, which is faster than PyTorch's default.
        options = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": True}
        self.g_optimizer = torch.optim.Adam(generator.parameters(), **options)
        self.d_optimizer = torch.optim.Adam(discriminator.parameters(), **options)

    def precision(self):
        if self.workload.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast("cpu", dtype=torch.bfloat16)

    def sample(self):
        return self.generator(
            torch.randn(self.workload.batch_size, self.workload.latent_dim)
        )

    def step(self, real, other):
        self.d_optimizer.zero_grad()
        self.discriminator_loss(real).backward()
        self.d_optimizer.step()

        self.g_optimizer.zero_grad()
        self.discriminator.requires_grad_(False)
        self.generator_loss(other).backward()
        self.discriminator.requires_grad_(True)
        self.g_optimizer.step()

    def discriminator_loss(self, real):
        names = self.workload.penalties
        with self.precision():
            with torch.no_grad():
                fake = self.sample().float()
            real.requires_grad_("r1" in names)
            fake.requires_grad_("r2" in names)
            real_logits = self.discriminator(real).float()
            fake_logits = self.discriminator(fake).float()
            loss = nn.functional.softplus(fake_logits - real_logits).mean()
            if "gp" in names:
                shape = [len(real)] + [1] * (real.dim() - 1)
                points = torch.lerp(real, fake, torch.rand(shape)).requires_grad_()
                norms = (
                    squared_norms(self.discriminator(points), points) + 1e-12
                ) ** 0.5
                loss = loss + 10.0 * ((norms - 1.0) ** 2).mean()
            if "r1" in names:
                loss = loss + 0.5 * squared_norms(real_logits, real).mean()
            if "r2" in names:
                loss = loss + 0.5 * squared_norms(fake_logits, fake).mean()
        return loss

    def generator_loss(self, real):
        with self.precision():
            with torch.no_grad():
                real_logits = self.discriminator(real).float()
            fake_logits = self.discriminator(self.sample().float()).float()
            return nn.functional.softplus(real_logits - fake_logits).mean()


def squared_norms(logits, points):
    (gradients,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return gradients.float().square().flatten(1).sum(1)


def start(workload, *, channels_last=False, is_compiled=False):
    """Returns a loop over a workload, ready to run.

    Args:
        workload: A `Workload`.
        channels_last: If `True`, images are in memory as in TensorFlow.
        is_compiled: If `True`, both networks are compiled.
    """
    layout = torch.channels_last if channels_last else torch.contiguous_format
    both = [
        network(layers).to(memory_format=layout)
        for layers in (workload.generator_layers, workload.discriminator_layers)
    ]
    parameters = sum(each.numel() for one in both for each in one.parameters())
    gan = GAN(workload, *(torch.compile(one) if is_compiled else one for one in both))
    images = torch.from_numpy(examples.real(workload))
    if workload.is_of_images:
        images = images.movedim(-1, 1).contiguous(memory_format=layout)

    def batches():
        """Yields shuffled batches without end."""
        while True:
            order = torch.randperm(len(images))
            for rows in order.split(workload.batch_size):
                yield images[rows].contiguous(memory_format=layout)

    drawn = batches()

    def run(steps):
        gan.step(next(drawn), next(drawn))
        begin = time.perf_counter()
        for _ in range(steps):
            gan.step(next(drawn), next(drawn))
        return time.perf_counter() - begin

    return Running(parameters, run)
