"""What a run records once, when it is created: its day and its program's commit; and what its dataset says of
itself in words of the Attribute Convention for Data Discovery (ACDD 1.3).
"""

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.run.plan import Plan
from morsecensus.pipeline.study.about import ORCID_URL
from morsecensus.pipeline.worker.bodies import unit_of, word_of

COMMIT = "MORSECENSUS_COMMIT"
"""Names the commit where a program lies without its repository, in an image of a container, say."""
DAY = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 in place of the clock: https://reproducible-builds.org/specs/source-date-epoch."""
CHANGED = "+changes"
"""Behind a commit, if files that it holds were changed since."""
KEYWORDS = ("random landscapes", "spin glasses", "Kac-Rice formula", "Morse theory", "critical points")
REFERENCES = (
    "A. Auffinger, G. Ben Arous, J. Cerny, Random matrices and complexity of spin glasses, "
    "Comm. Pure Appl. Math. 66 (2013) 165, https://doi.org/10.1002/cpa.21422",
)


def software() -> dict[str, str]:
    """Return the versions that go into run.json."""
    known = commit()
    return {
        "morsecensus": importlib.metadata.version("morsecensus"),
        "python": platform.python_version(),
        **({} if known is None else {"commit": known}),
    }


def today() -> str:
    """Return the day, UTC, as 2026-11-29; raises UsageError if the environment names another one wrongly."""
    said = os.environ.get(DAY)
    if not said:
        return datetime.now(UTC).date().isoformat()
    try:
        return datetime.fromtimestamp(int(said), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{DAY}: got {shown(said)}, allowed: whole seconds since 1970, or unset") from None


def commit() -> str | None:
    """Return the commit of this program: of its checkout, or of the repository that it was installed from."""
    if said := os.environ.get(COMMIT):
        return said
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return _installed_commit()
    found = _git(root, "rev-parse", "HEAD")
    return found and found + (CHANGED if _git(root, "status", "--porcelain", "--untracked-files=no") else "")


def _git(root: Path, *arguments: str) -> str | None:
    # a hook of another repository would say where that one is
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _installed_commit() -> str | None:
    """Of an installation from a repository (PEP 610)."""
    text = importlib.metadata.distribution("morsecensus").read_text("direct_url.json")
    return json.loads(text).get("vcs_info", {}).get("commit_id") if text else None


def attributes(plan: Plan, software: Mapping[str, str], begun: str) -> dict[str, str]:
    """Return the attributes of the root of a dataset, from what was recorded: no clock is looked at."""
    program = f"morsecensus {software.get('morsecensus', '')}".strip()
    known = f", commit {software['commit']}" if "commit" in software else ""
    about = plan.study.about
    people = [one for one in about.creators if one.orcid]
    found = {
        "title": about.title or f"Census of critical points: {plan.study.name}",
        "summary": summary(plan),
        "keywords": ", ".join(dict.fromkeys([*KEYWORDS, *_models(plan), *about.keywords])),
        "references": "; ".join([*REFERENCES, *about.references]),
        "creator_name": ", ".join(one.name for one in about.creators),
        "creator_url": ", ".join(f"{ORCID_URL}{one.orcid}" for one in people),
        "creator_institution": ", ".join(
            dict.fromkeys(filter(None, (one.affiliation for one in about.creators)))
        ),
        "license": about.licence or "",
        "acknowledgement": "; ".join(about.funding),
        "source": program,
        "git_commit": software.get("commit", ""),
        "date_created": begun,
        "history": f"{begun}: begun with {program}{known}, Python {software.get('python', '')}"
        if begun
        else "",
    }
    return {name: text for name, text in found.items() if text}


def summary(plan: Plan) -> str:
    """Say in a few sentences what a study computes."""
    sizes = sorted({cell.layout.spec["n"] for cell in plan.cells})
    spread = f"N = {sizes[0]}" + (f" to {sizes[-1]}" if len(sizes) > 1 else "")
    numbers: dict[str, int] = {}
    bodies: dict[str, list[str]] = {}
    for cell in plan.cells:
        unit = unit_of([cell.layout.body])
        numbers[unit] = numbers.get(unit, 0) + cell.layout.padded
        bodies.setdefault(unit, []).append(word_of(cell.layout.body))
    of = {unit: ", ".join(dict.fromkeys(words)) for unit, words in bodies.items()}
    random = {"landscapes": "random landscapes"}
    parts = [f"{of[unit]} of {number} {random.get(unit, unit)}" for unit, number in numbers.items()]
    one = "A landscape" if "landscapes" in numbers else "A run"
    return (
        f"{'; '.join(parts)} ({', '.join(_models(plan))}), {spread}, in "
        f"{len(plan.cells)} cells. {one} follows from model, parameters, N, seed and its number."
    )


def _models(plan: Plan) -> Iterator[str]:
    yield from dict.fromkeys(str(cell.layout.spec["model"]) for cell in plan.cells)
