"""Tables of the section on the bottom of landscapes."""

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.topics.bottom.bands import Band
from morsecensus.analysis.topics.bottom.measure import BottomCell, BottomFamily
from morsecensus.analysis.topics.bottom.scaling import Fit
from morsecensus.analysis.topics.rows import ENERGY, FINDER, HEAD, LANDSCAPES, STORED, head, score

_NAT = "natural logarithm per spin"
NUMBERS = Table(
    "bottom_numbers",
    "Points of low index: one row for each cell and each index that was sought.",
    (
        *HEAD,
        Column("index", "Morse index", title="index"),
        LANDSCAPES,
        Column("closed", "share of landscapes that have all of them", title="closed", form=r.percent),
        *measured("mean", "se", "mean number in a landscape", "points", "measured"),
        Column("exact", "mean number in theory", "points", title="exact", shown=exact("exact", "se")),
        Column("z", "(mean - exact) / se", title="z", form=r.score),
        *measured("complexity", "complexity_se", "(1/N) log of the mean number", _NAT, "complexity"),
        Column(
            "exact_complexity",
            "the same in theory",
            _NAT,
            title="exact complexity",
            shown=exact("exact_complexity", "complexity_se"),
        ),
        Column(
            "recapture",
            "number by recapture between the two ways of looking over the number found",
            title="recapture / found",
            form=r.digits(5),
        ),
        Column("coverage_lower", "mean lower 95% limit of the coverage, by hits from above"),
        Column("missing_bound", "most points by which the mean may be too low, by the bound", "points"),
        Column("missing_plausible", "the same by recapture and Chao1", "points"),
        Column("joined", "share of landscapes whose minima saddles of index 1 join; empty: nobody looked"),
    ),
    "Means over all landscapes; numbers are tested in the section on agreement. Recapture is too low "
    "where the same points are hard to find from above and from below.",
)
BANDS = Table(
    "bottom_bands",
    "Energies of points of low index: one row for each cell, index and weight.",
    (
        *HEAD,
        Column("index", "Morse index", title="index"),
        Column(
            "weight", '"counted": each point once; "hits": by its hits from above', title="weight", left=True
        ),
        Column("points", "points found in all landscapes", "points"),
        Column("closed", "share of landscapes that have all of them", title="closed", form=r.percent),
        *measured("mean", "mean_se", "mean energy", ENERGY, "mean"),
        Column(
            "exact_mean", "the same in theory", ENERGY, "exact mean", shown=exact("exact_mean", "mean_se")
        ),
        *measured("sd", "sd_se", "standard deviation of the energy", ENERGY, "sd"),
        Column("exact_sd", "the same in theory", ENERGY, "exact sd", shown=exact("exact_sd", "sd_se")),
        *measured("skewness", "skewness_se", "skewness of the energy", "", "skewness"),
        Column(
            "exact_skewness",
            "the same in theory",
            "",
            "exact skewness",
            shown=exact("exact_skewness", "skewness_se"),
        ),
        Column("lowest", "lowest of all", ENERGY, "lowest", r.digits(4)),
        Column("highest", "highest of all", ENERGY, "highest", r.digits(4)),
    ),
    "Energies per spin, points of all landscapes together; errors by leaving landscapes out one by one.",
)
LEVELS = Table(
    "bottom_levels",
    "Spacings of the lowest minima: one row for each cell and level.",
    (
        *HEAD,
        Column("rank", "of the upper level; 1: the ground state, down to nothing", title="level"),
        LANDSCAPES,
        *measured("gap", "gap_se", "mean difference of the two energies", ENERGY, "gap"),
        *measured("scaled", "scaled_se", "the same times c N, of pure models", "", "c N gap"),
        Column("poisson", "what that is for a Poisson process as N grows", title="Poisson", form=r.digits(3)),
        *measured(
            "unfolded", "unfolded_se", "mean number of minima expected between", "points", "expected between"
        ),
        Column("p_value", "of an exponential law of mean 1 for those", title="p", form=r.probability),
    ),
    "Minima that theory expects between neighbouring levels: 1 for a Poisson process, exponentially "
    "distributed (p: Kolmogorov and Smirnov). The process is an approximation, so this is no test.",
)
BASINS = Table(
    "bottom_basins",
    "Where starts from above end: one row for each cell.",
    (
        *HEAD,
        LANDSCAPES,
        *measured("largest", "largest_se", "share of the minimum with most starts", "", "largest share"),
        *measured("ground", "ground_se", "share of the lowest minimum", "", "lowest's share"),
        Column(
            "starts",
            "median over landscapes of one over the share of the lowest minimum",
            "starts",
            "starts to the lowest",
            r.digits(3),
        ),
        *measured(
            "softest", "softest_se", "mean of the smallest Hessian eigenvalue at minima", "", "softest mode"
        ),
        Column(
            "softest_lowest", "the smallest of these at any minimum", title="its smallest", form=r.digits(3)
        ),
    ),
    "Shares are of the starts from above that end at minima: descents stopped early and finished by Newton's "
    "method, so near what basins of attraction would give, not the same.",
)
FITS = Table(
    "bottom_fits",
    "Powers of N: one row for each family and quantity with three N or more.",
    (
        *STORED[1:5],
        FINDER,
        Column("quantity", "what was fitted", title="quantity", left=True),
        Column("fitted", "as what", title="fitted", left=True),
        Column("sizes", "the N", title="N", left=True),
        *measured("value", "error", "the coefficient", "", "value"),
        Column("expected", "as N grows, where theory says", title="as N grows", form=r.digits(4)),
        Column("chi2", "chi squared", title="χ²", form=r.digits(3)),
        Column("dof", "degrees of freedom", title="degrees of freedom"),
        Column("p_value", "of the fit", title="p", form=r.probability),
    ),
    "Weighted least squares, errors from landscapes and from what indices that aren't closed may lack by "
    "their coverage, at the highest energy found. Where p is small one power is no description at these N, "
    "and the error is too small.",
)
DECLARED = (NUMBERS, BANDS, LEVELS, BASINS, FITS)


