"""The theory of a model, by the name that the registry of models has for it."""

import importlib
from collections.abc import Mapping
from typing import Any

from morsecensus.analysis.theory.base import Symmetry, Theory, symmetry_by_degrees
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.landscapes.registry import MODELS

SPHERICAL = "spherical"


def theory_of(model: str, parameters: Mapping[str, Any]) -> Theory:
    """What is known of a model with these parameters: as a study has them, or as text.

    Nothing is known, and so a bare `Theory` comes back, of a model without theory, of one that isn't
    registered here, and of one that lacks a parameter.
    """
    known = MODELS.get(model)
    if known is None or known.theory is None:
        return Theory()
    of_model = known.parameters.items()
    if any(each.default is None and name not in parameters for name, each in of_model):
        return Theory()
    given = {name: each.kind(parameters[name]) for name, each in of_model if name in parameters}
    return _class_of(known.theory)(**given)


def symmetry_of(model: str, parameters: Mapping[str, Any], n: int) -> Symmetry:
    """The sign changes that relate critical points: by theory, or by the degrees of xi where couplings of any
    law are drawn as those of the spherical model, or by those of couplings that were given."""
    known = MODELS.get(model)
    if known is not None and known.content_of is not None:
        return _symmetry_of_content(parameters, n)
    if known is None or known.theory is not None or known.draws != SPHERICAL or "xi" not in parameters:
        return theory_of(model, parameters).symmetry(n)
    covariance = Covariance.parse(parameters["xi"]).with_field(float(parameters.get("field", 0.0)))
    return symmetry_by_degrees(covariance)


def _symmetry_of_content(parameters: Mapping[str, Any], n: int) -> Symmetry:
    """By what `tasks.landscapes.tensors.describe` says of couplings: degrees, or spheres of a form."""
    if "xi_like" in parameters:
        return symmetry_by_degrees(Covariance.parse(parameters["xi_like"]))
    if "sizes" in parameters:
        return Symmetry(2 ** len(str(parameters["sizes"]).split(",")), True)
    return Theory().symmetry(n)


def _class_of(theory: str | type) -> type[Theory]:
    if isinstance(theory, type):
        return theory
    module, name = theory.split(":")
    return getattr(importlib.import_module(module), name)
