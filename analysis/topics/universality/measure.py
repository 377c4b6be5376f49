"""Couplings of other laws against the Gaussian model: numbers of critical points, and the Hessian's bulk.

The `entries` model (`tasks.landscapes.entries`) has the covariance of the p-spin at every N. Its mean numbers
need not be the Gaussian ones at finite N: higher cumulants of the couplings enter, and fall with N. So a
difference here is a measurement, never an error; what is asked is how large it is and how fast it falls.

Bulk. With G = (Hessian) + D the Euclidean Hessian on the tangent space, M = N-1 its size and ``G = sqrt(x2/N)
W``, moments are those of the eigenvalues of W/sqrt(M): Catalan numbers at large N for all laws, and for a
GOE matrix `analysis.theory.goe.moments` at finite M. At critical points G isn't a plain GOE matrix even for
Gaussian couplings: Kac and Rice weigh it with |det(G - D)|. `critical_moments` is what it is then.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, of_several, reduce_points
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import moments, scan
from morsecensus.analysis.estimates.counts import computed_counts
from morsecensus.analysis.estimates.line import weighted_line
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.theory.goe.moments import catalan, goe_moment
from morsecensus.analysis.theory.goe.sampler import plain_spectra
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.topics.rows import head, score
from morsecensus.tasks.covariance import Covariance

ANCHOR = "universality"
GAUSSIAN = "gaussian"
ORDERS = (2, 4, 6)
SPECTRA = 5000
"""GOE spectra behind `critical_moments`; its error stands beside it."""
BINS = 40
REACH = 3.0
"""Bulk histograms range over [-REACH, REACH]; the semicircle over [-2, 2]."""
SEEN = 3.0
"""Standard errors from which on a difference is used for an exponent: an arbitrary but usual limit."""


@dataclass(frozen=True, eq=False)
class LawFamily:
    """The cells of one law, by N."""

    law: str
    family: FamilyResult

    @property
    def cells(self) -> list[CellResult]:
        """Those of which something was computed."""
        return [result for result in self.family.cells if result.cell.computed]


@dataclass(frozen=True, eq=False)
class Universality:
    """The laws of one covariance, the Gaussian one first where the study has it.

    ``totals`` and ``bulk`` are the rows of `total_rows` and `bulk_rows`: measured once, shown often.
    """

    covariance: Covariance
    laws: tuple[LawFamily, ...]

    @cached_property
    def totals(self) -> list[Row]:
        return total_rows(self)

    @cached_property
    def bulk(self) -> list[Row]:
        return bulk_rows(self)

    @property
    def sizes(self) -> list[int]:
        """All N, increasing."""
        return sorted({cell.n for law in self.laws for cell in law.cells})


def find_universality(families: Sequence[FamilyResult]) -> list[Universality]:
    """Group the families that name a law of their entries by covariance, with the Gaussian ones of the same;
    empty without any."""
    groups: dict[str, list[LawFamily]] = {}
    for family in families:
        known = dict(family.family[1])
        computed = any(result.cell.computed for result in family.cells)
        if ANCHOR not in family.cells[0].cell.topics or "xi" not in known or not computed:
            continue
        law = known.get("law", GAUSSIAN)
        groups.setdefault(str(_covariance(known)), []).append(LawFamily(law, family))
    return [
        Universality(Covariance.parse(text), tuple(sorted(laws, key=_place)))
        for text, laws in groups.items()
        if any("law" in dict(law.family.family[1]) for law in laws)
    ]


def _covariance(parameters: dict[str, str]) -> Covariance:
    return Covariance.parse(parameters["xi"]).with_field(float(parameters.get("field", 0.0)))


def _place(law: LawFamily) -> tuple[bool, str]:
    return law.law != GAUSSIAN, law.law


def total_rows(found: Universality) -> list[Row]:
    """One row per cell: mean number and its difference from the exact Gaussian one, relative to that.

    Over the landscapes that have a number (`analysis.dataset.cells.Cell`): a circle of critical points has
    none. That is a property of couplings, not of the search. ``left_out``: share of the others; ``open``:
    share of those that have one and aren't complete.
    """
    return [_total_row(found, law, cell) for law in found.laws for cell in law.cells]


def _total_row(found: Universality, law: LawFamily, result: CellResult) -> Row:
    exact = FiniteN(found.covariance, result.n).total()
    by_index, covariance = proper_counts(result.cell)
    mean, se = float(by_index.sum()), math.sqrt(max(float(covariance.sum()), 0.0))
    return head(result.cell) | {
        "law": law.law,
        "finder": result.cell.finder_name,
        "landscapes": result.cell.landscapes,
        "open": 1 - float(result.counts["complete"]),
        "left_out": float(np.mean(~result.cell.has_number)),
        "mean": mean,
        "se": se,
        "gaussian": exact,
        "relative": mean / exact - 1,
        "relative_se": se / exact,
        "standard_errors": (mean - exact) / se if se > 0 else None,
    }


def index_rows(found: Universality) -> list[Row]:
    """Mean numbers by Morse index beside the exact Gaussian ones, where those are exact."""
    rows = []
    for law in found.laws:
        for result in law.cells:
            exact = _by_index(found.covariance, result.n)
            if exact is None:
                continue
            mean, covariance = proper_counts(result.cell)
            se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
            rows += [
                head(result.cell)
                | {"law": law.law, "index": k, "mean": float(mean[k]), "se": float(se[k])}
                | {"gaussian": float(exact[k]), "relative": float(mean[k] / exact[k] - 1)}
                | {"relative_se": float(se[k] / exact[k])}
                for k in range(result.n)
            ]
    return rows


def proper_counts(cell: Cell) -> tuple[Floats, Floats]:
    """Mean number of points by index, and the covariance of the means; nan for fewer than two landscapes,
    those of failed blocks not counted."""
    moments = Moments.of(computed_counts(cell))
    if moments.count < 2:
        return np.full_like(moments.total, np.nan), np.full_like(moments.outer, np.nan)
    return moments.mean, moments.covariance / moments.count


@lru_cache(maxsize=64)
def _by_index(covariance: Covariance, n: int) -> Floats | None:
    return FiniteN(covariance, n).by_index() if n <= EXACT_INDEX_LIMIT else None


@dataclass(frozen=True)
class Decay:
    """How the relative difference of a quantity falls: proportional to N^-exponent, fitted to ``sizes``.

    ``quantity`` is "mean number" or, of the bulk at critical points, such as "moment 4".
    """

    law: str
    quantity: str
    sizes: tuple[int, ...]
    exponent: float
    exponent_se: float


def decays(found: Universality) -> list[Decay]:
    """Exponents where the difference from the Gaussian model was seen, with one sign, at three N or more.

    Weighted least squares of log|difference| on log N. The choice of N where it was seen biases the exponent
    down: those where it is too small to be seen are left out.
    """
    series: dict[tuple[str, str], dict[int, Row]] = {}
    for quantity, rows in (("mean number", found.totals), ("moment", found.bulk)):
        for row in rows:
            name = f"{quantity} {row['order']}" if "order" in row else quantity
            # Another finder's cell of the same N has the same landscapes: not one more measurement.
            series.setdefault((row["law"], name), {}).setdefault(row["n"], row)
    fits = (_fit(law, quantity, list(rows.values())) for (law, quantity), rows in series.items())
    return [fit for fit in fits if fit is not None]


def _fit(law: str, quantity: str, rows: list[Row]) -> Decay | None:
    seen = [row for row in rows if abs(row["standard_errors"] or 0.0) >= SEEN]
    if len({row["n"] for row in seen}) < 3 or len({row["relative"] > 0 for row in seen}) > 1:
        return None
    x = np.log([row["n"] for row in seen])
    y = np.log([abs(row["relative"]) for row in seen])
    line = weighted_line(x, y, 1 / np.abs([row["standard_errors"] for row in seen]))
    return Decay(law, quantity, tuple(row["n"] for row in seen), -line.slope, line.error)


def moments_below(law: str) -> float:
    """The order below which moments of the law are finite: df of Student's law, else all."""
    match = re.fullmatch(r"student\(([0-9.e+]{1,24})\)", law, re.ASCII)
    return float(match[1]) if match else math.inf


