"""Numbers of low index at N beyond the reach of every index: by the whole law, two spins, in 300 bits, and by
samples.
"""

import numpy as np
import pytest
from flint import acb, acb_mat, arb, ctx

from morsecensus.analysis.theory.goe import order
from morsecensus.analysis.theory.goe.edge import LARGEST, fractions_at, low_index_fractions
from morsecensus.analysis.theory.goe.panels import Panels, uniform_edges
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.analysis.theory.kac_rice.sampler import sample_counts
from morsecensus.tasks.covariance import Covariance

P3 = Covariance.parse("q^3")


@pytest.mark.parametrize(
    ("xi", "n"),
    [(xi, n) for xi in ("q^3", "0.5*q^2+0.5*q^3", "q^4", "q^3+0.4*q") for n in (8, 40)]
    + [pytest.param("q^3", 60, marks=pytest.mark.soak)],
)
def test_low_indices_of_the_whole_law(xi, n):
    covariance = Covariance.parse(xi)
    whole, low = FiniteN(covariance, n), LowIndex(covariance, n, highest=2)
    np.testing.assert_allclose(low.by_index(), whole.by_index()[:3], rtol=1e-6)
    for mine, theirs in zip(low.energy_moments(), whole.energy_moments(), strict=True):
        np.testing.assert_allclose(mine, theirs[:3], rtol=1e-6)
    np.testing.assert_allclose(low.energy_skewness(), whole.energy_skewness()[:3], rtol=1e-4)
    edges = np.linspace(-2, 0, 9)
    # Where there are hardly any, the whole law has the rounding of all points there.
    least = 1e-7 * low.by_index()[-1]
    np.testing.assert_allclose(
        low.count_by_index(edges), whole.count_by_index(edges)[:3], rtol=1e-6, atol=least
    )


@pytest.mark.parametrize(
    ("n", "highest"),
    [(100, 2), *(pytest.param(*size, marks=pytest.mark.soak) for size in ((200, 6), (401, 2)))],
)
def test_two_spins_have_two_points_of_each_index(n, highest):
    """Eigenvectors of a GOE matrix and their opposites: no other route is needed at any N."""
    law = LowIndex(Covariance.parse("q^2"), n, highest=highest)
    np.testing.assert_allclose(law.by_index(), 2, rtol=1e-8)
    assert np.all(law.index_error() < 1e-7)


@pytest.mark.parametrize(("xi", "n"), [("q^6", 40), ("q^3", 24)])
def test_errors_of_the_whole_law_are_what_it_is_off_by(xi, n):
    """Rounding of all points leaves few digits of rare minima (q^6: 1e-7 of them, which was claimed to be
    1e-12); the edge alone has them to 1e-11."""
    covariance = Covariance.parse(xi)
    edge, whole = LowIndex(covariance, n, highest=2), LowIndex(covariance, n, highest=n - 1)
    off, claimed = np.abs(whole.by_index()[:3] / edge.by_index() - 1), whole.index_error()[:3]
    assert edge.index_error().max() < 2e-11
    assert np.all(off <= claimed)
    assert np.all(claimed < 40 * off)


@pytest.mark.parametrize("n", [22, 23])
def test_fractions_in_300_bits(n):
    """Determinants of the incomplete forms, in ball arithmetic: no Pfaffian, no rule on half a line, no
    tilted circle."""
    found, _, _ = fractions_at(n, np.array([-6.5]), 3)
    np.testing.assert_allclose(found[:, 0], _fractions_of_determinants(n, -6.5, 4), rtol=1e-11)


def _fractions_of_determinants(n, x, count):
    """The squared generating function on a circle, its coefficients, and the root of the series."""
    ctx.prec = 300
    try:
        low, high, left, right = _forms(n, arb(x))
        roots = 64  # the square has degree 2n
        values = []
        for turn in range(roots):
            z = acb(2 * arb(turn) / roots).exp_pi_i()
            rows = [[z**2 * left[j][k] + right[j][k] for k in range(n)] for j in range(n)]
            for j in range(n):
                for k in range(n):
                    rows[j][k] += z * (low[j] * high[k] - low[k] * high[j])
            if n % 2:
                border = [z * low[j] + high[j] for j in range(n)]
                rows = [[*row, end] for row, end in zip(rows, border, strict=True)]
                rows.append([*(-end for end in border), acb(0)])
            values.append(acb_mat(rows).det())
        square = [
            sum((v * acb(-2 * arb(m * t) / roots).exp_pi_i() for t, v in enumerate(values)), acb(0)) / roots
            for m in range(count)
        ]
        series = [square[0].sqrt()]
        for m in range(1, count):
            crossed = sum((series[i] * series[m - i] for i in range(1, m)), acb(0))
            series.append((square[m] - crossed) / (2 * series[0]))
        return [abs(float((part / values[0].sqrt()).real)) for part in series]
    finally:
        ctx.prec = 53


def _forms(n, x):
    """Integrals and skew forms of |x - y| phi_j below and above x, from quadrature of plain ones."""
    below, above = _plain_form(n + 1, arb(-16), x), _plain_form(n + 1, x, arb(16))
    step = [
        {k + 1: (arb(k + 1) / 2).sqrt(), k: -x} | ({k - 1: (arb(k) / 2).sqrt()} if k else {})
        for k in range(n)
    ]

    def moved(form):
        return [
            [
                sum(a * b * form[p][q] for p, a in step[j].items() for q, b in step[k].items())
                for k in range(n)
            ]
            for j in range(n)
        ]

    low = [-sum(a * below[1][p] for p, a in step[j].items()) for j in range(n)]
    high = [sum(a * above[1][p] for p, a in step[j].items()) for j in range(n)]
    return low, high, moved(below[0]), moved(above[0])


