"""Sets the formulas of docstrings and pages as MathML, which browsers draw unaided.

A formula is plain text that reads well in `help()`, one equation a line. Two or more
spaces separate an equation from a remark or from another equation:

    L_D = 1/2 E[(C(real) - b)^2] + 1/2 E[(C(fake) - a)^2]

Words are upright, single letters italic. `M_ib` and `f1` have subscripts, `grad`,
`sum` and Greek letters become symbols, `|x|` and `||x||` norms, ` | ` a condition. A
slash makes a fraction of the products beside it, or of two numbers if no spaces
surround it. MkDocs loads this file as a hook, and it needs the standard library only.
"""

import html
import re
from typing import Any

GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon theta lambda mu pi rho sigma tau phi".split(),
        "αβγδεθλμπρστφ",
        strict=True,
    )
)
SYMBOLS = GREEK | {"grad": "∇"}
OPERATORS = {
    "->": "→",
    "<-": "←",
    "!=": "≠",
    "<=": "≤",
    ">=": "≥",
    "~": "∼",
    " | ": "|",
}
RELATIONS = {"=", "<", ">", ":", ",", ";", *OPERATORS}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "||": "||"}
TOKEN = re.compile(
    r"(?P<space> +(?!\| ))"
    r"|(?P<size>\d+(?:x\d+)*x(?:\d+|[a-z]+))"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)"
    r'|(?P<text>"[^"]*")'
    r"|(?P<script>_(?=\w)|\^)"
    r"|(?P<sign>\.\.\.| \| |\|\||->|<-|!=|<=|>=|[-+*/=<>~:,;()\[\]{}|])"
)
END = ("end", "")


class NotAFormula(ValueError):
    """A text that does not follow the notation."""


def mathml(text: str) -> str:
    """Returns a formula of one or more lines as a `<math>` element.

    Raises:
        NotAFormula: If the text does not follow the notation.
    """
    rows = "".join(_row(line) for line in text.splitlines() if line.strip())
    return (
        f'<math display="block"><mtable displaystyle="true" class="formula">{rows}'
        "</mtable></math>"
    )


def _row(line):
    """A line as a row of a table: left side, right side with its sign, remarks."""
    line = re.sub(r"= +", "= ", line.strip())
    first, *rest = (_Cell(each) for each in re.split(r" {2,}", line))
    cells = [*first.sides(), "".join(cell.whole() for cell in rest)]
    return f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in cells)}</mtr>"


class _Cell:
    """An equation or a remark."""

    def __init__(self, text):
        self.text = text

    def sides(self):
        """What stands left of the first `=`, and the rest."""
        parts = self._parts()
        signs = [kind for kind, _ in parts]
        if signs.count("=") == 0:
            return "", self.whole()
        at = signs.index("=")
        return _joined(parts[:at]), _joined(parts[at:])

    def whole(self):
        """All of it, with the space before it."""
        return f'<mspace width="1em"/>{_joined(self._parts())}'

    def _parts(self):
        if not re.search(r"[=~^|*\[<>]", self.text):
            return [("text", _element("mtext", _times(self.text)))]
        return _Parser(self.text).parts()


def _joined(parts):
    return "<mrow>" + "".join(markup for _, markup in parts) + "</mrow>"


