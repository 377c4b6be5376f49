"""The tests of a cell on points of a known law: uniform p-values, and rejections where something is wrong."""

import numpy as np
import pytest
from scipy.stats import kstest
from scipy.stats import t as student

from morsecensus.analysis.agreement.exact import (
    exact_sampler,
    judge_cell,
    judge_coupling_variance,
    judge_energy_law,
    judge_energy_moments,
    judge_smallest_eigenvalue,
    judge_spectrum,
)
from morsecensus.analysis.dataset.cells import Cell, open_study
from morsecensus.analysis.dataset.scan import scan

REPEATS = 60
NAMES = {
    "counts by index",
    "energies by index",
    "energy law of minima",
    "energy law of all points",
    "Hessian spectra at index 0",
    "smallest eigenvalue at index 0",
    "Hessian spectra at index 1",
    "smallest eigenvalue at index 1",
    "coupling variance",
}


@pytest.fixture(scope="module")
def many(tmp_path_factory, synthetic):
    """One cell of many landscapes, to be cut into independent ones of 60."""
    layout = synthetic.layout(0, 4, 60 * REPEATS, block_size=60 * REPEATS)
    path = synthetic.store(tmp_path_factory.mktemp("many") / "run", [(layout, {}, ())])
    data = synthetic.cell(path).dataset.load()
    offsets = np.concatenate([[0], np.cumsum(data["row_size"].values)])
    parts = []
    for start in range(0, 60 * REPEATS, 60):
        rows = slice(offsets[start], offsets[start + 60])
        parts.append(Cell("c0000", data.isel(landscape=slice(start, start + 60), row=rows), 60))
    return parts


def test_p_values_are_uniform_under_the_exact_law(many):
    sample = exact_sampler(Cell("c0000", many[0].dataset, 60), seed=77)
    found = {name: [] for name in NAMES}
    for cell in many:
        for judged in scan(cell.dataset, judge_cell(cell, sample)):
            found[judged.result.name].append(judged.result.p_value)
    for name, p_values in found.items():
        # nine looks at one study: 1e-3 each
        assert len(p_values) == REPEATS
        assert kstest(p_values, "uniform").pvalue > 1e-3, name


def test_coupling_variance_of_ten_landscapes_is_by_student(many):
    """A normal law would reject 3% of right ones at 1%."""
    data = many[0].dataset
    rows = int(data["row_size"].values[:10].sum())
    ten = Cell("c0000", data.isel(landscape=slice(0, 10), row=slice(0, rows)), 10)
    sample = exact_sampler(Cell("c0000", data, 60), seed=78)
    result = scan(ten.dataset, judge_coupling_variance(ten, sample, np.zeros(4))).result
    assert result.p_value == pytest.approx(2 * student.sf(result.statistic**0.5, 9), rel=1e-9)
    assert result.p_missing == result.p_value


def changed(cell, **columns):
    """The cell with some point columns replaced."""
    data = cell.dataset.load()
    return Cell(cell.name, data.assign({name: ("row", values) for name, values in columns.items()}), 150)


def p_value(cell, test):
    return scan(cell.dataset, test).result.p_value


@pytest.fixture(scope="module")
def cell(census_store):
    return open_study(census_store).cells[1]


def test_shifted_energies_are_noticed(cell):
    data, none = cell.dataset, np.zeros(4)
    odd_shift = 0.15 * np.sign(data["index"].values - 1.5)
    wrong = changed(cell, energy=data["energy"].values + odd_shift)
    assert p_value(wrong, judge_energy_moments(wrong, cell.theory.exact(cell.n), none)) < 1e-6
    assert p_value(wrong, judge_energy_law(wrong, cell.theory.exact(cell.n), none, minima=True)) < 1e-4
    assert p_value(wrong, judge_energy_law(wrong, cell.theory.exact(cell.n), none, minima=False)) < 1e-4


def test_a_wider_law_with_the_right_mean_is_noticed(cell):
    data = cell.dataset
    mean = cell.theory.exact(cell.n).energy_moments()[0][data["index"].values]
    wrong = changed(cell, energy=mean + 1.25 * (data["energy"].values - mean))
    assert p_value(wrong, judge_energy_moments(wrong, cell.theory.exact(cell.n), np.zeros(4))) < 1e-4


def test_wrong_spectra_are_noticed(cell):
    sample = exact_sampler(cell)
    values = cell.dataset["lambda_min"].values
    stretched = changed(cell, lambda_min=1.25 * values)
    assert p_value(stretched, judge_smallest_eigenvalue(stretched, 0, sample(0), 0.0)) < 0.005
    data = cell.dataset.load()
    spectrum = data["spectrum"].values.copy()
    spectrum[:, 0] *= 1.25
    wrong = Cell(cell.name, data.assign(spectrum=(("row", "eigenvalue"), spectrum)), 150)
    assert p_value(wrong, judge_spectrum(wrong, 0, sample(0), 0.0)) < 1e-3


def test_points_lost_by_their_energy_are_noticed(cell):
    """Descent prefers deep minima: a census that loses shallow ones has the wrong law."""
    data = cell.dataset.load()
    mean = cell.theory.exact(cell.n).energy_moments()[0]
    deep = np.abs(data["energy"].values) > np.abs(mean[0])
    end = np.isin(data["index"].values, (0, 3))
    kept = ~end | deep | (np.arange(len(deep)) % 3 > 0)
    owner = data["row_landscape"].values[kept]
    thin = data.isel(row=kept)
    thin["row_size"] = ("landscape", np.bincount(owner, minlength=150))
    wrong = Cell(cell.name, thin, 150)
    assert p_value(wrong, judge_energy_moments(wrong, cell.theory.exact(cell.n), np.zeros(4))) < 0.01


def test_every_test_says_what_it_would_have_seen(cell):
    judged = {j.result.name: j for j in scan(cell.dataset, judge_cell(cell, exact_sampler(cell)))}
    assert set(judged) == NAMES
    loss = judged["counts by index"].detectable
    assert 0.02 < loss < 0.3
