"""Small studies of trajectories that are run, as the report reads them."""

from rich.console import Console

from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.topics.dynamics.measure import Setting, settings_of
from morsecensus.analysis.topics.dynamics.read import find_runs
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study


def run_cells(place, *tables, seed=3) -> list[Setting]:
    """Free runs of q^3 with these keys, a table each."""
    common = {"xi": "q^3", "sampler": "free"}
    content = {"name": "runs", "seed": seed, "trajectories": [common | table for table in tables]}
    done = run_study(parse_study(content), str(place), Settings(backend="serial"), Console(quiet=True))
    assert done.failure is None
    return settings_of(find_runs(open_study(str(place))))
