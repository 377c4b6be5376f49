"""The tables of a census, in the order in which they are stored."""

from typing import Any

import numpy as np

from morsecensus.tasks.measurables.base import Found, Measurable, Reader, Table, count, flag, number
from morsecensus.tasks.measurables.ledger import CHECKED, FOUND, UNSEEN, UNSEEN_BY_INDEX
from morsecensus.tasks.measurables.low_index import HITS_BELOW, STATES
from morsecensus.tasks.measurables.paths import BOOKS, SAMPLED, SAMPLED_BY_INDEX
from morsecensus.tasks.measurables.topology import ARC, PAIR, VERDICTS

LANDSCAPE = Table(
    "landscape",
    "landscape",
    (
        *FOUND,
        *CHECKED,
        *UNSEEN,
        *UNSEEN_BY_INDEX,
        *STATES,
        *BOOKS,
        *SAMPLED,
        *SAMPLED_BY_INDEX,
        *VERDICTS,
        number(
            "target_singular_values",
            "singular values of the matrix that is factorised, descending",
            lambda found: found.known["target_singular_values"],
            ("singular_value",),
            option="singular-values",
        ),
        number(
            "target_eigenvalues",
            "eigenvalues of the teacher's matrix, descending",
            lambda found: found.known["target_eigenvalues"],
            ("target_eigenvalue",),
            option="eigenvalues",
        ),
    ),
)


def _points(name: str) -> Reader:
    return lambda found: getattr(found.points, name)


def _certified_radius(found: Found) -> Any:
    radius = found.census.certified_radius
    return np.full(len(found.classes), np.nan) if radius is None else radius[found.classes]


def _sample_hits(found: Found) -> Any:
    sample = found.census.sample
    return np.full(len(found.classes), -1) if sample is None else sample.hits[found.classes]


POINT = Table(
    "point",
    "row",
    (
        number(
            "energy",
            "energy per spin",
            _points("energy"),
            portable=True,
            # along which the points of a landscape are ordered: a profile, in the words of the CF conventions
            attrs={"axis": "Z", "positive": "up"},
        ),
        Measurable(
            "index",
            "i2",
            "Morse index: negative eigenvalues of the Riemannian Hessian",
            _points("index"),
            portable=True,
        ),
        number(
            "lambda_min",
            "smallest eigenvalue of the Riemannian Hessian",
            lambda found: found.points.spectrum[:, 0],
            portable=True,
        ),
        number(
            "lambda_max",
            "largest eigenvalue of the Riemannian Hessian",
            lambda found: found.points.spectrum[:, -1],
            portable=True,
        ),
        number(
            "radial_derivative",
            "radial derivative of the energy",
            _points("radial_derivative"),
            portable=True,
        ),
        number("gradient_norm", "norm of the Riemannian gradient", _points("gradient_norm")),
        number(
            "existence_radius",
            "Newton-Kantorovich radius within which a critical point exists",
            _points("existence_radius"),
        ),
        number(
            "uniqueness_radius",
            "Newton-Kantorovich radius within which it is the only one",
            _points("uniqueness_radius"),
        ),
        count("hits", "starts that ended here", lambda found: found.census.classes.hits[found.classes]),
        HITS_BELOW,
        flag("degenerate", "singular Hessian", _points("degenerate"), ("no", "yes")),
        Measurable(
            "set_dimension",
            "i2",
            "dimension of the critical set: 0 of a point",
            _points("set_dimension"),
            portable=True,
            option="sets",
        ),
        Measurable(
            "nullity",
            "i2",
            "zero eigenvalues of the Hessian",
            _points("nullity"),
            portable=True,
            option="sets",
        ),
        number(
            "certified_radius",
            "half-width of a box proven to hold one critical point; 0: not proven",
            _certified_radius,
            optional=True,
        ),
        count("sample_hits", "sampled homotopy paths that ended here", _sample_hits, optional=True),
        number("position", "position on the manifold", _points("points"), ("component",), option="positions"),
        number(
            "spectrum",
            "eigenvalues of the Riemannian Hessian, ascending",
            _points("spectrum"),
            ("eigenvalue",),
            option="spectra",
        ),
    ),
    count="row_size",
    instance="row_landscape",
)

CENSUS = (LANDSCAPE, POINT, ARC, PAIR)
"""Everything that a census can write; `tasks.measurables.base.active` says what a cell has of it."""
