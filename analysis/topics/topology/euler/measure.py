"""Mean Euler curves of a family's cells against the exact formula: what is tested, and what would be seen.

See `analysis.topics.topology.euler.curves` for the three tests of a cell. Verdicts are Holm's over all tests
of the family.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from morsecensus.analysis.agreement.coupling_scale import CouplingScale, combined
from morsecensus.analysis.agreement.residuals import LEVEL, TestResult, holm
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import estimate_counts, missing_points
from morsecensus.analysis.topics.topology.euler.curves import (
    BAND,
    DRAWS,
    EXTREME,
    EulerCurve,
    ExtremeTest,
    curve_scale,
    euler_curve,
    extreme_tests,
    joint_test,
    poisson_p_value,
)

WRONG_VARIANCE = 0.02
"""The error of the couplings' variance that a study should be large enough to see."""
POWER = 0.9
MOST_EXTREME = 9.0
"""Caps expected beyond the levels of the exact tests, where landscapes are many: that none is found has the
p-value 4 exp(-9) = 0.0005, small enough to be rejected beside twenty other tests. 5 would give 0.03."""
RARE_CAPS = 0.02
"""Of a landscape, once that makes more than EXTREME: the laws hold up to the square of it."""


@dataclass(frozen=True, eq=False)
class EulerCell:
    """The tests of one cell; ``curve`` and ``scale`` are None for too few landscapes.

    ``missing``: points that a mean landscape may lack.
    """

    cell: Cell
    curve: EulerCurve | None
    extremes: tuple[ExtremeTest, ...]
    scale: CouplingScale | None
    missing: float

    @property
    def n(self) -> int:
        """Number of spins N."""
        return self.cell.n

    @cached_property
    def tests(self) -> tuple[TestResult, ...]:
        """Those that could be made: the curve's supremum, both ends, the variance."""
        found = [] if self.curve is None else [self.curve.result]
        found += [_extreme_result(self.cell, test) for test in self.extremes]
        if self.scale is not None:
            p = self.scale.p_value
            score = (self.scale.ratio - 1) / self.scale.se
            # What missed points do to the estimate isn't bounded: they may explain anything.
            found.append(
                TestResult("Euler variance", score, 1, p, 1.0 if self.missing else p, self.cell.landscapes)
            )
        return tuple(found)

    @property
    def critical(self) -> float:
        """The supremum of |mean - exact| / error that 95% of samples stay under."""
        return float("nan") if self.curve is None else float(np.quantile(self.curve.maxima, BAND))

    @property
    def detectable(self) -> float | None:
        """Smallest error of the couplings' variance that is rejected at LEVEL with POWER."""
        return None if self.scale is None else self.scale.detectable(LEVEL, POWER)

    @property
    def landscapes_needed(self) -> int | None:
        """Landscapes that would see WRONG_VARIANCE so; errors fall as one over their root."""
        if self.detectable is None:
            return None
        return int(np.ceil(self.cell.landscapes * (self.detectable / WRONG_VARIANCE) ** 2))


@dataclass(frozen=True, eq=False)
class EulerResult:
    """The cells of one family that have an exact curve, by N, and one supremum over all of their levels.

    ``joint`` is None for fewer than two curves. ``verdicts``: for each cell "agrees", "disagrees",
    "undecided" (missed points may explain it) or "not testable".
    """

    cells: tuple[EulerCell, ...]
    joint: TestResult | None
    verdicts: tuple[str, ...]

    @property
    def scale(self) -> CouplingScale | None:
        """The couplings' variance over the stated one from the curves of all N together, one cell of each
        (cells of one N share couplings), without cells that may lack points; None if there is none."""
        of_size = {cell.n: cell.scale for cell in self.cells if cell.scale is not None and not cell.missing}
        return combined(list(of_size.values())) if of_size else None


def measure_euler(cells: Sequence[Cell], draws: int = DRAWS) -> EulerResult | None:
    """Measure and test the cells of one family; None without an exact formula.

    Args:
        cells: any of the family.
        draws: of the bootstrap; the smallest p-value of a curve is 1/(draws + 1).
    """
    with_theory = [cell for cell in cells if cell.theory.isotropic is not None]
    if not with_theory:
        return None
    ordered = sorted(with_theory, key=lambda cell: (cell.n, cell.name))
    measured = tuple(measure_cell(cell, draws) for cell in ordered)
    curves = [cell.curve for cell in measured if cell.curve is not None]
    joint = joint_test(curves) if len(curves) > 1 else None
    return EulerResult(measured, joint, tuple(_verdicts(measured)))


def measure_cell(cell: Cell, draws: int = DRAWS) -> EulerCell:
    """Make all tests of a cell that its landscapes allow."""
    missing = float(estimate_counts(cell)["missing"].values.sum())
    events = float(np.clip(RARE_CAPS * cell.landscapes, EXTREME, MOST_EXTREME))
    extremes = tuple(extreme_tests(cell, events))
    return EulerCell(cell, euler_curve(cell, draws=draws), extremes, curve_scale(cell), missing)


def _extreme_result(cell: Cell, test: ExtremeTest) -> TestResult:
    """Of two p-values of nearly one thing twice the smaller (Bonferroni)."""
    p = min(1.0, 2 * min(test.poisson, test.binomial))
    lacking = missing_points(cell)
    p_missing = p
    if lacking.any():
        # The most favourable caps, and as for landscapes any that lack a point may have one.
        reach = float(lacking.sum())
        caps = float(np.clip(np.round(test.expected), test.caps - reach, test.caps + reach))
        p_missing = max(p, poisson_p_value(caps, test.expected))
    name = f"Euler {'top' if test.above else 'bottom'}"
    return TestResult(name, test.caps, 0, p, p_missing, cell.landscapes)


def _verdicts(cells: Sequence[EulerCell]) -> list[str]:
    tests = [(number, test) for number, cell in enumerate(cells) for test in cell.tests]
    adjusted = holm([test.p_value for _, test in tests])
    lenient = holm([test.p_missing for _, test in tests])
    verdicts = ["agrees" if cell.tests else "not testable" for cell in cells]
    for (number, _), p, q in zip(tests, adjusted, lenient, strict=True):
        if p is not None and p < LEVEL:
            sure = q is not None and q < LEVEL
            if sure or verdicts[number] == "agrees":
                verdicts[number] = "disagrees" if sure else "undecided"
    return verdicts
