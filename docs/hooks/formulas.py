"""Sets the formulas of docstrings and pages as MathML, which browsers draw unaided.

A formula is plain text that reads well in `help()`, one equation a line:

    v = W^T u/norm(W^T u)
    L = 1/2 mean((C(x) - b)^2) + lambda sum_(i=1)^n norm(theta_i)^2

Words are upright, single letters italic. Products are written side by side. A slash
without spaces around it makes a fraction of its two neighbors, a slash with spaces one
of the products around it. Scripts follow `_` and `^`, longer ones in parentheses. The
names of Greek letters, `grad`, `sum`, `sqrt(x)`, `norm(x)`, `|x|` and `||x||` become
symbols. Two or more spaces separate a remark or another equation.

MkDocs loads this file as a hook, and it needs the standard library only.
"""

import html
import re
from typing import Any
from typing import NamedTuple

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
    r"|(?P<script>_(?=[\w(])|\^)"
    r"|(?P<sign>\.\.\.| \| |\|\||->|<-|!=|<=|>=|[-+*/=<>~:,;()\[\]{}|])"
)
END = ("end", "")
_SPACE = '<mspace width="0.25em"/>'
_SUM = "<mo>∑</mo>"
_UNDER = {_SUM, "<mi>mean</mi>", "<mi>max</mi>", "<mi>min</mi>"}


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
    """Returns a line as a row of three cells: left side, right side, remarks."""
    line = re.sub(r"= +", "= ", line.strip())
    first, *rest = (_Cell(each) for each in re.split(r" {2,}", line))
    cells = [*first.sides(), "".join(cell.whole() for cell in rest)]
    return f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in cells)}</mtr>"


class _Cell:
    """An equation or a remark."""

    def __init__(self, text):
        self.text = text

    def sides(self):
        """Returns what stands left of the first `=`, and the rest."""
        parts = self._parts()
        signs = [kind for kind, _ in parts]
        if signs.count("=") == 0:
            return "", self.whole()
        at = signs.index("=")
        return _joined(parts[:at]), _joined(parts[at:])

    def whole(self):
        """Returns all of it, with the space before it."""
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
        """Returns pairs of a sign, or "" between signs, and its markup."""
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
        """Returns neighboring factors, with a space where a word would touch."""
        left = self._factor()
        while self._begins_atom():
            right = self._factor()
            space = _SPACE if left.ends_in_word or right.begins_with_word else ""
            left = left._replace(
                markup=left.markup + space + right.markup,
                ends_in_word=right.ends_in_word,
            )
        return left.markup

    def _factor(self):
        """Returns an atom with its scripts, arguments and divisor."""
        is_name = self._token()[0] == "name"
        factor = self._scripted(self._atom())
        while is_name and self._token(skip_space=False)[1] in ("(", "["):
            argument = self._scripted(self._atom())
            factor = _Piece(
                factor.markup + argument.markup, factor.begins_with_word, False
            )
        if self._token(skip_space=False) != ("sign", "/"):
            return factor
        if self.tokens[self.at + 1 :][:1] in ([], [("space", " ")]):
            return factor
        self._next()
        return _Piece(self._fraction(factor.markup, self._factor().markup))

    def _fraction(self, *parts):
        above, below = (self.bare.get(part, part) for part in parts)
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def _begins_atom(self):
        kind, value = self._token()
        if kind == "sign":
            closes = self.open and self.open[-1] == value
            return value == "..." or (value in CLOSING and not closes)
        return kind in ("number", "name", "text", "size")

    def _scripted(self, piece):
        low = high = ""
        base, within = piece.markup, piece.subscript
        if within:
            low = within
        if self._token(skip_space=False) == ("script", "_"):
            low = self._script()
        if self._token(skip_space=False) == ("script", "^"):
            high = self._script()
        kind = "under" if base in _UNDER else "sub"
        over = "over" if kind == "under" else "sup"
        tag = "m" + kind * bool(low) + over * bool(high)
        if tag == "m":
            return piece
        return piece._replace(markup=f"<{tag}>{base}{low}{high}</{tag}>", subscript="")

    def _script(self):
        """Returns a script: an atom, or all that stands in parentheses."""
        sign = self._next()
        if self._token() == ("sign", "("):
            self._next()
            return self._inside("(")
        if sign == "_":
            return _subscript(self._next())
        return self._atom().markup

    def _atom(self):
        if not self._begins_atom():
            raise NotAFormula(self.text)
        kind, value = self._token()
        self._next()
        if kind == "sign":
            return _Piece(self._group(value))
        if kind == "number":
            return _Piece(_element("mn", value))
        if kind == "size":
            return _Piece(_element("mtext", _times(value)), True, True)
        if kind == "text":
            return _Piece(_element("mtext", value), True, True)
        return self._name(value)

    def _group(self, sign):
        if sign == "...":
            return _element("mo", "…")
        fence = sign.replace("||", "‖")
        close = CLOSING[sign].replace("||", "‖")
        inside = self._inside(sign)
        markup = _fenced(fence, inside, close)
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
        """Returns a name, whose subscript is what follows a short base."""
        base, _, low = name.partition("_")
        if base in ("sqrt", "norm") and self._token(skip_space=False)[1] == "(":
            self._next()
            inside = self._inside("(")
            if base == "sqrt":
                return _Piece(f"<msqrt>{inside}</msqrt>")
            return _Piece(_fenced("‖", inside, "‖"), subscript=_subscript(low))
        numbered = re.fullmatch(r"([A-Za-z])(\d+)", base)
        if numbered and not low:
            base, low = numbered.groups()
        short = len(base) == 1 or base in SYMBOLS or base in ("sum", "Var")
        if not (short or 0 < len(low) <= 3):
            base, low = name, ""
        is_word = len(base) > 1 and base not in (*SYMBOLS, "sum")
        return _Piece(_identifier(base), is_word, is_word, _subscript(low))


class _Piece(NamedTuple):
    """Markup, and what its surroundings must know of it."""

    markup: str
    begins_with_word: bool = False
    ends_in_word: bool = False
    subscript: str = ""


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
    """Returns neighboring indices, or a word."""
    if not name or name.isdigit():
        return name and _element("mn", name)
    if len(name) <= 3 and name not in SYMBOLS:
        return f"<mrow>{''.join(map(_identifier, name))}</mrow>"
    return _identifier(name)


def _fenced(left, inside, right):
    return (
        f'<mrow><mo stretchy="false">{left}</mo>{inside}'
        f'<mo stretchy="false">{right}</mo></mrow>'
    )


def _identifier(name):
    if name == "sum":
        return _SUM
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
