"""Two landscapes with known answers: the 2-spin point by point, and the 3-spin in a field.

    python -m benchmarks.controls TWO_BODY TRIVIALISATION [FIGURES] > docs/controls.md

TWO_BODY and TRIVIALISATION hold `examples/two-body.toml` and `examples/trivialisation.toml`, run. Everything
printed is computed here from their datasets; figures are written to FIGURES, if given.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.validation import show, table
from morsecensus.analysis.dataset.cells import Cell, open_study
from morsecensus.analysis.results import FamilyResult, measure_study
from morsecensus.analysis.topics.base import draw
from morsecensus.analysis.topics.trivialisation.measure import (
    FieldSweep,
    Trivialisation,
    find_sweeps,
    joint_test,
    smallest_seen,
    sweep_test,
    total_rows,
    wrong_field_power,
)
from morsecensus.analysis.topics.trivialisation.section import Triviality
from morsecensus.analysis.topics.two_body.measure import comparison_rows, find_comparison, is_two_body
from morsecensus.analysis.topics.two_body.section import TwoBody
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.systems.symmetric import multi_indices

FACTORS = (1.1, 1.2, 1.5, 2.0)


def eigenvalues(cell: Cell, instance: int) -> np.ndarray:
    """Of the coupling matrix of one landscape, drawn again from its seed, increasing, shape (n,)."""
    assert cell.theory.isotropic is not None
    landscape = MixedSpin(cell.theory.isotropic, cell.n)
    packed = landscape.tensors(landscape.sample(int(cell.dataset.attrs["seed"]), instance))[2]
    rows, columns = multi_indices(cell.n, 2).T
    matrix = np.zeros((cell.n, cell.n))
    matrix[rows, columns] = matrix[columns, rows] = packed
    return np.linalg.eigvalsh(matrix)


def largest_departure(cell: Cell) -> float:
    """Largest difference of an energy from its eigenvalue over all landscapes; inf if numbers differ."""
    sizes = cell.dataset["row_size"].values
    found = np.split(cell.dataset["energy"].values, np.cumsum(sizes)[:-1])
    worst = 0.0
    for instance, energy in enumerate(found):
        wanted = np.repeat(eigenvalues(cell, instance), 2)
        same = len(energy) == len(wanted)
        worst = max(worst, float(np.max(np.abs(np.sort(energy) - wanted))) if same else float("inf"))
    return worst


def two_body(families: list[FamilyResult]) -> Iterator[str]:
    comparison = find_comparison(families)
    assert comparison is not None, "the first store isn't examples/two-body.toml"
    cells = {result.cell.name: result.cell for family in families for result in family.cells}
    rows = []
    for row in comparison_rows(comparison):
        cell = cells[row["cell"]]
        simple = is_two_body(cell.theory.isotropic)
        rows.append(
            [
                row["xi"],
                row["finder"],
                str(row["n"]),
                str(row["landscapes"]),
                f"{100 * row['complete']:.0f}%",
                str(row["two_of_each"]) if simple else "-",
                f"{largest_departure(cell):.1e}" if simple else "-",
                f"{row['total']:.2f} +- {row['total_se']:.2f}",
                f"{row['exact_total']:.2f}",
                f"{row['minimum_energy']:.4f} +- {row['minimum_energy_se']:.4f}",
                f"{row['exact_minimum_energy']:.4f}",
                f"{row['z']:+.1f}",
            ]
        )
    header = ["xi", "finder", "N", "landscapes", "closed", "two of each", "energy off by", "points", "exact"]
    yield from table([*header, "energy of minima", "exact", "z"], rows)


def totals(result: Trivialisation) -> Iterator[str]:
    rows = [
        [
            str(row["n"]),
            str(row["field"]),
            str(row["landscapes"]),
            f"{row['mean']:.2f} +- {row['se']:.2f}",
            f"{row['exact']:.3f}",
            f"{row['z']:+.1f}",
        ]
        for row in total_rows(result)
    ]
    yield from table(["N", "field variance", "landscapes", "points", "exact", "z"], rows)


def verdicts(result: Trivialisation) -> Iterator[str]:
    rows = []
    for sweep in result.sweeps:
        test = sweep_test(sweep)
        seen = smallest_seen(sweep)
        rows.append(
            [
                str(sweep.n),
                f"{test.statistic:.2f}",
                str(test.dof),
                show(test.p_value),
                *(control(sweep, factor) for factor in FACTORS),
                "-" if seen is None else f"{100 * seen:.0f}%",
            ]
        )
    header = [
        "N",
        "T^2",
        "variances",
        "p",
        *(f"times {factor:g}: p (power)" for factor in FACTORS),
        "seen from",
    ]
    yield from table(header, rows)
    joint = joint_test([sweep_test(sweep) for sweep in result.sweeps])
    assert joint is not None
    yield f"All N together: chi^2 = {joint[0]:.2f} with {joint[1]} degrees of freedom, p = {show(joint[2])}."


def control(sweep: FieldSweep, factor: float) -> str:
    return f"{show(sweep_test(sweep, factor).p_value)} ({wrong_field_power(sweep, factor):.2f})"


HEAD = """# Landscapes with known answers

