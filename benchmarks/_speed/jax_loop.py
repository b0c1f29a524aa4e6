"""A JAX loop over one function that `jax.jit` compiles."""

import math
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks._speed import examples
from benchmarks._speed.contenders import Running

_ACTIVATIONS = {
    "relu": lambda x, slope: jax.nn.relu(x),
    "leaky_relu": jax.nn.leaky_relu,
    "tanh": lambda x, slope: jnp.tanh(x),
}
_LAYOUT = ("NHWC", "HWIO", "NHWC")
_BETAS, _RATE, _EPSILON = (0.5, 0.999), 2e-4, 1e-8


def initial(layers, key):
    """Returns a dict of weights for each layer."""
    weights = []
    for layer, own in zip(layers, jax.random.split(key, len(layers)), strict=True):
        kind, each = type(layer).__name__, {}
        if kind == "BatchNorm":
            each = {
                "scale": jnp.ones(layer.features),
                "bias": jnp.zeros(layer.features),
            }
        elif kind in ("Dense", "Conv"):
            each = {"kernel": 0.02 * jax.random.normal(own, kernel_shape(layer))}
            if layer.bias:
                each["bias"] = jnp.zeros(each["kernel"].shape[-1])
        weights.append(each)
    return weights


def kernel_shape(layer):
    if type(layer).__name__ == "Dense":
        return layer.inputs, layer.units
    return layer.kernel, layer.kernel, layer.channels, layer.filters


def call(layer, weights, x):
    """Returns the outputs of a layer in training mode."""
    kind = type(layer).__name__
    if kind == "Activation":
        return _ACTIVATIONS[layer.name](x, layer.slope)
    if kind == "Reshape":
        size = layer.size
        return x.reshape(len(x), *((size, size, layer.channels) if size else (-1,)))
    if kind == "BatchNorm":
        return normalized(x.astype("float32"), weights).astype(x.dtype)
    kernel = weights["kernel"].astype(x.dtype)
    if kind == "Dense":
        x = x @ kernel
    elif layer.transposed:
        strides = (layer.stride,) * 2
        x = lax.conv_transpose(x, kernel, strides, "SAME", dimension_numbers=_LAYOUT)
    else:
        strides = (layer.stride,) * 2
        x = lax.conv_general_dilated(
            x, kernel, strides, "SAME", dimension_numbers=_LAYOUT
        )
    return x + weights["bias"].astype(x.dtype) if layer.bias else x


def normalized(x, weights):
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axes), x.var(axes)
    scale = weights["scale"] * lax.rsqrt(variance + 1e-5)
    return (x - mean) * scale + weights["bias"]


def network(layers, dtype):
    """Returns a function of weights and inputs, with float32 outputs."""

    def apply(weights, x):
        x = x.astype(dtype)
        for layer, own in zip(layers, weights, strict=True):
            x = call(layer, own, x)
        return x.astype("float32")

    return apply


def adam(gradients, state, weights):
    """Returns the state and the weights after an update."""
    count, means, squares = state
    count += 1
    first, second = _BETAS
    means = jax.tree.map(lambda m, g: first * m + (1 - first) * g, means, gradients)
    squares = jax.tree.map(
        lambda v, g: second * v + (1 - second) * g**2, squares, gradients
    )
    rate = _RATE * jnp.sqrt(1 - second**count) / (1 - first**count)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + _EPSILON), weights, means, squares
    )
    return (count, means, squares), weights


def squared_norms(critic, points):
    gradients = jax.grad(lambda x: critic(x).sum())(points)
    return (gradients**2).sum(tuple(range(1, points.ndim)))


def penalty(names, critic, real, fake, key):
    total = 0.0
    if "gp" in names:
        share = jax.random.uniform(key, (len(real),) + (1,) * (real.ndim - 1))
        norms = jnp.sqrt(squared_norms(critic, real + share * (fake - real)) + 1e-12)
        total += 10.0 * ((norms - 1.0) ** 2).mean()
    for name, points in {"r1": real, "r2": fake}.items():
        if name in names:
            total += 0.5 * squared_norms(critic, points).mean()
    return total


def make_step(workload, generator, discriminator):
    """Returns a function of the state, two real batches and a key, to compile."""
    shape = (workload.batch_size, workload.latent_dim)

    def discriminator_loss(weights, fake, real, key):
        def critic(images):
            return discriminator(weights, images)

        loss = jax.nn.softplus(critic(fake) - critic(real)).mean()
        return loss + penalty(workload.penalties, critic, real, fake, key)

    def generator_loss(weights, critic_weights, real, latents):
        fake_logits = discriminator(critic_weights, generator(weights, latents))
        real_logits = discriminator(critic_weights, real)
        return jax.nn.softplus(real_logits - fake_logits).mean()

    def step(state, real, other, key):
        g, d, g_state, d_state = state
        first, second, third = jax.random.split(key, 3)
        fake = generator(g, jax.random.normal(first, shape))
        gradients = jax.grad(discriminator_loss)(d, fake, real, second)
        d_state, d = adam(gradients, d_state, d)
        latents = jax.random.normal(third, shape)
        gradients = jax.grad(generator_loss)(g, d, other, latents)
        g_state, g = adam(gradients, g_state, g)
        return g, d, g_state, d_state

    return step


def start(workload):
    """Returns a loop over a workload, ready to run."""
    dtype = workload.precision
    both = workload.generator_layers, workload.discriminator_layers
    keys = jax.random.split(jax.random.key(0), 3)
    weights = [initial(*each) for each in zip(both, keys[:2], strict=True)]
    zeros = [jax.tree.map(jnp.zeros_like, each) for each in weights]
    state = (*weights, *((0, each, jax.tree.map(jnp.copy, each)) for each in zeros))
    functions = [network(layers, dtype) for layers in both]
    step = jax.jit(make_step(workload, *functions), donate_argnums=0)
    images = examples.real(workload)
    random = np.random.default_rng(0)

    def batches():
        """Yields shuffled batches without end."""
        while True:
            order = random.permutation(len(images))
            for rows in order.reshape(-1, workload.batch_size):
                yield images[rows]

    drawn = batches()

    def advance(state, steps):
        for _ in range(steps):
            key = jax.random.key(int(random.integers(2**31)))
            state = step(state, next(drawn), next(drawn), key)
        return jax.block_until_ready(state)

    def run(steps):
        nonlocal state
        state = advance(state, 1)
        begin = time.perf_counter()
        state = advance(state, steps)
        return time.perf_counter() - begin

    parameters = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(weights))
    return Running(parameters, run)
