"""A census of the critical points of random landscapes, held against exact Kac-Rice theory.

How many critical points has a random function of many variables, at what energy, of which Morse index? Of a
spherical spin glass the mean numbers are known exactly at every N, and every point of one landscape can be
found. What the commands of ``morsecensus`` do from a shell, these functions do from Python:

    import morsecensus as mc

    mc.predict("q^3", "4:20")                exact mean numbers at finite N, a row for each N
    mc.census("q^3", 10, seed=1)             the critical points of one landscape, by any finder
    mc.enumerate("q^4", 6, seed=1)           all of them, with a proof that none is missing
    mc.mean_field("q^3", looks=[1, 2, 5])    dynamics at N to infinity: flow, Langevin, gradient descent, SGD
    mc.topology("q^3", 4, seed=1)            how they connect: persistent homology of sublevel sets

    mc.run("study.toml", "runs/demo")        a study of many landscapes: resumed or extended if it is there
    mc.open("runs/demo").cells[0].points     its critical points, as xarray: loaded when they are used
    mc.report("runs/demo")                   one page, with figures and tables
    mc.explore("runs/demo")                  one page to look around in; or of a landscape, xi="q^3", n=3

    mc.build("pspin", {"xi": "q^3"}, 10)     a landscape: value, gradient, couplings of any seed and number
    mc.Landscape                             the class to derive one of your own from: `sample` and `value`

H is a function on the sphere |x|^2 = N with covariance N xi(x.y/N); energies are H/N; counts are of points on
the whole sphere. Results print as four lines. Mistakes raise `morsecensus.pipeline.errors.UsageError`, whose
text says what was got and what is allowed. Import the package rather than its names: `open` and `enumerate`
are also Python's own.

Nothing heavy is imported before it is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morsecensus.pipeline.api.dynamics import mean_field
    from morsecensus.pipeline.api.landscapes import census, enumerate, predict, topology
    from morsecensus.pipeline.api.pages import explore
    from morsecensus.pipeline.api.studies import open, report, run
    from morsecensus.tasks.landscapes.base import Landscape, build

    __version__: str

__all__ = [
    "Landscape",
    "__version__",
    "build",
    "census",
    "enumerate",
    "explore",
    "mean_field",
    "open",
    "predict",
    "report",
    "run",
    "topology",
]

_PLACES = {
    "Landscape": "tasks.landscapes.base",
    "build": "tasks.landscapes.base",
    "census": "pipeline.api.landscapes",
    "enumerate": "pipeline.api.landscapes",
    "mean_field": "pipeline.api.dynamics",
    "explore": "pipeline.api.pages",
    "predict": "pipeline.api.landscapes",
    "topology": "pipeline.api.landscapes",
    "open": "pipeline.api.studies",
    "report": "pipeline.api.studies",
    "run": "pipeline.api.studies",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
