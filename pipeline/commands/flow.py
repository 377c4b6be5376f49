"""The command ``flow``: a short study of the bodies flow and threshold, its tables and figures."""

import dataclasses
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from morsecensus.pipeline.errors import Interrupted, RunError, UsageError, shown
from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.run.provenance import software
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.cells import StudyCell
from morsecensus.pipeline.study.flow import (
    LARGEST_STRENGTH,
    LONGEST,
    MOST_STARTS,
    MOST_STRENGTHS,
    MOST_TIMES,
    SHORTEST,
    flow_terms,
)
from morsecensus.pipeline.study.parameters import check_flowing, read_parameters
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.pipeline.study.study import Study
from morsecensus.pipeline.worker.bodies import BODIES
from morsecensus.tasks.landscapes.registry import MODELS

MOST_SWEPT, MOST_LANDSCAPES = 50, 100_000


@dataclass(frozen=True)
class FlowPlan:
    """What to flow on, and how to look at it.

    Attributes:
        cells: sets of parameters, as the user swept them.
        overlap: of the starts with the signal; None if they are uniform.
        success: final overlap above which a start counts as one that found the signal.
        strengths: theta of the rank-one terms added to Hessians where flows without signal get to; may be
            empty.
    """

    model: str
    cells: tuple[dict[str, Any], ...]
    n: tuple[int, ...]
    landscapes: int
    starts: int
    overlap: float | None
    until: float
    looks: int
    success: float
    seed: int
    strengths: tuple[float, ...] = ()
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        _integer("--landscapes", self.landscapes, 1, MOST_LANDSCAPES)
        _integer("--starts", self.starts, 1, MOST_STARTS)
        _integer("--looks", self.looks, 2, MOST_TIMES)
        _integer("--seed", self.seed, 0, 2**63 - 1)
        _number("--until", self.until, SHORTEST, LONGEST)
        if self.overlap is not None:
            _number("--overlap", self.overlap, -1, 1)
        _number("--success", self.success, -1, 1)
        for strength in self.strengths:
            _number("--spikes", strength, 0, LARGEST_STRENGTH)
        times = flow_terms(self.overlap, self.until, self.looks)["times"]
        object.__setattr__(self, "times", times)

    def study(self) -> Study:
        """The study whose blocks are these flows: a cell for each set of parameters and each n, then, with
        strengths, one for each n of the flows without signal, for the first set of parameters: in units of
        sqrt(xi''(1)) the others differ little."""
        terms = flow_terms(self.overlap, self.until, self.looks)
        cells = [self._cell("flow", parameters, n, terms) for parameters in self.cells for n in self.n]
        if self.strengths:
            terms = {"until": self.until, "strengths": list(self.strengths)}
            cells += [self._cell("threshold", self.cells[0], n, terms) for n in self.n]
        return Study("flow", self.seed, tuple(cells), "flow")

    def _cell(self, body: str, parameters: dict[str, Any], n: int, terms: dict[str, Any]) -> StudyCell:
        names = {"model": self.model, "parameters": parameters, "n": n, "seed": self.seed}
        spec = names | {"starts": self.starts, **terms, "block_size": 1} | identity(self.model)
        where = ", ".join(f"{name} = {value}" for name, value in parameters.items())
        return StudyCell(where, spec, self.landscapes, body=BODIES[body].recorded)


