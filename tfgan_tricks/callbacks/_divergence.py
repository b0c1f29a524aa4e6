"""The error for a run that has diverged."""

from collections.abc import Sequence


def of_weights(step: int, names: Sequence[str]) -> FloatingPointError:
    """Returns an error that names the step and the first non-finite weights."""
    some = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return FloatingPointError(
        f"Training has diverged at step {step}: every weight must be finite. "
        f"Received: {len(names)} that are not: {some}"
    )
