"""The rules of style that a machine can check, over the texts that people read."""

import ast
import inspect
import io
import pathlib
import re
import tokenize
from typing import NamedTuple

import pytest

ROOT = pathlib.Path(__file__).parent.parent
# The folders and pages that follow the rules.
CHECKED = (
    "tfgan_tricks",
    "trainers",
    "launch",
    "README.md",
    "BUILD.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs",
    "benchmarks",
    "tests",
)
# This file lists odd words.
LEFT = ("tests/test_prose.py",)

RUN = "Training is uncountable: what has a beginning and an end is a run."
REPEAT = "Readers enter in the middle: repeat the noun."
AMERICAN = "American spelling, as in the names of the API."
# The adjective is fine: a training step.
_NOUN = r"training\b(?! (step|set|data|mode|call|function|loop|state|log|image)s?\b)"
WORDS = {
    rf"\b(a|this|that|each|every|another|no|one) {_NOUN}": RUN,
    r"\btrainings\b": RUN,
    r"\b(go|goes|going|went) on\b": "A run continues, or is resumed.",
    r"\b(unbroken|broken off)\b": "A run is uninterrupted, or interrupted.",
    r"\blikewise\b|\bthe latter\b": REPEAT,
    r"\b(that|those) of\b": REPEAT,
    r"\b(by|of|in) (its|their) (company|turn)\b": "Say what is meant.",
    r"\bfirst weights\b": "They are initial weights.",
    r"\bat first\b": "Write initially.",
    r"\bif need be\b": "Write if necessary, or if it is missing.",
    r"\bdata sets?\b": "One word for one thing: dataset.",
    r"(?<![\w`.-])pictures?(?![\w`(])": "One word for one thing: image, or grid.",
    r"\bset (size|length)\b": "Sizes are fixed.",
    r"\bby label\b": "Networks are class-conditional.",
    r"\bbeside\b": "Write next to, or besides.",
    r"\bas it is\b": "Write unchanged, or stored.",
    r"(?<!there )\b(is|are) (no|none)\b(?! (longer|more))": "Write is not a.",
    r"\bthawed\b": "Layers are frozen and unfrozen.",
    r"\w*(normalis|initialis|minimis|maximis|penalis|labell)\w*": AMERICAN,
    r"\w*(colour|centre\b|centred|neighbour|behaviour|favour)\w*|\bgreys?\b": AMERICAN,
}
# Words that end like a verb, but are none.
_NOUNS = """Is As Has This Its Losses Batches Labels Features Options Images Points
    Gradients Norms Penalties Units Averages Classes Keys Paths Values Weights Pairs
    Layers Models Shapes Modules Arrays Networks Always""".split()


class Text(NamedTuple):
    """A string, a comment or a paragraph."""

    path: pathlib.Path
    line: int
    text: str

    def __str__(self):
        return f"{relative(self.path)}:{self.line}"


def relative(path):
    return str(path.relative_to(ROOT))


def checked_files():
    for name in CHECKED:
        path = ROOT / name
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        files += sorted(path.rglob("*.md"))
        yield from (file for file in files if not relative(file).startswith(LEFT))


def strings(path, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if " " in node.value:  # Names are another matter.
                yield Text(path, node.lineno, node.value)


def comments(path, source):
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(path, token.start[0], token.string)


def without_figures(text):
    """Returns the text of a page without its figures, whose results are a list."""
    return re.sub(r"!\[[^]]*\]", "", text)


def paragraphs_of_page(path, source):
    """Yields the paragraphs and table rows of a page, without its code."""
    prose = re.sub(r"(?ms)^```.*?^```", lambda code: "\n" * code[0].count("\n"), source)
    start = 1
    for block in re.split(r"(\n\s*\n|\n(?=\||[-*] ))", prose):
        yield Text(path, start, block)
        start += block.count("\n")


def texts(path):
    """Returns all that a file says, docstrings among the strings."""
    source = path.read_text()
    if path.suffix == ".md":
        return list(paragraphs_of_page(path, source))
    return [*strings(path, ast.parse(source)), *comments(path, source)]


def odd_words(text):
    """Yields the odd words of a text, each with what to write."""
    joined = " ".join(text.split())
    for pattern, reason in WORDS.items():
        for found in re.finditer(pattern, joined, re.IGNORECASE):
            yield f"{found[0]!r}: {reason}"


def docstrings(path, source):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node):
            yield node, Text(path, node.body[0].lineno, ast.get_docstring(node))


def entries(docstring):
    """Returns the entries of a docstring's sections: section, name, text."""
    found, section = [], None
    for line in inspect.cleandoc(docstring).splitlines():
        if re.fullmatch(r"[A-Z][a-z]+( arguments)?:", line):
            section = line[:-1]
        elif line and not line.startswith(" "):
            section = None
        elif section and re.match(r" {4}\S", line):
            name, _, text = line.strip().partition(": ")
            found.append([section, name, text])
        elif section and found and line.strip():
            found[-1][2] += " " + line.strip()
    return found


def paragraphs(docstring):
    """Yields the paragraphs and entries of a docstring, without its examples."""
    prose = re.sub(r"(?m)^\s*>>>(.|\n)*?(\n\s*\n|\Z)", "\n", docstring)
    prose = re.sub(r"Reference:(.|\n)*", "", prose)
    for block in re.split(r"\n\s*\n", prose):
        yield from re.split(r"\n(?= {4}[\w*`, ]+: )", block)


