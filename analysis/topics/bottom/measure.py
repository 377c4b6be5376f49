"""Everything that the section on the bottom of landscapes is made of, family by family."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from morsecensus.analysis.agreement.exact import low_law
from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.bottom import scaling
from morsecensus.analysis.topics.bottom.bands import Band, Bottom, measure
from morsecensus.analysis.topics.bottom.gaps import Gap, gaps_of

LEAST_COVERED = 0.01
"""Of hits from above: where less is known to be covered, or nothing is, a hundred times as many may be."""


@dataclass(frozen=True, eq=False)
class BottomCell:
    """One cell of low indices.

    Attributes:
        result: what every cell has.
        bottom: what its points say.
        gaps: spacings of its lowest minima.
        skewness: of the energy in theory, by index up to the highest that was sought; None where unknown.
        expected: mean numbers in theory, likewise.
    """

    result: CellResult
    bottom: Bottom
    gaps: tuple[Gap, ...]
    skewness: Floats | None
    expected: Floats | None

    @property
    def n(self) -> int:
        """The study's n."""
        return self.result.n

    @property
    def sought(self) -> int:
        """The highest index that was looked for."""
        found = self.result.cell.sought
        assert found is not None
        return found

    def with_missing(self, k: int) -> Band:
        """The band of an index whose errors take in what open landscapes may lack of it, all of it as high as
        any point is, for what a search misses lies high. How much: the most of what the lower limit of the
        coverage, recapture and Chao1 say and of what the mean lacks to theory's, for whatever is made of hits
        may see too little (docs/low-index.md)."""
        band, share = self.bottom.bands[k], self._lacking(k)
        if not share > 0 or not band.points:
            return band
        above = band.highest - band.mean
        shift = share * above / (1 + share)
        spread = np.sqrt((band.sd**2 + share * above**2) / (1 + share) - shift**2) - band.sd
        return replace(
            band, mean_se=float(np.hypot(band.mean_se, shift)), sd_se=float(np.hypot(band.sd_se, spread))
        )

    def _lacking(self, k: int) -> float:
        """Points of an index that may lack, over those that were found."""
        cell, counts = self.result.cell, self.result.counts
        found = cell.dataset["points_by_index"].values[:, k]
        covered = cell.dataset["coverage_lower_by_index"].values[:, k]
        unseen = found * (1 / np.maximum(np.nan_to_num(covered, nan=0.0), LEAST_COVERED) - 1)
        by_coverage = float(np.where(cell.closed[:, k], 0.0, unseen).mean())
        mean = float(counts["mean"][k])
        by_theory = 0.0 if self.expected is None or cell.closed[:, k].all() else self.expected[k] - mean
        return max(by_coverage, by_theory, float(counts["plausible"][k])) / max(mean, 1e-300)

    @property
    def ground(self) -> tuple[float, float]:
        """Mean share of the starts that end at minima which end at the lowest one, and its error."""
        return _mean(self.bottom.ground)

    @property
    def largest(self) -> tuple[float, float]:
        """The same of the minimum with most."""
        shares = self.bottom.shares
        return _mean(shares[:, 0] if shares.shape[1] else np.zeros(0))

    @property
    def starts(self) -> float:
        """Median over landscapes of one over the share of the lowest minimum; inf where it has none."""
        share = self.bottom.ground[np.isfinite(self.bottom.ground)]
        if not share.size:
            return float("nan")
        with np.errstate(divide="ignore"):
            return float(np.median(1 / share))


@dataclass(frozen=True, eq=False)
class BottomFamily:
    """The cells of low indices of a family, by N, in which minima were found."""

    family: FamilyResult
    cells: tuple[BottomCell, ...]

    @cached_property
    def ground(self) -> float | None:
        """-E_0; None where unknown."""
        found = self.family.limits
        return None if found is None or found["E_0"] is None else -float(found["E_0"])

    @cached_property
    def slope(self) -> float | None:
        """c: numbers below u grow as exp(c N u) near -E_0, of pure models; None otherwise."""
        covariance, limits = self.family.cells[0].cell.theory.isotropic, self.family.limits
        if covariance is None or limits is None or not covariance.is_pure or covariance.degree < 3:
            return None
        return float(limits["ground_state"]["rate"])

    @cached_property
    def fits(self) -> tuple[scaling.Fit, ...]:
        """How it all goes with N, as far as there are N enough."""
        return tuple(fit for fit in _fits(self) if fit is not None)


def find(families: Sequence[FamilyResult]) -> list[BottomFamily]:
    """The families that have cells of low indices."""
    found = []
    for family in families:
        cells = tuple(_measured(result) for result in family.cells if _is_low(result))
        if cells:
            found.append(BottomFamily(family, cells))
    return found


def _is_low(result: CellResult) -> bool:
    minima = result.cell.dataset["points_by_index"].values[:, 0].sum()
    return result.cell.sought is not None and minima > 0


def _measured(result: CellResult) -> BottomCell:
    cell, law = result.cell, low_law(result.cell)
    bottom = measure(cell)
    skewness, expected = (None, None) if law is None else (law.energy_skewness(), law.by_index())
    return BottomCell(result, bottom, tuple(gaps_of(bottom.levels, law)), skewness, expected)


def _mean(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return float("nan"), float("nan")
    error = float(known.std(ddof=1) / np.sqrt(known.size)) if known.size > 1 else float("nan")
    return float(known.mean()), error


def _fits(found: BottomFamily) -> list[scaling.Fit | None]:
    cells = found.cells
    fits: list[scaling.Fit | None] = []
    for k in range(max(cell.sought for cell in cells) + 1):
        own = [cell for cell in cells if k <= cell.sought]
        fits += _band_fits(found, f"index {k}", own, [cell.with_missing(k) for cell in own])
    own = [cell for cell in cells if cell.bottom.weighted is not None]
    weighted = [cell.bottom.weighted for cell in own if cell.bottom.weighted is not None]
    fits += _band_fits(found, "minima by hits", own, weighted)
    n = [cell.n for cell in cells]
    softest = [cell.bottom.softest for cell in cells]
    mean, error = np.array([(band.mean, band.mean_se) for band in softest]).T
    fits.append(scaling.power("softest mode of minima: mean", n, mean, error))
    if found.ground is not None:
        lowest = [cell.result.lowest for cell in cells]
        above = np.array([float(data["mean"]) - found.ground for data in lowest])
        error = np.array([float(data["se"]) for data in lowest])
        expected = None if found.slope is None else 0.5 / found.slope
        fits.append(scaling.logarithm("lowest minimum + E_0", n, above, error, expected))
    fits.append(scaling.rate("share of the lowest minimum", n, *np.array([cell.ground for cell in cells]).T))
    fits.append(scaling.rate("share of the largest", n, *np.array([cell.largest for cell in cells]).T))
    return fits


def _band_fits(
    found: BottomFamily, name: str, cells: Sequence[BottomCell], bands: Sequence[Band]
) -> list[scaling.Fit | None]:
    """Distance of a band's mean from the floor, and its width."""
    n, floor = [cell.n for cell in cells], found.family.floor
    fits = [scaling.power(f"{name}: sd", n, *np.array([(band.sd, band.sd_se) for band in bands]).T)]
    if floor is not None:
        away = np.array([(band.mean - floor, band.mean_se) for band in bands]).T
        fits.insert(0, scaling.power(f"{name}: mean - floor", n, *away))
    return fits
