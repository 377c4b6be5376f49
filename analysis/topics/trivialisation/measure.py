"""Topology trivialisation: mean numbers of critical points against the variance S2 of a random field.

A field adds S2 to xi'(1) and leaves xi''(1) alone. Below S2_c = xi''(1) - xi'(1) the mean number grows as
exp(N/2 log(xi''/(xi' + S2))); beyond it tends to 2, one minimum and one maximum (Y. V. Fyodorov,
arXiv:1307.2379; D. Belius, J. Cerny, S. Nakajima, M. Schmidt, arXiv:2104.06345). At S2_c the Gaussian weight
of the exact formula is flat, and the mean number is that of the eigenvectors of a random matrix: 2N, at every
N and for every xi (derived here, from Fyodorov's total).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from morsecensus.analysis.agreement.power import detectable, hotelling_power
from morsecensus.analysis.agreement.rare import Counted
from morsecensus.analysis.agreement.residuals import LEVEL, RARE, TestResult, hotelling, not_testable
from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.in_common import Ints, in_common, numbers_of
from morsecensus.analysis.estimates.counts import missing_points
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.limits.complexity import total_complexity
from morsecensus.analysis.topics.rows import head, score
from morsecensus.tasks.covariance import Covariance

FEWEST_FIELDS = 3
"""A study sweeps the field if a model has this many variances. Arbitrary: two points are no curve."""
POWER = 0.9
WRONG = 1.5
"""Of the negative control: the field's variance over what it should be."""
_STEP = 1e-4
_NAME = "totals against the field"


@dataclass(frozen=True, eq=False)
class FieldSweep:
    """The cells of one model at one N, by field variance.

    Attributes:
        base: the covariance without the field.
        cells: measured cells, field variances increasing.
    """

    base: Covariance
    cells: tuple[CellResult, ...]

    @property
    def n(self) -> int:
        """Number of spins N."""
        return self.cells[0].n

    @property
    def fields(self) -> Floats:
        """Field variances, shape (cells,)."""
        return np.array([field_of(cell) for cell in self.cells])

    @property
    def landscapes(self) -> int:
        """Landscapes that every cell has, and of which every cell knows a number."""
        return int(self._common.size)

    @property
    def _own(self) -> list[Ints]:
        """The landscapes of which each cell knows a number, the rows of its dataset."""
        return [numbers_of(one.cell.stored)[one.cell.has_number] for one in self.cells]

    @property
    def _common(self) -> Ints:
        return in_common(self._own)

    def _rows(self, of_cell: Callable[[Cell], np.ndarray]) -> Floats:
        """A number for each landscape in common and cell, of what a cell has for each of its own."""
        common = self._common
        columns = [
            of_cell(result.cell)[np.searchsorted(own, common)]
            for result, own in zip(self.cells, self._own, strict=True)
        ]
        return np.stack(columns, axis=1).astype(np.float64)

    def totals(self) -> Floats:
        """Number of points of each landscape in each cell, shape (landscapes, cells).

        Landscapes of one row share their couplings, so the columns are correlated.
        """
        return self._rows(lambda cell: cell.dataset["n_points"].values)

    def missing(self) -> Floats:
        """At most how far the mean of each column of these may be too low, shape (cells,)."""
        return self._rows(missing_points).mean(axis=0)


@dataclass(frozen=True, eq=False)
class Trivialisation:
    """A model whose field was swept.

    Attributes:
        base: the covariance without the field.
        finder: its label, empty if the study has one.
        sweeps: one for each N, increasing.
    """

    base: Covariance
    finder: str
    sweeps: tuple[FieldSweep, ...]

    @property
    def title(self) -> str:
        """Such as: xi = q^3 (homotopy)."""
        return f"ξ = {self.base}" + (f" ({self.finder})" if self.finder else "")

    @property
    def transition(self) -> float:
        """S2_c; negative for a model that is trivial without any field."""
        return transition_field(self.base)


def transition_field(base: Covariance) -> float:
    """S2_c = xi''(1) - xi'(1), the field variance at which the landscape becomes trivial as N grows."""
    return base.x2 - base.x1


def exact_totals(base: Covariance, n: int, fields: ArrayLike) -> Floats:
    """Exact mean number of critical points at each field variance, shape (fields,)."""
    values = np.asarray(fields, dtype=np.float64)
    return np.array([FiniteN(base.with_field(float(s2)), n).total() for s2 in values])


def limiting_complexity(base: Covariance, fields: ArrayLike) -> Floats:
    """lim (1/N) log of the mean number at each field variance: zero from S2_c on."""
    values = np.asarray(fields, dtype=np.float64)
    return np.array([total_complexity(base.with_field(float(s2))) for s2 in values])


def field_of(result: CellResult) -> float:
    """Field variance of a cell."""
    return float(result.cell.dataset.attrs.get("field", 0.0))


def find_sweeps(families: Sequence[FamilyResult]) -> list[Trivialisation]:
    """The models of a study that sweep the field, each with every N that has enough variances."""
    groups: dict[tuple[str, str], dict[int, list[CellResult]]] = {}
    for family in families:
        for result in family.cells:
            cell = result.cell
            if cell.theory.isotropic is None or "xi" not in cell.parameters:
                continue
            xi = str(Covariance.parse(str(cell.parameters["xi"])))
            groups.setdefault((xi, family.finder), {}).setdefault(result.n, []).append(result)
    found = []
    for (xi, finder), sizes in groups.items():
        base = Covariance.parse(xi)
        sweeps = tuple(
            FieldSweep(base, tuple(sorted(cells, key=field_of)))
            for _, cells in sorted(sizes.items())
            if len({field_of(cell) for cell in cells}) >= FEWEST_FIELDS
        )
        if sweeps:
            found.append(Trivialisation(base, finder, sweeps))
    return found


