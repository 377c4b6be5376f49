"""The covariance polynomial of an isotropic landscape on the sphere.

``E[H(s) H(s')] = N xi(q)`` with ``q = s.s'/N`` and ``xi(q) = sum_p c_p q^p``, ``c_p >= 0``. The pure
p-spin has ``xi = q^p``; a random linear field of variance ``S2`` is the term ``S2*q``. Everything the theory
and the sampler need is in the coefficients, so this is a value: frozen, hashable, and free of any array
library. A planted direction has such a polynomial too, `Signal`.
"""

import re
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar, Self

MAX_DEGREE = 6
MAX_TEXT = 200
# Arbitrary, but wide: products such as xi'(1)**2 * xi''(1) stay far from overflow and underflow.
MIN_COEFFICIENT = 1e-12
MAX_COEFFICIENT = 1e12

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_TERM = re.compile(
    rf"(?:(?P<coefficient>{_NUMBER})(?:/(?P<divisor>{_NUMBER}))?\*?)?q(?:(?:\^|\*\*)(?P<degree>\d+))?",
    re.ASCII,
)


def _checked(kind: "type[Polynomial]", coefficient: float, degree: int) -> float:
    """The coefficient of q^degree as a float, or an error that names it."""
    if not isinstance(coefficient, int | float) or isinstance(coefficient, bool):
        raise kind.refusal(f"a coefficient of type {type(coefficient).__name__} for q^{degree}")
    # An int too large for a float raises OverflowError in float(): compare before converting.
    if coefficient != coefficient or coefficient < 0 or coefficient > MAX_COEFFICIENT:
        shown = f"{coefficient:.3g}" if isinstance(coefficient, float) else "an integer out of range"
        raise kind.refusal(f"the coefficient {shown} of q^{degree} (at most {MAX_COEFFICIENT:g})")
    if 0 < coefficient < MIN_COEFFICIENT:
        least = f"0, or at least {MIN_COEFFICIENT:g}"
        raise kind.refusal(f"the coefficient {coefficient:.3g} of q^{degree} ({least})")
    return float(coefficient)


def _parse_term(kind: "type[Polynomial]", term: str) -> tuple[int, float]:
    match = _TERM.fullmatch(term)
    if match is None:
        raise kind.refusal(f"the term {term!r}" if term else "an empty term")
    degree_text = match["degree"] or "1"
    degree = int(degree_text) if len(degree_text) <= 3 else MAX_DEGREE + 1
    if not 1 <= degree <= MAX_DEGREE:
        raise kind.refusal(f"the term {term!r} of degree {degree_text[:12]}")
    coefficient = float(match["coefficient"] or 1.0)
    if match["divisor"] is not None:
        divisor = float(match["divisor"])
        if divisor == 0:
            raise kind.refusal(f"the term {term!r}, which divides by zero")
        coefficient /= divisor
    return degree, coefficient


