"""Figures as small PNG files, in colors that color-blind readers can tell apart."""

import collections
import io
from typing import Any

import numpy as np

from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel

# Okabe and Ito, 2008: the colors differ in brightness too.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (7, 3)))
_MARKS = ("o", "x", "^", "s", "+", "v", "D")
_WIDTH = 7.0  # Inches: the width of a page of the site.
_DOTS_PER_INCH = 130
# Of a line of the legend, and of the sample before each label, in letters.
_LINE_LENGTH, _MARK_LENGTH = 108, 9
_NUM_COLORS = 96


def png(figure: Figure) -> bytes:
    """Returns a figure as a PNG file in few colors."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(figure.panels) // figure.columns)
    with pyplot.rc_context({"font.size": 8.5, "axes.titlesize": 9.0}):
        drawn, axes = pyplot.subplots(
            rows,
            figure.columns,
            squeeze=False,
            figsize=(_WIDTH, rows * figure.height + 0.4),
            layout="constrained",
        )
        looks = _looks(figure)
        for each, panel in zip(axes.flat, figure.panels, strict=False):
            _draw_panel(each, panel, looks)
        for unused in axes.flat[len(figure.panels) :]:
            unused.set_axis_off()
        _add_legend(drawn, axes)
        return _packed(drawn)


def _looks(figure):
    """Returns the color of each label, and its index among the labels of its kind."""
    looks: dict = {}
    counts: collections.Counter = collections.Counter()
    for panel in figure.panels:
        for curve in panel.curves:
            if curve.label not in looks:
                color = _COLORS[len(looks) % len(_COLORS)]
                looks[curve.label] = color, counts[curve.kind]
                counts[curve.kind] += 1
    return looks


def _draw_panel(axes: Any, panel: Panel, looks: dict) -> None:
    for curve in panel.curves:
        _draw_curve(axes, curve, panel, looks[curve.label])
    axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    if not any(curve.kind == "bars" for curve in panel.curves):
        axes.set(xscale=panel.scales[0], yscale=panel.scales[1])
        axes.grid(alpha=0.3, linewidth=0.6)
    if panel.x_range is not None:
        axes.set_xlim(*panel.x_range)
    if panel.y_range is not None:
        axes.set_ylim(*panel.y_range)
    if panel.is_map:
        axes.set_aspect("equal", adjustable="box")


def _draw_curve(axes: Any, curve: Curve, panel: Panel, look: tuple) -> None:
    color, number = look
    style = {"color": color, "label": curve.label}
    if curve.kind == "bars":
        labels = [each.label for each in panel.curves]
        width = 0.8 / len(labels)
        shift = (labels.index(curve.label) - (len(labels) - 1) / 2) * width
        bars = axes.bar(np.arange(len(curve.x)) + shift, curve.y, 0.9 * width, **style)
        axes.bar_label(bars, fmt="%.3f", fontsize=7.5, padding=1)
        axes.set_xticks(np.arange(len(curve.x)), curve.x)
    elif curve.kind == "points":
        axes.plot(curve.x, curve.y, _MARKS[number], markersize=4, zorder=3, **style)
    elif curve.kind == "segments":
        axes.plot(curve.x, curve.y, linewidth=0.8, **style)
    else:
        axes.plot(curve.x, curve.y, linestyle=_LINES[number], linewidth=1.6, **style)


def _add_legend(figure, axes):
    """Adds one legend for all panels, below them, where it hides nothing."""
    found: dict = {}
    for each in axes.flat:
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    is_short = sum(len(label) + _MARK_LENGTH for label in found) <= _LINE_LENGTH
    columns = len(found) if is_short else 2
    figure.legend(
        found.values(),
        found.keys(),
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        handlelength=3.0,
    )


def _packed(figure):
    from matplotlib import pyplot
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=_DOTS_PER_INCH)
    pyplot.close(figure)
    image = Image.open(drawn).convert("RGB").quantize(_NUM_COLORS)
    image.save(packed, "png", optimize=True)
    return packed.getvalue()