def _plain_form(count, start, end, panels=12, nodes=40):
    """U_jk and the integrals of phi_j from start to end: the inner integral is that of the recurrence."""
    rule = [arb.legendre_p_root(nodes, k, weight=True) for k in range(nodes)]
    half = (end - start) / (2 * panels)
    _, first = _hermite(count, start)
    _, last = _hermite(count, end)
    form = [[arb(0)] * count for _ in range(count)]
    for panel in range(panels):
        for node, weight in rule:
            phi, integral = _hermite(count, start + half * (2 * panel + 1 + node))
            inner = [a - b for a, b in zip(integral, first, strict=True)]
            for j in range(count):
                for k in range(j):
                    form[j][k] += half * weight * (inner[j] * phi[k] - inner[k] * phi[j])
    for j in range(count):
        for k in range(j):
            form[k][j] = -form[j][k]
    return form, [a - b for a, b in zip(last, first, strict=True)]


def _hermite(count, y):
    phi = [(-(y**2) / 2).exp() / arb.pi().root(4)]
    integral = [(arb.pi() / 2).sqrt() * (-y / arb(2).sqrt()).erfc() / arb.pi().root(4)]
    phi.append(arb(2).sqrt() * y * phi[0])
    integral.append(-arb(2).sqrt() * phi[0])
    for k in range(1, count - 1):
        up, down = (arb(2) / (k + 1)).sqrt(), (arb(k) / (k + 1)).sqrt()
        phi.append(up * y * phi[k] - down * phi[k - 1])
        integral.append(down * integral[k - 1] - up * phi[k])
    return phi, integral


@pytest.mark.parametrize("n", [99, 200])
def test_fractions_of_whole_pfaffians(n):
    """The route of the whole law, at a few x: as exact as its rounding of the sum over k."""
    x = -np.sqrt(2 * n) + np.array([-0.3, 0.8, 1.6])
    below = np.stack([_incomplete(n + 1, end) for end in x])
    parity = (-1.0) ** np.add.outer(np.arange(n + 1), np.arange(n + 1))
    above = np.stack([-parity * _incomplete(n + 1, -end) for end in x])
    cyclic = order._cyclic_coefficients(n, x, below, above, 24)
    found, _, _ = fractions_at(n, x, 3)
    np.testing.assert_allclose(found, (cyclic / cyclic.sum(axis=0))[:4], rtol=0, atol=1e-11)


def _incomplete(count, end):
    reach = np.sqrt(2 * count) + 7
    panels = Panels(uniform_edges(-reach, float(end), 3 / np.sqrt(count)), 16)
    phi, integral = order.hermite_functions(count, panels.nodes)
    form = integral @ (phi * panels.weights).T
    return form - form.T


@pytest.mark.parametrize(
    ("xi", "n"),
    [("q^3", 100)]
    + [pytest.param(xi, 200, marks=pytest.mark.soak) for xi in ("q^6", "0.5*q^2+0.5*q^3+0.7*q")],
)
def test_errors_are_measured(xi, n):
    """Up to index 6 there are other nodes, rules and circles; q^6 has the most points further in."""
    law, other = (LowIndex(Covariance.parse(xi), n, highest=highest) for highest in (2, 6))
    off = np.abs(law.by_index() / other.by_index()[:3] - 1)
    assert np.all(off <= law.index_error() + other.index_error()[:3])
    assert np.all(law.index_error() < 1e-6)
    assert np.all(other.index_error() < 1e-6)


@pytest.mark.parametrize(
    ("n", "samples", "error"), [(70, 12_000, 0.0125), pytest.param(200, 8_000, 0.03, marks=pytest.mark.soak)]
)
def test_a_sample_agrees_where_the_whole_law_is_out_of_reach(n, samples, error):
    """Level 1e-3 over three indices; a number off by 5% (15%) is seen at 4 standard errors of 1.2% (3%)."""
    exact = LowIndex(P3, n, highest=2)
    sampled = sample_counts(FiniteN(P3, n), samples, seed=3)
    score = (sampled.by_index[:3] - exact.by_index()) / sampled.se[:3]
    assert np.all(np.abs(score) < 3.6)
    assert np.all(sampled.se[:3] < error * exact.by_index())
    wrong = (1 + 4 * error) * exact.by_index()[0]
    assert np.abs((sampled.by_index[0] - wrong) / sampled.se[0]) > 3.6 - np.abs(score[0])
    mean, spread = exact.energy_moments()
    assert np.abs(sampled.minima_energy_mean - mean[0]) < 3.6 * sampled.minima_energy_mean_se
    assert np.abs(sampled.minima_energy_sd / spread[0] - 1) < 0.1


@pytest.mark.parametrize(("n", "highest"), [(LARGEST + 2, 1), (12, -1), (12, 12)])
def test_out_of_range(n, highest):
    with pytest.raises(ValueError, match="allowed is"):
        LowIndex(P3, n, highest=highest).by_index()


def test_fractions_fall_off_on_both_sides():
    """Rounding must not be multiplied by the many more points further in, nor show far outside."""
    found = low_index_fractions(99, 6)
    x = np.linspace(-22, 0, 400)
    values = found.at(x)
    assert np.all(values[:, x > found.panels.edges[-1]] == 0)
    assert values[0, 0] == 1
    assert np.all(values[1:, 0] == 0)
    for row in values:
        top = int(np.argmax(row))
        assert np.all(np.diff(row[: top + 1]) >= -1e-12)
        assert np.all(np.diff(row[top:]) <= 1e-12)
