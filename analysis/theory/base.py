"""What may be known exactly of a model: one object a model and its parameters, asked for each part."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from morsecensus.analysis.arrays import Floats, Json
from morsecensus.tasks.covariance import Covariance, Signal, total_degree_bound

if TYPE_CHECKING:
    from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
    from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
    from morsecensus.analysis.theory.means import Means

Energies = tuple[float, float, int] | None
"""(A, B, M): M bins from A to B."""


class Symmetry(NamedTuple):
    """Sign changes that relate critical points: points in a class, and whether half of them are at -E."""

    orbit: int
    odd: bool


def symmetry_by_degrees(*parts: Covariance | Signal) -> Symmetry:
    """What x -> -x does to a landscape on one sphere that is made of these polynomials' degrees."""
    odd, even = all(part.is_odd for part in parts), all(part.is_even for part in parts)
    return Symmetry(2 if odd or even else 1, odd)


class NoiseAxis(NamedTuple):
    """The axis on which cells of a model with a signal stand beside each other.

    Attributes:
        label: of the axis.
        place: of these parameters on it.
        threshold: where descent that knows nothing of the signal begins to find it.
    """

    label: str
    place: float
    threshold: float


class Theory:
    """What is known of a model, built once with its parameters by name. A part that isn't known is None, and
    this class itself is the theory of a model of which nothing is known.

    A model's theory derives from this class, as a frozen dataclass whose fields are the model's parameters,
    and gives the parts that it has. Energies are per spin; counts are of points on the whole manifold.
    """

    @property
    def title(self) -> str | None:
        """The model with its parameters, as a heading has it."""
        return None

    @property
    def noise_axis(self) -> NoiseAxis | None:
        """The model's own axis for the strength of its signal; theta otherwise."""
        return None

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]] | None:
        """JSON-ready rows of ``morsecensus predict``, one for each n, with the keys of
        `analysis.theory.models.pspin.predict.predict`; the first one also has ``limits``.

        Raises:
            ValueError: for what can't be computed; the text says what is allowed.
        """
        return None

    def means(self, n: int, edges: Floats) -> "Means | None":
        """Mean numbers at one n, in these energy bins, increasing and finite."""
        return None

    def low_rows(self, n: Sequence[int], energies: Energies, highest: int) -> list[dict[str, Json]] | None:
        """`rows` with the points of index 0 .. highest alone, exactly, at larger n.

        Raises:
            ValueError: for what can't be computed; the text says what is allowed.
        """
        return None

    def low_means(self, n: int, edges: Floats, highest: int) -> "Means | None":
        """`means` for a census of index 0 .. highest alone: what is by index has so many rows, what is of all
        points is of all."""
        return None

    def expected(self, found: Mapping[str, Any]) -> dict[str, Json] | None:
        """What is known of the very landscape that a census was taken of, beside what it found, JSON-ready.

        Args:
            found: a record of `tasks.records.census`.
        """
        return None

    def limits(self, points: int) -> dict[str, Json] | None:
        """Limits N to infinity, complexities at so many energies, with the keys of
        `analysis.theory.models.pspin.predict.limits`."""
        return None

    def log_total(self, n: int) -> float | None:
        """log of the mean number of critical points; quick, for plans."""
        return None

    def symmetry(self, n: int) -> Symmetry:
        """The sign changes that relate critical points; none that is known, without theory."""
        return Symmetry(1, False)

    def index_fraction(self, energies: Floats) -> Floats | None:
        """Index over dimension at each energy for N to infinity, shape of ``energies``."""
        return None

    @property
    def isotropic(self) -> Covariance | None:
        """The covariance, fields included, of an isotropic Gaussian landscape on one sphere."""
        return None

    @property
    def dynamics(self) -> tuple[Covariance, Signal] | None:
        """Noise and signal, which may be zero, of a landscape on one sphere that is isotropic but for the
        signal's direction: its gradient flow has a limit, its critical points an overlap with the signal."""
        return None

    def exact(self, n: int) -> "FiniteN | None":
        """The exact law of the critical points of an isotropic landscape."""
        return None if self.isotropic is None else _law(self.isotropic, n)

    def resolved(self, n: int) -> "FiniteN | None":
        """The same where it is exact index by index: up to some n."""
        from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT  # SciPy, for a plan

        return self.exact(n) if n <= EXACT_INDEX_LIMIT else None

    def low(self, n: int, highest: int) -> "LowIndex | None":
        """The same for index 0 .. highest alone: to larger n.

        Raises:
            ValueError: n or highest is out of range.
        """
        from morsecensus.analysis.theory.kac_rice.low_index import LowIndex

        return None if self.isotropic is None else LowIndex(self.isotropic, n, highest)

    def most_points(self, n: int) -> float | None:
        """A bound on the number of critical points of any landscape."""
        return None if self.isotropic is None else float(total_degree_bound(self.isotropic, n))


@lru_cache(maxsize=64)
def _law(covariance: Covariance, n: int) -> "FiniteN":
    """Cells that differ in their finder alone share the integrals."""
    from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN

    return FiniteN(covariance, n)
