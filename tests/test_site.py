"""The site: its reference is whole, its formulas are set, and it needs nobody else."""

import ast
import html
import importlib
import importlib.util
import pathlib
import re
import subprocess
import sys
import types
from xml.etree import ElementTree

import pytest
import yaml

import tfgan_tricks

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGES = ("tfgan_tricks", "trainers", "launch")


def hook(name):
    """Returns one of the site's hooks, which are outside all packages."""
    path = DOCS / "hooks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"docs_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


formulas = hook("formulas")


@pytest.fixture(scope="module")
def docstrings():
    """Yields the hook: rewriting a text does not need Griffe itself."""
    griffe = types.SimpleNamespace(Extension=object, Object=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "griffe", griffe)
        yield hook("docstrings")


def documented(path):
    """Yields docstrings of a file, and of its public classes and functions."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text, name = ast.get_docstring(node), getattr(node, "name", path.stem)
            if text and (isinstance(node, ast.Module) or not name.startswith("_")):
                yield name, text


LIBRARY = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))
]


def all_formulas(docstrings):
    found = [
        (f"{path.relative_to(ROOT)}: {name}", formula)
        for path in LIBRARY
        for name, text in documented(path)
        for formula in docstrings.formulas(text)
    ]
    assert len(found) >= 30
    return found


def test_every_formula_of_a_docstring_is_set_as_mathematics(docstrings):
    fallen = []
    for where, formula in all_formulas(docstrings):
        if "<math" not in formulas.fence(formula):
            fallen.append((where, formula))
    assert not fallen


def letters(text):
    """Returns the letters and digits of a text, with symbols for their names."""
    names = re.findall(r"[A-Za-z]+|\d", re.sub(r"(?<=\d)x(?=\d|channels)", " ", text))
    gone = ("sqrt", "norm", "sum", "grad")
    return "".join(formulas.GREEK.get(each, each) for each in names if each not in gone)


def test_nothing_of_a_formula_is_lost(docstrings):
    for where, formula in all_formulas(docstrings):
        root = ElementTree.fromstring(formulas.mathml(formula))
        seen = re.sub(r"[\W_]", "", "".join(root.itertext()))
        assert sorted(seen) == sorted(letters(formula)), where


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("= a_i", "<msub><mi>a</mi><mrow><mi>i</mi></mrow></msub>"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("f1 > 0", "<msub><mi>f</mi><mn>1</mn></msub><mo>&gt;</mo><mn>0</mn>"),
        ("= real_label", "<mo>=</mo><mi>real_label</mi>"),
        ("= ||x||_2^3", "‖</mo></mrow><mn>2</mn><mn>3</mn></msubsup>"),
        ("= -sigma", "<mo>−</mo><mi>σ</mi>"),
        ("= (a + b) / 2", "<mfrac><mrow><mrow><mi>a</mi><mo>+</mo><mi>b</mi>"),
        (
            "= 1/2 x / 3",
            "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>",
        ),
        ("= a_(i b)", "<mi>a</mi><mrow><mi>i</mi><mi>b</mi></mrow></msub>"),
        ("= sum_(i=1)^n i", "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo>"),
        ("= mean_j(x)", "<munder><mi>mean</mi>"),
        ("= norm_1(x)^2", "‖</mo></mrow><mn>1</mn><mn>2</mn></msubsup>"),
        ("= x/f(y)", "<mrow><mi>f</mi><mrow>"),
        ("= C(x)^2", '<mo stretchy="false">)</mo></mrow><mn>2</mn></msup>'),
        ("= sqrt(x)", "<msqrt><mrow><mi>x</mi></mrow></msqrt>"),
        ("= grad C", "<mi>∇</mi><mi>C</mi>"),
        ("= p(x | y)", "<mi>x</mi><mo>|</mo><mi>y</mi>"),
        ("= u real", '<mi>u</mi><mspace width="0.25em"/><mi>real</mi>'),
        ("= 4x4x3 -> 8x8", "<mtext>4×4×3</mtext><mo>→</mo><mtext>8×8</mtext>"),
        ("y = x   as in the paper", "<mtext>as in the paper</mtext>"),
    ],
)
def test_notation(text, expected):
    markup = formulas.mathml(text)
    ElementTree.fromstring(markup)
    assert expected in markup


@pytest.mark.parametrize("text", ["a = (b", "a = b)", "= |x", "= §", "a = * b", "= x_"])
def test_what_is_not_a_formula_stays_text(text):
    shown = formulas.fence(text)
    assert shown == f"<pre><code>{html.escape(text)}</code></pre>"


def test_a_docstring_is_marked_up(docstrings):
    text = docstrings.as_markdown(
        "Adds.\n\n    y = a + b\n\nArgs:\n    a: One.\n\n    Still of `a`.\n\n"
        "Call arguments:\n    b: Two.\n\nExample:\n\n>>> add(\n...     1, 2)\n3\n\n"
        "Reference:\n    Euclid."
    )
    assert text == (
        "Adds.\n\n```formula\ny = a + b\n```\n\nArgs:\n    a: One.\n\n"
        "    Still of `a`.\n\nOther Args: Call arguments\n    b: Two.\n\n"
        "```pycon\n>>> add(\n...     1, 2)\n3\n```\n\nReference:\n    Euclid."
    )


def exported(path):
    """Yields the names that a package's `__init__.py`, or a module, offers."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and path.name == "__init__.py":
            yield from (each.asname for each in node.names if each.asname)
    if path.name != "__init__.py":
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield node.name


