"""A figure as numbers: curves in panels, with a caption."""

import csv
import io
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np


class Curve(NamedTuple):
    """One curve, or a set of points or bars.

    Attributes:
        label: Name in the legend. Curves with the same label look the same in all
            panels of a figure.
        x: Numbers, or the names of bars.
        y: Numbers. NaN interrupts a line.
        kind: "line", "segments" with NaN between them, "points" or "bars".
    """

    label: str
    x: Any
    y: Any
    kind: str = "line"


def plane_curve(label: str, rows: np.ndarray, kind: str = "points") -> Curve:
    """Returns a curve in the plane.

    Args:
        label: Name in the legend.
        rows: Array `[N, 2]` of the points.
        kind: See `Curve`.

    Returns:
        The curve.
    """
    return Curve(label, rows[:, 0], rows[:, 1], kind)


class Panel(NamedTuple):
    """A pair of axes with curves.

    Attributes:
        title: Text above the panel.
        x_label: Quantity on the horizontal axis, with its unit if it has one.
        y_label: Quantity on the vertical axis, or "" to repeat its neighbor's.
        curves: The curves.
        scales: Scales of the two axes, each "linear", "log" or "symlog".
        x_range: Ends of the horizontal axis, or `None` to show everything.
        y_range: Ends of the vertical axis, or `None` to show everything.
        is_map: `True` if both axes have the same unit length.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    scales: tuple[str, str] = ("linear", "linear")
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    is_map: bool = False


class Figure(NamedTuple):
    """A figure of a paper.

    Attributes:
        title: What the figure shows.
        caption: What to see in it, and its paper and equation.
        panels: The panels, from left to right.
        columns: Number of panels in a row.
        height: Height of a row, in inches of a figure of 7 inches.
    """

    title: str
    caption: str
    panels: Sequence[Panel]
    columns: int = 2
    height: float = 2.6

    def curve(self, panel: int, label: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the x and y of a curve.

        Args:
            panel: Index of the panel.
            label: Label of the curve.

        Returns:
            A pair of arrays.
        """
        (found,) = (each for each in self.panels[panel].curves if each.label == label)
        return np.asarray(found.x), np.asarray(found.y)

    def table(self) -> str:
        """Returns all numbers as CSV, one row for each point of each curve."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("panel", "curve", "x", "y"))
        for panel in self.panels:
            for curve in panel.curves:
                for x, y in zip(curve.x, curve.y, strict=True):
                    name = x if isinstance(x, str) else repr(float(x))
                    writer.writerow((panel.title, curve.label, name, repr(float(y))))
        return text.getvalue()
