"""Scores with their protocol, which says how they were measured."""

import dataclasses
import math
from typing import Any

_NOTED = ("dataset", "accuracy", "versions")  # The hashes say more.


@dataclasses.dataclass(frozen=True)
class Protocol:
    """The description of how scores were measured, and on what.

    `check_same` compares everything except the name of the dataset, which may have
    moved, the accuracy of the features, which their hash determines, and the versions.

    Attributes:
        features: Name of the features, such as "classifier".
        features_hash: Hash of everything that determines the features.
        real_hash: Hash of the real examples.
        num_real: Number of real examples.
        num_fake: Number of generated examples.
        split: Part of the dataset that the real examples come from.
        resize: Description of how the features resize images, or "none".
        seed: Seed of the choice of real examples and of the latents.
        dataset: Name of the dataset.
        accuracy: Accuracy of a classifier's features, or `None`.
        versions: Versions of the packages.

    >>> one = Protocol("pixels", "1f", "2e", num_real=500, num_fake=500)
    >>> one.check_same(dataclasses.replace(one, num_fake=100))
    Traceback (most recent call last):
    ...
    ValueError: `protocol` must be the same for scores that are compared. ...
    """

    features: str
    features_hash: str
    real_hash: str
    num_real: int
    num_fake: int
    split: str = "train"
    resize: str = "none"
    seed: int = 0
    dataset: str = ""
    accuracy: float | None = None
    versions: dict[str, str] = dataclasses.field(default_factory=dict)

    def check_same(self, other: "Protocol") -> None:
        """Raises `ValueError` if another protocol differs, and names what does."""
        mine, others = self.entries(), other.entries()
        told = [
            f"{name}={mine[name]!r} and {others[name]!r}"
            for name in mine
            if name not in _NOTED and mine[name] != others[name]
        ]
        if told:
            raise ValueError(
                "`protocol` must be the same for scores that are compared. Evaluate "
                f"both in the same way. Received: {', '.join(told)}"
            )

    def entries(self) -> dict[str, Any]:
        """Returns the attributes as a dict, for JSON."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Scores and their protocol.

    Attributes:
        scores: Scores by name.
        protocol: The `Protocol`.

    >>> protocol = Protocol("pixels", "1f", "2e", num_real=500, num_fake=500)
    >>> one = Evaluation({"coverage": 0.75}, protocol)
    >>> one.minus(Evaluation({"coverage": 0.5}, protocol))
    {'coverage': 0.25}
    """

    scores: dict[str, float]
    protocol: Protocol

    def minus(self, other: "Evaluation") -> dict[str, float]:
        """Returns the differences of the scores that both have.

        Raises:
            ValueError: If the protocols differ.
        """
        self.protocol.check_same(other.protocol)
        common = [name for name in self.scores if name in other.scores]
        return {name: self.scores[name] - other.scores[name] for name in common}

    def entries(self) -> dict[str, Any]:
        """Returns `{"scores": ..., "protocol": ...}`, for JSON.

        JSON has no infinity: `None` stands for an infinite score.
        """
        finite = {k: v if math.isfinite(v) else None for k, v in self.scores.items()}
        return {"scores": finite, "protocol": self.protocol.entries()}

    @classmethod
    def of_entries(cls, entries: Any) -> "Evaluation":
        """Returns the evaluation in the content of a file, without its other entries.

        Raises:
            ValueError: If the entries are not an evaluation.
        """
        try:
            given = entries["scores"].items()
            scores = {str(k): math.inf if v is None else float(v) for k, v in given}
            return cls(scores, Protocol(**entries["protocol"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                "`entries` must have `scores` and `protocol`, as `entries()` returns "
                f"them. Received: {type(entries).__name__} ({error})"
            ) from error
