"""Landscapes without a number of critical points: left out of every mean; what is said of them, by hand."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset import batches as reductions
from morsecensus.analysis.dataset.batches import reduce_points
from morsecensus.analysis.dataset.cells import Cell, Study
from morsecensus.analysis.dataset.extent import LOWEST
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import (
    estimate_counts,
    estimate_energies,
    estimate_histogram,
    missing_points,
    summarise_ledger,
)
from morsecensus.analysis.page.markup import render
from morsecensus.analysis.results import FamilyResult, StudyResult
from morsecensus.analysis.topics.base import Chapter, chapter_of
from morsecensus.analysis.topics.degenerate.measure import degenerate_rows, find
from morsecensus.analysis.topics.degenerate.section import SHOWN, TITLE, WithoutNumber
from morsecensus.analysis.topics.families import left_out_text
from morsecensus.analysis.topics.ledger.section import OpenBooks
from morsecensus.analysis.topics.study.section import cell_rows
from morsecensus.tasks.covariance import Covariance, total_degree_bound
from morsecensus.tasks.measurables.words import ERROR, REASONS, STATUSES

COMPLETE, OPEN = STATUSES.index("complete"), STATUSES.index("open")
SIZES = {"row": [2, 4, 6, 4, 10], "arc": [1, 2, 0, 3, 1], "pair": [2, 0, 1, 1, 2]}
"""Rows of each landscape; ragged, none of one size with another."""
BY_INDEX = np.array([[1, 0, 1], [1, 1, 1], [2, 2, 2], [0, 0, 1], [3, 4, 3]])
KEPT, LEFT = [0, 2, 4], [1, 3]


def ragged(dimension):
    """Where a table's rows belong: counts and owners."""
    counts = np.array(SIZES[dimension])
    return {f"{dimension}_size": ("landscape", counts, {"sample_dimension": dimension})}, np.repeat(
        np.arange(5), counts
    )


def dataset(**changes):
    """Five landscapes on S^2: the second has one degenerate point, the fourth one, a circle and a sphere."""
    (rows, owner), (arcs, arc_owner), (pairs, pair_owner) = map(ragged, SIZES)
    index = np.concatenate(
        [
            np.r_[np.repeat([0, 1, 2], n), [0] * (m - n.sum())]
            for n, m in zip(BY_INDEX, SIZES["row"], strict=True)
        ]
    )
    sets = np.zeros(26, int)
    sets[[14, 15]] = 1, 2
    columns = {
        "status": [COMPLETE, OPEN, OPEN, OPEN, COMPLETE],
        "reason": [0, REASONS.index("degenerate"), 1, REASONS.index("degenerate"), 0],
        "n_degenerate": [0, 1, 0, 3, 0],
        "n_continuous": [0, 0, 0, 2, 0],
        "n_points": BY_INDEX.sum(axis=1),
        "n_starts": [50] * 5,
        "n_rounds": [1, 2, 3, 4, 5],
        "bound": [14.0] * 5,
        "chao1": [2.0, 3.0, 7.0, 1.0, 10.0],
        "coverage_lower": [0.9] * 5,
        "bound_check": [0] * 5,
        "parity_check": [0, 2, 0, 2, 0],
        "morse_check": [0, 2, 0, 2, 0],
    }
    values = {name: ("landscape", np.asarray(column)) for name, column in columns.items()}
    values |= rows | arcs | pairs
    values |= {
        "points_by_index": (("landscape", "morse_index"), BY_INDEX),
        "energy": ("row", np.linspace(-1.0, 1.0, 26)),
        "index": ("row", index),
        "set_dimension": ("row", sets),
        "row_landscape": ("row", owner),
        "arc_landscape": ("arc", arc_owner),
        "upper": ("arc", np.arange(7) * 10),
        "pair_landscape": ("pair", pair_owner),
        "birth": ("pair", np.arange(6) / 10),
    }
    attrs = {"model": "pspin", "xi": "q^3", "field": 0.0, "n": 3, "seed": 1}
    # not the places of the landscapes: a range of a study may begin anywhere
    coordinates = {"landscape": np.arange(20, 25), "morse_index": np.arange(3)}
    return xr.Dataset(values | changes, coordinates, attrs)


def cell_of(stored=None, name="c0000"):
    return Cell(name, dataset() if stored is None else stored, 5)


def parts_of(found):
    return Chapter(WithoutNumber(), [found]).write(Path("unused"))[1]


def text_of(pieces):
    return render("title", pieces)


