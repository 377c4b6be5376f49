"""Does the census agree with exact Kac-Rice, and would the tests have noticed if not?

    PYTHONPATH=tests python -m benchmarks.validation STORE > docs/validation.md

STORE holds `examples/agreement.toml`, run. Everything printed is computed here from its dataset.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from morsecensus.analysis.agreement.coupling_scale import CouplingScale, combined, coupling_scale
from morsecensus.analysis.agreement.exact import exact_sampler, judge_cell
from morsecensus.analysis.agreement.power import hotelling_power, landscapes_needed
from morsecensus.analysis.agreement.residuals import TestResult, holm, uniformity_test, usable_indices
from morsecensus.analysis.dataset.cells import Cell, open_study
from morsecensus.analysis.dataset.scan import scan
from oracles.controls import dropped_saddles, ledger_of, scaled_couplings, wrong_shift

LEVEL = 0.05
LOST = 0.02


@dataclass(frozen=True)
class Outcome:
    """All tests of one cell, and the variance of its couplings."""

    cell: Cell
    tests: list[TestResult]
    scale: CouplingScale | None


def judge(cell: Cell, sample: Callable) -> Outcome:
    tests = [judged.result for judged in scan(cell.dataset, judge_cell(cell, sample))]
    return Outcome(cell, tests, scan(cell.dataset, coupling_scale(cell, sample)))


def as_isotropic(cell: Cell) -> Cell:
    """The distinct-index census, labelled as what it is often taken for."""
    attrs = {**cell.dataset.attrs, "model": "pspin", "xi": "q^3", "field": 0.0}
    return replace(cell, stored=cell.dataset.assign_attrs(attrs))


def seen_power(outcome: Outcome) -> Callable[[int], float]:
    """Power of the sharpest T^2 test if the truth is as far off as it looks (noncentrality T^2 - dof)."""
    test = sharpest(outcome)
    each = max(test.statistic - test.dof, 0.0) / test.landscapes
    unit = np.zeros(test.dof)
    unit[0] = each**0.5
    return lambda size: hotelling_power(unit, np.eye(test.dof), size, LEVEL)


def loss_power(outcome: Outcome, fraction: float) -> Callable[[int], float]:
    """Power of the counts test against the loss of this fraction of the saddles, from the stated effect."""
    cell = outcome.cell
    counts = cell.dataset["points_by_index"].values.astype(float)
    assert cell.theory.resolved(cell.n) is not None
    expected = cell.theory.resolved(cell.n).by_index()
    kept = usable_indices(expected, len(counts), -1)
    shift = -fraction * np.where((kept > 0) & (kept < cell.n - 1), expected[kept], 0.0)
    covariance = np.atleast_2d(np.cov(counts[:, kept].T))
    return lambda size: hotelling_power(shift, covariance, size, LEVEL)


def sharpest(outcome: Outcome) -> TestResult:
    joint = [t for t in outcome.tests if t.p_value is not None and t.dof > 0]
    return min(joint, key=lambda t: t.p_value if t.p_value is not None else 1.0)


def table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def show(p: float | None) -> str:
    if p == 0:
        return "< 1e-300"
    return "-" if p is None else f"{p:.2g}"


def family_name(cell: Cell) -> str:
    covariance = cell.theory.isotropic
    return cell.family[0] if covariance is None else f"xi = {covariance}"


def closure(cells: list[Cell]) -> Iterator[str]:
    rows = []
    for cell in cells:
        status = cell.dataset["status"].values
        exact = cell.theory.resolved(cell.n)
        counts = cell.dataset["n_points"].values
        error = counts.std(ddof=1) / len(counts) ** 0.5
        rows.append(
            [
                family_name(cell),
                str(cell.n),
                str(cell.landscapes),
                f"{100 * np.mean(status == 0):.1f}%",
                f"{counts.mean():.2f} +- {error:.2f}",
                "-" if exact is None else f"{exact.total():.2f}",
                f"{cell.dataset['n_starts'].values.mean():.0f}",
            ]
        )
    yield from table(
        ["landscape", "N", "landscapes", "closed", "points, mean", "exact", "starts, mean"], rows
    )


def agreement(outcomes: list[Outcome]) -> Iterator[str]:
    names = [test.name for test in outcomes[0].tests]
    header = ["landscape", "N", *names, "variance ratio"]
    rows = []
    for outcome in outcomes:
        by_name = {test.name: test for test in outcome.tests}
        scale = outcome.scale
        rows.append(
            [
                family_name(outcome.cell),
                str(outcome.cell.n),
                *(show(by_name[name].p_value) if name in by_name else "-" for name in names),
                "-" if scale is None else f"{scale.ratio:.3f} +- {scale.se:.3f}",
            ]
        )
    yield "p-values, one column a test; they should be uniform between 0 and 1.\n"
    yield from table(header, rows)
    known = [test for outcome in outcomes for test in outcome.tests if test.p_value is not None]
    adjusted = [p for p in holm([test.p_value for test in known]) if p is not None]
    yield f"Of {len(known)} tests the smallest p-value after Holm's correction is {min(adjusted):.2g}."
    pure = [outcome for outcome in outcomes if family_name(outcome.cell) == "xi = q^3"]
    counts = [outcome.tests[0].p_value for outcome in pure]
    uniform = uniformity_test(counts)
    scales = [outcome.scale for outcome in pure if outcome.scale is not None]
    total = combined(scales)
    yield (
        f"Sizes over the study (xi = q^3, one p-value for the counts at each N, Kolmogorov-Smirnov against "
        f"uniform): p = {show(uniform.p_value)}. Variance of the couplings of all N together: "
        f"{total.ratio:.4f} +- {total.se:.4f} of what was stated (p = {total.p_value:.2g}).\n"
    )


def control_rows(
    name: str, outcomes: list[Outcome], power_of: Callable[[Outcome], Callable[[int], float]] = seen_power
) -> list[list[str]]:
    rows = []
    for outcome in outcomes:
        tests = [t for t in outcome.tests if t.p_value is not None]
        best, power = sharpest(outcome), power_of(outcome)
        needed = landscapes_needed(power, 0.9)
        ledger = ledger_of(outcome.cell)
        rejected = [t.name for t in tests if t.p_value is not None and t.p_value < LEVEL / len(tests)]
        rows.append(
            [
                name,
                str(outcome.cell.n),
                f"{len(rejected)} of {len(tests)}",
                f"{best.name}: p = {show(best.p_value)}",
                f"{power(outcome.cell.landscapes):.2f}",
                "-" if needed is None else str(needed),
                "uninformative" if ledger.morse_sum is None else f"{100 * ledger.morse_sum:.0f}%",
                "-" if ledger.parity is None else f"{100 * ledger.parity:.0f}%",
            ]
        )
    return rows


def controls(outcomes: list[Outcome], distinct: list[Cell]) -> Iterator[str]:
    cells = [o.cell for o in outcomes if family_name(o.cell) == "xi = q^3"]
    samplers = {cell.n: exact_sampler(cell) for cell in cells}
    honest = {o.cell.n: o.scale for o in outcomes if family_name(o.cell) == "xi = q^3"}

    def judged(change: Callable[[Cell], Cell]) -> list[Outcome]:
        return [judge(change(cell), samplers[cell.n]) for cell in cells]

    wrong = [as_isotropic(cell) for cell in distinct]
    rows = [
        *control_rows("Hessian shift (p-1)u", judged(wrong_shift)),
        *control_rows(
            "finder drops 2% of its saddles",
            judged(lambda c: dropped_saddles(c, LOST)),
            lambda outcome: loss_power(outcome, LOST),
        ),
        *control_rows(
            "couplings over i < j < k", [judge(c, samplers[c.n]) for c in wrong if c.n in samplers]
        ),
    ]
    header = [
        "control",
        "N",
        "tests that reject",
        "sharpest joint test",
        "power at 200",
        "landscapes for power 0.9",
        "Morse sum broken",
        "parity broken",
    ]
    yield from table(header, rows)
    yield from variance_control(cells, samplers, honest)


def variance_control(cells: list[Cell], samplers: dict, honest: dict) -> Iterator[str]:
    yield "**Couplings with 2% too much variance.** Counts can't see it. The widths of all Hessians can:\n"
    rows, changed = [], []
    for cell in cells:
        scaled = scaled_couplings(cell, 1.02)
        wrong = scan(scaled.dataset, coupling_scale(scaled, samplers[cell.n]))
        scale = honest[cell.n]
        if wrong is None or scale is None:
            continue
        changed.append(wrong)
        more = landscapes_needed(lambda size, s=scale, c=cell: s.power(1.02, size / c.landscapes), 0.9)
        rows.append(
            [
                str(cell.n),
                f"{wrong.ratio:.3f} +- {wrong.se:.3f}",
                show(wrong.p_value),
                f"{scale.power(1.02):.2f}",
                str(more),
            ]
        )
    total, truth = combined(changed), combined([s for s in honest.values() if s is not None])
    rows.append(
        [
            "all",
            f"{total.ratio:.4f} +- {total.se:.4f}",
            show(total.p_value),
            f"{truth.power(1.02):.3f}",
            "-",
        ]
    )
    yield from table(
        ["N", "variance ratio", "p", "power of 200 landscapes", "landscapes for power 0.9"], rows
    )


HEAD = """# Does the census agree with exact theory?

Written by `PYTHONPATH=tests python -m benchmarks.validation STORE` from a run of `examples/agreement.toml`,
by multistart alone. Every mean is over all planned landscapes.

Landscapes with known answers, the 2-spin point by point and the 3-spin in a random field:
[controls.md](controls.md). Whether the tests hold their level at 20 to 1,000 landscapes:
[levels.md](levels.md).

## Closed landscapes and counts
"""

CONTROLS = """## Negative controls

The same census, made wrong in a known way, put through the same tests (level 5%, Bonferroni within the
cell). *Morse sum broken* and *parity broken* are shares of landscapes that the ledger would not have closed;
in an honest run they are 0%. Power is that of the counts test against the stated loss where saddles are
dropped, else that of the sharpest joint test against the departure seen.
"""


def main(store: str) -> None:
    cells = list(open_study(store).cells)
    honest = [cell for cell in cells if cell.theory.isotropic is not None]
    distinct = [cell for cell in cells if cell.dataset.attrs.get("model") == "distinct"]
    outcomes = [judge(cell, exact_sampler(cell)) for cell in honest]
    lines = [
        HEAD,
        *closure(cells),
        "## Agreement\n",
        *agreement(outcomes),
        CONTROLS,
        *controls(outcomes, distinct),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1])
