"""The theory of hidden units in a random field: exact without coupling, and where all units are equal; and
of one unit and many random teachers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.base import Energies, Theory
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.theory.models.units.equal import equal_units
from morsecensus.analysis.theory.models.units.many_teachers import many_teachers
from morsecensus.analysis.theory.models.units.uncoupled import uncoupled
from morsecensus.tasks.covariance import Covariance, Polynomial

NOTE = "exact at coupling 0, and at any coupling where all units are equal"
ERF = "erf"
"""The kernel that is no polynomial, as studies name it."""
MANY = "not known; what is said is for many teachers, at each n"


@dataclass(frozen=True)
class UnitsTheory(Theory):
    """Of the teacher "field"; of one unit and many "random" ones; of others nothing is known.

    Attributes:
        kernel: kappa, the covariance of h.
        units: K.
        coupling: between units.
        teacher, teachers, normalised: as in `tasks.landscapes.units`.
    """

    kernel: str
    units: int = 2
    coupling: float = 1.0
    teacher: str = "field"
    teachers: int = 0
    normalised: str = "yes"

    @property
    def title(self) -> str:
        return f"{self.units} hidden units, kernel {self.kernel}, {self.teacher}, coupling {self.coupling:g}"

    @property
    def pull(self) -> float:
        """K coupling kappa'(1): the curvature below which equal units part."""
        return self.units * self.coupling * Covariance.parse(self.kernel).x1

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]] | None:
        """As `Theory.rows`; numbers of all points are None but at coupling 0. ``equal_units`` has those of
        points whose units are all equal, and what becomes of a minimum of one unit; ``many_teachers`` those
        of one unit and many random teachers."""
        lonely = self.teacher == "random" and self.units == 1 and self.kernel != ERF
        if self.teacher != "field" and not lonely:
            return None
        if energies is not None:
            raise ValueError("energy: got it for units, allowed: not, for numbers by energy aren't known")
        make, note = (self._many, MANY) if lonely else (self._row, NOTE)
        rows = [make(int(each)) for each in n]
        rows[0]["limits"] = {"complexity": None, "note": note}
        return rows

    def log_total(self, n: int) -> float | None:
        """Of N^K, the number without coupling, with the mean N of one unit."""
        if self.teacher != "field":
            return None
        return self.units * FiniteN(Covariance.parse(self.kernel), n).log_total

    def _head(self, n: int) -> dict[str, Json]:
        if n > EXACT_INDEX_LIMIT:
            raise ValueError(f"n: got {n}, allowed for units: 2 to {EXACT_INDEX_LIMIT}")
        row: dict[str, Json] = {"model": "units", "kernel": self.kernel, "units": self.units}
        return row | {"coupling": self.coupling, "teacher": self.teacher, "n": n}

    def _many(self, n: int) -> dict[str, Json]:
        xi = many_teachers(Polynomial.parse(self.kernel).coefficients, n)
        model = FiniteN(xi, n)
        energy, spread = model.minima_energy()
        row = self._head(n) | _UNKNOWN | _NO_ENERGIES | {"method": "unknown but for many teachers"}
        # Over sqrt(M), of which their law is free; without, energies are that much larger.
        row["many_teachers"] = {
            "xi": list(xi.coefficients),
            "total": model.total(),
            "by_index": model.by_index().tolist(),
            "minima_energy_mean": energy if self.normalised == "yes" else None,
            "minima_energy_sd": spread if self.normalised == "yes" else None,
        }
        return row

    def _row(self, n: int) -> dict[str, Json]:
        row = self._head(n)
        model = FiniteN(Covariance.parse(self.kernel), n)
        alone = self.units == 1
        row |= self._counts(model) if self.coupling == 0 or alone else _UNKNOWN
        energy, spread = model.minima_energy()
        known = {"minima_energy_mean": energy, "minima_energy_sd": spread} if alone else {}
        row |= _NO_ENERGIES | known
        equal = equal_units(model, self.units, self.pull)
        row["equal_units"] = {
            "total": equal.total,
            "by_index": equal.by_index.tolist(),
            "minima_of_one": equal.minima,
            "surviving_minima": equal.surviving[0],
            "surviving_minima_se": equal.surviving[1],
            "surviving_share": equal.surviving[0] / equal.minima,
            "minima_index_mean": equal.minima_index[0],
            "minima_index_se": equal.minima_index[1],
        }
        return row

    def _counts(self, model: FiniteN) -> dict[str, Json]:
        found = uncoupled(model, self.units)
        exact = self.units == 1
        unknown: list[Json] = [None] * len(found.by_index)
        return {
            "total": found.total,
            "log_total": log(found.total),
            "total_se": None if exact else found.total_se,
            "by_index": found.by_index.tolist(),
            "se": unknown if exact else found.se.tolist(),
            "method": "exact" if exact else "sampled",
        }


_UNKNOWN: dict[str, Json] = {
    "total": None,
    "log_total": None,
    "total_se": None,
    "by_index": [],
    "se": [],
    "method": "unknown but where all units are equal",
}
_NO_ENERGIES: dict[str, Json] = {
    "minima_energy_mean": None,
    "minima_energy_sd": None,
    "minima_energy_se": None,
    "ground_state_mean": None,
    "ground_state_sd": None,
}