def test_what_has_a_number_stays_with_all_its_rows():
    cell = cell_of()
    assert list(cell.has_number) == [True, False, True, False, True]
    assert (cell.held, cell.landscapes, cell.left_out, cell.computed) == (5, 3, 2, 5)
    assert cell.points == 2 + 6 + 10
    assert list(cell.dataset["landscape"]) == [20, 22, 24]
    for dimension, column in (("row", "energy"), ("arc", "upper"), ("pair", "birth")):
        owner = cell.stored[f"{dimension}_landscape"].values
        wanted = [v for v, o in zip(cell.stored[column].values, owner, strict=True) if o in KEPT]
        np.testing.assert_array_equal(cell.dataset[column], wanted)
        assert list(cell.dataset[f"{dimension}_size"]) == [SIZES[dimension][k] for k in KEPT]
        assert set(cell.dataset[f"{dimension}_landscape"].values) <= set(KEPT)


def test_means_are_over_the_others():
    cell = cell_of()
    found = estimate_counts(cell)
    np.testing.assert_allclose(found["mean"], BY_INDEX[KEPT].mean(axis=0))
    np.testing.assert_allclose(found["se"], BY_INDEX[KEPT].std(axis=0, ddof=1) / np.sqrt(3))
    assert float(found["total"]) == pytest.approx((2 + 6 + 10) / 3)
    assert (float(found["complete"]), float(found["open"])) == pytest.approx((2 / 3, 1 / 3))
    # the open one has at most 14
    assert list(missing_points(cell)) == [0, 8, 0]
    assert float(found["missing_total"]) == pytest.approx(8 / 3)
    energy, owner = cell.stored["energy"].values, cell.stored["row_landscape"].values
    kept = np.isin(owner, KEPT)
    histogram = scan(cell.dataset, estimate_histogram(np.array([-1.5, 0.0, 1.5])))
    below = kept & (energy < 0)
    np.testing.assert_allclose(histogram["all"], [below.sum() / 3, (kept & ~below).sum() / 3])
    minima = kept & (cell.stored["index"].values == 0)
    assert float(scan(cell.dataset, estimate_energies(cell))["mean"][0]) == pytest.approx(
        energy[minima].mean()
    )
    np.testing.assert_array_equal(scan(cell.dataset, LOWEST), [energy[owner == k].min() for k in KEPT])


def test_what_is_known_of_all_landscapes():
    (found,) = find([cell_of()])
    assert list(found.ids) == [21, 23]
    assert found.share == 0.4
    assert (found.isolated, found.continuous, found.dimension) == (2, 2, 2)
    totals = BY_INDEX.sum(axis=1)
    assert found.nondegenerate == pytest.approx(totals.mean())
    assert found.nondegenerate_se == pytest.approx(totals.std(ddof=1) / np.sqrt(5))
    # complete ones have 2 and 10; the open one and those left out have 14 at most
    assert found.bound == pytest.approx((2 + 14 + 14 + 14 + 10) / 5)


def test_the_largest_dimension_is_that_of_all_batches(monkeypatch):
    monkeypatch.setattr(reductions, "BATCH_BYTES", 1)
    (found,) = find([cell_of()])
    assert found.dimension == 2


def test_the_bound_is_that_of_the_cell_where_some_landscapes_know_none():
    nothing, some = np.full(5, np.nan), np.array([np.nan, np.nan, 14.0, np.inf, np.nan])
    (known,) = find([cell_of(dataset(bound=("landscape", some)))])
    assert known.bound == pytest.approx((2 + 14 + 14 + 14 + 10) / 5)
    (theory,) = find([cell_of(dataset(bound=("landscape", nothing)))])
    most = total_degree_bound(Covariance.pure(3), 3)
    assert theory.bound == pytest.approx((2 + most + most + most + 10) / 5)
    unknown = dataset(bound=("landscape", nothing)).assign_attrs(model="entries")
    (found,) = find([cell_of(unknown)])
    assert found.bound == np.inf
    assert degenerate_rows([found])[0]["isolated_bound"] is None
    assert ">unknown<" in text_of(parts_of([found]))


def test_one_point_on_its_own_is_enough_and_none_is_nothing():
    (found,) = find(
        [cell_of(dataset(n_degenerate=("landscape", [1, 0, 0, 0, 0]), n_continuous=("landscape", [0] * 5)))]
    )
    assert (found.isolated, found.continuous, found.dimension) == (1, 0, 0)
    assert list(found.ids) == [20]
    whole = cell_of(dataset(n_degenerate=("landscape", [0] * 5)))
    assert whole.dataset is whole.stored
    assert (whole.left_out, whole.landscapes) == (0, 5)
    assert find([whole]) == []
    assert find([whole, cell_of(name="c0001")])[0].cell.name == "c0001"


