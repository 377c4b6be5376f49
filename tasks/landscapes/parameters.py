"""How a study writes the parameters of a model: readers from TOML values to canonical JSON values. Free of
JAX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from morsecensus.tasks.covariance import MAX_COEFFICIENT, MAX_DEGREE, Covariance, Polynomial, Signal

Reader = Callable[[object], Any]

LEAST_NOISE = 1e-9


@dataclass(frozen=True)
class Parameter:
    """One parameter: ``read`` gives its canonical value or raises ValueError; None as default means
    required. ``help`` and ``kind`` are for options of the command line, where values are text first."""

    read: Reader
    default: Any = None
    help: str = ""
    kind: type[str] | type[int] | type[float] = str


@dataclass(frozen=True)
class Model:
    """A model of the registry: everything that the house asks of a model by its name, as plain data.

    Attributes:
        landscape: its `Landscape` class, or ``module:Class`` of it, imported when one is built.
        parameters: by name, in the order in which tables show them.
        theory: its `analysis.theory.base.Theory` class, or ``module:Class``; None where nothing is known.
        content_of: the parameter that names a file, if there is one. In a cell the file is replaced by what
            `tasks.landscapes.tensors.describe` says of its content, so that a cell is a function of numbers,
            not of a name for them.
        columns: groups of columns of `tasks.measurables` that its cells have besides all others'.
        topics: anchors of the sections of the report that are about this model and others of its kind.
        draws: what its random numbers are keyed by beside seed and n, where parameters don't enter: models
            of one ``draws`` share them, so their cells at one seed and n aren't independent. None if every
            cell has numbers of its own.
        least_n: 1 where n is only a unit of sizes.
        trained: whether its minima are sought by descent alone, by ``morsecensus shares``.
        digest: SHA-256 of the source that it came from, "" for a model of our own. A part of each cell's
            identity.
    """

    landscape: str | type
    parameters: Mapping[str, Parameter]
    theory: str | type | None = None
    content_of: str | None = None
    columns: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    draws: str | None = None
    least_n: int = 2
    trained: bool = False
    digest: str = ""


def _shown(value: object) -> str:
    """A value for a message; what is too long or too deep for `str`, by its type."""
    try:
        return str(value)[:60]
    except (ValueError, RecursionError):
        return f"{type(value).__name__} too long to be shown"


def covariance(value: object) -> str:
    """The canonical text of a covariance polynomial."""
    if not isinstance(value, str):
        raise ValueError(f'got {_shown(value)!r}, allowed: text such as "q^3" or "0.5*q^2+0.5*q^3"')
    return str(Covariance.parse(value))


LONGEST_NAME = 1000


def file_name(value: object) -> str:
    """The name of a file: a path or a URL, as it was written."""
    allowed = 'a path such as "couplings.npz" or "couplings.zarr", or an fsspec URL'
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable():
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    return value


def noise(value: object) -> str:
    """The canonical text of the covariance of a noise, which a signal can't do without."""
    try:
        return covariance(value)
    except ValueError as error:
        raise ValueError(f"{error}; a signal needs noise") from None


def signal(value: object) -> str:
    """The canonical text of a signal polynomial."""
    if not isinstance(value, str):
        raise ValueError(f'got {_shown(value)!r}, allowed: text such as "2*q^3" or "1/3*q^2+q^3"')
    return str(Signal.parse(value))


def noise_variance(value: object) -> float:
    """A variance above 0."""
    found = variance(value)
    if not LEAST_NOISE <= found <= 1 / LEAST_NOISE:
        allowed = f"from {LEAST_NOISE:g} to {1 / LEAST_NOISE:g} (a signal needs noise)"
        raise ValueError(f"got {found:g}, allowed: a noise variance {allowed}")
    return found


def tensor_degree(value: object) -> int:
    """The degree of a tensor beside a matrix."""
    if isinstance(value, bool) or not isinstance(value, int) or not 3 <= value <= MAX_DEGREE:
        raise ValueError(f"got {_shown(value)!r}, allowed: integers from 3 to {MAX_DEGREE}")
    return value


def variance(value: object) -> float:
    """A variance, from 0."""
    allowed = f"a variance from 0 to {MAX_COEFFICIENT:g}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    # An int too large for a float: compare before converting. NaN compares as false.
    if not 0 <= value <= MAX_COEFFICIENT:
        shown = f"{value:.6g}" if isinstance(value, float) else _shown(value)
        raise ValueError(f"got {shown}, allowed: {allowed}")
    return float(value) + 0.0


