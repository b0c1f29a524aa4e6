"""Curves of metrics over steps, as SVG for a page that may be light or dark."""

import io
import math
import re
import statistics
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

# Readable on white and on black. A further round has other lines.
COLORS = ("#3b82c4", "#e0792b", "#2f9e6b", "#d3455b", "#8a63d2", "#b07d2b", "#1aa3a8")
DASHES = ("solid", "dashed", "dotted", "dashdot")
_TEXT = "#010203"  # Stands for the color of the page's text.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tfgan_tricks",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color")
        + ("ytick.color",),
        _TEXT,
    ),
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def style(index: int) -> tuple[str, str]:
    """Returns the color and the line of the group with an index."""
    rounds, color = divmod(index, len(COLORS))
    return COLORS[color], DASHES[rounds % len(DASHES)]


def svg(spreads: Sequence[Mapping[int, tuple[float, ...]]]) -> str:
    """Returns a figure of a metric: a line for each group, between its extremes.

    If a value is a thousand times as large as most values, the scale is logarithmic
    beyond most values. Otherwise a single diverging run would flatten all lines.

    Args:
        spreads: The least, mean and greatest value by step, for each group.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(4.6, 2.6), layout="constrained")
        axes: Any = figure.add_subplot()
        for index, points in enumerate(spreads):
            _draw(axes, points, *style(index))
        usual, greatest = _magnitudes(spreads)
        if greatest > 1000 * usual > 0:
            axes.set_yscale("symlog", linthresh=10 ** math.ceil(math.log10(usual)))
        axes.set_xlabel("step")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25, linewidth=0.6)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata=_NO_METADATA)
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(_TEXT, "currentColor")
    return re.sub(r' (width|height)="[\d.]+pt"', "", drawn, count=2)


def _magnitudes(spreads):
    """Returns the median and the maximum of all means without their signs."""
    means = [abs(mean) for points in spreads for _, mean, _ in points.values()]
    return (statistics.median(means), max(means)) if means else (0.0, 0.0)


def _draw(axes, points, color, dashes):
    if not points:
        return
    steps = list(points)
    low, mean, high = zip(*points.values(), strict=True)
    axes.fill_between(steps, low, high, color=color, alpha=0.2, linewidth=0)
    marker = "o" if len(steps) == 1 else None
    axes.plot(steps, mean, color=color, linestyle=dashes, linewidth=1.4, marker=marker)
