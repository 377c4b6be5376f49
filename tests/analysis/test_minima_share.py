"""The fraction of minima: closed forms in low dimension, sampled matrices, and laws that must be rejected."""

from types import SimpleNamespace

import numpy as np
import pytest

from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.theory.goe.sampler import plain_spectra
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.pspin.theory import PspinTheory
from morsecensus.analysis.topics.base import Chapter
from morsecensus.analysis.topics.minima.measure import (
    MinimaShare,
    expected_share,
    find,
    independent_signs,
    limiting_rate,
    measured_share,
    share_rows,
    zero_shift,
)
from morsecensus.analysis.topics.minima.section import SHARE_OF_MINIMA, Minima
from morsecensus.tasks.covariance import Covariance

EDGES = np.linspace(-2, 2, 9)


def exact_share(xi, n):
    found = expected_share(SimpleNamespace(expected=PspinTheory(xi).means(n, EDGES)))  # pyright: ignore
    assert found is not None
    return found


@pytest.mark.parametrize("xi", ["q^3", "q^6", "0.5*q^2+0.5*q^4"])
def test_circle_and_sphere(xi):
    share, error = exact_share(xi, 2)
    assert share == pytest.approx(0.5, rel=1e-9)
    assert error == 0
    # Morse on the sphere: 2 minima - saddles = 2 on average
    total = FiniteN(Covariance.parse(xi), 3).total()
    assert exact_share(xi, 3)[0] == pytest.approx(0.25 + 0.5 / total, rel=1e-9)


def test_published_fractions():
    # theory of the pure 3-spin, exact at finite N
    for n, share in ((8, 0.04219), (20, 7.957e-4), (30, 3.20e-5)):
        assert exact_share("q^3", n)[0] == pytest.approx(share, rel=1e-3)


def test_local_rate_is_near_that_of_the_limit_and_not_log_2():
    family = SimpleNamespace(
        limits={"complexity": {"total": 0.5 * np.log(2), "minima_total": 0.5 * np.log(2) - 1 / 3}}
    )
    assert limiting_rate(family) == pytest.approx(1 / 3)  # pyright: ignore
    numbers = [10, 20, 40, 60]
    shares = np.log([exact_share("q^3", n)[0] for n in numbers])
    rates = -np.diff(shares) / np.diff(numbers)
    # Powers of N before the exponentials shift local rates by a few over N.
    assert np.all(np.abs(rates - 1 / 3) < 1 / np.array(numbers[:-1]))
    assert np.all(np.abs(rates - np.log(2)) > 0.3)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_zero_shift_is_that_of_sampled_matrices(dimension):
    spectra = plain_spectra(dimension, 200_000, np.random.default_rng(dimension))
    weight = np.abs(np.prod(spectra, axis=1))
    minima = weight * np.all(spectra > 0, axis=1)
    share = minima.sum() / weight.sum()
    error = np.sqrt(np.sum((minima - share * weight) ** 2)) / weight.sum()
    assert zero_shift(dimension) == pytest.approx(share, abs=4.5 * error)
    if dimension > 1:
        assert abs(independent_signs(dimension) - share) > 10 * error


def test_measured_share_is_a_ratio_of_means_with_its_error():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(400):
        counts = rng.poisson([2.0, 6.0, 8.0], (200, 3)).astype(float)
        found.append(measured_share(counts))
    share, error = np.array(found).T
    assert share.mean() == pytest.approx(2 / 16, abs=4 * share.std() / 20)
    assert error.mean() == pytest.approx(share.std(), rel=0.15)
    assert np.isnan(measured_share(np.ones((1, 3)))[1])
    assert measured_share(np.ones((50, 2))) == (0.5, 0.0)


def test_a_share_of_one_landscape_has_no_error():
    share, error = measured_share(np.array([[0.0, 0.0], [2.0, 3.0], [0.0, 0.0]]))
    assert share == pytest.approx(0.4)
    assert np.isnan(error)


def make_family(xi, sizes, rng, landscapes=400):
    cells = []
    for n in sizes:
        means = PspinTheory(xi).means(n, EDGES)
        assert means.by_index is not None
        half = rng.poisson(means.by_index / 2, (landscapes, n))
        counts = half + half[:, ::-1]  # odd: index k at E is n - 1 - k at -E
        dataset = {"points_by_index": SimpleNamespace(values=counts)}
        family = ("pspin", (("field", "0.0"), ("xi", xi)))
        cell = SimpleNamespace(
            dataset=dataset,
            levels=n,
            n=n,
            landscapes=landscapes,
            points=int(counts.sum()),
            name=f"c{n}",
            family=family,
        )
        cells.append(
            SimpleNamespace(cell=cell, n=n, by_index=means.by_index, expected=means, counts={"complete": 1.0})
        )
    found = FamilyResult(cells[0].cell.family, tuple(cells))
    object.__setattr__(found, "limits", None)
    return found


def test_section(tmp_path):
    family = make_family("q^3", (3, 4, 6, 8), np.random.default_rng(1))
    assert find([make_family("q^3", (3, 4), np.random.default_rng(1))]) is None
    found = find([family])
    assert isinstance(found, MinimaShare)
    assert found.dimensions == [2, 3, 5, 7]
    rows = share_rows(found)
    assert all(abs(row["z"]) < 4 for row in rows)
    # the law of coins is rejected from N = 4 on, in the direction of more minima at N = 8
    assert all(abs(row["z_independent_signs"]) > 5 for row in rows[1:])
    assert rows[-1]["share"] > 3 * rows[-1]["independent_signs"]
    assert rows[-1]["zero_shift"] is None
    chapter = Chapter(Minima(), [found])
    assert chapter.tables()[SHARE_OF_MINIMA] == rows
    entries, parts = chapter.write(tmp_path)
    assert entries == [("share-of-minima", "How rare minima are")]
    html = "".join(part.html for part in parts)
    assert "independent signs" in html
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".png"}
    nothing = Chapter(Minima(), [])
    assert nothing.tables() == {}
    assert nothing.write(tmp_path) == ([], [])
