"""The files of the papers' figures, the program that writes them, and their page."""

import base64
import csv
import functools
import importlib
import inspect
import pathlib
import re
import struct

import numpy as np
import pytest

from launch import figures
from launch._figures import _drawing
from launch._figures import _names
from launch._figures import _page
from launch._figures._figure import Curve
from launch._figures._figure import Figure
from launch._figures._figure import Panel
from tests.launch.programs import files
from tests.launch.programs import run

DOCS = pathlib.Path(__file__).parents[2] / "docs"
DRAWN = ("bread", "loss_curves")
drawn = functools.cache(lambda name: _page.figure(name, 0))


def size(png):
    return struct.unpack(">II", png[16:24])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    output = tmp_path_factory.mktemp("figures") / "new"
    assert run(figures, f"output={output}", f"only={','.join(DRAWN)}") == 0
    return output


def test_every_name_is_a_function_of_its_paper_and_every_function_has_a_name():
    assert len(set(_names.NAMES)) == len(_names.NAMES)
    for paper, names in _names.BY_PAPER.items():
        module = importlib.import_module(f"launch._figures.{paper}")
        found = {
            name
            for name, value in vars(module).items()
            if inspect.isfunction(value)
            and value.__module__ == module.__name__
            and inspect.signature(value).return_annotation is Figure
        }
        assert found == set(names)


def test_the_program_writes_three_kinds_of_files(folder):
    assert set(files(folder)) == {
        "index.html",
        *(f"{name}{suffix}" for name in DRAWN for suffix in (".png", ".csv")),
    }


@pytest.mark.parametrize("name", DRAWN)
def test_the_csv_has_every_number(name, folder):
    with open(folder / f"{name}.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["panel", "curve", "x", "y"]
    expected = [
        (panel.title, curve.label, x, y)
        for panel in drawn(name).panels
        for curve in panel.curves
        for x, y in zip(curve.x, curve.y, strict=True)
    ]
    assert len(rows) == len(expected) + 1
    for row, (title, label, x, y) in zip(rows[1:], expected, strict=True):
        assert row[:2] == [title, label]
        assert row[2] == x if isinstance(x, str) else float(row[2]) == x
        assert float(row[3]) == y


def test_the_page_has_everything_and_needs_nothing(folder):
    page = (folder / "index.html").read_text()
    shown = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    pngs = [(folder / f"{name}.png").read_bytes() for name in DRAWN]
    assert [base64.b64decode(each) for each in shown] == pngs
    assert page.count("src=") == len(DRAWN) and "http" not in page
    for name in DRAWN:
        assert drawn(name).caption in page and f'href="{name}.csv"' in page


def test_the_files_are_replaced_by_the_same(folder, capsys):
    before = files(folder)
    assert run(figures, f"output={folder}", f"only={','.join(DRAWN)}") == 0
    assert files(folder) == before
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"All figures are in {folder}/index.html"


def test_seeds_matter():
    one, again, other = (_page.figure("far_fakes", seed).table() for seed in (3, 3, 4))
    assert one == again != other


def test_all_kinds_of_curves_are_drawn_in_a_small_file():
    x = np.arange(1.0, 9.0)
    kinds = ("line", "segments", "points")
    curves = [Curve(kind, x, x**i, kind) for i, kind in enumerate(kinds)]
    panels = [
        Panel("curves", "x", "y", curves, scales=("log", "log"), is_map=True),
        Panel("bars", "", "y", [Curve("bars", ("a", "b"), (1.0, 2.0), "bars")]),
        Panel("ranges", "x", "y", curves, x_range=(0, 1), y_range=(0, 2)),
    ]
    png = _drawing.png(Figure("title", "caption", panels))
    assert png.startswith(b"\x89PNG") and len(png) < 50_000
    assert size(png) == (910, int((2 * 2.6 + 0.4) * 130))


def shown_in_docs():
    """Returns pairs of the alternative text and the name of the figures in the docs."""
    page = (DOCS / "figures.md").read_text()
    return re.findall(r"^!\[(.*)\]\(figures/(.*)\.png\)$", page, re.M)


def test_the_docs_show_the_figures_that_are_stored():
    names = {name for _, name in shown_in_docs()}
    stored = {path.stem for path in (DOCS / "figures").glob("*.png")}
    assert 4 <= len(names) <= 6 and names == stored <= set(_names.NAMES)
    for name in names:
        png = (DOCS / "figures" / f"{name}.png").read_bytes()
        assert len(png) < 100_000 and size(png)[0] == 910


def test_the_docs_name_every_figure():
    page = (DOCS / "figures.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) == set(_names.NAMES)


CITED = {
    "non_saturating": ("1701.00160", "1406.2661", "1701.04862"),
    "least_squares": ("1611.04076",),
    "relativistic": ("1807.00734",),
    "improved_techniques": ("1606.03498",),
    "dirac": ("1801.04406",),
}


@pytest.mark.parametrize("name", ["bread", "loss_curves", "far_fakes", "logarithms"])
def test_captions_cite_their_paper_and_place(name):
    paper = next(p for p, names in _names.BY_PAPER.items() if name in names)
    caption = drawn(name).caption
    assert any(f"arXiv:{number}" in caption for number in CITED[paper])
    assert re.search(r"(equations?|figures?|section) \d", caption)
