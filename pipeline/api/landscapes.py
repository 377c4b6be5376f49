"""Functions on a model or one landscape: predict, census, enumerate, topology."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from morsecensus.pipeline.api.arguments import (
    integers_text,
    numbers_text,
    one_dimension,
    one_landscape,
    plain_number,
    whole,
)
from morsecensus.pipeline.api.results import Enumeration, LandscapeCensus, Persistence
from morsecensus.pipeline.commands.census import census_spec, check_finder, with_max_index
from morsecensus.pipeline.commands.enumerate import cell_spec, describe_landscape, path_store, threads_of
from morsecensus.pipeline.commands.landscape import check_memory, described
from morsecensus.pipeline.commands.predict import predictions
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.run.run import Settings
from morsecensus.pipeline.study.census import AUTO, finder_options
from morsecensus.pipeline.study.inputs import from_file
from morsecensus.tasks.finders.choose import choose
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.runtime import inputs

if TYPE_CHECKING:
    from morsecensus.tasks.landscapes.base import Landscape

MAX_PATHS = 2**21


def predict(
    xi: str | None = None,
    n: int | str | Sequence[int] = (),
    *,
    model: str = "pspin",
    energy: tuple[float, float, int] | str | None = None,
    max_index: int | None = None,
    temperature: float | None = None,
    **parameters: Any,
) -> list[dict[str, Any]]:
    """Expected numbers of critical points at finite N by the Kac-Rice formula, a row for each N.

    Args:
        xi: covariance polynomial, such as "q^3", for models that have one.
        n: dimensions: 8, "4:20" (inclusive), or [4, 6, 8].
        model: one with a theory.
        energy: (A, B, M) or "A:B:M": M bins or points of energy per spin from A to B.
        max_index: only the points of index 0 to it, exactly: of pspin to n = 401, with ``energy_mean``,
            ``energy_sd``, ``energy_skewness`` and ``relative_error`` of each index.
        temperature: T_d, T_s, the states and aging at this temperature, as ``limits["thermal"]``: of pspin.
        parameters: of the model, such as ``field=0.5`` or ``sizes="1,1,1"``.

    Returns:
        Rows as ``morsecensus predict --json`` prints them: ``n``, ``total``, ``by_index`` (index 0 first),
        ``minima_energy_mean``, ...; counts are of points on the whole sphere, energies per spin, unknown is
        None. The first row has ``limits``, N to infinity.

    Raises UsageError: the text says what was got and what is allowed.
    """
    given = given_parameters(model, xi, parameters)
    highest = None if max_index is None else whole("max_index", max_index)
    bins = numbers_text("energy", energy, ":")
    return predictions(model, integers_text("n", n), given, bins, highest, temperature)


def census(
    of: "str | Landscape | None" = None,
    n: int | None = None,
    *,
    seed: int = 1,
    landscape: int = 0,
    finder: str = "multistart",
    options: Mapping[str, Any] | None = None,
    max_index: int | None = None,
    model: str = "pspin",
    **parameters: Any,
) -> LandscapeCensus:
    """Find the critical points of one landscape by any finder.

    Args:
        of: xi, such as "q^3", of a model that has one; or a landscape, of yours or from `build`; nothing
            where the model has no xi, such as ``model="given", file="couplings.npz"``.
        n: dimension, if the landscape isn't built yet; then nothing of ``model`` and ``parameters`` either.
        seed, landscape: which one: that of this number in a study with this seed.
        finder: "multistart", "homotopy", "sampled-homotopy" or "low-index"; "auto" chooses by cost.
        options: of the finder, such as ``{"max_rounds": 4}``; docs/finders.md has them.
        max_index: the option of this name, of "low-index".
        model, parameters: what to build, with ``xi``.

    Raises UsageError for what cannot be, ValueError of a landscape of yours that its finder can't take.
    """
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.records.census import census_record
    from morsecensus.tasks.records.found import found_of

    highest = None if max_index is None else whole("max_index", max_index)
    options = with_max_index(finder, options or {}, highest)
    seed, landscape = one_landscape(seed, landscape)
    if of is None or isinstance(of, str):
        given = given_parameters(model, of, parameters)
        spec = census_spec(model, given, one_dimension(n), seed, landscape, finder, options, IN_PYTHON)
        check_memory(spec, described(spec, landscape), Settings())
        _hand_in(spec)
        of = build(model, spec["parameters"], spec["n"])
    else:
        _check_built(of, n, model, parameters)
        spec = _own_spec(of, seed, finder, options)
    couplings = of.sample(seed, landscape)
    found = found_of(spec, of, couplings, landscape)
    return LandscapeCensus(
        what=_title(of.name, spec["parameters"], spec["n"], seed, landscape),
        finder=spec["finder"],
        landscape=of,
        couplings=couplings,
        points=np.asarray(found.points.points),
        energy=np.asarray(found.points.energy),
        index=np.asarray(found.points.index),
        found=found.census,
        record=census_record(spec, found, landscape),
    )


IN_PYTHON = ("options", ".")
"""What messages call a finder's options, and what joins that and a name."""


