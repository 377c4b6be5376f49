"""The report's section on trajectories."""

from collections.abc import Iterable, Mapping, Sequence

from morsecensus.analysis.agreement.judged import Judged
from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.dynamics import figure, tables
from morsecensus.analysis.topics.dynamics.against_limit import limit_tests
from morsecensus.analysis.topics.dynamics.fluctuation import draw_fluctuations
from morsecensus.analysis.topics.dynamics.learnt import where_runs_end
from morsecensus.analysis.topics.dynamics.limit import LimitCurve
from morsecensus.analysis.topics.dynamics.measure import (
    Setting,
    end_rows,
    head_of,
    look_rows,
    settings_of,
)
from morsecensus.analysis.topics.dynamics.read import BODY, Runs, find_runs
from morsecensus.analysis.topics.dynamics.softest import draw_softest
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.layout import Picture, Section

_TEXT = (
    "Runs of algorithms from random starts. Where the sampler is free the field is drawn as the run meets "
    "it: its law is that of dense couplings at just this N, and the cost doesn't depend on N. Lines are N to "
    "infinity: the two-time equations for continuous time, the exact recursion for algorithms of finite "
    "steps. Errors are over landscapes."
)
_CAPTIONS = {
    "curves": "Left: mean energies per spin. Middle: N times what is left to N to infinity, where errors "
    "don't hide it; a correction in 1/N if all N fall together. Right: spread over landscapes times √N.",
    "algorithms": "All algorithms at one N against the same time, which is the step times the number of "
    "steps over the number of summands. Lines: N to infinity; dashed, where that isn't known of just the "
    "algorithm: Langevin dynamics at the temperature step ξ'(1)(1 - 1/P)/2 beside SGD on P summands, "
    "continuous time beside a flow whose step is fixed.",
    "approach": "How descents approach the threshold: distance in energy and its local exponent.",
    "temperatures": "Energies at the last look against the temperature of the bath, or of the noise of SGD. "
    "Above the dynamic temperature runs tend to equilibrium but for the error of their step, below they age.",
    "fluctuation": "Below the dynamic temperature, N to infinity: the response to a field that is switched "
    "on at a waiting time, times T, against the correlation with the state at that time. Equilibrium has "
    "slope -1; aging leaves it at the plateau and goes on at the slope -x of theory (dashed), the better the "
    "longer the waiting time.",
    "ends": "Energies per spin where the runs ended; dashed: the floor, dotted: the ground state, both of N "
    "to infinity. Dashes and dots: the exact law of the minima at the same N, each counted once, where runs "
    "count them by their basins.",
    "signal": "Overlaps with the signal, absolute values; a start without overlap has one of order "
    "1/√N, so what flow finds from there depends on N.",
    "plane": "Index at the end against energy, of runs that converged. Newton's method is drawn to saddles "
    "of every index, saddle-free Newton, which takes the eigenvalues' absolute values, to minima.",
    "softest": "Lowest eigenvalue of the Hessian along the runs, means over landscapes; 0 where a state is "
    "marginal.",
}


class Trajectories(Topic[Setting]):
    """Cells of trajectories, a section for each law of landscapes and kind of start."""

    anchor, declared, numbered = "trajectories", tables.DECLARED, True
    bodies = (BODY,)

    def find(self, study: StudyResult) -> list[Setting]:
        return settings_of(find_runs(study.study))

    def tables(self, found: Setting) -> Mapping[Table, Sequence[Row]]:
        return {tables.ENDS: list(end_rows(found)), tables.LOOKS: list(look_rows(found))}

    def figures(self, found: Setting) -> Mapping[str, Figure]:
        drawn = {
            _name(number): figure.draw_curves(group, found)
            for number, group in enumerate(_compared(found), 1)
        }
        more = {
            "algorithms": figure.draw_algorithms(found),
            "approach": figure.draw_approach(found),
            "temperatures": figure.draw_temperatures(found),
            "fluctuation": draw_fluctuations(found),
            "ends": figure.draw_ends(found),
            "signal": figure.draw_signal(found),
            "plane": figure.draw_plane(found),
            "softest": draw_softest(found),
        }
        return drawn | {name: one for name, one in more.items() if one is not None}

    def tests(self, found: Setting) -> Iterable[CellTest]:
        return [
            CellTest((), Judged(result, None, ""), self.anchor, named=head_of(runs))
            for runs, result in limit_tests(found)
        ]

    def findings(self, found: Sequence[Setting]) -> list[Finding]:
        said = where_runs_end(found)
        return [] if said is None else [said]

    def section(self, found: Setting) -> Section:
        title = f"Trajectories: {found.title}"
        pictures = [
            Picture(_name(number), f"{title}: {group[0][0].label}", _caption(group))
            for number, group in enumerate(_compared(found), 1)
        ]
        pictures += [Picture(name, f"{title}: {name}", text) for name, text in _CAPTIONS.items()]
        return Section(title, [paragraph(_TEXT), tables.ENDS.part(list(end_rows(found))), *pictures])


def _compared(found: Setting) -> list[list[tuple[Runs, LimitCurve | None]]]:
    """Algorithms with a time at several N; all, if none has several."""
    groups = [group for group in found.rules() if group[0][0].has_time]
    return [group for group in groups if len({runs.n for runs, _ in group}) > 1] or groups


def _caption(group: Sequence[tuple[Runs, LimitCurve | None]]) -> str:
    """Of the panels that `figure.draw_curves` draws: the other two take an exact limit."""
    return _CAPTIONS["curves"] if figure.has_limit(group) else "Mean energies per spin."


def _name(number: int) -> str:
    return f"curves-{number}"
