"""Turns docstrings, which are plain text for `help()`, into what the site shows."""

import re
from typing import Any

import griffe

# Sections have indented entries; what is indented elsewhere is a formula.
SECTION = re.compile(r"[A-Z][\w ]*:$")
FORMULA = re.compile(r"(?:^ {4,}\S.*\n?)+", re.MULTILINE)
EXAMPLE = re.compile(r"(?:^(?:>>>|\.\.\.).*\n(?:^(?!>>>).+\n?)*)+", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Marks formulas and examples, and names sections as Griffe knows them."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """Returns a docstring with formulas and examples in blocks of their own.

    >>> as_markdown('''The square.
    ...
    ...     x^2
    ...
    ... Nothing else.''').splitlines()[2:]
    ['```formula', 'x^2', '```', '', 'Nothing else.']
    """
    text = re.sub(r"^Call arguments:$", "Other Args: Call arguments", text, flags=re.M)
    text = re.sub(r"^Example:\n\n?(?=>>>)", "", text, flags=re.M)
    text = EXAMPLE.sub(lambda found: _block("pycon", found.group()), text + "\n")
    return FORMULA.sub(lambda found: _formula(found, text), text).rstrip()


def formulas(text: str) -> list[str]:
    """Returns the formulas of a docstring."""
    return re.findall(r"^```formula\n(.*?)\n```$", as_markdown(text), re.M | re.S)


def _formula(found, text):
    before = text[: found.start()].rstrip("\n")
    above = before.rpartition("\n\n")[2].split("\n")
    blank = text[: found.start()].endswith("\n\n")
    if not blank or SECTION.match(above[0]) or above[0].startswith("    "):
        return found.group()
    lines = (line.removeprefix("    ") for line in found.group().splitlines())
    return _block("formula", "\n".join(lines))


def _block(language, content):
    return f"```{language}\n{content.strip()}\n```\n"
