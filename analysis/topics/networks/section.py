"""The report's section on trained networks."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.networks import figure, measure, tables
from morsecensus.analysis.topics.networks.compare import compared_row, pairs_of
from morsecensus.analysis.topics.networks.lazy import families
from morsecensus.analysis.topics.networks.learnt import what_training_reaches
from morsecensus.analysis.topics.networks.read import BODY, Network, find_networks
from morsecensus.analysis.topics.networks.sweep import sweeps

Found = tuple[Network, ...]

_TEXT = (
    "Tier 4, trained networks. Each run begins at other weights and sees the examples in another order; runs "
    "are the independent units. Costs are mean cross-entropies in nats, or half the mean squared error. With "
    "labels of a teacher no cost is below the mean entropy of its answers, so what counts is the cost above "
    "that floor. Training is left after its steps: where it ends is no critical point, and nothing here says "
    "so."
)
_CAPTIONS = {
    "costs": "Each dot a run, bars their means with errors: training cost above the floor, and test errors.",
    "looks": "Mean costs against steps.",
    "paths": "Mean training costs on straight lines between runs: as trained, with the units of one permuted "
    "at random, with its units matched to the other's, and from a run to a permuted and matched copy of "
    "itself, which must be flat; and, if asked for, on a trained curve between runs as they are.",
    "spectra": "Hessians where training ended, eigenvalues over the largest. Left: density, each Lanczos "
    "node a Gaussian. Right: the largest nodes of the first run, those with residuals below 0.01 of it.",
}


class TrainedNetworks(Topic[Found]):
    """All networks of a study together, for they are there to be compared, but for those that have a topic of
    their own."""

    anchor, declared = "networks", tables.DECLARED
    bodies = (BODY,)

    def find(self, study: StudyResult) -> list[Found]:
        known = find_networks(study.study)
        apart = [one for family in (*families(known), *sweeps(known)) for one in family.cells]
        found = tuple(one for one in known if one not in apart and (one.runs or one.diverged))
        return [found] if found else []

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        found = _measurable(found)
        known = [one for one in found if "node" in one.data]
        return {
            tables.RUNS: [measure.run_row(one) for one in found],
            tables.LOOKS: [row for one in found for row in measure.look_rows(one)],
            tables.BARRIERS: [row for one in found for row in measure.barrier_rows(one)],
            tables.HESSIAN: [measure.hessian_row(one) for one in known],
            tables.TOPS: [row for one in known for row in measure.top_rows(one)],
            tables.COMPARED: [compared_row(*pair) for pair in pairs_of(found)],
        }

    def figures(self, found: Found) -> Mapping[str, Figure]:
        found = _measurable(found)
        drawn = {
            "costs": figure.draw_costs(found),
            "looks": figure.draw_looks(found),
            "paths": figure.draw_paths(found),
            "spectra": figure.draw_spectra(found),
        }
        return {name: one for name, one in drawn.items() if one is not None}

    def findings(self, found: Sequence[Found]) -> list[Finding]:
        said = [what_training_reaches(one) for one in found]
        return [one for one in said if one is not None]

    def section(self, found: Found) -> Section:
        title, rows = "Trained networks", self.tables(found)
        pictures = {name: Picture(name, f"{title}: {name}", text) for name, text in _CAPTIONS.items()}
        body: list[Part | Picture | Section] = [paragraph(_TEXT), *_warnings(found)]
        body += _control(rows[tables.BARRIERS])
        body += [pictures["costs"], tables.RUNS.part(rows[tables.RUNS]), pictures["looks"]]
        for table, picture in (
            (tables.COMPARED, None),
            (tables.BARRIERS, "paths"),
            (tables.HESSIAN, "spectra"),
        ):
            body += [pictures[picture]] if picture else []
            body += [table.part(rows[table])] if rows[table] else []
        return Section(title, body)


def _measurable(found: Found) -> Found:
    return tuple(one for one in found if one.runs)


def _warnings(found: Found) -> list[Part]:
    texts = [(one.name, text) for one in found for text in one.warnings]
    texts += [
        (one.name, f"{one.diverged:,} of {one.diverged + one.runs:,} runs diverged; means are of the others")
        for one in found
        if one.diverged
    ]
    return [note(f"{name}: {text}", "bad") for name, text in texts]


def _control(rows: Sequence[Row]) -> list[Part]:
    """What the copies say of the matching; nothing where there are none."""
    copies = [row for row in rows if row["path"] == "copy"]
    if not copies:
        return []
    worst = max(row["barrier_max"] for row in copies)
    text = f"Control: the largest barrier from a run to a matched copy of itself is {worst:.0e}"
    text += f", over {sum(row['pairs'] for row in copies)} runs."
    return [note(text, "good" if worst < tables.ROUNDING else "bad")]