def open_now(*cells):
    """What the first screen says, of cells that are measured as far as it looks."""
    results = tuple(
        SimpleNamespace(cell=c, n=c.n, counts=estimate_counts(c), ledger=summarise_ledger(c))
        for c in cells
        if c.landscapes
    )
    families = (FamilyResult(cells[0].family, results),) if results else ()
    (finding,) = chapter_of(OpenBooks(), StudyResult(Study("degenerate", cells, {}), families)).findings
    return finding


def all_complete(degenerate, name="c0000"):
    """A cell whose landscapes are complete but for those with a degenerate point."""
    degenerate = np.asarray(degenerate)
    status = np.where(degenerate > 0, OPEN, COMPLETE)
    columns = {"n_degenerate": degenerate, "n_continuous": 0 * degenerate, "status": status}
    columns["reason"] = np.where(degenerate > 0, REASONS.index("degenerate"), 0)
    return cell_of(dataset(**{key: ("landscape", value) for key, value in columns.items()}), name)


def test_what_is_open_counts_cells_of_which_nothing_is_measured():
    whole = open_now(all_complete([0] * 5))
    assert whole.text.startswith("Nothing: all 5 landscapes are complete")
    assert whole.kind == "good"
    mixed = open_now(all_complete([0] * 5), all_complete([1] * 5, "c0001"))
    assert mixed.text.startswith("5 of 10 landscapes have no number of critical points, in c0001 all: ")
    assert "All 5 landscapes that have one are complete" in mixed.text
    assert mixed.kind == ""
    alone = open_now(all_complete([1] * 5))
    assert alone.text.startswith("5 of 5 landscapes have no number")
    assert alone.kind == ""


def test_landscapes_without_a_number_raise_no_mean():
    some = open_now(all_complete([0, 1, 0, 2, 0]))
    assert some.text.startswith("2 of 5 landscapes have no number of critical points: degenerate")
    assert "could raise" not in some.text
    more = open_now(cell_of())
    assert "1 of 3 landscapes that have one aren't complete (1 open). " in more.text
    # The one open landscape has 6 of 14 points: the mean of three may be 8/3 too low.
    assert "in c0000 (N = 3): 6 by at most 2.67" in more.text


def test_a_cell_with_every_landscape_left_out():
    cell = cell_of(dataset(n_degenerate=("landscape", [1, 1, 2, 3, 1])))
    assert (cell.landscapes, cell.points, cell.left_out, cell.held) == (0, 0, 5, 5)
    assert all(cell.dataset.sizes[name] == 0 for name in ("landscape", "row", "arc", "pair"))
    (found,) = find([cell])
    assert (found.share, found.bound) == (1, 14)
    assert list(found.ids) == [20, 21, 22, 23, 24]
    assert (found.isolated, found.continuous) == (6, 2)
    assert found.nondegenerate == pytest.approx(BY_INDEX.sum() / 5)
    assert "5 of 5 (100%)" in text_of(parts_of([found]))
    (row,) = cell_rows([], [cell])
    assert (row["landscapes"], row["without_number"], row["missing_bound"]) == (5, 5, None)


def test_the_ledger_is_of_all_landscapes():
    found = summarise_ledger(cell_of())
    assert list(found["status"].values) == [2, 3, 0]
    assert int(found["degenerate"]) == 4
    assert int(found["points"]) == BY_INDEX.sum()
    assert int(found["starts"]) == 250
    assert float(found["rounds"]) == 3


def test_landscapes_of_failed_blocks_are_no_degenerate_ones():
    """Storage gives them no points and no degenerate ones: they stay in the mean, as failed."""
    failed = dataset(reason=("landscape", [ERROR, 4, 1, 4, 0]))
    cell = cell_of(failed)
    assert cell.computed == 4
    assert cell.has_number[0]
    unknown = cell_of(dataset(n_degenerate=("landscape", [-1, 1, 0, 3, 0])))
    assert list(unknown.has_number) == [True, False, True, False, True]


def test_stores_of_before_tell_no_sets_from_points():
    old = dataset().drop_vars(["n_continuous", "set_dimension"])
    (found,) = find([cell_of(old)])
    assert (found.isolated, found.continuous, found.dimension) == (4, 0, 0)
    assert list(found.ids) == [21, 23]
    older = cell_of(old.drop_vars("n_degenerate"))
    assert older.has_number.shape == (5,)
    assert older.has_number.all()