def one_of(*allowed: int, why: str) -> Reader:
    """A reader of integers that accepts these only."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise ValueError(f"got {_shown(value)!r}, allowed: {', '.join(map(str, allowed))} ({why})")
        return value

    return read


MOST_FACTORS, LARGEST_RATIO = 8, 1000


def partite_sizes(value: object) -> str:
    """The canonical text of the sizes of several spheres relative to n: "2,2,3", which may be written
    "2x2x3"."""
    allowed = f'text such as "1,1,1" or "2x2x3": 2 to {MOST_FACTORS} whole numbers from 1 to {LARGEST_RATIO}'
    if not isinstance(value, str) or len(value) > 60:
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    sizes = [text.strip() for text in value.replace("x", ",").split(",")]
    whole = all(text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_RATIO for text in sizes)
    if not whole or not 2 <= len(sizes) <= MOST_FACTORS:
        raise ValueError(f"got {value!r}, allowed: {allowed}")
    return ",".join(str(int(text)) for text in sizes)


def whole(least: int, most: int) -> Reader:
    """A reader of integers in a range."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"got {_shown(value)!r}, allowed: integers from {least} to {most}")
        return value

    return read


STRONGEST = 1e3


def strength(value: object) -> float:
    """A factor of either sign."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= STRONGEST:
        raise ValueError(f"got {_shown(value)}, allowed: a number from {-STRONGEST:g} to {STRONGEST:g}")
    return float(value) + 0.0


def kernel(value: object) -> str:
    """The canonical text of the kernel of hidden units: smooth ones only."""
    allowed = 'allowed: "erf", or a polynomial such as "q^3"'
    if value == "erf":
        return "erf"
    if isinstance(value, str) and value.strip().lower() in ("relu", "abs", "sign", "step"):
        raise ValueError(
            f"got {value!r}, whose kernel isn't smooth at q = 1 and -1, where minima are; {allowed}"
        )
    if not isinstance(value, str):
        raise ValueError(f"got {_shown(value)!r}, {allowed}")
    try:
        return _text_of(Polynomial.parse(value))
    except ValueError as error:
        raise ValueError(f'{error}; or "erf"') from None


def _text_of(polynomial: Polynomial) -> str:
    return "+".join(f"{c:.17g}*q^{p}" if c != 1 else f"q^{p}" for p, c in polynomial.terms)


def yes_or_no(value: object) -> str:
    """The words "yes" and "no", or truth values."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_word("yes", "no")(value)


def one_word(*allowed: str) -> Reader:
    """A reader of one of these words."""

    def read(value: object) -> str:
        if value not in allowed:
            raise ValueError(f"got {_shown(value)!r}, allowed: {', '.join(allowed)}")
        return str(value)

    return read


LARGEST_SINGULAR_VALUE, SMALLEST_SINGULAR_VALUE, CLOSEST_SINGULAR_VALUES = 100.0, 0.01, 1e-3


def _listed(value: object, allowed: str) -> list[float]:
    """The numbers of a text such as "3,2,1"; none of an empty one."""
    if not isinstance(value, str) or len(value) > 1000:
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    if not value.strip():
        return []
    try:
        return [float(text) for text in value.split(",")]
    except ValueError:
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}") from None


def singular_values(value: object) -> str:
    """The canonical text of the singular values of a matrix, descending; empty for random ones.

    Equal ones are refused, for then critical manifolds are no orbits of the factors' rotations.
    """
    allowed = (
        f'text such as "3,2,1" of descending numbers from {SMALLEST_SINGULAR_VALUE:g} to '
        f"{LARGEST_SINGULAR_VALUE:g}, each two at least {CLOSEST_SINGULAR_VALUES:g} of the first apart"
    )
    numbers = _listed(value, allowed)
    if not numbers:
        return ""
    within = all(SMALLEST_SINGULAR_VALUE <= v <= LARGEST_SINGULAR_VALUE for v in numbers)
    if not within or any(a - b < CLOSEST_SINGULAR_VALUES * numbers[0] for a, b in pairwise(numbers)):
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    return ",".join(f"{v:.17g}" for v in numbers)


def eigenvalues(value: object) -> str:
    """The canonical text of the eigenvalues of a symmetric matrix, descending; empty for random ones.

    Equal ones are refused, as in `singular_values`.
    """
    allowed = (
        f'text such as "3,1,-2" of descending numbers up to {LARGEST_SINGULAR_VALUE:g} in size, each two '
        f"at least {CLOSEST_SINGULAR_VALUES:g} of the largest apart: the critical manifolds of repeated ones "
        "are larger than orbits"
    )
    numbers = _listed(value, allowed)
    if not numbers:
        return ""
    largest = max(map(abs, numbers))
    # NaN compares as false
    within = SMALLEST_SINGULAR_VALUE <= largest <= LARGEST_SINGULAR_VALUE
    apart = all(a - b >= CLOSEST_SINGULAR_VALUES * largest for a, b in pairwise(numbers))
    if not within or not apart:
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    return ",".join(f"{v:.17g}" for v in numbers)
