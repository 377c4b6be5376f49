"""What the command line hands to ``analysis``: arguments checked on the way in, errors on the way out."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from morsecensus.pipeline.commands.thermal import thermal_numbers
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.phases import detail, phase
from morsecensus.pipeline.plugins import is_known
from morsecensus.pipeline.study.parameters import read_parameters
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.tasks.landscapes.registry import MODELS

if TYPE_CHECKING:
    from morsecensus.analysis.theory.base import Energies, Theory

MAX_ENERGIES = 2000


def predictions(
    model: str,
    n: str,
    given: Mapping[str, str | float | None],
    energy: str | None,
    max_index: int | None = None,
    temperature: float | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of ``predict``, the first of them with the ``limits`` N -> infinity.

    Args:
        model: one that has a theory.
        given: all options that are parameters of some model; None where the user gave nothing.
        max_index: the points of index 0 to it alone, exactly, at larger N; None for all indices.
        temperature: its ``thermal`` numbers too, among the limits, of pspin without a field.

    Raises UsageError for arguments that cannot be.
    """
    from morsecensus.analysis.theory.registry import theory_of

    known = [name for name, each in MODELS.items() if each.theory is not None]
    if not is_known(model) or MODELS[model].theory is None:
        raise UsageError(f"--model: got {shown(model)}, allowed: {', '.join(sorted(known))}")
    try:
        dimensions = parse_integers(n, minimum=MODELS[model].least_n)
    except ValueError as error:
        raise UsageError(f"--n: {error}") from error
    if max_index is not None and not _is_count(max_index):
        raise UsageError(f"--max-index: got {shown(max_index)}, allowed: integers from 0")
    theory = theory_of(model, read_parameters(model, given))
    thermal = None if temperature is None else thermal_numbers(model, theory.dynamics, temperature)
    energies = parse_energies(energy)
    try:
        rows = _told_rows(theory, dimensions, energies, max_index)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if rows is None and max_index is not None:
        raise UsageError(
            f"--max-index: got {max_index} for {model}, allowed: for models with exact numbers of low index, "
            "pspin; without it there are numbers of every index"
        )
    if rows is None:
        raise UsageError(f"--model: got {shown(model)}, allowed: one whose mean numbers are known")
    if thermal is not None:
        limits: Any = rows[0]["limits"]
        rows[0]["limits"] = limits | {"thermal": thermal}
    return rows


def _told_rows(
    theory: "Theory", dimensions: Sequence[int], energies: "Energies", max_index: int | None
) -> list[dict[str, Any]] | None:
    """A row for each dimension, the first with limits. The largest comes first, for it takes longest and is
    what may be refused."""
    phase("computing mean numbers")
    found: dict[int, dict[str, Any]] = {}
    for done, n in enumerate(sorted(set(dimensions), reverse=True)):
        detail(f"n = {n}, {done + 1} of {len(set(dimensions))}")
        rows = theory.rows([n], energies) if max_index is None else theory.low_rows([n], energies, max_index)
        if rows is None:
            return None
        found[n] = rows[0]
    every = [dict(found[n]) for n in dimensions]
    for row in every[1:]:
        row.pop("limits", None)
    return every


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


SHOWN_INDICES = 5


