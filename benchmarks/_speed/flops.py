"""The products of one training step, in floating-point operations.

They are the fewest that compute the updates: no gradient by an input that nobody needs,
and no second call of a network for logits that are known. Additions, normalizations,
optimizers and other operations without products do not count.
"""


def forward(layers):
    return sum(layer.flops for layer in layers)


def parameters(layers):
    return sum(layer.parameters for layer in layers)


def trained(layers):
    """Returns the operations of a call and of its gradient by all weights."""
    first = next(layer.flops for layer in layers if layer.flops)
    return 3 * forward(layers) - first


def of_step(workload):
    """Returns the operations of an update of the discriminator and of the generator."""
    generator, discriminator = workload.generator_layers, workload.discriminator_layers
    num_latents = workload.batch_size + workload.reference_size
    update_discriminator = workload.batch_size * (
        workload.num_critic_batches * trained(discriminator)
        + of_penalties(workload.penalties, forward(discriminator))
    ) + num_latents * forward(generator)
    update_generator = num_latents * trained(generator) + workload.batch_size * (
        3 * forward(discriminator)  # Real and fake, and by fake images.
    )
    return update_discriminator + update_generator


def of_penalties(names, forward):
    """Returns the operations of penalties, for one example of each kind.

    The gradient by the input costs as much as the forward pass, and its gradient by the
    weights twice as much. WGAN-GP also needs the forward pass, at its own points.
    """
    return sum({"gp": 4, "r1": 3, "r2": 3}[name] * forward for name in names)
