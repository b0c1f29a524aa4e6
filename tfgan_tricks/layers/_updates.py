"""Contexts that limit how often layers update their state.

One training step calls a discriminator several times: on real and on fake images, in
penalties, and in the generator's update. State such as the singular vector of
`SpectralNormalization` must change once in such a step, whatever the number of calls.
"""

import contextlib
from collections.abc import Hashable

import keras

from tfgan_tricks._scoped import Scoped

_policy = Scoped()


def updates_once(
    network: keras.Model | None = None,
) -> contextlib.AbstractContextManager[None]:
    """Returns a context in which only a layer's first training call updates its state.

    Args:
        network: The `keras.Model` that is being updated. Layers outside it do not
            update their state at all. `None` includes every layer.

    >>> with updates_once():
    ...     claim_update("a layer"), claim_update("a layer"), claim_update("another")
    (True, False, True)
    """
    updated = set()
    members = network and {id(layer) for layer in network._flatten_layers()}

    def claim(layer):
        due = id(layer) not in updated and (members is None or id(layer) in members)
        updated.add(id(layer))
        return due

    return _policy.set_to(claim)


def updates_never() -> contextlib.AbstractContextManager[None]:
    """Returns a context in which no layer updates its state.

    >>> with updates_never():
    ...     claim_update("a layer")
    False
    """
    return _policy.set_to(lambda layer: False)


def updates_at_most_once() -> contextlib.AbstractContextManager[None]:
    """Returns `updates_once()`, or an empty context inside another one."""
    return contextlib.nullcontext() if _policy.value else updates_once()


def claim_update(layer: keras.layers.Layer | Hashable) -> bool:
    """Claims the update of a layer's state; outside the contexts every claim succeeds.

    A layer claims its update in each training call, just before it updates. Inside
    `updates_once()`, the layer's first claim succeeds and later claims fail.

    Args:
        layer: The layer that is about to update its state.

    Returns:
        `True` if the layer must update now, `False` if it must not.

    >>> with updates_once():
    ...     claim_update("a layer"), claim_update("a layer")
    (True, False)
    """
    return _policy.value is None or _policy.value(layer)
