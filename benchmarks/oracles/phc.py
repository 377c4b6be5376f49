"""PHCpack's blackbox solver (Verschelde, ACM TOMS 25 (1999) 251), run as the program `phc`."""

import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from jaxtyping import Complex

from benchmarks.oracles.polynomials import Polynomial, Polynomials, Roots

SOUND = 1e-8
"""Largest last correction and residual of a root; PHCpack's own default for the end of a path is 1e-9."""

_NUMBER = r"([-+]?[\d.]+E[-+]\d+)"
_COORDINATE = re.compile(rf"^ x\d+ : +{_NUMBER} +{_NUMBER}", re.MULTILINE)
_QUALITY = re.compile(rf"err : +{_NUMBER} = rco : +{_NUMBER} = res : +{_NUMBER}")


def missing() -> str | None:
    """What to do if `phc` isn't there."""
    return None if shutil.which("phc") else "phc isn't installed: apt-get install phcpack (or build PHCpack)"


def solve(polynomials: Polynomials, seed: int, threads: int = 1) -> Roots:
    """All isolated roots by `phc -b`: polyhedral start system, then continuation, in double precision."""
    with tempfile.TemporaryDirectory() as folder:
        system, report = Path(folder) / "system", Path(folder) / "report"
        system.write_text(_input(polynomials))
        command = ["phc", "-b", f"-t{threads}", f"-0{seed}", str(system), str(report)]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        # The roots are appended to the input, in the order of the unknowns.
        return Roots(_roots(system.read_text(), polynomials.unknowns), seconds)


def _input(polynomials: Polynomials) -> str:
    # The first line fixes the order of the unknowns, which else is that of their first appearance.
    order = " + ".join(f"x{a} - x{a}" for a in range(polynomials.unknowns))
    lines = [_term_sum(equation) for equation in polynomials.equations]
    return "\n".join([str(polynomials.unknowns), f"{order} + {lines[0]};", *(f"{x};" for x in lines[1:])])


def _term_sum(polynomial: Polynomial) -> str:
    return " ".join(
        "*".join([f"{value:+.17e}", *(f"x{a}" for a in monomial)]) for monomial, value in polynomial.items()
    )


def _roots(text: str, unknowns: int) -> Complex[np.ndarray, "found unknowns"]:
    _, _, solutions = text.partition("THE SOLUTIONS")
    quality = np.array(_QUALITY.findall(solutions), dtype=float).reshape(-1, 3)
    parts = np.array(_COORDINATE.findall(solutions), dtype=float).reshape(len(quality), unknowns, 2)
    points = parts[..., 0] + 1j * parts[..., 1]
    sound = (quality[:, 0] <= SOUND) & (quality[:, 2] <= SOUND)
    return points[sound & np.any(points != 0, axis=1)]
