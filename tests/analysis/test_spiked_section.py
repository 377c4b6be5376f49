"""Measured overlaps against theory on the circle, where points are zeros of one derivative, and the page."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.base import Chapter
from morsecensus.analysis.topics.spiked.figure import draw_overlaps, draw_phases, plot_points
from morsecensus.analysis.topics.spiked.measure import (
    BINS,
    SpikedCell,
    SpikedFamily,
    find_spiked,
    overlap_rows,
    overlap_test,
)
from morsecensus.analysis.topics.spiked.section import Spiked
from morsecensus.tasks.covariance import Signal, matrix_tensor
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.registry import MODELS

LANDSCAPES = 600


@pytest.fixture(scope="module")
def circle():
    """A cell at N = 2: a dataset with what overlaps are made of."""
    parameters = {"p": 3, "delta2": 0.5, "deltap": 0.5}
    landscape = build("matrix-tensor", parameters, 2)
    angle = np.linspace(0, 2 * np.pi, 1440, endpoint=False)
    points = jnp.asarray(np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    values = jax.jit(jax.vmap(landscape.value, in_axes=(None, 0)))
    sizes, overlap, index, energy = [], [], [], []
    for number in range(LANDSCAPES):
        height = np.asarray(values(landscape.sample(9, number), points))
        rising = np.roll(height, -1) > height
        turns = np.flatnonzero(rising != np.roll(rising, 1))
        sizes.append(len(turns))
        overlap.append(np.cos(angle[turns]))
        index.append(np.where(rising[turns], 0, 1))
        energy.append(height[turns] / 2)
    position = np.sqrt(2) * np.concatenate(overlap)
    dataset = xr.Dataset(
        {
            "row_size": ("landscape", np.array(sizes)),
            "position": (("row", "component"), np.stack([position, np.zeros_like(position)], axis=1)),
            "index": ("row", np.concatenate(index)),
            "energy": ("row", np.concatenate(energy)),
        },
        attrs={"model": "matrix-tensor", "n": 2, **parameters},
    )
    family = "matrix-tensor", tuple((key, str(value)) for key, value in parameters.items())
    cell = SimpleNamespace(
        most_points=np.inf,
        dataset=dataset,
        family=family,
        name="c0000",
        n=2,
        landscapes=LANDSCAPES,
        parameters=parameters,
        theory=theory_of("matrix-tensor", parameters),
        topics=MODELS["matrix-tensor"].topics,
    )
    totals = np.array(sizes, dtype=float)
    counts = xr.Dataset(
        {
            "mean": ("morse_index", np.full(2, totals.mean() / 2)),
            "se": ("morse_index", np.full(2, totals.std() / LANDSCAPES**0.5 / 2)),
            "total": totals.mean(),
            "total_se": totals.std() / LANDSCAPES**0.5,
            "missing_total": 0.0,
        }
    )
    return SimpleNamespace(cell=cell, n=2, counts=counts)


@pytest.fixture(scope="module")
def family(circle):
    return SpikedFamily("circle", (SpikedCell(circle, *matrix_tensor(3, 0.5, 0.5)),))


def test_overlaps_are_as_predicted_and_a_wrong_signal_is_seen(family):
    cell = family.cells[0]
    right, wrong = overlap_test(cell), overlap_test(cell, 0.7)
    assert right.dof > 10
    assert right.p_value > 1e-3
    assert wrong.p_value < 1e-3
    rows = overlap_rows(family)
    assert len(rows) == BINS
    assert sum(row["all"] for row in rows) == pytest.approx(float(cell.result.counts["total"]))
    assert sum(row["all_exact"] for row in rows) == pytest.approx(cell.theory.total()[0])


def test_families_are_found_by_model(circle):
    found = find_spiked([SimpleNamespace(family=circle.cell.family, cells=(circle,), title="mine")])
    assert [(family.title, family.cells[0].signal) for family in found] == [
        ("mine", matrix_tensor(3, 0.5, 0.5)[1])
    ]
    plain = SimpleNamespace(cell=SimpleNamespace(theory=theory_of("pspin", {"xi": "q^3"}), topics=()))
    assert find_spiked([SimpleNamespace(family=("pspin", (("xi", "q^3"),)), cells=(plain,), title="")]) == []


def test_section(family, tmp_path):
    chapter = Chapter(Spiked(), [[family]])
    entries, parts = chapter.write(tmp_path)
    page = "".join(map(str, parts))
    assert "Planted signal" in page
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".png"}
    assert [table.name for table in chapter.tables()] == ["spiked", "spiked_overlaps"]
    assert len(entries) == 1
    nothing = Chapter(Spiked(), [])
    assert nothing.tables() == {}
    assert nothing.write(tmp_path) == ([], [])
    with style():
        assert save(draw_phases(4, []), tmp_path, "phases")[1].exists()


@pytest.mark.parametrize(("most", "named"), [(3, [0, 1, 2]), (70, [0, 10, 20, 30, 39, 49, 59, 69])])
def test_the_legend_names_eight_indices_at_most(most, named):
    index = np.arange(most)
    position = ("row", "component"), np.zeros((most, 1))
    values = {"position": position, "index": ("row", index), "energy": ("row", -1.0 / (1 + index))}
    cell = SimpleNamespace(n=70, cell=SimpleNamespace(dataset=xr.Dataset(values)))
    with style():
        _, (ax,) = new_figure(1, 1, 2.9)
        drawn = plot_points(ax, SpikedCell(cell, *matrix_tensor(3, 0.5, 0.5)))
    words = {0: "minima", 69: "maxima"}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        words.get(k, f"index {k}") for k in named
    ]
    assert len(drawn) == most, "all indices are drawn"


def test_without_positions_the_section_says_how_to_have_them(family, circle, tmp_path):
    cell = SimpleNamespace(**{**vars(circle.cell), "dataset": circle.cell.dataset.drop_vars("position")})
    bare = SimpleNamespace(**{**vars(circle), "cell": cell})
    without = SpikedFamily("bare", (SpikedCell(bare, *matrix_tensor(3, 0.5, 0.5)),))
    assert draw_overlaps(without) is None
    assert overlap_test(without.cells[0]) is None
    assert "positions = true" in "".join(map(str, Chapter(Spiked(), [[without]]).write(tmp_path)[1]))


@pytest.mark.parametrize(
    ("n", "strength", "said"),
    [(2, 1e6, "N = 2: no exact numbers are computed of so strong a signal"), (70, 1, "above N = 60")],
)
def test_what_has_no_exact_numbers_is_said(circle, tmp_path, n, strength, said):
    covariance, _ = matrix_tensor(3, 0.5, 0.5)
    strong = Signal.parse(f"{strength}*q^2+{strength}*q^3")
    beyond = SimpleNamespace(**{**vars(circle), "n": n})
    alone = SpikedFamily("beyond", (SpikedCell(beyond, covariance, strong),))
    page = "".join(map(str, Chapter(Spiked(), [[alone]]).write(tmp_path)[1]))
    assert said in page
    assert "No cell has exact numbers" in page
