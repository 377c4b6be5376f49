"""Formulas of texts: MathML against what Covariance reads, and texts that only look like formulas."""

from xml.etree import ElementTree

import pytest

from morsecensus.analysis.page.formulas import plain, rich
from morsecensus.analysis.page.markup import heading, paragraph
from morsecensus.tasks.covariance import Covariance


def read_back(math):
    """Coefficients by degree of a polynomial in MathML."""
    found, factor = {}, []
    for one in [*math, ElementTree.Element("mo")]:
        if one.tag == "mn":
            factor.append(float(one.text))
        elif one.tag == "msup" and one[0].text == "q":
            degree = int(one[1].text)
        elif one.tag == "msup":
            factor.append(10.0 ** -float(one[1][1].text))
        elif one.tag == "mo" and one.text in ("+", None):
            value = 1.0
            for each in factor:
                value *= each
            found[degree], factor = value, []
    return found


@pytest.mark.parametrize("text", ["q^3", "0.5*q^2+0.5*q^3", "1.5*q^4", "2e-3*q^2+q^6", "0.25*q^3 + 0.75*q^4"])
def test_a_polynomial_is_that_of_the_covariance(text):
    for named in (text, f"xi = {text}", f"p-spin, ξ = {text}, field 0.7"):
        (math,) = ElementTree.fromstring(f"<p>{rich(named)}</p>").findall("math")
        inner = [one for one in math if one.text not in ("ξ", "=")]
        wanted = {p: c for p, c in enumerate(Covariance.parse(text).coefficients) if c}
        assert read_back(inner) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("text", "html", "letters"),
    [
        (
            "p = 1e-92",
            "p = <math><msup><mn>10</mn><mrow><mo>−</mo><mn>92</mn></mrow></msup></math>",
            "p = 10⁻⁹²",
        ),
        ("-E_inf", "<math><mo>−</mo><msub><mi>E</mi><mo>∞</mo></msub></math>", "-E∞"),
        ("2^-d", "<math><msup><mn>2</mn><mrow><mo>−</mo><mi>d</mi></mrow></msup></math>", "2^-d"),
        ("a >= b", "a ≥ b", "a ≥ b"),
        ("`a_b q^3`", "<code>a_b q^3</code>", "a_b q^3"),
        (
            "(arXiv:1003.1129)",
            '(<a href="https://arxiv.org/abs/1003.1129">arXiv:1003.1129</a>)',
            "(arXiv:1003.1129)",
        ),
    ],
)
def test_a_formula_is_set(text, html, letters):
    assert rich(text) == html
    assert plain(text) == letters


@pytest.mark.parametrize(
    "text",
    ["q", "row_size", "12e45678", "cell c0_1x", "faq^3", "1.2.3e4", "dataset-1.zarr", "q_"],
)
def test_what_only_looks_like_a_formula_stays(text):
    assert rich(text) == plain(text) == text


@pytest.mark.parametrize("text", ["<b>q^3</b>", 'q^3"><script>', "`<i>`", "E_inf & <x>", "xi = q^3<"])
def test_all_else_is_escaped(text):
    for made in (rich(text), paragraph(text).html, heading(text, 2, "a").html):
        tags = {one.tag for one in ElementTree.fromstring(f"<p>{made}</p>").iter()}
        assert tags <= {"p", "math", "msup", "msub", "mi", "mn", "mo", "code", "h2", "a"}
