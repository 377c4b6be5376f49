"""Censuses of the critical points of random landscapes, held against exact Kac-Rice theory.

    predict("q^3", [10])                 exact mean numbers at finite N, a row for each N
    build("pspin", {"xi": "q^3"}, 10)    a landscape; `Landscape` is the class to derive one of your own from
    open_study("runs/demo")              a run's cells with their datasets (xarray), opened lazily
    write_report("runs/demo", "out")     the report of a run
    __version__                          of this package

All of these load what they need when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morsecensus.analysis.dataset.cells import open_study
    from morsecensus.analysis.report import write_report
    from morsecensus.analysis.theory.models.pspin.predict import predict
    from morsecensus.tasks.landscapes.base import Landscape, build

    __version__: str

__all__ = ["Landscape", "__version__", "build", "open_study", "predict", "write_report"]

_PLACES = {
    "Landscape": "tasks.landscapes.base",
    "build": "tasks.landscapes.base",
    "open_study": "analysis.dataset.cells",
    "predict": "analysis.theory.models.pspin.predict",
    "write_report": "analysis.report",
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
