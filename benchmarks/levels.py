"""Do the tests hold their level? Landscapes drawn again from a pool of enumerated ones.

    python -m benchmarks.levels STORE > docs/levels.md

STORE holds `examples/levels.toml`, run. A sample of L landscapes is drawn from a cell's with replacement, and
tested against the cell's own mean, which is exact for such samples; where theory is sampled, its errors are
drawn too. The share of samples that a test rejects should be its level. Beside it stands what F alone gives,
with the theory's covariance added to the sample's and nothing left out: the test of earlier releases.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from scipy.stats import f as fisher

from benchmarks.validation import table
from morsecensus.analysis.agreement.exact import judge_energy_law, judge_energy_moments, parity
from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.rare import Counted
from morsecensus.analysis.agreement.residuals import RARE, hotelling, usable_indices, whiten
from morsecensus.analysis.agreement.sampled import judge_energies
from morsecensus.analysis.dataset.batches import Floats, Moments
from morsecensus.analysis.dataset.cells import Cell, open_study
from morsecensus.analysis.results import CellResult, measure_study
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.spiked.finite_n import GROUPS
from morsecensus.analysis.topics.pairs.variances import variance_test
from morsecensus.analysis.topics.rows import head, label
from morsecensus.analysis.topics.spiked.measure import find_spiked

SIZES = (20, 50, 200, 1000)
LEVELS = (0.05, 0.01)
REPEATS = 200


@dataclass(frozen=True, eq=False)
class Pool:
    """Residuals of all landscapes of a cell, as a test of L landscapes would make them.

    Attributes:
        rows: shape (pool, d).
        reference: errors of a sampled theory.
        counted: bounds, see `analysis.agreement.rare`.
    """

    rows: Floats
    reference: Reference | None = None
    counted: Counted | None = None

    def draw(self, size: int, rng: np.random.Generator) -> tuple[Floats, Reference | None]:
        """Rows of a sample whose exact mean is zero, and the theory's errors as they would be estimated."""
        rows = (self.rows - self.rows.mean(axis=0))[rng.integers(0, len(self.rows), size)]
        if self.reference is None:
            return rows, None
        values, vectors = np.linalg.eigh(self.reference.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        rows, covariance = rows + root @ rng.standard_normal(len(root)), self.reference.covariance
        if np.isfinite(self.reference.dof) and self.reference.dof < 1000:
            noise = rng.standard_normal((int(self.reference.dof), len(root))) @ root.T
            covariance = noise.T @ noise / self.reference.dof
        return rows, Reference(covariance, self.reference.dof)


class OfSize(Cell):
    """A cell that says it has fewer landscapes than it holds: what is tested depends on their number."""

    size: int = 0

    @property
    def landscapes(self) -> int:
        return self.size


def of_size(cell: Cell, size: int) -> Cell:
    found = OfSize(cell.name, cell.dataset, cell.planned)
    object.__setattr__(found, "size", size)
    return found


def recorded(where: str, judge) -> Pool | None:
    """The arguments that a test gives to `hotelling`; None if it can't be made."""
    calls = []

    def record(name, rows, reference=None, missing=None, counted=None, note=""):
        calls.append(Pool(np.asarray(rows), reference, counted))
        return hotelling(name, rows[:20], note=note)

    with patch(f"{where}.hotelling", record):
        judge()
    return calls[0] if calls else None


def counts_pool(result: CellResult, size: int) -> Pool | None:
    means, cell = result.expected, result.cell
    if means is None or means.by_index is None:
        return None
    kept = usable_indices(means.by_index, size, parity(cell), cell.symmetry.orbit)
    if not len(kept):
        return None
    covariance = means.by_index_covariance
    reference = None if covariance is None else Reference(covariance[np.ix_(kept, kept)])
    rows = cell.dataset["points_by_index"].values[:, kept].astype(np.float64)
    return Pool(rows, reference, Counted(means.by_index[kept], cell.most_points))


def energy_pools(result: CellResult, size: int) -> Iterator[tuple[str, Pool | None]]:
    cell, none = of_size(result.cell, size), np.zeros(result.cell.levels)
    theory, means = cell.theory.resolved(cell.n), result.expected
    if theory is not None:
        judge = "morsecensus.analysis.agreement.exact"
        yield "energies by index", recorded(judge, lambda: judge_energy_moments(cell, theory, none))
        for minima in (True, False):
            name = f"energy law of {'minima' if minima else 'all points'}"
            yield name, recorded(judge, lambda m=minima: judge_energy_law(cell, theory, none, minima=m))
    elif means is not None and means.binned is not None:
        for minima in (True, False):
            name = f"energies of {'minima' if minima else 'all points'}"
            judge = lambda m=minima: judge_energies(cell, means, result.edges, none, minima=m)  # noqa: E731
            yield name, recorded("morsecensus.analysis.agreement.sampled", judge)


def variance_pool(cell: Cell) -> Pool | None:
    theory: FiniteN | None = cell.theory.resolved(cell.n)
    if theory is None:
        return None
    counts = cell.dataset["points_by_index"].values.astype(np.float64)
    counts = np.concatenate([counts.sum(axis=1, keepdims=True), counts], axis=1)
    mean, variance = counts.mean(axis=0), counts.var(axis=0)
    return recorded(
        "morsecensus.analysis.topics.pairs.variances", lambda: variance_test(cell, mean, variance)
    )


def pools(results: list[CellResult], size: int) -> Iterator[tuple[str, str, Pool | None]]:
    """Model, test and pool of everything that is tested with so many landscapes."""
    for result in results:
        name = f"{label(head(result.cell))}, N = {result.n}"
        yield name, "counts by index", counts_pool(result, size)
        for test, pool in energy_pools(result, size):
            yield name, test, pool
        yield name, "variances of the counts", variance_pool(result.cell)


def overlap_pools(families, size: int) -> Iterator[tuple[str, str, Pool | None]]:
    """Numbers by overlap of spiked models."""
    for family in find_spiked(families):
        for cell in family.cells:
            assert cell.overlaps is not None
            assert cell.theory is not None
            exact, covariance = cell.theory.all_by_overlap()
            bins = np.arange(10 if cell.symmetric else 0, 20)
            kept = bins[exact.mean[bins] * size >= RARE]
            reference = Reference(covariance[np.ix_(kept, kept)], GROUPS - 1)
            counted = Counted(exact.mean[kept], cell.result.cell.most_points)
            name = f"{family.title}, N = {cell.n}"
            pool = Pool(cell.overlaps.counts[:, kept], reference, counted) if len(kept) else None
            yield name, "numbers by overlap", pool


def f_alone(rows: Floats, reference: Reference | None) -> float:
    """The p-value of earlier releases."""
    count, moments = len(rows), Moments.of(rows)
    covariance = moments.covariance / count
    whitener = whiten(covariance if reference is None else covariance + reference.covariance, 1e-12 / count)
    dof, statistic = len(whitener), float(np.sum((whitener @ moments.mean) ** 2))
    if not 0 < dof <= count - 10:
        return np.nan
    return float(fisher.sf(statistic * (count - dof) / (dof * (count - 1)), dof, count - dof))


def shares(pool: Pool, size: int, repeats: int = REPEATS, seed: int = 0) -> Floats:
    """Share of samples rejected at each of LEVELS by `hotelling` and by F alone, and of those not testable,
    shape (5,)."""
    rng = np.random.default_rng([seed, size])
    found = []
    for _ in range(repeats):
        rows, reference = pool.draw(size, rng)
        p = hotelling("", rows, reference, counted=pool.counted).p_value
        found.append((np.nan if p is None else p, f_alone(rows, reference)))
    values = np.array(found).T
    rejected = [np.mean(column < level) for column in values for level in LEVELS]
    return np.array([*rejected, np.mean(np.isnan(values[0]))])


def show(found: Floats) -> str:
    """Percent at both levels, F alone in brackets."""
    return "{:.1f}, {:.1f} ({:.1f}, {:.1f})".format(*(100 * found[:4]))


def lines(store: str) -> Iterator[str]:
    with (
        patch("morsecensus.analysis.results.judge_cell", return_value=[]),
        patch("morsecensus.analysis.results.judge_means", return_value=[]),
    ):
        families = measure_study(open_study(store))  # all but the tests
    results = [result for family in families for result in family.cells]
    rows: dict[tuple[str, str], list[str]] = {}
    totals: dict[int, list[Floats]] = {size: [] for size in SIZES}
    for column, size in enumerate(SIZES):
        for name, test, pool in (*pools(results, size), *overlap_pools(families, size)):
            row = rows.setdefault((name, test), ["-"] * len(SIZES))
            found = None if pool is None else shares(pool, size)
            if found is not None and found[-1] < 1:
                totals[size].append(found)
                row[column] = show(found)
            print(size, name, test, row[column], file=sys.stderr, flush=True)
    sums = [
        [name, "", *(show(of(found, axis=0)) for found in totals.values())]
        for name, of in (("mean", np.mean), ("largest", np.max))
    ]
    tested = [[*key, *row] for key, row in rows.items() if set(row) != {"-"}]
    yield from table(["model", "test", *(f"L = {size}" for size in SIZES)], [*tested, *sums])


HEAD = """# Do the tests hold their level?

Written by `python -m benchmarks.levels STORE` from a run of `examples/levels.toml`. Percent of samples
that are rejected at the levels 5% and 1%; in brackets the same of F alone, with a sampled theory's
covariance added to the sample's before directions without variance are left out: the test of earlier
releases. Each number is of 200 samples, drawn with replacement from a pool of enumerated landscapes and
tested against the pool's own mean; the errors of sampled theories (partite, spiked, matrix-tensor) are
drawn as well. Standard errors are 1.5% at 5% and 0.7% at 1%. A test that can't be made with so few
landscapes has no number. Rejecting less often than the level is the price of few landscapes: a sample
that F and resampling judge differently isn't rejected.
"""


def main(store: str) -> None:
    print("\n".join([HEAD, *lines(store)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