class _Parser:
    """Recursive descent: relations, sums, products, neighbors, scripts, atoms."""

    def __init__(self, text):
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0
        self.open = []
        self.bare = {}  # Groups in parentheses, which a fraction does not need.

    def parts(self):
        """Pairs of a sign, or "" for what stands between signs, and its markup."""
        parts = self._relation()
        if self._token() != END:
            raise NotAFormula(self.text)
        return parts

    def _token(self, skip_space=True):
        at = self.at
        while skip_space and at < len(self.tokens) and self.tokens[at][0] == "space":
            at += 1
        return self.tokens[at] if at < len(self.tokens) else END

    def _next(self):
        while self.tokens[self.at][0] == "space":
            self.at += 1
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _is(self, *signs):
        kind, value = self._token()
        return kind == "sign" and value in signs

    def _relation(self):
        parts = []
        while True:
            if self._begins_atom() or self._is("+", "-"):
                parts.append(("", self._sum()))
            if not self._is(*RELATIONS):
                return parts
            sign = self._next()
            markup = _element("mo", OPERATORS.get(sign, sign))
            space = '<mspace width="0.2em"/>' if sign in ",;" else ""
            parts.append((sign, markup + space))

    def _sum(self):
        markup = ""
        while True:
            if self._is("+", "-"):
                markup += _element("mo", self._next().replace("-", "−"))
            markup += self._product()
            if not self._is("+", "-"):
                return markup

    def _product(self):
        left = self._neighbors()
        while self._is("*", "/"):
            if self._next() == "/":
                left = self._fraction(left, self._neighbors())
            else:
                left += _element("mo", "·") + self._neighbors()
        return left

    def _neighbors(self):
        """Factors beside each other, with a space where a word would touch."""
        (markup, is_word), before = self._factor(), ""
        while self._begins_atom():
            factor, also_word = self._factor()
            before = '<mspace width="0.25em"/>' if is_word or also_word else ""
            markup, is_word = markup + before + factor, also_word
        return markup

    def _factor(self):
        markup, is_word = self._scripted()
        follows = self._token(skip_space=False) == ("sign", "/")
        if follows and self.tokens[self.at + 1][0] != "space":
            self._next()
            return self._fraction(markup, self._scripted()[0]), False
        return markup, is_word

    def _fraction(self, *parts):
        above, below = (self.bare.get(part, part) for part in parts)
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def _begins_atom(self):
        kind, value = self._token()
        if kind == "sign":
            closes = self.open and self.open[-1] == value
            return value == "..." or (value in CLOSING and not closes)
        return kind in ("number", "name", "text", "size")

    def _scripted(self):
        base, low, is_word = self._atom()
        high = ""
        if self._token(skip_space=False) == ("script", "_"):
            self._next()
            low = _subscript(self._next())
        if self._token(skip_space=False) == ("script", "^"):
            self._next()
            high = self._atom()[0]
        if base == _element("mo", "∑"):
            return (f"<munder>{base}{low}</munder>" if low else base), False
        if low and high:
            return f"<msubsup>{base}{low}{high}</msubsup>", is_word
        if low or high:
            tag = "msub" if low else "msup"
            return f"<{tag}>{base}{low or high}</{tag}>", is_word
        return base, is_word

    def _atom(self):
        """Markup, its subscript or "", and whether it is a word."""
        if not self._begins_atom():
            raise NotAFormula(self.text)
        kind, value = self._token()
        self._next()
        if kind == "sign":
            return self._group(value), "", False
        if kind == "number":
            return _element("mn", value), "", False
        if kind == "size":
            return _element("mtext", _times(value)), "", True
        if kind == "text":
            return _element("mtext", value), "", True
        if value == "sqrt" and self._is("("):
            self._next()
            return f"<msqrt>{self._inside('(')}</msqrt>", "", False
        return self._name(value)

    def _group(self, sign):
        if sign == "...":
            return _element("mo", "…")
        fence = sign.replace("||", "‖")
        close = CLOSING[sign].replace("||", "‖")
        inside = self._inside(sign)
        markup = (
            f'<mrow><mo stretchy="false">{fence}</mo>{inside}'
            f'<mo stretchy="false">{close}</mo></mrow>'
        )
        if sign == "(":
            self.bare[markup] = inside
        return markup

    def _inside(self, sign):
        self.open.append(CLOSING[sign])
        inside = _joined(self._relation())
        if not self._is(self.open.pop()):
            raise NotAFormula(self.text)
        self._next()
        return inside

    def _name(self, name):
        """A name, whose subscript is what follows a short base."""
        base, _, low = name.partition("_")
        numbered = re.fullmatch(r"([A-Za-z])(\d+)", base)
        if numbered and not low:
            base, low = numbered.groups()
        short = len(base) == 1 or base in SYMBOLS or base in ("sum", "Var")
        if not (short or 0 < len(low) <= 3):
            base, low = name, ""
        if base == "sum":
            return _element("mo", "∑"), _subscript(low), False
        is_word = len(base) > 1 and base not in SYMBOLS
        applied = self._token(skip_space=False)[1] in ("(", "[")
        return _identifier(base), _subscript(low), is_word and not applied


def _tokens(text):
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise NotAFormula(text)
        yield found.lastgroup, found.group()
        at = found.end()


def _times(text):
    return re.sub(r"(?<=\d)x(?=\w)", "×", text)


def _subscript(name):
    """Indices beside each other, or a word."""
    if not name or name.isdigit():
        return name and _element("mn", name)
    if len(name) <= 3 and name not in SYMBOLS:
        return f"<mrow>{''.join(map(_identifier, name))}</mrow>"
    return _identifier(name)


def _identifier(name):
    upright = ' mathvariant="normal"' if name == "E" else ""
    return _element("mi", SYMBOLS.get(name, name), upright)


def _element(tag, text, attributes=""):
    return f"<{tag}{attributes}>{html.escape(text, quote=False)}</{tag}>"


def fence(source: str, *_: Any, **__: Any) -> str:
    """Returns what a Markdown block of the language `formula` becomes."""
    try:
        return f'<div class="formula">{mathml(source)}</div>'
    except NotAFormula:
        return f"<pre><code>{html.escape(source)}</code></pre>"


def on_config(config: Any) -> Any:
    """Adds the language `formula` to the site's Markdown."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {})
    formula = {"name": "formula", "class": "formula", "format": fence}
    fences["custom_fences"] = [*fences.get("custom_fences", []), formula]
    return config
