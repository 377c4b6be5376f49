"""The driver's side of ``flow``: arguments checked, a job for each landscape, tables and figures of them."""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from morsecensus.pipeline.backends.executor import POLL_SECONDS, Executor, Job, ask
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError, shown
from morsecensus.pipeline.run.plan import available_memory, size_text
from morsecensus.pipeline.run.run import Settings, advised, software, worker_environment
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.study.parameters import FLOWING, read_parameters
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.tasks.landscapes.registry import MODELS

if TYPE_CHECKING:
    from morsecensus.analysis.theory.dynamics.limits import Limit
    from morsecensus.analysis.topics.flow.measure import FlowCell
    from morsecensus.analysis.topics.flow.outliers import Outliers

BODY = "tasks.records.flow:flow_landscape"
STOPPED = "stopped; nothing was kept"
MOST_SWEPT, MOST_STRENGTHS, MOST_STARTS, MOST_LANDSCAPES, MOST_TIMES = 50, 50, 100_000, 100_000, 1000
LARGEST_STRENGTH = 1000.0
LONGEST = 1e4


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
        _number("--until", self.until, 1e-3, LONGEST)
        if self.overlap is not None:
            _number("--overlap", self.overlap, -1, 1)
        _number("--success", self.success, -1, 1)
        for strength in self.strengths:
            _number("--spikes", strength, 0, LARGEST_STRENGTH)
        from morsecensus.analysis.theory.dynamics.limits import look_times

        object.__setattr__(self, "times", look_times(self.until, self.looks))

    def specs(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The number of a set of parameters, and the spec of its flows, at each n."""
        for number, parameters in enumerate(self.cells):
            for n in self.n:
                yield number, self._common(parameters, n) | {"overlap": self.overlap, "times": self.times}

    def threshold_specs(self) -> Iterator[dict[str, Any]]:
        """Specs of the flows without signal, for the first set of parameters: in units of sqrt(xi''(1)) the
        others differ little."""
        if self.strengths:
            for n in self.n:
                more = {"until": self.until, "strengths": list(self.strengths)}
                yield self._common(self.cells[0], n) | more

    def _common(self, parameters: dict[str, Any], n: int) -> dict[str, Any]:
        names = {"model": self.model, "parameters": parameters, "n": n, "seed": self.seed}
        return names | {"starts": self.starts}


def flow_cells(model: str, given: Mapping[str, Any], sweep: str | None) -> tuple[dict[str, Any], ...]:
    """Return the sets of parameters of a sweep ``NAME=V1,V2,...``, one set without; raises UsageError."""
    if model not in FLOWING:
        raise UsageError(f"--model: got {shown(model)}, allowed: {', '.join(sorted(FLOWING))}")
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


def run_flows(plan: FlowPlan, settings: Settings, out: Path, console: Console) -> list[dict[str, Any]]:
    """Flow on every landscape of a plan, write the folder, and return the rows of its summary.

    Raises UsageError for a plan or a folder that cannot be, RunError if a worker fails, Interrupted.
    """
    from morsecensus.analysis.topics.flow.measure import summary_rows
    from morsecensus.analysis.topics.flow.section import finite, write_flows

    _check_folder(out)
    limits = _limits(plan)
    records = _compute(plan, settings, console)
    cells = _cells(plan, records, limits)
    try:
        about = dataclasses.asdict(plan) | {"versions": software()}
        text = json.dumps(about, indent=1) + "\n"
        write_flows(cells, _outliers(plan, records), plan.success, out, text)
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error
    return [finite(row) for row in summary_rows(cells, plan.success)]


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


def _limits(plan: FlowPlan) -> "list[Limit | None]":
    from morsecensus.analysis.theory.dynamics.limits import limit
    from morsecensus.analysis.theory.registry import theory_of

    found = []
    for parameters in plan.cells:
        known = theory_of(plan.model, parameters).dynamics
        found.append(None if known is None else limit(*known, plan.overlap, plan.until))
    return found


Records = dict[tuple[str, int, int], list[dict[str, Any]]]
"""(job, number of the parameters, n) -> one record per landscape."""


def _compute(plan: FlowPlan, settings: Settings, console: Console) -> Records:
    kinds = [("flow", number, spec) for number, spec in plan.specs()]
    kinds += [("threshold", 0, spec) for spec in plan.threshold_specs()]
    executor = start_executor(settings.backend, workers=settings.workers, address=settings.address)
    with StopRequest() as stop:
        try:
            memory = [_memory(executor, stop, spec, settings) for _, _, spec in kinds]
            generation = dataclasses.asdict(worker_environment(executor, stop))
            jobs = [
                {
                    "job": job,
                    "spec": spec,
                    "landscape": landscape,
                    "key": [job, number, spec["n"]],
                    "memory_bytes": bytes_,
                    "generation": generation,
                }
                for (job, number, spec), bytes_ in zip(kinds, memory, strict=True)
                for landscape in range(plan.landscapes)
            ]
            return _collect(executor, jobs, stop, console)
        finally:
            executor.close()


def _memory(executor: Executor, stop: StopRequest, spec: Mapping[str, Any], settings: Settings) -> int:
    receipt = ask(executor, {"job": "describe", "body": BODY, "spec": spec}, stop, STOPPED)
    if "error" in receipt:
        error = receipt["error"]
        if error["kind"] == "usage":
            raise UsageError(error["message"])
        raise RunError(f"workers cannot start: {advised(error)}")
    needed = receipt["description"]["memory_bytes"]
    there = None if settings.address else available_memory()
    if there is not None and needed > there:
        raise UsageError(
            f"--n: got {spec['n']}, which needs {size_text(needed)}, allowed: what fits in the "
            f"{size_text(there)} available; lower n"
        )
    return needed


def _collect(executor: Executor, jobs: Sequence[Job], stop: StopRequest, console: Console) -> Records:
    found: dict[tuple[str, int, int], dict[int, dict[str, Any]]] = {}
    columns = TextColumn("landscapes"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=len(jobs))
        waiting, running = list(reversed(jobs)), 0
        while waiting or running:
            while waiting and running < executor.window():
                executor.submit(waiting.pop())
                running += 1
            for done in executor.completed(POLL_SECONDS):
                running -= 1
                if "error" in done.receipt:
                    raise RunError(f"{done.job['job']}: {advised(done.receipt['error'])}")
                job, number, n = done.job["key"]
                found.setdefault((job, number, n), {})[done.job["landscape"]] = done.receipt["record"]
                progress.advance(bar)
            stop.check(STOPPED)
    return {key: [records[k] for k in sorted(records)] for key, records in found.items()}


def _cells(plan: FlowPlan, records: Records, limits: "Sequence[Limit | None]") -> "list[FlowCell]":
    from morsecensus.analysis.topics.flow.measure import FlowCell

    return [
        FlowCell.of(
            number,
            plan.model,
            spec["parameters"],
            spec["n"],
            plan.times,
            records["flow", number, spec["n"]],
            limits[number],
        )
        for number, spec in plan.specs()
    ]


def _outliers(plan: FlowPlan, records: Records) -> "list[Outliers]":
    from morsecensus.analysis.theory.registry import theory_of
    from morsecensus.analysis.topics.flow.outliers import Outliers

    known = theory_of(plan.model, plan.cells[0]).dynamics
    if known is None or not plan.strengths:
        return []
    unit = math.sqrt(known[0].x2)
    return [Outliers.of(n, plan.strengths, unit, records["threshold", 0, n], plan.seed) for n in plan.n]


def _integer(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"{name}: got {value}, allowed: integers from {least} to {most}")


def _number(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # NaN compares as false
        raise UsageError(f"{name}: got {value:g}, allowed: numbers from {least:g} to {most:g}")
