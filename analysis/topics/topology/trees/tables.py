"""The tables of merge trees."""

from dataclasses import replace

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, estimate, measured
from morsecensus.analysis.topics.rows import ENERGY, FIELD, FINDER, HEAD, MODEL, PARAMETERS, STORED, XI, head
from morsecensus.analysis.topics.topology.trees.heights import KINDS, QUANTILES
from morsecensus.analysis.topics.topology.trees.measure import CellTrees, TreeResult

KIND_NAMES = {"escape": "to a lower minimum", "lowest": "to the global one"}
_BARRIER = '"escape": to a lower minimum, the lifetime in H_0; "lowest": to the global one'


def _limits(row: Row) -> str:
    """Limits of a mean where they differ from it."""
    if row["planned"] == row["trees"]:
        return "none needed"
    low, high = (r.number(row[name], 4) for name in ("low", "high"))
    return f"{low} to {high}" if r.DASH not in (low, high) else "unknown"


def _measured(name: str, meaning: str, title: str, unit: str = ENERGY, at: int = 0) -> tuple[Column, ...]:
    """A value and its standard error, with one column on the page."""
    return (
        Column(name, meaning, unit, title, shown=estimate(name, f"{name}_se"), at=at),
        Column(f"{name}_se", "its standard error", unit),
    )


_PLANNED = Column("planned", "landscapes that the study asks for", "landscapes")
_TREES = Column("trees", "landscapes with a known tree", "landscapes")
_KNOWN = (
    _PLANNED,
    _TREES,
    Column(
        "bounded",
        "landscapes with open lines but all points: limits hold whatever their trees are",
        "landscapes",
    ),
    Column("unknown", "landscapes of which nothing is known", "landscapes"),
)
_MEAN = (*measured("mean", "se", "mean over known trees", ENERGY),)
_ENDS = (
    Column("low", "lower limit of the mean over all planned landscapes", ENERGY, "limits", shown=_limits),
    Column("high", "upper limit of the same", ENERGY),
)
BARRIERS = Table(
    "barriers",
    "Barriers of minima: one row for each cell and kind of barrier.",
    (
        *HEAD,
        *_KNOWN,
        Column("barrier", _BARRIER, title="barrier", form=lambda kind: KIND_NAMES[kind], left=True),
        Column("minima", "minima but the global ones", "points", "minima", r.whole),
        replace(_MEAN[0], title="mean", shown=estimate("mean", "se")),
        _MEAN[1],
        *_ENDS,
        *_measured("q10", "10% quantile", "10%"),
        *_measured("q50", "median", "median"),
        *_measured("q90", "90% quantile", "90%"),
        *measured(
            "n_times_mean", "n_times_se", "mean times the spins of all spheres", "energy", "spins × mean"
        ),
    ),
    "Minimax barriers in energy per spin, the level of the lowest pass less the energy of the minimum; "
    "each minimum but the global ones counts once. Errors: delta method for means, bootstrap over "
    "landscapes for quantiles.",
)
BARRIERS_BY_ENERGY = Table(
    "barriers_by_energy",
    "Mean barriers by the energy of the minimum: one row for each cell, kind and bin with a minimum.",
    (
        *STORED,
        Column("barrier", _BARRIER),
        Column("low", "lower end of the bin", ENERGY),
        Column("high", "upper end of the bin", ENERGY),
        Column("minima", "minima in the bin", "points"),
        *_MEAN,
    ),
)
SCALING = Table(
    "barrier_scaling",
    "Fits of the mean barrier, in units of energy, to a power of N: one row for each family and kind.",
    (
        MODEL,
        XI,
        FIELD,
        PARAMETERS,
        FINDER,
        Column("barrier", _BARRIER),
        *measured("exponent", "se", "of N"),
        Column("prefactor", "of the power", "energy"),
        Column("p_value", "of the sum of squares: a description of the fit and no test of theory"),
        Column("sizes", "cells that entered"),
    ),
)
CONNECTED_FROM = Table(
    "connected_from",
    "From which level on {H/N <= u} is connected: one row for each cell.",
    (
        *HEAD,
        _PLANNED,
        Column(
            "trees",
            "landscapes with a known tree",
            "landscapes",
            "trees",
            shown=lambda row: f"{row['trees']:,} of {row['planned']:,}",
        ),
        *_KNOWN[2:],
        *measured("mean", "se", "mean level of the last join", ENERGY, "connected from"),
        Column("sd", "its standard deviation over landscapes", ENERGY, "sd", r.digits(2), at=1),
        *_ENDS,
        *_measured("up_to_sign", "the same where x and -x are made one", "up to sign", at=1),
        *_measured("ground", "mean energy of the ground state", "ground state", at=2),
        *_measured("minima", "mean energy of minima", "minima", at=1),
    ),
    "Energies per spin. Connected from: mean level of the last join. Limits: of the mean over all "
    "planned landscapes, whatever the unknown trees are.",
)
_SHARE = "probability that the set is one component, given that it isn't empty"
CONNECTEDNESS = Table(
    "connectedness",
    "Connectedness of {H/N <= level}: one row for each cell and level.",
    (
        *STORED,
        Column("level", "level u", ENERGY),
        *measured("components", "components_se", "mean number of components", "components"),
        Column("components_low", "lower limit of the mean over all planned landscapes", "components"),
        Column("components_high", "upper limit of the same", "components"),
        *measured(
            "with_lowest",
            "with_lowest_se",
            "mean share of the minima at or below u in the global minimum's component",
        ),
        Column("with_lowest_low", "lower limit of the mean over all planned landscapes"),
        Column("with_lowest_high", "upper limit of the same"),
        Column("landscapes", "landscapes whose set isn't empty", "landscapes"),
        Column("connected", _SHARE),
        Column("connected_low", "lower limit, whatever the unknown trees are"),
        Column("connected_high", "upper limit, whatever the unknown trees are"),
        Column("connected_lower95", "lower 95% limit (Clopper and Pearson), unknown trees included"),
        Column("connected_upper95", "upper 95% limit, unknown trees included"),
        Column("connected_up_to_sign", "the same where x and -x are made one; empty but for even H"),
    ),
)
LIFETIMES = Table(
    "lifetimes",
    "Finite classes of H_0 that live longer than a time: one row for each cell and time.",
    (
        *STORED,
        Column("lifetime", "time", ENERGY),
        *measured("classes", "se", "mean number of classes in a landscape that live longer", "classes"),
        Column("low", "lower limit of the mean over all planned landscapes", "classes"),
        Column("high", "upper limit of the same", "classes"),
        Column("share", "share of the classes of all landscapes"),
    ),
)


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
        spins = cell.spins
        for kind in KINDS:
            found = cell.heights[kind]
            row = _known(cell) | {"barrier": kind, "minima": found.minima, "mean": found.mean, "se": found.se}
            row |= {"low": found.low, "high": found.high}
            for q, value, error in zip(QUANTILES, found.quantiles, found.quantiles_se, strict=True):
                row |= {f"q{100 * q:.0f}": value, f"q{100 * q:.0f}_se": error}
            rows.append(row | {"n_times_mean": spins * found.mean, "n_times_se": spins * found.se})
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
    """Fits of the mean barrier, in units of energy, to a power of N."""
    if not result.cells:
        return []
    first = head(result.cells[0].forest.cell)
    shared = {key: first[key] for key in ("model", "xi", "field", "parameters")} | {"finder": result.finder}
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
