"""Losses by name, for launchers and saved configurations."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from tfgan_tricks import _checks
from tfgan_tricks.losses._base import AdversarialLoss
from tfgan_tricks.losses._cross_entropy import minimax
from tfgan_tricks.losses._cross_entropy import non_saturating
from tfgan_tricks.losses._hinge import hinge
from tfgan_tricks.losses._least_squares import PEARSON
from tfgan_tricks.losses._least_squares import least_squares
from tfgan_tricks.losses._relativistic import relativistic
from tfgan_tricks.losses._relativistic import relativistic_average
from tfgan_tricks.losses._wasserstein import wasserstein

_BASES: dict[str, Callable[..., AdversarialLoss]] = {
    "minimax": minimax,
    "non_saturating": non_saturating,
    "least_squares": least_squares,
    "hinge": hinge,
    "wasserstein": wasserstein,
}
_COMBINATORS: dict[str, Callable[..., AdversarialLoss]] = {
    "relativistic": relativistic,
    "relativistic_average": relativistic_average,
}
# A difference of logits has no preferred sign, so its targets must be opposite.
_RELATIVISTIC_DEFAULTS = {"least_squares": PEARSON._asdict()}


def _combined(combinator, base):
    def factory(**kwargs):
        return combinator(
            _BASES[base](**(kwargs or _RELATIVISTIC_DEFAULTS.get(base, {})))
        )

    return factory


_FACTORIES = _BASES | {
    f"{prefix}_{name}": _combined(combinator, name)
    for prefix, combinator in _COMBINATORS.items()
    for name in _BASES
}


def get(
    identifier: str | Mapping[str, Any] | AdversarialLoss, **kwargs: float
) -> AdversarialLoss:
    """Returns an adversarial loss by name.

    The names are `minimax`, `non_saturating`, `least_squares`, `hinge` and
    `wasserstein`. With the prefix `relativistic_` or `relativistic_average_` they name
    the relativistic forms, in which `least_squares` has the targets -1 and 1.

    Args:
        identifier: A name, the `config` of an `AdversarialLoss`, or a dict
            `{"name": "relativistic", "base": ...}` with any identifier as base. An
            `AdversarialLoss` is returned unchanged.
        **kwargs: Arguments of the base loss, such as `real_label=0.9`.

    Returns:
        An `AdversarialLoss`.

    Raises:
        ValueError: If the name is unknown. The message lists all names and suggests the
            nearest.

    >>> get("relativistic_hinge").generator_needs_real
    True
    >>> get("hing")
    Traceback (most recent call last):
    ...
    ValueError: `loss` must be one of hinge, ... Did you mean 'hinge'? ...
    """
    if isinstance(identifier, AdversarialLoss):
        return identifier
    if isinstance(identifier, Mapping):
        return _from_config(identifier)
    if not isinstance(identifier, str) or identifier not in _FACTORIES:
        raise _checks.unknown_name("loss", identifier, _FACTORIES)
    return _FACTORIES[identifier](**kwargs)


def _from_config(config):
    options = dict(config)
    name = options.pop("name", None)
    base = options.get("base", "")
    if name not in _COMBINATORS:
        return get(str(name), **options)
    if isinstance(base, str):
        return get(f"{name}_{base}")
    return _COMBINATORS[name](get(base))


def config_of(
    identifier: str | Mapping[str, Any] | AdversarialLoss,
) -> str | Mapping[str, Any]:
    """Returns plain data from which `get` creates the same loss.

    Args:
        identifier: Name, configuration or `AdversarialLoss`, as in `get`.

    Returns:
        `identifier` itself if it is a name or a configuration, otherwise its `config`.

    Raises:
        ValueError: If an `AdversarialLoss` has no `config`.

    >>> config_of("hinge")
    'hinge'
    """
    if not isinstance(identifier, AdversarialLoss):
        return identifier
    if identifier.config is None:
        raise ValueError(
            "`loss` must come from this package to be saved. Pass it by name, or "
            f"override `get_config`. Received: loss={identifier!r}"
        )
    return identifier.config
