"""One landscape of a cell, its points found and connected as a study's block has them; and what is kept."""

from collections.abc import Mapping
from typing import Any

from morsecensus.tasks.finders.choose import FINDERS
from morsecensus.tasks.finders.options import BOUNDARIES
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.measurables.base import Found, Table, active
from morsecensus.tasks.measurables.census import CENSUS
from morsecensus.tasks.runtime.scatter import Scatter


def tables_of(spec: Mapping[str, Any]) -> tuple[Table, ...]:
    """What a cell has of all that a census can measure."""
    options = {name for name in ("positions", "spectra", "topology") if spec.get(name)}
    options |= {"sets", spec["finder"]}
    model = MODELS.get(spec["model"])  # none of a landscape of a user's own
    return active(CENSUS, options.union(() if model is None else model.columns))


def found_of(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Couplings,
    instance: int,
    scatter: Scatter | None = None,
) -> Found:
    """All that is known of one instance of a cell.

    Args:
        couplings: of this instance.
        scatter: runs parts of it on other workers; what comes out doesn't depend on it.
    """
    census = FINDERS[spec["finder"]].census(spec, landscape, couplings, instance, scatter)
    topology = None
    if spec.get("topology"):
        from morsecensus.tasks.topology.census import topology_of

        topology = topology_of(census, couplings, BOUNDARIES[spec["topology"]])
    return Found(census, landscape.known(couplings), topology)