def flow_cells(model: str, given: Mapping[str, Any], sweep: str | None) -> tuple[dict[str, Any], ...]:
    """Return the sets of parameters of a sweep ``NAME=V1,V2,...``, one set without; raises UsageError."""
    check_flowing(model, "--model")
    if sweep is None:
        return (read_parameters(model, given),)
    name, equals, values = sweep.partition("=")
    known = MODELS[model].parameters
    if not equals or name not in known:
        allowed = f"NAME=V1,V2,... with NAME one of {', '.join(known)}"
        raise UsageError(f"--sweep: got {shown(sweep)}, allowed: {allowed}")
    if given.get(name) is not None:
        raise UsageError(f"--{name}: given beside --sweep {name}, allowed: one of them")
    texts = [text.strip() for text in values.split(",")]
    if len(texts) > MOST_SWEPT:
        raise UsageError(f"--sweep: got {len(texts)} values, allowed: at most {MOST_SWEPT}")
    try:
        read = [known[name].kind(text) for text in texts]
    except ValueError:
        what = known[name].kind.__name__
        raise UsageError(f"--sweep: got {shown(values)}, allowed: values of kind {what}") from None
    cells = [read_parameters(model, {**given, name: value}) for value in read]
    return tuple(cell for k, cell in enumerate(cells) if cell not in cells[:k])


def spike_strengths(text: str | None) -> tuple[float, ...]:
    """Return a list of strengths; raises UsageError."""
    if text is None:
        return ()
    try:
        values = tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError:
        raise UsageError(f"--spikes: got {shown(text)}, allowed: numbers such as 0.5,1.5,2") from None
    if len(values) > MOST_STRENGTHS:
        raise UsageError(f"--spikes: got {len(values)} values, allowed: at most {MOST_STRENGTHS}")
    return values


def parse_sizes(text: str) -> tuple[int, ...]:
    """Return the n of ``--n``; raises UsageError."""
    try:
        return tuple(sorted(parse_integers(text)))
    except ValueError as error:
        raise UsageError(f"--n: {error}") from error


def run_flows(
    plan: FlowPlan, settings: Settings, out: Path | None, console: Console, store: str | None = None
) -> list[dict[str, Any]]:
    """Flow on every landscape of a plan, write the folder, and return the rows of its summary.

    Args:
        out: the folder; None for no files.
        store: where the run stays, so that it can be stopped, resumed and extended; None for nowhere.

    Raises UsageError for a plan, a folder or a store that cannot be, RunError if blocks fail, Interrupted.
    """
    from morsecensus.analysis.dataset.cells import open_study
    from morsecensus.analysis.topics.flow.folder import finite, write_flows
    from morsecensus.analysis.topics.flow.measure import summary_rows
    from morsecensus.analysis.topics.flow.read import find_flows

    if out is not None:
        _check_folder(out)
    with _kept(store, settings) as place:
        outcome = run_study(plan.study(), place, settings, console)
        if outcome.failure is not None:
            raise RunError(outcome.failure)
        (found,) = find_flows(open_study(place))
    if out is not None:
        about = json.dumps(dataclasses.asdict(plan) | {"versions": software()}, indent=1) + "\n"
        try:
            write_flows(found.cells, found.outliers, plan.success, out, about)
        except OSError as error:
            raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error
    return [finite(row) for row in summary_rows(found.cells, plan.success)]


@contextmanager
def _kept(store: str | None, settings: Settings) -> Iterator[str]:
    """The store of a run; a temporary one, gone afterwards, if none is given."""
    if store is not None:
        yield store
        return
    if settings.address is not None:
        raise UsageError("--address: needs --store, a folder that every node shares or a bucket")
    with tempfile.TemporaryDirectory(prefix="morsecensus-flow-") as folder:
        try:
            yield folder
        except Interrupted as error:
            raise Interrupted("stopped; nothing was kept: --store keeps it", error.exit_code) from error


def readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the summary as a line of a table: values with their errors."""
    shown_row = {}
    for name, value in row.items():
        error = row.get(f"{name}_se")
        if name == "model" or name.endswith("_se"):
            continue
        short = name.removesuffix("_rate").replace("end_overlap_size", "|m|").replace("end_overlap", "m")
        shown_row[short] = value if error is None else f"{value:.3f} +- {error:.1g}"
    return shown_row


def _check_folder(out: Path) -> None:
    """Before hours of computing."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error


def _integer(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"{name}: got {value}, allowed: integers from {least} to {most}")


def _number(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # NaN compares as false
        raise UsageError(f"{name}: got {value:g}, allowed: numbers from {least:g} to {most:g}")
