"""Formulas in a text: found by their look, MathML in pages, raised digits where there are letters only.

What is found: covariance polynomials (``xi = 0.5*q^2+0.5*q^3``), powers (``2^-d``, ``1e-92``), indices
(``E_inf``), comparisons (``>=``). Numbers of arXiv become links, and what stands in backticks code.
Texts are anybody's, names of studies among them: all that is not found here is escaped.
"""

import re
from collections.abc import Callable
from html import escape

_TERM = r"(?:\d+(?:\.\d*)?(?:e[-+]?\d+)?\*)?q(?:\^\d+)?"
_SOURCES = {
    "code": r"`[^`]+`",
    "paper": r"\b(?:arXiv:\d{4}\.\d{4,5}|(?:cond-mat|math|hep-th|nlin)/\d{7})\b",
    "polynomial": rf"(?:(?<!\w)(?:xi|ξ) = {_TERM}|(?<![\w*^.]){_TERM}(?<=\d))(?: ?[+] ?{_TERM})*(?![\w^*(])",
    "ten": r"(?<![\w.])\d(?:\.\d+)?e[-+−]?\d{1,3}(?![\w.]\d)\b",
    "power": r"(?<![\w^.])(?:[A-Za-z]|\d+(?:\.\d+)?)\^(?:[-−]?(?:\d+(?:/\d+)?|[A-Za-z])(?!\w)|\(\d+/\d+\))",
    "index": r"(?<![\w`.])[-−]?[A-Za-z]_(?:inf|\d|[a-z])(?!\w)",
    "compared": r"(?<=\s)[<>]=(?=\s)",
}
_TOKEN = re.compile("|".join(f"(?P<{name}>{source})" for name, source in _SOURCES.items()))
_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_COMPARED = {"<=": "≤", ">=": "≥"}


def rich(text: str) -> str:
    """A text as HTML: escaped, with its formulas as MathML, links to arXiv, and code."""
    return _each(text, _HTML, escape)


def plain(text: str) -> str:
    """A text with its formulas in letters alone, for figures, alternatives and titles; not escaped."""
    return _each(text, _LETTERS, str)


def _each(text: str, forms: dict[str, Callable[[str], str]], rest: Callable[[str], str]) -> str:
    parts, end = [], 0
    for found in _TOKEN.finditer(text):
        assert found.lastgroup is not None
        parts += [rest(text[end : found.start()]), forms[found.lastgroup](found[0])]
        end = found.end()
    return "".join([*parts, rest(text[end:])])


def _math(inner: str) -> str:
    return f"<math>{inner}</math>"


def _number(text: str) -> str:
    """A number or a name, with a sign of its own."""
    if text[:1] in "-−+":
        return f"<mrow><mo>{'+' if text[0] == '+' else '−'}</mo>{_number(text[1:])}</mrow>"
    return f"<mn>{text}</mn>" if text[:1].isdigit() else f"<mi>{escape(text)}</mi>"


def _raised(base: str, power: str) -> str:
    return f"<msup>{_number(base)}{_number(power)}</msup>"


def _ten(text: str) -> str:
    mantissa, power = text.split("e")
    factor = "" if float(mantissa) == 1 else f"<mn>{mantissa}</mn><mo>×</mo>"
    return factor + _raised("10", power.replace("+", ""))


def _terms(polynomial: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the equals sign, and coefficient and degree of each term."""
    name, _, body = polynomial.rpartition(" = ")
    terms = []
    for term in re.findall(_TERM, body):
        coefficient, _, monomial = term.rpartition("*")
        terms.append((coefficient, monomial.partition("^")[2]))
    return name, terms


def _polynomial(text: str) -> str:
    name, terms = _terms(text)
    inner = "<mo>+</mo>".join(
        (_coefficient(c) + (_raised("q", degree) if degree else "<mi>q</mi>")) for c, degree in terms
    )
    return (f"<mi>ξ</mi><mo>=</mo>{inner}") if name else inner


def _coefficient(text: str) -> str:
    return "" if not text else _ten(text) if "e" in text else f"<mn>{text}</mn>"


def _polynomial_in_letters(text: str) -> str:
    name, terms = _terms(text)
    inner = " + ".join(f"{f'{c} ' if c else ''}q{degree.translate(_RAISED)}" for c, degree in terms)
    return f"ξ = {inner}" if name else inner


def _ten_in_letters(text: str) -> str:
    mantissa, power = text.split("e")
    factor = "" if float(mantissa) == 1 else f"{mantissa} × "
    return f"{factor}10{power.replace('+', '').translate(_RAISED)}"


def _power_in_letters(text: str) -> str:
    base, power = text.split("^")
    return base + power.translate(_RAISED) if re.fullmatch(r"[-−]?\d+", power) else text


def _paper(text: str) -> str:
    return f'<a href="https://arxiv.org/abs/{text.removeprefix("arXiv:")}">{text}</a>'


def _index(text: str) -> str:
    base, below = text.split("_")
    minus = "<mo>−</mo>" if base[0] in "-−" else ""
    own = "<mo>∞</mo>" if below == "inf" else _number(below)
    return f"{minus}<msub>{_number(base.lstrip('-−'))}{own}</msub>"


def _index_in_letters(text: str) -> str:
    base, below = text.split("_")
    return f"{base}{'∞' if below == 'inf' else below.translate(_LOWERED)}"


_HTML: dict[str, Callable[[str], str]] = {
    "code": lambda text: f"<code>{escape(text[1:-1])}</code>",
    "paper": _paper,
    "polynomial": lambda text: _math(_polynomial(text)),
    "ten": lambda text: _math(_ten(text)),
    "power": lambda text: _math(_raised(*text.replace("(", "").replace(")", "").split("^"))),
    "index": lambda text: _math(_index(text)),
    "compared": lambda text: _COMPARED[text],
}
_LETTERS: dict[str, Callable[[str], str]] = {
    "code": lambda text: text[1:-1],
    "paper": str,
    "polynomial": _polynomial_in_letters,
    "ten": _ten_in_letters,
    "power": _power_in_letters,
    "index": _index_in_letters,
    "compared": lambda text: _COMPARED[text],
}