Written by `python -m benchmarks.controls TWO_BODY TRIVIALISATION FIGURES` from runs of
`examples/two-body.toml` and `examples/trivialisation.toml`. Every mean is over all planned landscapes.

## Simple and complex landscapes

For `xi = c q^2` the landscape is a quadratic form. Its critical points are the eigenvectors of the
coupling matrix, both signs: 2N in every landscape, two of each index, with the eigenvalues as energies.
*Two of each* counts the landscapes where that is what was found, *energy off by* is the largest
difference of any energy from the eigenvalue that `numpy.linalg.eigvalsh` gives for the same couplings.
The exact energy of minima is the mean of the lowest eigenvalue of the GOE at that N. Both finders had
the same landscapes.
"""
FIELD = """![mean numbers against N](figures/two-body.png)

## Topology trivialisation

A random field of variance S2 adds S2 to xi'(1) and leaves xi''(1) alone. Where S2 < xi''(1) - xi'(1), 3
for the 3-spin, critical points are exponentially many in N; beyond, their mean number tends to 2
(Fyodorov, arXiv:1307.2379; Belius, Cerny, Nakajima, Schmidt, arXiv:2104.06345). Exactly at the
transition the mean number is 2N at every N and for every xi: there the Gaussian weight in Fyodorov's
total is flat, and what is left is the number of eigenvalues of a GOE matrix. All points of every
landscape were enumerated by homotopy.

![mean numbers against the field](figures/trivialisation.png)
"""
TESTS = """Cells of one N share their couplings, so their z-scores go up and down together. Hotelling's T^2
over landscapes knows this: it tests all variances of one N at once. Different N are independent, and
Fisher's method adds them up.

**Negative control.** The same means against the curve of a wrong field variance, and the power of the
test against that error at level 1%, from the exact shift of the curve and the covariance of the counts.
*Seen from*: the smallest error of the variance that is rejected with power 0.9. Totals alone are a
blunt test of the field, for the curve is flat and counts fluctuate together.
"""


def main(first: str, second: str, figures: str | None = None) -> None:
    families = measure_study(open_study(first))
    (result,) = find_sweeps(measure_study(open_study(second)))
    lines = [HEAD, *two_body(families), FIELD, *totals(result), TESTS, *verdicts(result)]
    print("\n".join(lines))
    if figures is None:
        return
    comparison = find_comparison(families)
    assert comparison is not None
    with TemporaryDirectory() as folder:
        draw(TwoBody(), comparison, Path(folder), "two-body")
        draw(Triviality(), result, Path(folder), "trivialisation")
        for name in ("two-body", "trivialisation"):
            copyfile(Path(folder) / f"{name}.png", Path(figures) / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