def public_names():
    files = {"trainers": ROOT / "trainers/__init__.py"}
    files["launch"] = ROOT / "launch/__init__.py"
    for name in tfgan_tricks._MODULES:
        inside = ROOT / "tfgan_tricks" / name
        path = inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")
        files[f"tfgan_tricks.{name}"] = path
    return {
        f"{module}.{name}"
        for module, path in files.items()
        for name in exported(path)
        if not name.startswith("_")
    }


def test_the_reference_has_every_public_name_once():
    text = "\n".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    listed = re.findall(r"^::: ([\w.]+)$", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    whole = {name for name in listed if name.removeprefix("tfgan_tricks.") == "replica"}
    names = {name for name in public_names() if name.rpartition(".")[0] not in whole}
    assert names == set(listed) - whole


def test_the_navigation_has_every_page():
    def pages(entries):
        for entry in entries:
            value = next(iter(entry.values())) if isinstance(entry, dict) else entry
            yield from pages(value) if isinstance(value, list) else [value]

    kinds = (".md", ".ipynb")
    files = [path for path in DOCS.rglob("*") if path.suffix in kinds]
    there = [path.relative_to(DOCS).with_suffix(".md").as_posix() for path in files]
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert sorted(pages(config["nav"])) == sorted(there)


def test_a_notebook_becomes_a_page():
    pytest.importorskip("mkdocs")
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "Text."]},
        {
            "cell_type": "code",
            "source": ["print(1)"],
            "outputs": [
                {"output_type": "stream", "text": ["1\n"]},
                {"output_type": "display_data", "data": {"image/png": "AAA=\n"}},
            ],
        },
    ]
    assert hook("notebooks").as_markdown({"cells": cells}) == (
        "# Title\nText.\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\n"
        "<img alt=\"Output\" src='data:image/png;base64,AAA='>\n"
    )


FOREIGN = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*"
    r"|<link\b(?![^>]*\brel=[\"']?canonical)[^>]*\bhref=[\"']?(?:https?:)?//[^>]*"
)
FOREIGN_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*")


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("mkdocs")
    offline = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy")}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    subprocess.run(
        [*command, "--site-dir", str(tmp_path)],
        cwd=ROOT,
        check=True,
        env=offline | {"NO_MKDOCS_2_WARNING": "1"},
    )
    pages = {path: path.read_text() for path in tmp_path.rglob("*.html")}
    assert len(pages) > 20
    for path, text in pages.items():
        assert not FOREIGN.findall(text), path
    for path in tmp_path.rglob("*.css"):
        assert not FOREIGN_STYLE.findall(path.read_text()), path
    losses = pages[tmp_path / "reference" / "losses.html"]
    assert losses.count("<math") >= 7
    assert 'id="tfgan_tricks.losses.hinge"' in losses
    assert not (tmp_path / "hooks").exists()
