"""The theory of networks with quadratic units: their critical manifolds, known one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.base import Energies, Theory
from morsecensus.analysis.theory.models.quadratic.manifolds import count_subsets, critical_manifolds
from morsecensus.analysis.theory.models.quadratic.predict import quadratic_row

SAME = 1e-9
"""Values of f that are one, in units of the largest known one."""


@dataclass(frozen=True)
class QuadraticTheory(Theory):
    """Closed forms, see `analysis.theory.models.quadratic.manifolds`.

    Attributes:
        width: number of units.
        teacher: "wishart" or "goe".
        spectrum: the n eigenvalues of B, such as "3,1,-2"; random if empty.
    """

    width: int = 2
    teacher: str = "wishart"
    spectrum: str = ""

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]]:
        rows = [quadratic_row(int(each), self.width, self.teacher, self.spectrum, energies) for each in n]
        rows[0]["limits"] = {"complexity": None, "note": "critical manifolds are choices of eigenvalues"}
        return rows

    def log_total(self, n: int) -> float:
        """Of the number of sets of eigenvalues, which an indefinite B doesn't reach."""
        return log(count_subsets(n, self.width))

    def expected(self, found: Mapping[str, Any]) -> dict[str, Json]:
        """``manifolds``: every critical manifold in closed form and whether a census has it; and the numbers
        of those ``expected`` and ``found``, and of points that are ``spurious``."""
        known = critical_manifolds(np.array(found["target_eigenvalues"]), self.width)
        points, left = found["points"], list(range(len(found["points"]["energy"])))
        ambient = self.width * found["n"]
        scale = max((each.loss for each in known), default=1.0)
        rows: list[Json] = []
        for each in known:
            same = [
                row
                for row in left
                if abs(ambient * points["energy"][row] - each.loss) <= SAME * scale
                and points["index"][row] == each.index
                and points["set_dimension"][row] == each.dimension
            ]
            left = [row for row in left if row not in same[:1]]
            rows.append(
                {
                    "eigenvalues": [i + 1 for i in each.chosen],
                    "value": each.loss,
                    "index": each.index,
                    "dimension": each.dimension,
                    "found": bool(same),
                }
            )
        has = sum(bool(row["found"]) for row in rows if isinstance(row, dict))
        return {"expected": len(known), "found": has, "spurious": len(left), "manifolds": rows}
