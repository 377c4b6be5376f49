"""Critical points for each class, N_k(u)/beta_k(u), against N.

Two levels. The *peak* is where the mean beta_k is largest: the most topology that there ever is, and the
least that cancels. *Zero* is u = 0: half of all points where H(-x) = -H(x). A ratio is one of means over
landscapes, which unlike a mean of ratios exists where some landscape has no class.

Degrees are counted from the bottom (0 and 1), or from the top of the sphere, whose dimension is N - 1, so
that one series has a meaning at every N. By Alexander duality H_{N-2} of {H/N <= u} counts the components of
its complement but one, and H_{N-3} its loops; so for odd H beta_{N-2}(u) has the law of beta_0(-u) - 1. The
points of index N - 2 below u are mirror images of those of index 1 above -u, which is another number than
N_0(-u): the ratios differ. H_{N-1} has one class, the sphere itself, above the highest maximum.

Duality joins k with N - 2 - k. A degree at or beyond the middle of those isn't low in any sense (at N = 3
degree 1 is the dual of degree 0), so a fit in N takes degrees from their own half only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from morsecensus.analysis.estimates.line import one_of_each
from morsecensus.analysis.topics.topology.line_fit import fit_line
from morsecensus.tasks.proportions import upper_limit

PEAK, ZERO = "peak", "zero"
WHERE = (PEAK, ZERO)
BOTTOM, TOP = (0, 1), (3, 2, 1)
SERIES = ("0", "1", "N-3", "N-2", "N-1")
"""Degrees; one that is both counts from the bottom."""
FEWEST = 5
"""Landscapes that must have a class for a ratio to enter a fit: below, its logarithm has no normal error.
Arbitrary."""


@dataclass(frozen=True)
class Ratio:
    """One ratio of one cell.

    Attributes:
        series: one of SERIES; degree: the number that it is at this N.
        where: one of WHERE; level: energy per spin.
        known: landscapes that know the degree; with_class: those of them that have a class here.
        points, points_se: N_k(u) over all landscapes of the dataset; points_exact: its exact mean, or nan.
        betti, betti_se: over known landscapes.
        value: points of known landscapes over their classes, inf without a class; log_se: error of its
            logarithm, at the peak with the level chosen anew; bias: of the logarithm, by choosing the level
            (nan at zero).
        at_least: where no landscape has a class, the ratio for as many with one class as 95% confidence
            allows (Clopper and Pearson); else nan.
        lower, upper: limits on the ratio over all planned landscapes.
    """

    cell: str
    n: int
    series: str
    degree: int
    where: str
    level: float
    known: int
    with_class: int
    points: float
    points_se: float
    points_exact: float
    betti: float
    betti_se: float
    value: float
    log_se: float
    bias: float
    at_least: float
    lower: float
    upper: float

    @property
    def fitted(self) -> bool:
        """Whether it enters the fit of its series: enough classes, and a degree from its own half."""
        side = self.n - 2 - 2 * self.degree
        own_half = side > 0 if self.series.isdigit() else side < 0
        return own_half and self.with_class >= FEWEST and self.log_se > 0


@dataclass(frozen=True)
class Rate:
    """A fit of log(N_k/beta_k) = intercept + rate N.

    Attributes:
        rate: per spin; error: from the errors of the ratios, too small if ``p_value`` is.
        intercept: at N = 0.
        chi2: weighted sum of squares left; dof: ratios less two.
        p_value: of chi2; nan without a degree of freedom.
        sizes: the N that entered.
    """

    series: str
    where: str
    rate: float
    error: float
    intercept: float
    chi2: float
    dof: int
    p_value: float
    sizes: tuple[int, ...]


def series_degrees(n: int) -> dict[str, int]:
    """Name of each series -> its degree at this N; none twice, none below 0."""
    top = {f"N-{back}": n - back for back in TOP if n - back > BOTTOM[-1]}
    return {str(k): k for k in BOTTOM if k < n} | top


def measure_ratios(estimates: Sequence[xr.Dataset]) -> tuple[Ratio, ...]:
    """Ratios of each cell, from `homology.betti.estimate_betti`; only those of known degrees.

    At zero only the degrees from the bottom: those from the top have hardly begun. There is no ratio where
    no point lies.
    """
    return tuple(ratio for estimate in estimates for ratio in _of_cell(estimate))


def _of_cell(estimate: xr.Dataset) -> Iterator[Ratio]:
    levels = estimate["level"].values
    for series, degree in series_degrees(int(estimate.attrs["n"])).items():
        if str(degree) not in estimate["group"].values:
            continue
        own = estimate.sel(group=str(degree))
        yield from _ratio(own, series, degree, PEAK, int(own["peak"]))
        if degree in BOTTOM and levels[0] <= 0 <= levels[-1]:
            yield from _ratio(own, series, degree, ZERO, int(np.argmin(np.abs(levels))))


def _ratio(own: xr.Dataset, series: str, degree: int, where: str, place: int) -> Iterator[Ratio]:
    here = {str(name): float(value[place]) for name, value in own.data_vars.items() if value.ndim}
    if here["points_known"] <= 0:
        return
    known, classes = int(own["known"]), here["betti"]
    peak = where == PEAK
    yield Ratio(
        cell=str(own.attrs["cell"]),
        n=int(own.attrs["n"]),
        series=series,
        degree=degree,
        where=where,
        level=float(own["level"][place]),
        known=known,
        with_class=int(here["with_class"]),
        points=here["points"],
        points_se=here["points_se"],
        points_exact=here["points_exact"],
        betti=classes,
        betti_se=here["betti_se"],
        value=here["points_known"] / classes if classes > 0 else float("inf"),
        log_se=float(own["peak_log_se"]) if peak else here["log_se"],
        bias=float(own["peak_bias"]) if peak else float("nan"),
        at_least=here["points_known"] / float(upper_limit(0, known)) if classes == 0 else float("nan"),
        lower=here["ratio_lower"],
        upper=here["ratio_upper"],
    )


def fit_rates(ratios: Sequence[Ratio]) -> tuple[Rate, ...]:
    """Fit an exponential in N to each series at each level; those with three N at least: two fit any line."""
    rates = []
    for where in WHERE:
        for series in SERIES:
            own = [r for r in ratios if r.series == series and r.where == where and r.fitted]
            chosen = [own[place] for place in one_of_each([r.n for r in own], [r.log_se for r in own])]
            if len(chosen) >= 3:
                sizes = tuple(r.n for r in chosen)
                values, errors = np.array([(np.log(r.value), r.log_se) for r in chosen]).T
                rates.append(Rate(series, where, *fit_line(np.array(sizes, float), values, errors), sizes))
    return tuple(rates)
