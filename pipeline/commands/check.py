"""``morsecensus check``: everything that is wrong with a study, as far as it shows before anything runs."""

from collections.abc import Iterator
from pathlib import Path

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import available_memory, make_plan
from morsecensus.pipeline.study.faults import study_faults
from morsecensus.pipeline.study.study import Study, parse_study, read_toml


def check_study(path: Path) -> tuple[list[str], int]:
    """Return a line for each thing that is wrong, and the number of cells if nothing is.

    What the bodies say of their cells, such as an n that no memory holds, is asked when all tables are sound.
    Raises UsageError for what isn't TOML.
    """
    content = read_toml(path)
    faults = study_faults(content, str(path), path.parent)
    if faults:
        return faults, 0
    study = parse_study(content, str(path), path.parent)
    faults = list(dict.fromkeys(_unplanned(study)))
    return faults, 0 if faults else len(study.cells)


def _unplanned(study: Study) -> Iterator[str]:
    memory = available_memory()
    for cell in study.cells:
        try:
            make_plan(Study(study.name, study.seed, (cell,), study.source), memory=memory)
        except UsageError as error:
            yield str(error)
