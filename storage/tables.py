"""The tables of a run as data: what each column is called, holds and means.

Two kinds of table. The *landscape* table has one row per landscape. A *ragged* table (points; later pairs
and connections) has any number of rows per landscape; in the stream it carries ``slot``, the number of the
row's landscape within its block, and in the dataset it becomes a CF contiguous ragged array.

``dims`` are the dimensions after the leading one; their sizes are given per cell, by these names. The
dimension of per-index counts is called ``morse_index`` because a point's own column is called ``index``, and
xarray would take that for the coordinate of a dimension of the same name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FORMAT = 1
"""Version of the layout on disk; a store of another format is refused."""

STATUS = ("complete", "open", "failed")
REASONS = (
    "closed",
    "few_hits",
    "morse_sum",
    "parity",
    "degenerate",
    "nothing_found",
    "bound_exceeded",
    "enumerated",
    "paths_open",
    "uncertified",
)
"""Why a landscape has its status. The list is that of ``tasks.points.ledger``; a test holds them together."""
CHECKS = ("pass", "fail", "uninformative")
TOPOLOGY = ("certified", "unresolved", "contradicted", "refused")
"""What came of a landscape's topology: everything resolved and all checks passed; some gradient lines are
not resolved; a check failed; not tried, for its points are incomplete or degenerate."""
OUTCOMES = ("converged", "max_iterations", "stalled", "not_finite")
FAILED = STATUS.index("failed")
ERROR = 99
"""The one reason that storage itself gives: the block raised or crashed. Far from those of the ledger."""

ALIASES = {"index": "morse_index"}
"""Sizes that a body may name by the column's word."""


