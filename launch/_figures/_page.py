"""Files of figures: a PNG and a CSV of each, and one page that shows all."""

import base64
import html
import importlib
import os
from collections.abc import Sequence

import keras

from launch._figures import _drawing
from launch._figures import _names
from launch._figures._figure import Figure
from tfgan_tricks import _files

PAGE = "index.html"
_HEAD = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The papers' figures</title>
<style>
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5;
  font-family: sans-serif; color: #222; background: #fff; }
img { width: 100%; height: auto; }
h2 { margin-top: 3rem; }
</style>
<h1>The papers' figures</h1>
<p>All numbers are computed with this package's losses, penalties and trainers.</p>
"""
_SECTION = """<h2 id="{name}">{title}</h2>
<img src="data:image/png;base64,{png}" alt="{title}">
<p>{caption}</p>
<p>Numbers: <a href="{name}.csv">{name}.csv</a></p>
"""


def figure(name: str, seed: int) -> Figure:
    """Returns a figure.

    Args:
        name: One of `_names.NAMES`.
        seed: Seed of its random numbers.

    Returns:
        The figure.
    """
    paper = next(paper for paper, own in _names.BY_PAPER.items() if name in own)
    keras.utils.set_random_seed(seed)
    return getattr(importlib.import_module(f"launch._figures.{paper}"), name)(seed)


def write(names: Sequence[str], seed: int, folder: str) -> None:
    """Computes figures, and writes their files and the page.

    Args:
        names: Names of the figures, in the order of the page.
        seed: Seed of all random numbers.
        folder: Folder for the files, which is created if it is missing.
    """
    sections = []
    for name in names:
        drawn = figure(name, seed)
        picture = _drawing.png(drawn)
        _write(folder, f"{name}.png", picture)
        _write(folder, f"{name}.csv", drawn.table().encode())
        print(f"{name}: {drawn.title}", flush=True)
        sections.append(
            _SECTION.format(
                name=name,
                title=html.escape(drawn.title),
                caption=html.escape(drawn.caption),
                png=base64.b64encode(picture).decode(),
            )
        )
    _write(folder, PAGE, "".join([_HEAD, *sections]).encode())


def _write(folder, name, content):
    with _files.whole_file(os.path.join(folder, name), "output") as file:
        file.write(content)
