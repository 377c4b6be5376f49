"""Merge trees as rows: CSV files hold them in full, the page rounds them."""

from collections.abc import Iterator

import numpy as np

from morsecensus.analysis.tables import Row, head
from morsecensus.analysis.topics.topology.trees.heights import KINDS, QUANTILES
from morsecensus.analysis.topics.topology.trees.measure import CellTrees, TreeResult


def _known(measured: CellTrees) -> Row:
    forest = measured.forest
    return head(forest.cell) | {
        "planned": forest.planned,
        "trees": forest.trees,
        "bounded": len(forest.unresolved),
        "unknown": forest.blank,
    }


def barrier_rows(result: TreeResult) -> list[Row]:
    """Barriers of minima, to a lower one (the lifetimes of H_0) and to the global one, by cell."""
    rows = []
    for cell in result.cells:
        for kind in KINDS:
            found = cell.heights[kind]
            row = _known(cell) | {"barrier": kind, "minima": found.minima, "mean": found.mean, "se": found.se}
            row |= {"low": found.low, "high": found.high}
            for q, value, error in zip(QUANTILES, found.quantiles, found.quantiles_se, strict=True):
                row |= {f"q{100 * q:.0f}": value, f"q{100 * q:.0f}_se": error}
            rows.append(row | {"n_times_mean": cell.n * found.mean, "n_times_se": cell.n * found.se})
    return rows


def barrier_energy_rows(result: TreeResult) -> list[Row]:
    """Mean barriers by the energy of the minimum; bins without a minimum are left out."""
    bins = list(zip(result.edges[:-1], result.edges[1:], strict=True))
    return [
        head(cell.forest.cell)
        | {"barrier": kind, "low": low, "high": high, "minima": int(found.held[b])}
        | {"mean": found.binned[b], "se": found.binned_se[b]}
        for cell in result.cells
        for kind, found in cell.heights.items()
        for b, (low, high) in enumerate(bins)
        if found.held[b]
    ]


def scaling_rows(result: TreeResult) -> list[Row]:
    """Fits of N times the mean barrier to a power of N."""
    if not result.cells:
        return []
    first = head(result.cells[0].forest.cell)
    shared = {key: first[key] for key in ("model", "xi", "field")}
    return [
        shared
        | {"barrier": fit.kind, "exponent": fit.exponent, "se": fit.se, "prefactor": fit.prefactor}
        | {"p_value": fit.p_value, "sizes": fit.sizes}
        for fit in result.scaling
    ]


def onset_rows(result: TreeResult) -> list[Row]:
    """From which level {H/N <= u} is connected, beside the ground state and the mean minimum."""
    rows = []
    for cell in result.cells:
        joined, sign = cell.joined, cell.joined_up_to_sign
        row = _known(cell) | {"mean": joined.mean, "se": joined.se, "sd": joined.sd}
        row |= {"low": joined.low, "high": joined.high}
        row |= {"up_to_sign": sign.mean, "up_to_sign_se": sign.se}
        row |= {"ground": cell.ground.mean, "ground_se": cell.ground.se}
        rows.append(row | {"minima": cell.minima_energy[0], "minima_se": cell.minima_energy[1]})
    return rows


def connectedness_rows(result: TreeResult) -> list[Row]:
    """Components, the share of low minima with the lowest, and P(connected), by cell and level."""
    rows = []
    for cell in result.cells:
        curves, first = cell.connected, head(cell.forest.cell)
        one, sign = curves.connected, curves.up_to_sign
        columns = {"level": curves.levels}
        for name, curve in (("components", curves.components), ("with_lowest", curves.with_lowest)):
            columns |= {name: curve.mean, f"{name}_se": curve.se}
            columns |= {f"{name}_low": curve.low, f"{name}_high": curve.high}
        columns |= {"landscapes": one.of, "connected": one.share}
        columns |= {"connected_low": one.low, "connected_high": one.high}
        columns |= {"connected_lower95": one.lower, "connected_upper95": one.upper}
        nothing = np.full(len(curves.levels), np.nan)
        columns |= {"connected_up_to_sign": nothing if sign is None else sign.share}
        rows += [first | dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return rows


def lifetime_rows(result: TreeResult) -> list[Row]:
    """Mean number of finite classes of H_0 in a landscape that live longer than each time, by cell."""
    return [
        head(cell.forest.cell)
        | {"lifetime": t, "classes": mean, "se": se, "low": low, "high": high}
        | {"share": float(np.mean(cell.lifetimes.values > t)) if len(cell.lifetimes.values) else None}
        for cell in result.cells
        for t, mean, se, low, high in zip(
            cell.lifetimes.times,
            cell.lifetimes.mean,
            cell.lifetimes.se,
            cell.lifetimes.low,
            cell.lifetimes.high,
            strict=True,
        )
    ]


def tree_rows(result: TreeResult) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table."""
    yield "barriers", barrier_rows(result)
    yield "barriers_by_energy", barrier_energy_rows(result)
    yield "barrier_scaling", scaling_rows(result)
    yield "connected_from", onset_rows(result)
    yield "connectedness", connectedness_rows(result)
    yield "lifetimes", lifetime_rows(result)
