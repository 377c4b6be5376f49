"""The tables of persistent homology."""

from dataclasses import asdict

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.topics.rows import ENERGY, SIZE, STORED, head
from morsecensus.analysis.topics.topology.homology.measure import CellHomology, HomologyResult
from morsecensus.analysis.topics.topology.homology.shown import ratio_text, upper_text, where_text

STRIDE = 2
"""Every so many levels of the persistent Betti numbers go into the table: half of them are a quarter of its
rows."""
_MEAN = ("mean", "se", "lower", "upper")
_FIT = ("rate", "error", "intercept", "chi2", "dof", "p_value")
_CLASSES, _POINTS = "classes", "points"

BETTI = Table(
    "betti",
    "Mean Betti numbers of {H/N <= level} and numbers of points there: one row for each cell, group of "
    "degrees and level.",
    (
        *STORED,
        Column("degree", 'degree k, "0+1" for the two lowest together, or "all"'),
        Column("level", "level u", ENERGY),
        Column("planned", "landscapes that the study asks for", "landscapes"),
        Column("known", "landscapes that know these degrees", "landscapes"),
        *measured("betti", "betti_se", "mean of beta_k(u) over known landscapes", _CLASSES),
        Column("betti_lower", "lower limit of the mean over all planned landscapes", _CLASSES),
        Column("betti_upper", "upper limit of the same", _CLASSES),
        *measured(
            "points",
            "points_se",
            "mean of N_k(u), points of index k at or below u, over all landscapes",
            _POINTS,
        ),
        Column("points_missing", "points that a mean planned landscape may lack", _POINTS),
        Column("points_exact", "mean of N_k(u) in theory", _POINTS),
        *measured("cancelled", "cancelled_se", "share of the points at or below u whose partner is, too"),
        Column("cancelled_lower", "lower limit of the share over all planned landscapes"),
        Column("cancelled_upper", "upper limit of the same"),
    ),
)
PERSISTENT = Table(
    "persistent_betti",
    "Mean persistent Betti numbers: one row for each cell, degree and pair of levels a <= b.",
    (
        *STORED,
        Column("degree", "degree k"),
        Column("a", "level at or below which classes are born", ENERGY),
        Column("b", "level beyond which they live", ENERGY),
        Column("known", "landscapes that know the degree", "landscapes"),
        *measured("mean", "se", "mean of beta_k^{a,b} over known landscapes", _CLASSES),
        Column("lower", "lower limit of the mean over all planned landscapes", _CLASSES),
        Column("upper", "upper limit of the same", _CLASSES),
    ),
)
RATIOS = Table(
    "homology_ratios",
    "Critical points for each class, and the exponential in N that is fitted to them: one row for each cell, "
    "degree and level.",
    (
        *STORED,
        Column(
            "series",
            "degree, counted from the bottom or from the top",
            title="degree",
            form=lambda name: name.replace("-", r.MINUS),
            left=True,
        ),
        Column("degree", "the same as a number at this N"),
        Column(
            "where",
            '"peak": where the mean of beta_k is largest; "zero": at u = 0',
            title="at",
            form=where_text,
            left=True,
        ),
        SIZE,
        Column("level", "level u", ENERGY, "u", r.digits(3)),
        Column("known", "landscapes that know the degree", "landscapes"),
        Column("with_class", "those of them that have a class there", "landscapes"),
        *measured("points", "points_se", "mean of N_k(u) over all landscapes", _POINTS, "N_k"),
        Column(
            "points_exact",
            "mean of N_k(u) in theory",
            _POINTS,
            "exact",
            shown=exact("points_exact", "points_se"),
        ),
        *measured("betti", "betti_se", "mean of beta_k(u) over known landscapes", _CLASSES, "β_k"),
        Column("", title="classes in", shown=lambda row: f"{row['with_class']:,} of {row['known']:,}"),
        Column("value", "points of known landscapes over their classes", title="N_k / β_k", shown=ratio_text),
        Column("log_se", "standard error of its logarithm"),
        Column("bias", "of the logarithm, by choosing the level; empty at zero"),
        Column("at_least", "lower 95% limit where no landscape has a class"),
        Column(
            "lower",
            "lower limit of the ratio over all planned landscapes",
            title="limits",
            shown=lambda row: (
                r.DASH
                if row["lower"] == row["upper"]
                else f"{r.number(row['lower'], 3)} to {upper_text(row['upper'])}"
            ),
        ),
        Column("upper", "upper limit of the same"),
        Column("fitted", "whether it enters the fit of its series"),
        Column("fit_rate", "rate of exp(rate N) of its series", "per spin"),
        Column("fit_error", "standard error of the rate", "per spin"),
        Column("fit_intercept", "logarithm of the ratio at N = 0"),
        Column("fit_chi2", "weighted sum of squares that the fit leaves"),
        Column("fit_dof", "ratios less two"),
        Column("fit_p_value", "of the sum of squares: a description of the fit and no test of theory"),
    ),
    "N_k: mean over all landscapes; β_k and the ratio: over those that know the degree. Classes in: "
    "those of them that have one. Limits: on the ratio over all planned landscapes. Errors at the peak "
    "hold the choice of its level, by bootstrap over landscapes; "
    "the largest of noisy means lies a little high. Degrees from the top: homology_ratios.csv.",
)


def betti_rows(cell: CellHomology) -> list[Row]:
    """One row for each group of degrees and level: see `homology.betti.estimate_betti`."""
    data, rows = cell.betti, []
    kept = ("betti", "betti_se", "betti_lower", "betti_upper", "points", "points_se", "points_exact")
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
            row = head(cell.cell) | {"degree": str(group), "level": level}
            row |= {"planned": data.attrs["planned"], "known": int(own["known"])}
            row |= {name: here[name] for name in kept} | {"points_missing": float(own["missing"])}
            row |= {"cancelled": 1 - left[place], "cancelled_se": left[place] * here["log_se"]}
            # A share of 1 - 1/ratio cancels, so limits on the one are limits on the other.
            row |= {f"cancelled_{end}": 1 - 1 / here[f"ratio_{end}"] for end in ("lower", "upper")}
            rows.append(row)
    return rows


def persistent_rows(cell: CellHomology) -> list[Row]:
    """Mean persistent Betti numbers for a <= b on a coarse grid."""
    data, rows = cell.persistent, []
    if data is None:
        return []
    levels = data["first"].values
    for place, degree in enumerate(data["degree"].values.tolist()):
        tables = {name: data[name].values[place] for name in _MEAN}
        for a in range(0, len(levels), STRIDE):
            for b in range(a, len(levels), STRIDE):
                row = head(cell.cell) | {"degree": degree, "a": levels[a], "b": levels[b]}
                row |= {"known": int(data["known"][place])}
                rows.append(row | {name: table[a, b] for name, table in tables.items()})
    return rows


def ratio_rows(result: HomologyResult) -> list[Row]:
    """Ratios with what they are made of, and the fit that each is part of."""
    heads = {cell.cell.name: head(cell.cell) for cell in result.cells}
    rates = {(rate.series, rate.where): rate for rate in result.rates}
    rows = []
    for ratio in result.ratios:
        values = {name: value for name, value in asdict(ratio).items() if name not in ("cell", "n")}
        rate = rates.get((ratio.series, ratio.where))
        fit = {f"fit_{name}": None if rate is None else getattr(rate, name) for name in _FIT}
        rows.append(heads[ratio.cell] | values | {"fitted": ratio.fitted} | fit)
    return rows