def readable_indices(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row of ``predict --max-index`` as lines of a table, one an index."""
    columns = ("by_index", "relative_error", "energy_mean", "energy_sd", "energy_skewness")
    names = ("mean number", "relative error", "mean E", "sd", "skewness")
    return [
        {"n": row["n"], "index": k} | dict(zip(names, values, strict=True))
        for k, values in enumerate(zip(*(row[name] for name in columns), strict=True))
    ]


def readable_energies(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what one row of ``predict --energy`` says of each bin as a line of a table."""
    found = row["by_energy"]
    edges, counts, errors = found["edges"], found["counts"], found.get("counts_se")
    return [
        {
            "E": f"{edges[k]:.6g} to {edges[k + 1]:.6g}",
            "points": _with_error(count, errors[k] if errors else None),
            **{f"index {i}": one[k] for i, one in enumerate(found["by_index"][:SHOWN_INDICES])},
        }
        for k, count in enumerate(counts)
    ]


def lowest_line(row: dict[str, Any]) -> str:
    """Return the law of the lowest minimum in one row of ``predict --max-index`` as one line."""
    mean, spread = row["ground_state_mean"], row["ground_state_sd"]
    return (
        f"n = {row['n']}: lowest minimum at {mean:.6g}, sd {spread:.3g}; all points: e^{row['log_total']:.6g}"
    )


def route_line(rows: list[dict[str, Any]]) -> str:
    """Return how the numbers by index were computed, as one line with what to do for exact ones."""
    if "max_index" in rows[0]:
        worst = max(error or 0.0 for row in rows for error in row["relative_error"])
        return f"Indices 0 to {rows[0]['max_index']}: exact, relative error below {worst:.1g} (measured)."
    sampled = [row["n"] for row in rows if row["method"] == "sampled"]
    if not sampled or rows[0].get("model") != "pspin":
        return f"Numbers by index: {', '.join(dict.fromkeys(row['method'] for row in rows))}."
    return (
        f"Numbers by index are sampled from n = {min(sampled)} on: --max-index K has those of index 0 to K "
        "exactly, to n = 401."
    )


def readable(row: dict[str, Any]) -> dict[str, Any]:
    """Return one row of ``predict`` as a line of a table: the first indices, errors where sampled."""
    by_index, errors = row["by_index"], row["se"]
    counts = {
        f"index {k}": _with_error(by_index[k], errors[k]) if k < len(by_index) else None
        for k in range(SHOWN_INDICES)
    }
    return {
        "n": row["n"],
        "total": _with_error(row["total"], row["total_se"]),
        **counts,
        "E of minima": row["minima_energy_mean"],
        "sd": row["minima_energy_sd"],
        "lowest E": row["ground_state_mean"],
        "sd of it": row["ground_state_sd"],
        "method": row["method"],
    }


def _with_error(value: float | None, error: float | None) -> Any:
    return value if value is None or error is None else f"{value:.5g} +- {error:.1g}"


def equal_line(row: dict[str, Any]) -> str | None:
    """Return what becomes of points of one unit when it is doubled, as one line; None for other models."""
    equal = row.get("equal_units")
    if equal is None:
        return None
    share = _with_error(equal["surviving_minima"], equal["surviving_minima_se"])
    return (
        f"n = {row['n']}: all units equal: {equal['total']:.5g} points; of {equal['minima_of_one']:.5g} "
        f"minima of one unit {share} stay minima, mean index {equal['minima_index_mean']:.4g}"
    )


def many_teachers_line(row: dict[str, Any]) -> str | None:
    """Return the numbers of one unit and many random teachers, as one line; None for other models."""
    many = row.get("many_teachers")
    if many is None:
        return None
    terms = [f"{c:.6g} q" + (f"^{k}" if k > 1 else "") for k, c in enumerate(many["xi"]) if c]
    minima = many["by_index"][0]
    return (
        f"n = {row['n']}: many teachers: a spin glass, xi = {' + '.join(terms)}: {many['total']:.6g} points, "
        f"{minima:.5g} minima"
    )


def limits_line(limits: dict[str, Any]) -> str:
    """Return the special energies N -> infinity as one line."""
    known = {name: limits.get(name) for name in ("E_inf", "E_0", "threshold_energy", "minima_energy")}
    curve = limits["complexity"]
    known |= {"complexity": None if curve is None else curve["total"]} | limits.get("lines", {})
    listed = ", ".join(f"{k} = {v:.7g}" for k, v in known.items() if v is not None)
    return f"N to infinity: {listed or limits.get('note', 'not known for unequal spheres')}"


def parse_energies(text: str | None) -> tuple[float, float, int] | None:
    """Return the first energy, the last one and how many of ``A:B:M``."""
    if text is None:
        return None
    allowed = f"A:B:M with A < B and M from 2 to {MAX_ENERGIES}, such as -1.7:-1.5:9"
    try:
        first, last, count = text.split(":")
        low, high, number = float(first), float(last), int(count)
    except ValueError as error:
        raise UsageError(f"--energy: got {shown(text)}, allowed: {allowed}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high and 2 <= number <= MAX_ENERGIES):
        raise UsageError(f"--energy: got {shown(text)}, allowed: {allowed}")
    return low, high, number
