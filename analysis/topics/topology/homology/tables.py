"""Persistent homology as rows: CSV files hold them in full, the page rounds them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import numpy as np

from morsecensus.analysis.tables import Row, head
from morsecensus.analysis.topics.topology.homology.measure import CellHomology, HomologyResult

STRIDE = 2
"""Every so many levels of the persistent Betti numbers go into the table: half of them are a quarter of its
rows."""
PERSISTENT = ("mean", "se", "lower", "upper")


def betti_rows(cell: CellHomology) -> list[Row]:
    """One row for each group of degrees and level: see `homology.betti.estimate_betti`.

    ``cancelled`` is the share of the points at or below the level whose partner is, too.
    """
    data, rows = cell.betti, []
    for group in data["group"].values:
        own = data.sel(group=group)
        columns = {str(name): value.values for name, value in own.data_vars.items() if value.ndim}
        left = np.divide(
            columns["betti"],
            columns["points_known"],
            out=np.full(len(own["level"]), np.nan),
            where=columns["points_known"] > 0,
        )
        for place, level in enumerate(own["level"].values):
            here = {name: value[place] for name, value in columns.items()}
            rows.append(
                head(cell.cell)
                | {"degree": str(group), "level": level}
                | {"planned": data.attrs["planned"], "known": int(own["known"])}
                | {name: here[name] for name in ("betti", "betti_se", "betti_lower", "betti_upper")}
                | {name: here[name] for name in ("points", "points_se")}
                | {"points_missing": float(own["missing"]), "points_exact": here["points_exact"]}
                | {"cancelled": 1 - left[place], "cancelled_se": left[place] * here["log_se"]}
                # A share of 1 - 1/ratio cancels, so limits on the one are limits on the other.
                | {
                    "cancelled_lower": 1 - 1 / here["ratio_lower"],
                    "cancelled_upper": 1 - 1 / here["ratio_upper"],
                }
            )
    return rows


def persistent_rows(cell: CellHomology) -> list[Row]:
    """Mean persistent Betti numbers for a <= b on a coarse grid."""
    data, rows = cell.persistent, []
    if data is None:
        return []
    levels = data["first"].values
    for place, degree in enumerate(data["degree"].values.tolist()):
        tables = {name: data[name].values[place] for name in PERSISTENT}
        for a in range(0, len(levels), STRIDE):
            for b in range(a, len(levels), STRIDE):
                rows.append(
                    head(cell.cell)
                    | {"degree": degree, "a": levels[a], "b": levels[b]}
                    | {"known": int(data["known"][place])}
                    | {name: table[a, b] for name, table in tables.items()}
                )
    return rows


def ratio_rows(result: HomologyResult) -> list[Row]:
    """Ratios with what they are made of, and the fit that each is part of."""
    heads = {cell.cell.name: head(cell.cell) for cell in result.cells}
    rates = {(rate.series, rate.where): rate for rate in result.rates}
    rows = []
    for ratio in result.ratios:
        values = {name: value for name, value in asdict(ratio).items() if name not in ("cell", "n")}
        rate = rates.get((ratio.series, ratio.where))
        fit = ("rate", "error", "intercept", "chi2", "dof", "p_value")
        rows.append(
            heads[ratio.cell]
            | values
            | {"fitted": ratio.fitted}
            | {f"fit_{name}": None if rate is None else getattr(rate, name) for name in fit}
        )
    return rows


def homology_rows(results: Sequence[HomologyResult]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table; none without results."""
    if results:
        cells = [cell for result in results for cell in result.cells]
        yield "betti", [row for cell in cells for row in betti_rows(cell)]
        yield "persistent_betti", [row for cell in cells for row in persistent_rows(cell)]
        yield "homology_ratios", [row for result in results for row in ratio_rows(result)]
