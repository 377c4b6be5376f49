"""The driver's side of ``census``: one landscape by any finder, arguments checked, the answer for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from morsecensus.pipeline.commands.landscape import check_integer, described, on_worker, resolved
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import identity, is_known
from morsecensus.pipeline.run.run import Settings
from morsecensus.pipeline.study.census import AUTO, FINDERS, chosen, finder_options, options_from_text
from morsecensus.pipeline.study.parameters import read_parameters, read_settings
from morsecensus.pipeline.study.ranges import MAX_VALUE
from morsecensus.tasks.landscapes.registry import MODELS

LOW_INDEX = "low-index"


def census_spec(
    model: str,
    given: Mapping[str, Any],
    n: int,
    seed: int,
    landscape: int,
    finder: str,
    options: Mapping[str, Any],
    where: tuple[str, str] = ("--option", " "),
    *,
    positions: bool = False,
) -> dict[str, Any]:
    """Return the spec of the cell that a landscape belongs to; raises UsageError.

    Args:
        given: all options that are parameters of some model; None where the user gave nothing.
        options: of the finder.
        where: what messages call these, and what joins that and a name.
    """
    if not is_known(model):
        raise UsageError(f"--model: got {shown(model)}, allowed: {', '.join(sorted(MODELS))}")
    check_integer("--n", n, MODELS[model].least_n, MAX_VALUE)
    check_integer("--seed", seed, 0, 2**63 - 1)
    check_integer("--landscape", landscape, 0, 2**63 - 1)
    parameters = resolved(model, read_parameters(model, given), n)
    check_integer("--landscape", landscape, 0, parameters.get("held", 2**63) - 1)
    check_finder(finder, options)
    if finder == AUTO:
        finder, _ = chosen(model, parameters, n, "--n")
    return {
        "model": model,
        "parameters": parameters,
        "n": n,
        "seed": seed,
        "finder": finder,
        "finder_options": finder_options(finder, options, *where),
        "block_size": 1,
        "positions": positions,
        "spectra": False,
        "topology": False,
        **identity(model),
    }


def check_finder(finder: str, options: Mapping[str, Any]) -> None:
    """Raise UsageError for a finder that isn't one, and for options of none in particular."""
    if finder not in FINDERS:
        raise UsageError(f"--finder: got {shown(finder)}, allowed: {', '.join(FINDERS)}")
    if finder == AUTO and options:
        raise UsageError(
            f"--finder: got {AUTO} with options ({', '.join(options)}), allowed: the finder that they are for"
        )


def read_options(finder: str, texts: Sequence[str], max_index: int | None) -> dict[str, Any]:
    """Options of a finder as the command line has them: ``NAME=VALUE`` texts; raises UsageError."""
    check_finder(finder, {})
    given: dict[str, Any] = read_settings(texts, "--option")
    return with_max_index(finder, given if finder == AUTO else options_from_text(finder, given), max_index)


def with_max_index(finder: str, options: Mapping[str, Any], max_index: int | None) -> dict[str, Any]:
    """Options of a finder with what ``--max-index`` says; raises UsageError where that says nothing."""
    if max_index is None:
        return dict(options)
    if finder != LOW_INDEX:
        raise UsageError(f"--max-index: got {max_index} with --finder {finder}, allowed: with {LOW_INDEX}")
    if "max_index" in options:
        raise UsageError(f'--max-index: got {max_index} and --option "max_index", allowed: one of them')
    return {**options, "max_index": max_index}


def take_census(spec: Mapping[str, Any], landscape: int) -> dict[str, Any]:
    """Have a worker take the census of one landscape, in the environment of a study's blocks."""
    doing = f"searching by {spec['finder']}"
    found = on_worker("census", spec, landscape, described(spec, landscape), Settings(), doing)
    return found | expected_of(spec, found)


