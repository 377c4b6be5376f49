"""The text and the tables of the report: what is measured, against what, and how it came out."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from morsecensus.analysis import tables
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.tables import Row
from morsecensus.analysis.theory.base import Theory
from morsecensus.analysis.topics.ledger.paths import path_parts

ABC = "Auffinger, Ben Arous, Černý, arXiv:1003.1129"
CAPTIONS: Mapping[str, tuple[str, str, str]] = {
    "counts": (
        "Numbers of critical points",
        "Mean numbers of critical points on the whole manifold, all signs counted, over all landscapes of "
        "each cell, against the exact mean at the same N from the Kac-Rice formula, index by index (p-spin: "
        f"{ABC}, Theorem 2.1; mixtures and fields: Auffinger, Ben Arous, arXiv:1110.5872, and Fyodorov, "
        "arXiv:1307.2379; products of spheres: analysis/theory/models/partite/finite_n.py). Nothing is "
        "fitted.",
        "Left: mean counts, with one standard error (often smaller than the symbol). Right: relative "
        "departure from the exact numbers.",
    ),
    "histograms": (
        "Energies",
        "Energy histograms of all points and of minima against the exact density at the same N. The dashed "
        "line is where the minima gather as N grows: the floor -E_inf of a pure model. Far above it they "
        "vanish faster than exponentially. At finite N points lie on both sides of it.",
        "Points per unit of energy and landscape, logarithmic; the lowest visible level is one point in one "
        "bin of all landscapes. Where landscapes aren't complete it is what was found in them.",
    ),
    "bands": (
        "Bands of minima",
        "The energies of minima concentrate as N grows, at the dashed line: the band narrows.",
        "Left: probability density of the energy of a minimum, each minimum counted once. Right: mean and "
        "standard deviation of that energy, and of the lowest energy of each landscape.",
    ),
    "index-energy": (
        "Index against energy",
        "The higher the energy, the more negative eigenvalues. Mean index at each energy against the exact "
        "ratio at this N (bin by bin), and the limit N to infinity: the semicircle's weight below the radial "
        f"derivative ({ABC}).",
        "Mean of index/dimension among the points in each energy bin; bins with fewer than ten points are "
        "left out.",
    ),
    "spectra": (
        "Hessian spectra",
        "Eigenvalues of the Riemannian Hessian at points of one index against exact samples of their law at "
        "this N (the GOE with the point's own eigenvalue taken out), and the limit: a semicircle of radius "
        "2 sqrt(xi''(1)) shifted by the mean radial derivative.",
        "The largest N with spectra. At finite N eigenvalues repel the value zero, where the index would "
        "change; the limit does not show it.",
    ),
    "complexity": (
        "Complexity, annealed and quenched",
        "Annealed: (1/N) log of the mean count. Quenched: (1/N) times the mean of the logarithm. By Jensen's "
        "inequality the first is never smaller; for pure p >= 3 the difference vanishes as N grows (Subag, "
        "arXiv:1504.02251), for mixtures it need not.",
        "Top: against N, with the exact annealed value at each N and the limit; and the difference with "
        "bootstrap errors over landscapes. Bottom: resolved in energy, bins with ten points or more.",
    ),
    "lowest": (
        "Lowest minima",
        "The lowest energy found in each landscape against the first-moment law P(min > u) = exp(-E "
        "Crit(<= u)) with the exact mean count (half of it for even xi). The law is an approximation, good "
        "from N = 10 on (Subag, Zeitouni, arXiv:1509.03098), so this is a comparison and not a test.",
        "Distribution functions over landscapes.",
    ),
    "ledger": (
        "What the ledger says",
        "Each landscape carries a ledger of what must be there and what was found. A check that symmetry "
        "makes true whatever was missed is uninformative and counts as nothing: the Morse sum of an odd "
        "landscape at even N always vanishes. Complete means: all informative checks pass and every class "
        "of points was hit often enough by independent starts; it is a statistical statement, whose "
        "strength is the lower confidence limit of the coverage.",
        "Shares of landscapes.",
    ),
}


def family_parts(
    family: FamilyResult, figures: Mapping[str, Path], anchor: str, left_out: str = ""
) -> list[Part]:
    """All sections of one family.

    Args:
        left_out: what must be said of landscapes that are in none of its numbers.
    """
    parts = [heading(family.title, 2, anchor), *_limits(family)]
    if left_out:
        parts.append(note(left_out))
    for topic, (title, text, caption) in CAPTIONS.items():
        missing = topic not in figures
        if missing and (topic != "spectra" or not _without_spectra(family)):
            continue
        parts += [heading(title, 3), paragraph(text)]
        if not missing:
            parts.append(picture(figures[topic], f"{title}: {family.title}", caption))
        parts += _TABLES.get(topic, _no_table)(family)
    if not any(cell.cell.points for cell in family.cells):
        parts.insert(1, note("No critical point was found in any landscape of these cells.", "bad"))
    return parts


def _no_table(family: FamilyResult) -> list[Part]:
    return []


def _limits(family: FamilyResult) -> list[Part]:
    found, parts = family.limits, _about_theory(family)
    if found is None:
        return parts
    if found["trivial"]:
        text = "In the limit N to infinity this landscape is trivial: no exponentially many critical points."
        return [*parts, paragraph(text)]
    known = (
        [f"threshold energy {r.number(found['threshold_energy'], 7)}"] if found["threshold_energy"] else []
    )
    if found["E_0"] is not None:
        known.append(f"ground state {r.number(-found['E_0'], 7)}")
    known.append(f"total complexity {r.number(found['complexity']['total'], 5)}")
    return [*parts, paragraph(f"Limits N to infinity: {', '.join(known)}.")]


def _about_theory(family: FamilyResult) -> list[Part]:
    means = [result.expected for result in family.cells]
    if not any(means):
        if type(family.cells[0].cell.theory) is not Theory:
            text = "No table of theory for this model here, or not at these sizes: measured numbers only."
            return [note(text + " What is known of it has a section of its own, or is in `predict`.")]
        return [note("No theory for this model: measured numbers only.")]
    if any(found is not None and found.sampled for found in means):
        text = (
            "Theory for this model is exact in law, but its numbers are sampled: they have errors, which "
            "enter every z-score and test."
        )
        return [paragraph(text)]
    return []


def _counts(family: FamilyResult) -> list[Part]:
    rows = tables.count_rows(family.cells)
    levels = {result.cell.name: result.cell.levels for result in family.cells}
    shown = [
        row for row in rows if row["index"] == "all" or row["index"] <= max(1, (levels[row["cell"]] - 1) // 2)
    ]
    titles = ("N", "cell", "index", "measured", "exact", "z", "not complete", "bias at most", "bias by Chao1")
    texts = [
        (
            str(row["n"]),
            row["cell"],
            str(row["index"]),
            r.estimate(row["mean"], row["se"]),
            _exact(row),
            r.signed(row["z"], 1),
            r.percent(row["open_fraction"]),
            _bias(row["missing_bound"]),
            _bias(row["missing_plausible"]) if row["index"] == "all" else "",
        )
        for row in shown
    ]
    caption = (
        "Means over every planned landscape that has a number of critical points; open and failed ones count "
        "with what was found in them. Bias: "
        "how much the mean may be too low for that reason, by the bound on the number of points and by "
        "Chao1."
    )
    return [HtmlTable(titles, texts, caption, (1, 2)).part(), *_absent(family)]


def _exact(row: Row) -> str:
    """Theory, with its error where it was sampled."""
    if row["exact_se"]:
        return r.estimate(row["exact"], row["exact_se"])
    return r.against(row["exact"], row["se"])


def _bias(value: float | None) -> str:
    return "unknown" if value == float("inf") else r.number(value, 2)


def _absent(family: FamilyResult) -> list[Part]:
    parts = []
    for result in family.cells:
        cell = result.cell
        if cell.planned > cell.held:
            text = (
                f"{cell.name}: the dataset holds {cell.held:,} of {cell.planned:,} planned "
                "landscapes: run the study again to compute the others."
            )
            parts.append(note(text, "bad"))
        if cell.computed < cell.landscapes:
            text = (
                f"{cell.name}: {cell.landscapes - cell.computed:,} of {cell.landscapes:,} landscapes were "
                "not computed (their block failed or is missing). They count as failed, with no points: "
                "its means are lower bounds until the study is run again."
            )
            parts.append(note(text, "bad"))
    return parts


def _energies(family: FamilyResult) -> list[Part]:
    rows = [row for row in tables.energy_rows(family.cells) if row["index"] == 0 and row["points"]]
    titles = ("N", "cell", "minima found", "mean energy", "exact", "z", "sd", "exact sd")
    texts = [
        (
            str(row["n"]),
            row["cell"],
            f"{row['points']:,}",
            r.estimate(row["mean"], row["mean_se"]),
            r.against(row["exact_mean"], row["mean_se"]),
            r.signed(row["z"], 1),
            r.estimate(row["sd"], row["sd_se"]),
            r.against(row["exact_sd"], row["sd_se"]),
        )
        for row in rows
    ]
    caption = "Energy per spin of minima, each counted once. Errors: landscapes are the independent units."
    return [HtmlTable(titles, texts, caption, (1,)).part()] if texts else []


def _without_spectra(family: FamilyResult) -> list[str]:
    return [c.cell.name for c in family.cells if "spectrum" not in c.cell.dataset]


def _spectra(family: FamilyResult) -> list[Part]:
    without = _without_spectra(family)
    if not without:
        return []
    text = (
        f"No spectra in {', '.join(without)}: put spectra = true into the [[cells]] table of the study "
        "(what a cell computes can't change within a store, so give a new --store). Smallest and largest "
        "eigenvalues are always stored, and tested below."
    )
    return [note(text)]


def _complexity(family: FamilyResult) -> list[Part]:
    rows = tables.complexity_rows([family])
    titles = ("N", "points", "annealed", "exact", "z", "quenched", "difference", "limit")
    texts = [
        (
            str(row["n"]),
            row["points"],
            r.estimate(row["annealed"], row["annealed_se"]),
            r.against(row["exact"], row["annealed_se"]),
            r.signed(row["z"], 1),
            r.estimate(row["quenched"], row["quenched_se"]),
            r.estimate(row["gap"], row["gap_se"]),
            r.number(row["limit"], 5),
        )
        for row in rows
    ]
    parts = [HtmlTable(titles, texts, "Complexities, (1/N) times natural logarithms.", (1,)).part()]
    lacking = sum(row["without"] for row in rows if row["points"] == "all")
    if lacking:
        text = (
            f"{lacking:,} landscapes without any point have no logarithm and are left out of quenched means."
        )
        parts.append(note(text))
    return parts


def _lowest(family: FamilyResult) -> list[Part]:
    titles = (
        "N",
        "cell",
        "landscapes",
        "mean",
        "first-moment mean",
        "sd",
        "first-moment sd",
        "largest distance",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            f"{row['landscapes']:,}",
            r.estimate(row["mean"], row["se"]),
            r.against(row["first_moment_mean"], row["se"]),
            r.number(row["sd"], 3),
            r.number(row["first_moment_sd"], 3),
            r.number(row["largest_distance"], 2),
        )
        for row in tables.lowest_rows(family.cells)
        if row["landscapes"]
    ]
    caption = "Lowest energy per spin of a landscape; largest distance between distribution functions."
    return [HtmlTable(titles, texts, caption, (1,)).part()] if texts else []


def _ledger(family: FamilyResult) -> list[Part]:
    titles = (
        "N",
        "cell",
        "complete",
        "open",
        "failed",
        "why not complete",
        "informative checks",
        "coverage at least",
        "rounds",
    )
    texts = []
    for result in family.cells:
        row = tables.ledger_rows([result])[0]
        ledger = result.ledger
        reasons = {str(w): int(v) for w, v in zip(ledger["why"].values, ledger["reason"].values, strict=True)}
        why = ", ".join(f"{w.replace('_', ' ')} {v:,}" for w, v in reasons.items() if v and w != "closed")
        texts.append(
            (
                str(result.n),
                result.cell.name,
                f"{row['complete']:,}",
                f"{row['open']:,}",
                f"{row['failed']:,}",
                why or "none",
                _informative(result),
                r.percent(float(ledger["coverage_lower"])),
                r.number(float(ledger["rounds"]), 3),
            )
        )
    caption = (
        "Landscapes by status and reason. Coverage: mean lower 95% limit, by hits of independent starts."
    )
    return [HtmlTable(titles, texts, caption, (1, 5, 6)).part(), *path_parts(family)]


def _informative(result: CellResult) -> str:
    checks = result.ledger["checks"]
    parts = []
    for check in checks["check"].values:
        row = checks.sel(check=check)
        passed, failed = int(row.sel(verdict="pass")), int(row.sel(verdict="fail"))
        if passed + failed:
            parts.append(f"{check} {passed:,} of {passed + failed:,} passed")
        else:
            parts.append(f"{check} uninformative" if int(row.sel(verdict="uninformative")) else f"{check} –")
    return "; ".join(parts)


_TABLES: Mapping[str, Callable[[FamilyResult], list[Part]]] = {
    "counts": _counts,
    "bands": _energies,
    "spectra": _spectra,
    "complexity": _complexity,
    "lowest": _lowest,
    "ledger": _ledger,
}


def verdict_table(rows: Sequence[Row]) -> list[Part]:
    """One line per cell: the p-values of its tests, and what the count test would have seen."""
    names = list(dict.fromkeys(row["test"] for row in rows))
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    by_key = {(row["cell"], row["test"]): row for row in rows}
    texts, kinds = [], []
    for cell in cells:
        own = [by_key.get((cell, name)) for name in names]
        first = next(row for row in own if row is not None)
        label = tables.label(first)
        p_values = [r.probability(row["p_value"]) if row else r.DASH for row in own]
        verdicts = {row["verdict"] for row in own if row}
        kinds.append("bad" if "disagrees" in verdicts else "doubt" if "undecided" in verdicts else "")
        counts = by_key.get((cell, "counts by index"))
        seen = r.percent(counts["detectable"]) if counts and counts["detectable"] is not None else r.DASH
        texts.append((label, cell, str(first["n"]), *p_values, seen))
    titles = ("model", "cell", "N", *names, "loss seen")
    caption = (
        "p-values of each test, before correction; coupling variance: from the widths of all Hessians. Loss "
        "seen: the smallest share of all points whose loss the count test would reject at level 0.01 with "
        "power 0.9."
    )
    return [HtmlTable(titles, texts, caption, (0, 1), kinds).part()]


def rejected_table(rows: Sequence[Row]) -> list[Part]:
    """The tests that reject after Holm's correction, if any."""
    bad = [row for row in rows if row["verdict"] in ("disagrees", "undecided")]
    if not bad:
        return []
    titles = ("cell", "N", "test", "p-value", "corrected", "if points are missing", "verdict")
    texts = [
        (
            row["cell"],
            str(row["n"]),
            row["test"],
            r.probability(row["p_value"]),
            r.probability(row["p_value_holm"]),
            r.probability(row["p_value_if_missing"]),
            row["verdict"],
        )
        for row in bad
    ]
    caption = "Undecided: what open or failed landscapes may miss could explain it."
    kinds = ["bad" if row["verdict"] == "disagrees" else "doubt" for row in bad]
    return [HtmlTable(titles, texts, caption, (0, 2, 6), kinds).part()]
