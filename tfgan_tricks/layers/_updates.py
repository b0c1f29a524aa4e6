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
    ...     may_update("a layer"), may_update("a layer"), may_update("another")
    (True, False, True)
    """
    updated = set()
    members = network and {id(layer) for layer in network._flatten_layers()}

    def may_update(layer):
        due = id(layer) not in updated and (members is None or id(layer) in members)
        updated.add(id(layer))
        return due

    return _policy.set_to(may_update)


def updates_never() -> contextlib.AbstractContextManager[None]:
    """A context in which no layer updates its state.

    >>> with updates_never():
    ...     may_update("a layer")
    False
    """
    return _policy.set_to(lambda layer: False)


def updates_at_most_once() -> contextlib.AbstractContextManager[None]:
    """`updates_once()`, unless one of the contexts is there already."""
    return contextlib.nullcontext() if _policy.value else updates_once()


def may_update(layer: keras.layers.Layer | Hashable) -> bool:
    """Whether `layer` may update its state now; outside the contexts, always.

    A layer asks in each training call, right before it updates.

    >>> may_update("a layer")
    True
    """
    return _policy.value is None or _policy.value(layer)