def bulk_rows(found: Universality) -> list[Row]:
    """One row per cell and moment of G at critical points, for cells with spectra.

    Moments that are infinite for a law, whose sample means say nothing, are left out.

    ``gaussian`` is the moment at critical points of the Gaussian model (sampled, with its error), ``goe``
    that of a GOE matrix of size N-1, ``catalan`` the semicircle's.
    """
    return [row for law in found.laws for cell in law.cells for row in _moments(found, law, cell)]


def _moments(found: Universality, law: LawFamily, result: CellResult) -> Iterator[Row]:
    if "spectrum" not in result.cell.dataset or not result.cell.points or result.n < 3:
        return
    mean, se = measured_moments(result.cell, found.covariance)
    exact, exact_se = critical_moments(found.covariance, result.n)
    for place, order in enumerate(ORDERS):
        if order >= moments_below(law.law):
            continue
        error = float(np.hypot(se[place], exact_se[place]))
        difference = float(mean[place] - exact[place])
        yield head(result.cell) | {
            "law": law.law,
            "order": order,
            "moment": float(mean[place]),
            "se": float(se[place]),
            "gaussian": float(exact[place]),
            "gaussian_se": float(exact_se[place]),
            "relative": difference / float(exact[place]),
            "goe": goe_moment(result.n - 1, order),
            "catalan": catalan(order // 2),
            "standard_errors": score(float(mean[place]), error, float(exact[place])),
        }


def _unit(covariance: Covariance, n: int) -> float:
    """What an eigenvalue of G is divided by to be one of W/sqrt(M)."""
    return float(np.sqrt(covariance.x2 * (n - 1) / n))


def measured_moments(cell: Cell, covariance: Covariance) -> tuple[Floats, Floats]:
    """Moments of the eigenvalues of W/sqrt(M) over the critical points, and errors, shape (orders,): ratios
    of sums over landscapes (delta method), errors nan where one has all points."""
    unit = _unit(covariance, cell.n)

    def sums(batch: Batch) -> Floats:
        bulk = (batch.columns["spectrum"] + batch.columns["radial_derivative"][:, None]) / unit
        one = np.zeros(len(bulk), dtype=np.int64)
        powers = (np.mean(bulk**order, axis=1) for order in (0, *ORDERS))
        columns = [batch.per_landscape(one, 1, power) for power in powers]
        return np.concatenate(columns, axis=1)

    def ratios(found: Moments) -> tuple[Floats, Floats]:
        value, error = _ratios(found.mean, found.covariance / max(found.count, 1))
        return value, error if of_several(found.total[0], found.outer[0, 0]) else np.full_like(error, np.nan)

    return scan(cell.dataset, moments(["spectrum", "radial_derivative"], sums, ratios))


def _ratios(mean: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """mean[1:] / mean[0] and its errors from the covariance of the means."""
    value = mean[1:] / mean[0]
    slope = np.column_stack([-value, np.eye(len(value))]) / mean[0]
    return value, np.sqrt(np.maximum(np.diag(slope @ covariance @ slope.T), 0.0))


@lru_cache(maxsize=64)
def critical_moments(covariance: Covariance, n: int) -> tuple[Floats, Floats]:
    """The moments of `measured_moments` for Gaussian couplings, and errors: sampled from GOE spectra.

    With x the spectrum of a GOE matrix of size N (units of `analysis.theory.goe.density`), a critical point
    of index k has weight exp(-B x_k^2/2), B = (x2-x1)/(x2+x1), and the other x_j are G in units sqrt(2 x2/N)
    (arXiv:1003.1129; docs/theory.md, section 3).
    """
    spectra = plain_spectra(n, SPECTRA, np.random.default_rng(n))
    b = (covariance.x2 - covariance.x1) / (covariance.x2 + covariance.x1)
    weight = np.exp(-b * spectra**2 / 2)
    bulk = spectra * np.sqrt(2 / (n - 1))
    powers = [bulk**order for order in (0, *ORDERS)]
    others = np.array([np.sum(weight * (p.sum(axis=1, keepdims=True) - p), axis=1) for p in powers])
    return _ratios(others.mean(axis=1), np.cov(others) / SPECTRA)


def bulk_density(cell: Cell, covariance: Covariance) -> tuple[Floats, Floats]:
    """Density of the eigenvalues of W/sqrt(M) over all critical points: bin edges and heights."""
    edges, unit = np.linspace(-REACH, REACH, BINS + 1), _unit(covariance, cell.n)

    def counts(batch: Batch) -> Floats:
        bulk = (batch.columns["spectrum"] + batch.columns["radial_derivative"][:, None]) / unit
        inside = np.histogram(bulk, edges)[0].astype(np.float64)
        return np.append(inside, bulk.size)

    names = ["spectrum", "radial_derivative"]
    total = np.sum(list(reduce_points(cell.dataset, names, counts)), axis=0)
    return edges, total[:-1] / max(total[-1], 1.0) / np.diff(edges)