def expected_of(spec: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What theory says of this very landscape, and how much of it was found; empty where it says nothing."""
    if MODELS[spec["model"]].theory is None:
        return {}
    from morsecensus.analysis.theory.registry import theory_of  # SciPy, which other models do without

    return theory_of(spec["model"], spec["parameters"]).expected(found) or {}


def levels_of(found: Mapping[str, Any]) -> list[int]:
    """Indices that a census says something of: those with points, or of a search of low indices those that
    it sought; their images at -E go without saying."""
    counts = found["points_by_index"]
    if found["finder"] != LOW_INDEX:
        return [k for k, count in enumerate(counts) if count]
    return list(range(min(found["finder_options"]["max_index"] + 1, len(counts))))


def level_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each index: points, their energies, and the state of an index that was sought."""
    points = found["points"]
    sound = [
        (index, energy)
        for index, energy, degenerate in zip(
            points["index"], points["energy"], points["degenerate"], strict=True
        )
        if degenerate == "no"
    ]
    rows = []
    for level in levels_of(found):
        energies = [energy for index, energy in sound if index == level]
        rows.append(
            {
                "index": level,
                **({"state": found["state_by_index"][level]} if found["finder"] == LOW_INDEX else {}),
                "points": found["points_by_index"][level],
                "lowest E": min(energies, default=None),
                "mean E": sum(energies) / len(energies) if energies else None,
                "highest E": max(energies, default=None),
            }
        )
    return rows


def search_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each index that was sought: hits of both ways, coverage from above, recapture."""
    hits = found["hits_by_index"]
    return [
        {
            "index": level,
            "above": hits["above"][level],
            "below": hits["below"][level],
            "coverage": found["coverage_by_index"][level],
            "at least": found["coverage_lower_by_index"][level],
            "recapture": _recapture(found, level),
        }
        for level in levels_of(found)
    ]


def _recapture(found: Mapping[str, Any], level: int) -> str | None:
    known = [found[f"recapture{end}_by_index"][level] for end in ("", "_lower", "_upper")]
    if None in known:
        return None
    number, lower, upper = (f"{value:.0f}" if value >= 1000 else f"{value:.1f}" for value in known)
    return f"{number} ({lower} to {upper})"


REMEDIES = {
    "few_hits": "raise max_rounds",
    "one_way": "one way sees too little: raise max_rounds",
    "nothing_found": "nothing was found: raise max_rounds",
    "degenerate": "there are degenerate points",
    "morse_inequality": "points are missing: raise min_hits",
    "disconnected": "saddles are missing: raise min_hits",
}
"""What to do about an index that a search of low indices left open."""


def census_verdict(found: Mapping[str, Any]) -> list[str]:
    """Return what a census is worth, as lines."""
    lines = bottom_verdict(found) if found["finder"] == LOW_INDEX else _whole(found)
    if "manifolds" in found:
        lines.append(
            f"closed form: {found['found']} of {found['expected']} found, {found['spurious']} others"
        )
    if found["odd"] and found["n_points"]:
        lines.append(f"a sign change turns H into -H: index {found['dimension']} - k at -E mirrors index k")
    return lines


def bottom_verdict(found: Mapping[str, Any]) -> list[str]:
    """Return which indices a search closed, what keeps others open, and whether saddles join all minima."""
    states: dict[str, list[str]] = {}
    for level in levels_of(found):
        states.setdefault(found["state_by_index"][level], []).append(str(level))
    lines = []
    if closed := states.pop("closed", None):
        lines.append(f"closed: index {', '.join(closed)}")
    for state, levels in states.items():
        lines.append(f"open: index {', '.join(levels)} ({state}): {REMEDIES[state]}")
    components = found["graph_components"]
    if components is not None:
        parts = "one part" if components == 1 else f"{components} parts"
        lines.append(f"graph of minima that saddles of index 1 join: {parts}")
    return lines


def _whole(found: Mapping[str, Any]) -> list[str]:
    state = "complete" if found["complete"] else found["status"]
    lines = [f"{state} ({found['reason']}): {found['n_points']} points"]
    if found["n_degenerate"]:
        lines.append(f"{found['n_degenerate']} degenerate points or sets, which no index counts")
    if found["recall"] is not None:
        lines.append(f"recall {found['recall']:.4g}, at least {found['recall_lower']:.4g}, by sampled paths")
    elif found["n_paths"] is not None:
        lines.append(f"{found['n_distinct']} distinct solutions at the ends of {found['n_paths']} paths")
    elif found["coverage"] is not None:
        lines.append(f"coverage {found['coverage']:.4g}, at least {found['coverage_lower']:.4g}")
    return lines


def effort_line(found: Mapping[str, Any]) -> str:
    """Return what a census took; a clock of the worker, with the time that compiling takes."""
    return f"{found['n_starts']} starts, {found['seconds']:.3g} s with compiling"