def number_rows(found: BottomFamily) -> list[Row]:
    """Numbers by index."""
    return [_number(cell, k) for cell in found.cells for k in range(cell.sought + 1)]


def _number(cell: BottomCell, k: int) -> Row:
    result, data = cell.result, cell.result.cell.dataset
    counts = result.counts
    mean, se = float(counts["mean"][k]), float(counts["se"][k])
    known = None if result.by_index is None else float(result.by_index[k])
    spins = result.cell.spins
    points = data["points_by_index"].values[:, k].sum()
    recaptured = data["recapture_by_index"].values[:, k]
    coverage = data["coverage_lower_by_index"].values[:, k]
    joined = data["graph_components"].values
    row = head(result.cell) | {"index": k, "landscapes": result.cell.landscapes}
    row |= {"closed": float(counts["closed"][k]), "mean": mean, "se": se}
    row |= {"exact": known, "z": score(mean, se, known)}
    row |= {"complexity": np.log(mean) / spins if mean > 0 else None}
    row |= {"complexity_se": se / mean / spins if mean > 0 else None}
    row |= {"exact_complexity": np.log(known) / spins if known else None}
    row |= {"recapture": float(np.nansum(recaptured) / points) if points else None}
    row |= {"coverage_lower": float(np.nanmean(coverage)) if np.isfinite(coverage).any() else None}
    row |= {"missing_bound": float(counts["missing"][k]), "missing_plausible": float(counts["plausible"][k])}
    return row | {"joined": float(np.mean(joined[joined >= 0] == 1)) if (joined >= 0).any() else None}


def band_rows(found: BottomFamily) -> list[Row]:
    """Energies by index, and of minima by hits."""
    rows = []
    for cell in found.cells:
        rows += [_band(cell, k, "counted", band) for k, band in enumerate(cell.bottom.bands) if band.points]
        if cell.bottom.weighted is not None:
            rows.append(_band(cell, 0, "hits", cell.bottom.weighted))
    return rows


def _band(cell: BottomCell, k: int, weight: str, band: Band) -> Row:
    result, counted = cell.result, weight == "counted"
    theory = {"mean": result.energy_mean, "sd": result.energy_sd, "skewness": cell.skewness}
    known = {
        f"exact_{name}": float(values[k]) if counted and values is not None else None
        for name, values in theory.items()
    }
    row = head(result.cell) | {"index": k, "weight": weight} | vars(band) | known
    return row | {"closed": float(result.counts["closed"][k])}


def level_rows(found: BottomFamily) -> list[Row]:
    """Spacings of the lowest minima."""
    rows = []
    for cell in found.cells:
        scale = float("nan") if found.slope is None else found.slope * cell.n
        for gap in cell.gaps:
            row = head(cell.result.cell) | {"rank": gap.rank, "landscapes": gap.landscapes}
            row |= {"gap": gap.raw, "gap_se": gap.raw_se}
            row |= {"scaled": scale * gap.raw, "scaled_se": scale * gap.raw_se}
            row["poisson"] = 1 / (gap.rank - 1) if found.slope is not None and gap.rank > 1 else None
            row |= {"unfolded": gap.unfolded, "unfolded_se": gap.unfolded_se, "p_value": gap.p_value}
            rows.append(row)
    return rows


def basin_rows(found: BottomFamily) -> list[Row]:
    """Shares of starts, and softest modes."""
    rows = []
    for cell in found.cells:
        row = head(cell.result.cell) | {"landscapes": cell.result.cell.landscapes}
        row |= dict(zip(("largest", "largest_se"), cell.largest, strict=True))
        row |= dict(zip(("ground", "ground_se"), cell.ground, strict=True))
        softest = cell.bottom.softest
        row |= {"starts": cell.starts, "softest": softest.mean, "softest_se": softest.mean_se}
        rows.append(row | {"softest_lowest": softest.lowest})
    return rows


def fit_rows(found: BottomFamily) -> list[Row]:
    """Powers of N."""
    own = head(found.cells[0].result.cell)
    common = {name: own[name] for name in ("model", "xi", "field", "parameters")}
    common["finder"] = found.family.finder
    return [common | _fit(fit) for fit in found.fits]


def _fit(fit: Fit) -> Row:
    row: Row = {"quantity": fit.quantity, "fitted": fit.model, "sizes": ", ".join(map(str, fit.sizes))}
    row |= {"value": fit.value, "error": fit.error, "expected": fit.expected}
    return row | {"chi2": fit.chi2, "dof": fit.dof, "p_value": fit.p_value}