def starts_with_verb(node):
    """Returns `True` for functions, except properties, factories of losses and tests.

    The name of a test is its summary, which its docstring explains.
    """
    if not isinstance(node, ast.FunctionDef) or node.name.startswith("test_"):
        return False
    marks = [ast.unparse(mark) for mark in node.decorator_list]
    result = None if node.returns is None else ast.unparse(node.returns)
    return result != "AdversarialLoss" and not any("property" in mark for mark in marks)


def odd_forms(node, docstring):
    """Yields what is wrong with the form of a docstring."""
    first = docstring.split()[0]
    if first in ("What", "How", "Whether", "When", "Where"):
        yield f"the summary begins with {first!r}, as a question does"
    is_verb = re.fullmatch("[A-Z][a-z]+s", first) and first not in _NOUNS
    if starts_with_verb(node) and not is_verb:
        yield f"the summary begins with {first!r}, not with a verb such as 'Returns'"
    for section, name, text in entries(docstring):
        if section in ("Args", "Attributes", "Call arguments"):
            if not re.match(r"[A-Z0-9`\"]", text) or not text.endswith("."):
                yield f"{section}, {name}: not a phrase from a capital to a full stop"
        if section == "Raises" and not text.startswith("If "):
            yield f"Raises, {name}: does not begin with 'If'"
    yield from semicolons(paragraphs(docstring))


def semicolons(blocks):
    for block in blocks:
        if block.count(";") > 1:
            yield f"more than one semicolon in {' '.join(block.split())[:60]!r}"


every_file = pytest.mark.parametrize("path", list(checked_files()), ids=relative)


@every_file
def test_words(path):
    found = [f"{text}: {odd}" for text in texts(path) for odd in odd_words(text.text)]
    assert not found, "\n".join(found)


@every_file
def test_forms(path):
    source = path.read_text()
    if path.suffix == ".md":
        blocks = paragraphs_of_page(path, without_figures(source))
        cells = (cell for block in blocks for cell in block.text.split(" | "))
        found = list(semicolons(cells))
    else:
        found = [
            f"{text}: {odd}"
            for node, text in docstrings(path, source)
            for odd in odd_forms(node, text.text)
        ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "resume a training",
        "every\n  training is saved",
        "two trainings at once",
        "then it goes on",
        "the discriminator likewise",
        "the noise is that of a layer",
        "an unbroken run",
        "a data set",
        "a picture of samples",
        "if this is no folder",
        "batch normalised",
        "a colour",
        "unlabelled images",
        "by label",
    ],
)
def test_odd_words_are_found(text):
    assert len(list(odd_words(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "one training step",
        "during training",
        "`picture` draws them",
        "callbacks.picture(samples)",
        "--picture=docs/digits.png",
        "it is no longer needed, and there are no labels",
        "labeled images, normalized and gray",
    ],
)
def test_plain_words_are_left(text):
    assert not list(odd_words(text))


FORMS = {
    "What is drawn.": "question",
    "The loss of that name.": "not with a verb",
    "Losses by name.": "not with a verb",
    "Returns it.\n\nArgs:\n    seed: of the latents.": "Args, seed",
    "Returns it.\n\nArgs:\n    seed: Seed of the latents": "Args, seed",
    "Returns it.\n\nArgs:\n    seed: An integer,\n        or nothing": "Args, seed",
    "Returns it.\n\nRaises:\n    ValueError: for another name.": "Raises, ValueError",
    "Returns it.\n\nOne; two; three.": "semicolon",
    "Returns it.\n\nArgs:\n    a: One; two; three.\n    b: Two.": "semicolon",
}


@pytest.mark.parametrize(("docstring", "odd"), FORMS.items())
def test_odd_forms_are_found(docstring, odd):
    node = ast.parse("def function(): pass").body[0]
    assert any(odd in found for found in odd_forms(node, docstring))


PLAIN = """Returns it; raises nothing.

    f(x) = x^2

Args:
    a: An integer; `None` means 1.
    b: If `True`, there
        is more; otherwise not.

Raises:
    ValueError: If `a` is odd.

>>> a; b; c
"""


def test_plain_forms_are_left():
    node = ast.parse("def function(): pass").body[0]
    assert not list(odd_forms(node, PLAIN))


@pytest.mark.parametrize(
    "code",
    [
        "class A: pass",
        "@property\ndef a(self): pass",
        "def test_a(): pass",
        "def a() -> b.Any: ...",
    ],
)
def test_only_functions_start_with_verbs(code):
    node = ast.parse(code).body[0]
    assert starts_with_verb(node) == code.startswith("def a")


def test_losses_are_nouns():
    assert not starts_with_verb(ast.parse("def a() -> AdversarialLoss: ...").body[0])


def test_figures_are_left():
    assert without_figures("![a: 1; 2; 3](a.png)\n\nOne.") == "(a.png)\n\nOne."


def test_pages_are_read_without_their_code():
    page = "One training.\n\n```sh\na training\n```\n\n| a | b |\n| c; d | e; f |\n"
    found = [text for text in paragraphs_of_page(ROOT, page) if text.text.strip()]
    assert [text.line for text in found] == [1, 7, 8]
    assert sum(len(list(odd_words(text.text))) for text in found) == 1