def test_of_critical_manifolds_there_is_a_number():
    """Where symmetry makes them: their Hessians are singular along themselves."""
    cell = cell_of(dataset().assign_attrs(model="factorised"))
    assert cell.has_number.all()
    assert find([cell]) == []


def test_rows_of_the_table():
    (row,) = degenerate_rows(find([cell_of()]))
    assert (row["cell"], row["n"]) == ("c0000", 3)
    wanted = {
        "landscapes": 5,
        "without_number": 2,
        "share": 0.4,
        "isolated_degenerate": 2,
        "continuous_sets": 2,
        "largest_dimension": 2,
        "left_out": "21 23",
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["isolated_bound"] == pytest.approx(10.8)


def test_the_section_says_it():
    found = find([cell_of()])
    entries, parts = Chapter(WithoutNumber(), [found]).write(Path("unused"))
    assert entries == [("without-a-number", TITLE)]
    page = text_of(parts)
    assert 'id="without-a-number"' in page
    for text in ("2 of 5 (40.0%)", "21, 23", ">10.8<", "4.4 ± 1.6"):
        assert text in page, text
    assert Chapter(WithoutNumber(), []).write(Path("unused")) == ([], [])


def test_a_dimension_stands_only_where_there_are_sets():
    points = dataset(n_continuous=("landscape", [0] * 5))
    with_sets, without = (text_of(parts_of(find([cell_of(one)]))) for one in (dataset(), points))
    assert "<td>2</td><td>2</td><td>2</td>" in re.sub(r"<td[^>]*>", "<td>", with_sets)
    assert "<td>4</td><td>0</td><td></td>" in re.sub(r"<td[^>]*>", "<td>", without)


def test_the_remark_names_the_cells_it_stands_beside():
    whole = cell_of(dataset(n_degenerate=("landscape", [0] * 5)), name="c0002")
    cells = [cell_of(), cell_of(name="c0001"), whole]
    both, one = left_out_text(cells), left_out_text(cells[1:])
    assert "2 of 5 in c0000, 2 of 5 in c0001." in both
    assert "c0000" not in one
    assert "left out: 2 of 5 in c0001." in one
    assert left_out_text([whole]) == left_out_text([]) == ""


@pytest.mark.parametrize(
    ("many", "rest"), [(SHOWN, ""), (SHOWN + 1, " and 1 more"), (SHOWN + 1234, " and 1,234 more")]
)
def test_many_landscapes_are_counted_not_listed(many, rest):
    (found,) = find([cell_of()])
    page = text_of(parts_of([replace(found, ids=np.arange(many))]))
    assert f">{', '.join(map(str, range(SHOWN)))}{rest}<" in page
    (row,) = degenerate_rows([replace(found, ids=np.arange(many))])
    assert row["left_out"].split() == [str(k) for k in range(many)]


@pytest.fixture(scope="module")
def small_store(tmp_path_factory, synthetic):
    layout = synthetic.layout(0, 3, 40, block_size=20)
    return synthetic.store(tmp_path_factory.mktemp("small") / "run", [(layout, {}, ())])


@pytest.mark.parametrize("batch_bytes", [1, 2000, 2**26])
def test_a_dataset_that_is_not_loaded_leaves_them_out_in_every_batch(small_store, synthetic, batch_bytes):
    """A store written before there were columns of sets."""
    whole = synthetic.cell(small_store)
    degenerate = np.zeros(40, int)
    degenerate[[0, 7, 8, 39]] = 1, 2, 1, 1
    cell = Cell("c0000", whole.stored.assign(n_degenerate=("landscape", degenerate)), 40)
    energy, owner = whole.stored["energy"].values, whole.stored["row_landscape"].values
    kept = np.flatnonzero(degenerate == 0)
    assert cell.dataset["energy"].variable._in_memory is False
    batches = list(reduce_points(cell.dataset, ["energy"], lambda batch: batch, batch_bytes))
    found = [batch.columns["energy"][batch.owner == k] for batch in batches for k in range(batch.landscapes)]
    assert len(found) == 36
    for landscape, values in zip(kept, found, strict=True):
        np.testing.assert_array_equal(values, energy[owner == landscape])
    assert len(batches) == {1: 36, 2**26: 1}.get(batch_bytes, len(batches))
    (one,) = find([cell])
    assert (one.isolated, one.continuous, list(one.ids)) == (5, 0, [0, 7, 8, 39])