def _check_built(of: object, n: object, model: str, parameters: Mapping[str, Any]) -> None:
    """Raise UsageError unless this is a landscape, and nothing is given of one that isn't built yet."""
    from morsecensus.tasks.landscapes.base import Landscape

    if not isinstance(of, Landscape):
        raise UsageError(f"of: got {shown(of)}, allowed: xi as text, such as 'q^3', or a landscape")
    beside = {
        **({} if n is None else {"n": n}),
        **({} if model == "pspin" else {"model": model}),
        **parameters,
    }
    if beside:
        raise UsageError(
            f"{', '.join(beside)}: given with a landscape that is built, allowed: with xi or model"
        )


def _own_spec(landscape: "Landscape", seed: int, finder: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a landscape that is built already."""
    check_finder(finder, options)
    finder = choose(landscape)[0] if finder == AUTO else finder
    return {
        "model": landscape.name,
        "parameters": {},
        "n": getattr(landscape, "n", None),
        "seed": seed,
        "finder": finder,
        "finder_options": finder_options(finder, options, *IN_PYTHON),
    }


def enumerate(
    xi: str | None = None,
    n: int | None = None,
    *,
    seed: int = 1,
    landscape: int = 0,
    certify: str = "all",
    max_paths: int = MAX_PATHS,
    model: str = "pspin",
    store: str | Path | None = None,
    **parameters: Any,
) -> Enumeration:
    """Find every critical point of one landscape, counted against algebra, and prove them.

    Args:
        certify: "none"; "real": each point exists, is unique in a box, has its index; "all": also none is
            missing.
        max_paths: landscapes with more paths are refused.

    Raises UsageError. See `census` for the other arguments.
    """

    from morsecensus.tasks.records.enumerate import enumerate_one

    seed, landscape = one_landscape(seed, landscape)
    spec = _homotopy_spec(model, xi, parameters, n, seed, whole("max_paths", max_paths), certify)
    describe_landscape(spec, landscape, topology=False)
    record = enumerate_one(spec, landscape, store=path_store(store, spec, landscape), points=True)
    return Enumeration(_title(model, spec["parameters"], n, seed, landscape), record)


def topology(
    xi: str | None = None,
    n: int | None = None,
    *,
    seed: int = 1,
    landscape: int = 0,
    max_paths: int = MAX_PATHS,
    model: str = "pspin",
    **parameters: Any,
) -> Persistence:
    """Persistent homology of the sublevel sets of one landscape, from all its critical points and the
    gradient lines between them.

    Raises UsageError. See `census` and `enumerate` for the arguments.
    """

    from morsecensus.tasks.records.enumerate import topology_of_one

    seed, landscape = one_landscape(seed, landscape)
    spec = _homotopy_spec(model, xi, parameters, n, seed, whole("max_paths", max_paths), "real")
    describe_landscape(spec, landscape, topology=True)
    record = topology_of_one(spec, landscape)
    return Persistence(_title(model, spec["parameters"], n, seed, landscape), record)


def _homotopy_spec(
    model: str, xi: str | None, parameters: dict[str, Any], n: int | None, seed: int, paths: int, certify: str
) -> dict[str, Any]:
    given = given_parameters(model, xi, parameters)
    spec = cell_spec(model, given, one_dimension(n), seed, paths, threads_of(Settings()), certify)
    _hand_in(spec)
    return spec


def _hand_in(spec: Mapping[str, Any]) -> None:
    """Let this process have the couplings that a file gives."""
    if MODELS[spec["model"]].content_of is not None:
        sha256 = spec["parameters"]["sha256"]
        inputs.keep(sha256, from_file(sha256))


def given_parameters(model: str, xi: str | None, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the user gave of a model's parameters; raises UsageError for a model that there isn't."""
    if model not in MODELS:
        raise UsageError(f"model: got {shown(model)}, allowed: {', '.join(sorted(MODELS))}")
    given = {name: plain_number(value) for name, value in parameters.items()}
    return given if not xi else {"xi": xi, **given}


def _title(model: str, parameters: Mapping[str, Any], n: int | None, seed: int, landscape: int) -> str:
    known = {**parameters, "n": n} if n is not None else parameters
    words = [model, *(f"{name} = {value}" for name, value in known.items() if value not in ("", None))]
    return ", ".join([*words, f"seed {seed}, landscape {landscape}"])