def total_rows(result: Trivialisation) -> list[Row]:
    """Measured and exact mean numbers, one row per cell."""
    rows = []
    for sweep in result.sweeps:
        exact = exact_totals(sweep.base, sweep.n, sweep.fields)
        for cell, number in zip(sweep.cells, exact, strict=True):
            mean, se = float(cell.counts["total"]), float(cell.counts["total_se"])
            row = head(cell.cell) | {"field_over_transition": _over(field_of(cell), result.transition)}
            row |= {"landscapes": cell.cell.landscapes, "mean": mean, "se": se, "exact": float(number)}
            row |= {"z": score(mean, se, float(number))}
            row |= {"limit": float(limiting_complexity(sweep.base, [field_of(cell)])[0])}
            rows.append(row | {"missing_bound": float(cell.counts["missing_total"])})
    return rows


def _over(field: float, transition: float) -> float | None:
    return field / transition if transition > 0 else None


def usable_cells(sweep: FieldSweep) -> np.ndarray:
    """The cells whose mean can be tested, by what is expected and not by what was found.

    Points beyond the minimum and the maximum come in pairs; where few landscapes have any, means are far from
    Gaussian. None where the cells have less than two landscapes in common: these have no covariance.
    """
    if sweep.landscapes < 2:
        return np.zeros(0, dtype=np.int64)
    beyond = exact_totals(sweep.base, sweep.n, sweep.fields) - 2.0
    return np.flatnonzero(beyond * sweep.landscapes >= 2 * RARE)


def sweep_test(sweep: FieldSweep, factor: float = 1.0) -> TestResult:
    """Test the means at all field variances jointly against the exact curve.

    Args:
        sweep: measured.
        factor: a wrong theory on purpose: the field's variance times this.
    """
    kept = usable_cells(sweep)
    if not len(kept):
        few = "landscapes in common" if sweep.landscapes < 2 else "points expected"
        return not_testable(_NAME, sweep.landscapes, f"too few {few}")
    exact = exact_totals(sweep.base, sweep.n, factor * sweep.fields[kept])
    box = np.stack([np.zeros(len(kept)), sweep.missing()[kept]])
    most = float(sum(sweep.cells[number].cell.most_points for number in kept))
    return hotelling(_NAME, sweep.totals()[:, kept] - exact, None, box, Counted(exact, most))


def joint_test(tests: Sequence[TestResult], missing: bool = False) -> tuple[float, int, float] | None:
    """All N together by Fisher's method: chi^2, its degrees of freedom and the p-value; None without tests.

    Couplings of different N are drawn independently. ``missing``: with the points that may be missing placed
    in favour of theory.
    """
    chosen = [test.p_missing if missing else test.p_value for test in tests]
    known = [p_value for p_value in chosen if p_value is not None]
    if not known:
        return None
    statistic = float(-2 * np.sum(np.log(np.maximum(known, 1e-300))))
    return statistic, 2 * len(known), float(chdtrc(2 * len(known), statistic))


def wrong_field_power(sweep: FieldSweep, factor: float = WRONG) -> float:
    """Probability that `sweep_test` rejects at LEVEL if the field's variance is wrong by this factor."""
    kept = usable_cells(sweep)
    if not len(kept):
        return 0.0
    fields = sweep.fields[kept]
    shift = exact_totals(sweep.base, sweep.n, factor * fields) - exact_totals(sweep.base, sweep.n, fields)
    return hotelling_power(shift, _covariance(sweep, kept), sweep.landscapes, LEVEL)


def smallest_seen(sweep: FieldSweep) -> float | None:
    """Smallest relative error of the field's variance that is rejected at LEVEL with power POWER.

    To first order in the error; None where none is.
    """
    kept = usable_cells(sweep)
    if not len(kept):
        return None
    fields = sweep.fields[kept]
    low, high = (exact_totals(sweep.base, sweep.n, (1 + s) * fields) for s in (-_STEP, _STEP))
    slope = (high - low) / (2 * _STEP)
    return detectable(slope, _covariance(sweep, kept), sweep.landscapes, LEVEL, POWER)


def _covariance(sweep: FieldSweep, kept: np.ndarray) -> Floats:
    return np.atleast_2d(np.cov(sweep.totals()[:, kept].T))


def sweep_rows(result: Trivialisation) -> list[Row]:
    """One row per N: the joint test, and what it would have seen."""
    rows = []
    for sweep in result.sweeps:
        test, wrong = sweep_test(sweep), sweep_test(sweep, WRONG)
        row: Row = {"model": sweep.cells[0].cell.model, "xi": str(result.base)}
        row |= {"finder": result.finder, "n": sweep.n}
        row |= {"landscapes": sweep.landscapes, "cells": len(sweep.cells), "tested": test.dof}
        row |= {"statistic": test.statistic, "p_value": test.p_value, "p_value_if_missing": test.p_missing}
        row |= {"wrong_variance": WRONG, "p_value_wrong": wrong.p_value}
        rows.append(row | {"power_wrong": wrong_field_power(sweep), "smallest_seen": smallest_seen(sweep)})
    return rows