@dataclass(frozen=True)
class Column:
    """One named array of a table.

    ``fill`` pads chunks and stands for *unknown*; ``failed`` is what a landscape of a failed block gets in
    the dataset (``fill`` unless said otherwise); ``option`` names the switch of a cell that turns the column
    on. Integers are counts, places or flags, at least 0, unless ``signed``. Where a column is ``optional``,
    *unknown* may stand on any row; elsewhere only in landscapes of failed blocks, and readers refuse it.
    """

    name: str
    dtype: str
    long_name: str
    dims: tuple[str, ...] = ()
    fill: float = -1
    units: str = "1"
    attrs: Mapping[str, Any] = field(default_factory=dict)
    failed: float | None = None
    option: str | None = None
    portable: bool = False
    optional: bool = False
    signed: bool = False

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Column":
        """Return the column that a body declares, see `tasks.bodies.rows`."""
        usual = {"fill": -1, "units": "1"}
        known = usual | {name: value for name, value in record.items() if name not in ("meaning", "total")}
        known["fill"] = np.nan if known["fill"] is None else known["fill"]
        return cls(**known | {"long_name": record["meaning"], "dims": tuple(record.get("dims", ()))})

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the trailing shape, given the sizes of a cell."""
        return tuple(sizes[dim] for dim in self.dims)

    @property
    def little_endian(self) -> np.dtype:
        """The dtype as it is stored."""
        return np.dtype(self.dtype).newbyteorder("<")


@dataclass(frozen=True)
class Table:
    """A named set of columns along one leading dimension; ragged ones have ``count`` and ``instance``.

    ``option`` names the switch of a cell that turns the table on.
    """

    name: str
    dimension: str
    columns: tuple[Column, ...]
    count: str = ""
    instance: str = ""
    option: str | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Table":
        """Return the table that a body declares."""
        return cls(**{**record, "columns": tuple(Column.of(column) for column in record["columns"])})

    @property
    def ragged(self) -> bool:
        """Whether a landscape may have any number of rows."""
        return bool(self.count)

    def active(self, options: Collection[str]) -> tuple[Column, ...]:
        """Return the columns of a cell that switched on these options."""
        return tuple(c for c in self.columns if c.option is None or c.option in options)


def _flags(meanings: Sequence[str]) -> dict[str, Any]:
    return {"flag_values": list(range(len(meanings))), "flag_meanings": " ".join(meanings)}


def _reasons() -> dict[str, Any]:
    return {
        "flag_values": [*range(len(REASONS)), ERROR],
        "flag_meanings": " ".join((*REASONS, "error")),
    }


def _count(
    name: str, long_name: str, dims: tuple[str, ...] = (), *, dtype: str = "i8", failed: int = -1, **more: Any
) -> Column:
    return Column(name, dtype, long_name, dims, failed=failed, **more)


def _number(name: str, long_name: str, dims: tuple[str, ...] = (), **more: Any) -> Column:
    return Column(name, "f8", long_name, dims, fill=float("nan"), **more)


def _check(name: str, long_name: str) -> Column:
    return Column(name, "i1", long_name, attrs=_flags(CHECKS))


def _interval(name: str, long_name: str, by_index: bool = False) -> tuple[Column, ...]:
    suffix, dims = ("_by_index", _BY_INDEX) if by_index else ("", ())
    text = f"{long_name}, by Morse index" if by_index else long_name
    return (
        _number(f"{name}{suffix}", text, dims, optional=True),
        _number(f"{name}_lower{suffix}", f"lower confidence limit of {text}", dims, optional=True),
        _number(f"{name}_upper{suffix}", f"upper confidence limit of {text}", dims, optional=True),
    )


_BY_INDEX = ("morse_index",)
_TOPOLOGY: dict[str, Any] = {"option": "topology"}
_SETS: dict[str, Any] = {"option": "sets"}
"""Of censuses that keep degenerate points and continuous sets once each; older stores have none of these."""
_HOMOTOPY: dict[str, Any] = {"option": "homotopy"}

LANDSCAPE = Table(
    "landscape",
    "landscape",
    (
        Column("status", "i1", "completeness status", attrs=_flags(STATUS), failed=FAILED),
        Column("reason", "i2", "reason of the status", attrs=_reasons(), failed=ERROR),
        _count("n_points", "critical points found on the whole sphere", failed=0),
        _count("n_classes", "symmetry classes of critical points found", failed=0),
        _count("n_starts", "starts or paths spent", failed=0),
        _count("n_rounds", "rounds of search", dtype="i4", failed=0),
        _count("n_degenerate", "degenerate critical points found", failed=0),
        Column("n_continuous", "i8", "continuous sets of critical points among these", failed=0, **_SETS),
        Column("outcomes", "i8", "starts by outcome", ("outcome",), attrs={"outcomes": " ".join(OUTCOMES)}),
        _number("bound", "upper bound on the number of critical points"),
        _count("morse_sum", "alternating sum of the counts by index", signed=True),
        _check("morse_check", "Morse sum against the Euler characteristic"),
        _check("parity_check", "parity of the number of points"),
        _check("bound_check", "number of points against the bound"),
        _number("coverage", "estimated sample coverage", optional=True),
        _number("coverage_lower", "lower confidence limit of the sample coverage"),
        _number("chao1", "estimated number of critical points, Chao1"),
        _number("chao1_lower", "lower confidence limit of Chao1"),
        _number("chao1_upper", "upper confidence limit of Chao1"),
        _count("n_singletons", "classes hit exactly once"),
        _count("n_doubletons", "classes hit exactly twice"),
        _count("points_by_index", "critical points found, by Morse index", _BY_INDEX, failed=0),
        _number("coverage_by_index", "estimated sample coverage, by Morse index", _BY_INDEX, optional=True),
        _number(
            "coverage_lower_by_index",
            "lower confidence limit of the sample coverage, by Morse index",
            _BY_INDEX,
        ),
        _number("chao1_by_index", "Chao1 estimate, by Morse index", _BY_INDEX),
        _number("chao1_lower_by_index", "lower confidence limit of Chao1, by Morse index", _BY_INDEX),
        _number("chao1_upper_by_index", "upper confidence limit of Chao1, by Morse index", _BY_INDEX),
        _count("n_paths", "homotopy paths: all of them, or a sample", optional=True),
        _count("n_distinct", "distinct complex solutions that the paths ended at", optional=True),
        _count("n_retries", "homotopy paths that were followed again", optional=True),
        _count("n_jumps", "sampled paths whose two runs ended at different solutions", optional=True),
        _count("n_unresolved", "homotopy paths that are open", optional=True),
        Column(
            "n_paths_singular",
            "i8",
            "open homotopy paths that end at singular solutions",
            optional=True,
            **_HOMOTOPY,
        ),
        Column(
            "n_paths_infinite", "i8", "open homotopy paths that run to infinity", optional=True, **_HOMOTOPY
        ),
        _count("n_certified", "critical points on the whole sphere that are proven", optional=True),
        Column(
            "n_certified_complex",
            "i8",
            "complex solutions proven to exist and to differ",
            optional=True,
            **_HOMOTOPY,
        ),
        *_interval("sampled_points", "critical points on the whole sphere, from sampled paths"),
        *_interval("recall", "share of the critical points that the census had before the sample"),
        *_interval("sampled_points", "critical points on the whole sphere, from sampled paths", True),
        *_interval("recall", "share of the critical points that the census had before the sample", True),
        Column(
            "topology",
            "i1",
            "outcome of the topology",
            attrs=_flags(TOPOLOGY),
            failed=TOPOLOGY.index("refused"),
            option="topology",
        ),
        Column("n_connections", "i8", "gradient lines between critical points, from both ends", **_TOPOLOGY),
        Column("n_loops", "i8", "saddles joined twice to one extremum, at both ends", **_TOPOLOGY),
        Column("n_unresolved_lines", "i8", "branches and intervals that are not resolved", **_TOPOLOGY),
        Column("n_unresolved_saddles", "i8", "saddles that these belong to", **_TOPOLOGY),
        Column("exact_degree", "i1", "homology known in this degree", _BY_INDEX, fill=0, option="topology"),
        Column(
            "homology_check",
            "i1",
            "homology of the complex against that of the sphere, by degree",
            _BY_INDEX,
            attrs=_flags(CHECKS),
            option="topology",
        ),
        Column("square_check", "i1", "boundary of a boundary", attrs=_flags(CHECKS), option="topology"),
        Column(
            "dual_check",
            "i1",
            "boundaries from H against those from -H, where both know them",
            attrs=_flags(CHECKS),
            option="topology",
        ),
        _number(
            "target_singular_values",
            "singular values of the matrix that is factorised, descending",
            ("singular_value",),
            option="orbits",
        ),
    ),
)

POINT = Table(
    "point",
    "row",
    (
        _number("energy", "energy per spin", portable=True),
        Column("index", "i2", "Morse index: negative eigenvalues of the Riemannian Hessian", portable=True),
        _number("lambda_min", "smallest eigenvalue of the Riemannian Hessian", portable=True),
        _number("lambda_max", "largest eigenvalue of the Riemannian Hessian", portable=True),
        _number("radial_derivative", "radial derivative of the energy", portable=True),
        _number("gradient_norm", "norm of the Riemannian gradient"),
        _number("existence_radius", "Newton-Kantorovich radius within which a critical point exists"),
        _number("uniqueness_radius", "Newton-Kantorovich radius within which it is the only one"),
        _count("hits", "starts that ended here"),
        Column("degenerate", "i1", "singular Hessian", attrs=_flags(("no", "yes"))),
        Column("set_dimension", "i2", "dimension of the critical set: 0 of a point", portable=True, **_SETS),
        Column("nullity", "i2", "zero eigenvalues of the Hessian", portable=True, **_SETS),
        _number(
            "certified_radius",
            "half-width of a box proven to hold one critical point; 0: not proven",
            optional=True,
        ),
        _count("sample_hits", "sampled homotopy paths that ended here", optional=True),
        _number("position", "position on the manifold", ("component",), option="positions"),
        _number(
            "spectrum", "eigenvalues of the Riemannian Hessian, ascending", ("eigenvalue",), option="spectra"
        ),
    ),
    count="row_size",
    instance="row_landscape",
)

SLOT = Column("slot", "u2", "landscape of the row within its block", fill=65535)
"""Written with every ragged table of the stream; not part of the dataset."""

ARC = Table(
    "arc",
    "arc",
    (
        Column("degree", "i2", "Morse index of the upper point"),
        _count("upper", "upper point, by its row within the landscape"),
        _count("lower", "lower point, by its row within the landscape"),
    ),
    count="arc_size",
    instance="arc_landscape",
    option="topology",
)
"""Entries of the boundary matrices over Z/2: points of neighbouring index that an odd number of gradient
lines joins."""

PAIR = Table(
    "pair",
    "pair",
    (
        Column("dim", "i2", "degree of the homology class"),
        _number("birth", "energy per spin at which it is born", portable=True),
        _number("death", "energy per spin at which it dies; nan: never", portable=True, optional=True),
        _count("birth_row", "point at which it is born, by its row within the landscape"),
        _count(
            "death_row", "point at which it dies, by its row within the landscape; -1: never", optional=True
        ),
    ),
    count="pair_size",
    instance="pair_landscape",
    option="topology",
)
"""Persistence pairs of the sublevel sets {H/N <= u}."""

TABLES = (LANDSCAPE, POINT, ARC, PAIR)


def named(table: str) -> Table:
    """Return the table of this name."""
    return next(t for t in TABLES if t.name == table)
