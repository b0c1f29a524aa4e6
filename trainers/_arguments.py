"""Checks of the trainers' arguments."""


def check(discriminator_steps, ema_decay, penalties):
    if not discriminator_steps >= 1:
        raise ValueError(
            "`discriminator_steps` must be 1 or more. "
            f"Received: discriminator_steps={discriminator_steps!r}"
        )
    if ema_decay is not None and not 0.0 <= ema_decay < 1.0:
        raise ValueError(
            f"`ema_decay` must be in [0, 1). Received: ema_decay={ema_decay!r}"
        )
    names = [penalty.name for penalty in penalties]
    if len(set(names)) < len(names):
        raise ValueError(
            f"`penalties` must have different names. Received: penalties={names!r}"
        )


def latent_dim(generator):
    """The width of the latents that `generator` takes."""
    shape = getattr(generator, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] is None:
        raise ValueError(
            "`generator` must have a known input shape `(None, latent_dim)`; begin it "
            f"with `keras.Input`. Received: generator.input_shape={shape!r}"
        )
    return shape[1]
