"""Checks that the rows of a configuration fit together."""

from typing import Any

from launch.config import fields

# With the simultaneous schedule, one pass serves both networks, so it must judge each
# example by itself.
_INDEPENDENT = {
    "discriminator_steps": (1,),
    "reuse_real_batch": (False,),
    "reuse_fake_batch": (False,),
    "joint_batch": (False,),
    "discriminator_normalization": ("none", "spectral"),
    "minibatch_discrimination": (False,),
}
_MOST_WEIGHTS = 2**31  # 8 GiB of float32, and several times that with the optimizer.


def check(config: Any) -> None:
    """Raises `ValueError` if rows and values do not fit together."""
    _check_joint_batch(config)
    _check_schedule(config)
    _check_micro_batches(config)
    _check_packing(config)
    _check_decay(config)
    _check_labels(config)
    _check_batch(config)
    check_shape(config, config.dataset.example_shape())


def check_shape(config: Any, shape: fields.Shape) -> None:
    """Raises `ValueError` if the network cannot generate examples of a shape.

    Sizes that are not known yet are `None`.
    """
    network, sizes = config.network, config.network.image_sizes
    if len(shape) == 1 and not network.makes_points:
        raise ValueError(
            f"`network` must be {_rows_that(config, 'network', 'makes_points')} for "
            f"points. Received: network={network.name!r} with "
            f"dataset={config.dataset.name!r}"
        )
    weights = network.num_weights(shape)
    if weights > _MOST_WEIGHTS:
        options = ", ".join(f"{k}={v!r}" for k, v in network.options().items())
        raise ValueError(
            f"`network` must have at most {_MOST_WEIGHTS:,} weights, not about "
            f"{weights:,}. Received: network={network.name!r} with {options}"
        )
    if not sizes or shape[0] is None:
        return
    if shape[0] != shape[1] or shape[0] not in sizes:
        raise ValueError(
            f"`image_size` must be one of {', '.join(map(str, sizes))} for the network "
            f"{network.name}. Set `image_size` to resize the images. "
            f"Received: images of {shape[0]}x{shape[1]}"
        )


def _rows_that(config, part, trait):
    """Returns the names of the rows that have a trait, joined by "or"."""
    rows = fields.kind_of(type(config).model_fields[part]).rows()
    return " or ".join(name for name, row in rows.items() if getattr(row, trait))


def _check_joint_batch(config):
    if config.trainer.joint_batch and config.penalty:
        names = "+".join(map(str, config.penalty))
        raise ValueError(
            f"`penalty` must be none with `joint_batch`. Received: penalty={names!r}"
        )


def _check_schedule(config):
    trainer = config.trainer
    if trainer.schedule == "alternating":
        return
    if not trainer.judges_logits:
        raise ValueError(
            f"`schedule` must be alternating for the trainer {trainer.name}, whose "
            "losses are not functions of logits alone. "
            f"Received: schedule={trainer.schedule!r}"
        )
    options = trainer.options() | config.network.options()
    for name, allowed in _INDEPENDENT.items():
        value = options.get(name, allowed[0])
        if value not in allowed:
            raise ValueError(
                f"`{name}` must be {' or '.join(map(str, allowed))} with the schedule "
                f"{trainer.schedule}. Received: {name}={value!r}"
            )


def _check_micro_batches(config):
    trainer = config.trainer
    if trainer.micro_batches == 1:
        return
    for name in ("joint_batch", "reuse_fake_batch"):
        if getattr(trainer, name):
            raise ValueError(
                f"`{name}` must be False with `micro_batches` above 1. "
                f"Received: {name}=True"
            )
    if config.batch_size % trainer.micro_batches:
        raise ValueError(
            "`batch_size` must be a multiple of `micro_batches`. "
            f"Received: batch_size={config.batch_size} with "
            f"micro_batches={trainer.micro_batches}"
        )
    what = _that_needs_a_batch(config)
    if what:
        raise ValueError(
            f"`micro_batches` must be 1 for {what}, which needs statistics of the "
            f"whole batch. Received: micro_batches={trainer.micro_batches}"
        )


def _that_needs_a_batch(config):
    """Returns the name of a part with statistics of the whole batch, or ""."""
    trainer = config.trainer
    if trainer.compares_batch or not trainer.judges_logits:
        return f"the trainer {trainer.name}"
    of_noise = [str(row) for row in config.penalty if hasattr(row, "noise_scale")]
    return config.network.comparing() or "".join(of_noise)


def _check_packing(config):
    packing = config.trainer.packing
    if packing > 1 and config.trainer.classifies:
        raise ValueError(
            f"`packing` must be 1 for the trainer {config.trainer.name}, which "
            f"classifies single examples. Received: packing={packing}"
        )
    if packing > 1 and config.conditional:
        raise ValueError(
            "`packing` must be 1 for class-conditional networks, because the examples "
            "of a pack have different labels. Set `conditional` to false, or choose "
            f"another network. Received: packing={packing} with "
            f"network={config.network.name!r}"
        )
    if packing > 1 and config.trainer.micro_batches > 1:
        raise ValueError(
            "`packing` must be 1 with `micro_batches` above 1. "
            f"Received: packing={packing}"
        )
    if config.batch_size % packing:
        raise ValueError(
            "`batch_size` must be a multiple of `packing`, so that a batch consists of "
            f"packs. Received: batch_size={config.batch_size} with packing={packing}"
        )


def _check_decay(config):
    end = getattr(config.schedule, "end", None)
    if end is not None and config.schedule.final == 0 and config.steps > end:
        raise ValueError(
            "`steps` must be at most `learning_rate_decay_end`, because the run learns "
            "nothing at learning rates of zero. Start a run with a later end, or with "
            f"`learning_rate_final` above 0. Received: steps={config.steps} with "
            f"learning_rate_decay_end={end}"
        )


def _check_labels(config):
    if config.network.classifies != config.trainer.classifies:
        networks = _rows_that(config, "network", "classifies")
        trainers = _rows_that(config, "trainer", "classifies")
        raise ValueError(
            f"`network` must be {networks} for the trainer {trainers}, and for no "
            f"other. Received: network={config.network.name!r} with "
            f"trainer={config.trainer.name!r}"
        )


def _check_batch(config):
    trainer = config.trainer
    what = f"the trainer {trainer.name}" if trainer.compares_batch else ""
    what = what or config.network.comparing()
    least = 2 * trainer.packing
    if what and config.batch_size < least:
        raise ValueError(
            f"`batch_size` must be at least {least} for {what}. "
            f"Received: batch_size={config.batch_size}"
        )