@dataclass(frozen=True, slots=True)
class Polynomial:
    """``sum_p coefficients[p] q^p`` with coefficients >= 0: entry 0 is always 0.0 and the last entry is
    positive.

    Raises:
        ValueError: a coefficient is negative, not finite or out of range, a degree is above 6, there is a
            constant term (it only shifts every energy by one number), or the degree is too low.
    """

    coefficients: tuple[float, ...]

    MOST_DEGREE: ClassVar[int] = MAX_DEGREE
    NAME: ClassVar[str] = "polynomial"
    LEAST_DEGREE: ClassVar[int] = 0
    ALLOWED: ClassVar[str] = f"a sum of terms c*q^p with 1 <= p <= {MAX_DEGREE} and c >= 0"
    EXAMPLES: ClassVar[str] = 'write for example "q^3" or "0.5*q^2+0.5*q^3"'

    def __post_init__(self) -> None:
        given = tuple(self.coefficients)
        most = self.MOST_DEGREE
        if len(given) > most + 1 and any(given[most + 1 :]):
            raise self.refusal(f"a polynomial of degree {len(given) - 1}")
        values = [_checked(type(self), c, p) for p, c in enumerate(given[: most + 1])]
        while values and values[-1] == 0.0:
            values.pop()
        if values and values[0] != 0.0:
            raise self.refusal(f"the constant term {values[0]:g}")
        values = values or [0.0]
        if len(values) <= self.LEAST_DEGREE:
            raise self.refusal(f"no term of degree >= {self.LEAST_DEGREE} with a positive coefficient")
        object.__setattr__(self, "coefficients", (0.0, *values[1:]))

    @classmethod
    def refusal(cls, got: str) -> ValueError:
        """The error for a polynomial that isn't allowed."""
        return ValueError(f"{cls.NAME}: got {got}; allowed is {cls.ALLOWED}; {cls.EXAMPLES}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"q^3"``, ``"0.5*q^2+0.5*q^3"``, ``"1/2 q^2 + q**4"``; repeated degrees add up."""
        if not isinstance(text, str):
            raise cls.refusal(f"a {type(text).__name__} where text is expected")
        if len(text) > MAX_TEXT:
            raise cls.refusal(f"{len(text)} characters (at most {MAX_TEXT})")
        if not text.isascii():
            raise cls.refusal(f"characters outside ASCII in {text[:40]!r}")
        squeezed = re.sub(r"[ \t]+", "", text)
        if not squeezed:
            raise cls.refusal("an empty text")
        # The sign of a decimal exponent ("1e+3") isn't a separator of terms.
        terms = re.split(r"(?<![\d.][eE])\+", squeezed)
        values = [0.0] * (MAX_DEGREE + 1)
        for term in terms:
            degree, coefficient = _parse_term(cls, term)
            values[degree] += coefficient
        return cls(tuple(values))

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    @property
    def terms(self) -> tuple[tuple[int, float], ...]:
        """The terms with a positive coefficient, as (degree, coefficient), lowest degree first."""
        return tuple((p, c) for p, c in enumerate(self.coefficients) if c > 0)

    @property
    def is_odd(self) -> bool:
        """Odd degrees only, so that a landscape of it changes sign with s."""
        return all(p % 2 == 1 for p, _ in self.terms)

    @property
    def is_even(self) -> bool:
        """Even degrees only, so that a landscape of it doesn't change with the sign of s."""
        return all(p % 2 == 0 for p, _ in self.terms)

    def value(self, q: float) -> float:
        return sum(c * q**p for p, c in self.terms)

    def derivative(self, q: float) -> float:
        return sum(p * c * q ** (p - 1) for p, c in self.terms)

    def second_derivative(self, q: float) -> float:
        return sum(p * (p - 1) * c * q ** (p - 2) for p, c in self.terms if p >= 2)

    def __str__(self) -> str:
        return "+".join(_format_term(p, c) for p, c in self.terms)


@dataclass(frozen=True, slots=True)
class Signal(Polynomial):
    """The overlap polynomial xi_s of a planted direction: the landscape's mean is ``-N xi_s(m)``, m the
    overlap with it. Any degree from 1, or nothing at all (``"0*q"``)."""

    NAME: ClassVar[str] = "signal"
    EXAMPLES: ClassVar[str] = 'write for example "2*q^3" or "1/3*q^2+q^3"'

    def __str__(self) -> str:
        return "+".join(_format_term(p, c) for p, c in self.terms) or "0*q"


@dataclass(frozen=True, slots=True)
class Covariance(Polynomial):
    """The covariance polynomial xi: at least one term of degree 2 or more, for a linear landscape has a
    degenerate Hessian."""

    NAME: ClassVar[str] = "covariance xi"
    LEAST_DEGREE: ClassVar[int] = 2
    ALLOWED: ClassVar[str] = f"{Polynomial.ALLOWED}, at least one with p >= 2"

    @classmethod
    def pure(cls, degree: int) -> Self:
        """The pure spin model ``q^degree``."""
        if not 2 <= degree <= cls.MOST_DEGREE:
            raise cls.refusal(f"the pure degree {degree}")
        return cls((0.0,) * degree + (1.0,))

    def with_field(self, s2: float) -> Self:
        """Add a random linear field of variance ``s2`` per component: ``xi + s2*q``."""
        if not isinstance(s2, int | float) or not 0 <= s2 <= MAX_COEFFICIENT:
            raise ValueError(
                f"field variance S2: got {s2!r}; allowed is 0 <= S2 <= {MAX_COEFFICIENT:g}; "
                "give the variance sigma^2 of one component of the field"
            )
        values = list(self.coefficients)
        values[1] += s2
        return type(self)(tuple(values))

    @property
    def is_pure(self) -> bool:
        """One term only: then the radial derivative is the degree times the energy, exactly."""
        return len(self.terms) == 1

    @property
    def x0(self) -> float:
        """xi(1): the variance of H / sqrt(N) at a point."""
        return self.value(1.0)

    @property
    def x1(self) -> float:
        """xi'(1): the variance of each tangential component of the gradient."""
        return self.derivative(1.0)

    @property
    def x2(self) -> float:
        """xi''(1): N times the variance of an off-diagonal entry of the tangential Hessian."""
        return self.second_derivative(1.0)

    @property
    def determinant(self) -> float:
        """xi(1) (xi'(1) + xi''(1)) - xi'(1)^2, of the covariance of energy and radial derivative; 0 if pure.
        A sum over pairs of terms: of a model that is pure but for next to nothing the difference is rounding.
        """
        return sum(c * d * (p - q) ** 2 for (p, c), (q, d) in combinations(self.terms, 2))


def matrix_tensor(p: int, delta2: float, deltap: float) -> tuple[Covariance, Signal]:
    """Noise and signal of the spiked matrix-tensor model: ``q^2/(2 delta2) + q^p/(p deltap)``, both.

    Raises:
        ValueError: p isn't from 3 to 6, or a noise variance is not positive or out of range.
    """
    if not 3 <= p <= MAX_DEGREE:
        raise ValueError(f"p: got {p}, allowed: integers from 3 to {MAX_DEGREE}")
    for name, variance in (("delta2", delta2), ("deltap", deltap)):
        if not 1e-9 <= variance <= 1e9:
            raise ValueError(
                f"{name}: got {variance:g}, allowed: a noise variance from 1e-9 to 1e9 (a signal needs noise)"
            )
    coefficients = (0.0, 0.0, 1 / (2 * delta2), *(0.0,) * (p - 3), 1 / (p * deltap))
    return Covariance(coefficients), Signal(coefficients)


def _format_term(degree: int, coefficient: float) -> str:
    power = "q" if degree == 1 else f"q^{degree}"
    if coefficient == 1.0:
        return power
    whole = coefficient.is_integer() and coefficient < 1e6
    number = str(int(coefficient)) if whole else repr(coefficient)
    return f"{number}*{power}"


def total_degree_bound(covariance: Covariance, n: int) -> int:
    """Most critical points on S^{N-1} for generic couplings: 2((p-1)^N - 1)/(p-2), and 2N for p = 2.

    The complex count of Cartwright and Sturmfels (arXiv:1004.4953), twice because a class is
    a pair of points. It holds for mixtures of top degree p too.
    """
    if n < 1:
        raise ValueError(f"dimension n: got {n}; allowed is n >= 1; give the number of spins")
    base = covariance.degree - 1
    return 2 * n if base == 1 else 2 * ((base**n - 1) // (base - 1))
