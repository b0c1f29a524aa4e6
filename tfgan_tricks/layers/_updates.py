"""How often layers that carry state beside their weights may move it.

A discriminator is called several times in one training step: on real and on fake
images, in penalties, in the generator's turn. State such as the singular vector of
`SpectralNormalization` must move once in such a step, whatever the number of calls.
"""

import contextlib
from collections.abc import Hashable

import keras

from tfgan_tricks.layers._scoped import Scoped

_policy = Scoped()


def updates_once(
    network: keras.Model | None = None,
) -> contextlib.AbstractContextManager[None]:
    """A context in which a layer updates its state in its first training call only.

    Args:
        network: the `keras.Model` whose turn it is; layers outside it do not update
            their state at all. Without it, every layer may.

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
    """A context in which no layer updates its state.

    >>> with updates_never():
    ...     claim_update("a layer")
    False
    """
    return _policy.set_to(lambda layer: False)


def updates_at_most_once() -> contextlib.AbstractContextManager[None]:
    """`updates_once()`, unless one of the contexts is there already."""
    return contextlib.nullcontext() if _policy.value else updates_once()


def claim_update(layer: keras.layers.Layer | Hashable) -> bool:
    """Claims the update of a layer's state; outside the contexts every claim succeeds.

    A layer calls it in each training call, right before it updates. In `updates_once`,
    the layer's first claim uses up its update, and later claims fail.

    Args:
        layer: The layer that is about to update its state.

    Returns:
        `True` if the layer must update now, `False` if it must not.

    >>> with updates_once():
    ...     claim_update("a layer"), claim_update("a layer")
    (True, False)
    """
    return _policy.value is None or _policy.value(layer)
