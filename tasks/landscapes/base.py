"""What a landscape is: parameters that sample couplings, and a smooth function of (couplings, point)."""

import importlib
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.geometry.manifolds import Manifold
from morsecensus.tasks.geometry.symmetry import Flips, Symmetry
from morsecensus.tasks.landscapes.parameters import Parameter
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.runtime.keys import integer
from morsecensus.tasks.runtime.lazy_jax import Array, jax
from morsecensus.tasks.systems.system import System

Couplings = Any  # a pytree of float64 arrays, different for each model


class Jet(NamedTuple):
    """Value and Euclidean derivatives of the extensive H at one point."""

    value: Float[Array, ""]
    gradient: Float[Array, " ambient"]
    hessian: Float[Array, "ambient ambient"]


class Landscape(ABC):
    """Parameters of a random function H on a manifold, as a frozen and hashable dataclass.

    Hashable because it is a static argument of the jitted finders; the couplings are a traced argument, so
    that one compilation serves all landscapes of a cell. A model must give `from_parameters`, `manifold`,
    `sample` and `value`; it should override `hessian_variation` where it knows a bound, `jet` and
    `value_and_gradient` where contractions can be fused.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        """Build from the JSON parameters of a cell and the size n; ValueError says what is wrong with
        them."""

    @property
    @abstractmethod
    def manifold(self) -> Manifold: ...

    @property
    def parities(self) -> tuple[int, ...]:
        """For each factor of the manifold: +1 if H doesn't change with this factor's sign, -1 if it changes
        sign too, 0 if neither."""
        return (0,) * len(self.manifold.sizes)

    @property
    def parity(self) -> int:
        """+1 if the parities make H(-x) = H(x), -1 if they make H(-x) = -H(x), 0 otherwise."""
        return math.prod(self.parities) if self.parities else 0

    @property
    def flips(self) -> Flips:
        """The sign changes that relate critical points."""
        return Flips(self.manifold, self.parities)

    @property
    def symmetry(self) -> Symmetry:
        """Everything that relates critical points; more than sign changes where orbits are manifolds."""
        return self.flips

    @property
    def climbs(self) -> bool:
        """Whether ascents find points that descents don't: not where -H is an image of H, nor where H is
        unbounded above."""
        return not self.flips.odd

    def random_starts(self, draw: np.random.Generator, count: int) -> Float[np.ndarray, "count ambient"]:
        """Independent starts for a search; none may depend on the couplings."""
        return self.manifold.random_points(draw, count)

    def known(self, couplings: Couplings) -> dict[str, np.ndarray]:
        """Columns of `tasks.measurables` that only this model has: what its theory needs of one instance."""
        return {}

    @property
    def known_sizes(self) -> dict[str, int]:
        """Sizes of the dimensions of `known`."""
        return {}

    @property
    def complex_points(self) -> int | None:
        """Number of complex critical points for generic couplings, where known: bounds and fixes the parity
        of the real ones."""
        return None

    @property
    def generic_points(self) -> int | None:
        """Number of complex critical points of generic couplings of this kind, where known. No couplings have
        more isolated ones, each counted with its multiplicity (`tasks.finders.homotopy.completeness`)."""
        return self.complex_points

    @property
    def typical_points(self) -> float:
        """Rough mean number of critical points: plans and budgets use it, no result does."""
        return 2.0**self.manifold.dimension

    def low_points(self, max_index: int) -> float:
        """Rough mean number of points of index 0 to ``max_index`` and of their images: for plans, as
        `typical_points`."""
        levels = self.manifold.dimension + 1
        return self.typical_points * min(1.0, (1 + self.flips.odd) * (max_index + 1) / levels)

    @property
    def homotopy_paths(self) -> int | None:
        """Number of paths that lead to all complex critical points, one to each class of them where sign
        changes relate them all; None if homotopies can't enumerate this landscape."""
        return None

    @property
    def path_seconds(self) -> float:
        """Rough seconds of one such path on one thread."""
        raise NotImplementedError(f"{self.name} has no paths")

    @property
    def preparation_seconds(self) -> float:
        """Rough seconds that a worker takes once for this landscape's cell, before its first path."""
        return 0.0

    def polynomial_system(self, couplings: Couplings) -> System:
        """The system whose solutions these paths end at, for landscapes that have `homotopy_paths`."""
        raise NotImplementedError(f"{self.name} has no paths")

    def gradient_size(self, couplings: Couplings) -> float | None:
        """Typical size of one component of this instance's gradient, where H is linear in its couplings.

        Finders then work in units of H in which it is of order one (`tasks.landscapes.scale`). None for other
        models, whose own units they work in.
        """
        return None

    @property
    def gradient_scale(self) -> float:
        """Typical size of one component of the gradient, in the units that finders work in."""
        return 1.0

    @property
    def curvature_scale(self) -> float:
        """Typical spectral radius of the Hessian, in the units that finders work in."""
        return 1.0

    @abstractmethod
    def sample(self, seed: int, landscape: int) -> Couplings:
        """The couplings of one instance, a function of (seed, model, size, landscape) only."""

    @abstractmethod
    def value(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        """The extensive H; the energy density is ``value / manifold.ambient``."""

    def value_and_gradient(
        self, couplings: Couplings, x: Float[Array, " ambient"]
    ) -> tuple[Float[Array, ""], Float[Array, " ambient"]]:
        return jax.value_and_grad(self.value, argnums=1)(couplings, x)

    def jet(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Jet:
        value, gradient = self.value_and_gradient(couplings, x)
        hessian = jax.jacfwd(lambda y: self.value_and_gradient(couplings, y)[1])(x)
        return Jet(value, gradient, hessian)

    @property
    def hessian_table(self) -> Int[np.ndarray, "ambient ambient"]:
        """The row of `hessian_rows` in which each entry of the Hessian stands."""
        n = self.manifold.ambient
        return np.arange(n * n).reshape(n, n)

    @property
    def gradient_share(self) -> float:
        """The Euclidean gradient is this share of Hess H on x, plus the rest that `hessian_rows` gives."""
        return 0.0

    def hessian_rows(
        self, couplings: Couplings, x: Float[Array, "ambient lanes"]
    ) -> tuple[Float[Array, "rows lanes"], Float[Array, "ambient lanes"]]:
        """Entries of the Euclidean Hessian at many points side by side, and of the gradient what
        `gradient_share` leaves."""
        jets = jax.vmap(lambda y: self.jet(couplings, y), in_axes=1, out_axes=-1)(x)
        return jets.hessian.reshape(-1, x.shape[1]), jets.gradient

    def hessian_variation(self, couplings: Couplings) -> float:
        """An upper bound on the Lipschitz constant of the Euclidean Hessian within 1.1 x the radius of each
        sphere.

        Newton-Kantorovich radii rest on it; that it is loose only makes them smaller. A model that has no
        bound of its own gets a sampled number, which is none: radii are estimates then (`radii_proven`).
        """
        # compiles when it is imported, and a plan does without
        from morsecensus.tasks.landscapes.variation import sampled_variation

        return sampled_variation(self, couplings)

    @property
    def radii_proven(self) -> bool:
        """Whether `hessian_variation` is a bound, so that radii are Newton-Kantorovich's and no estimates."""
        return type(self).hessian_variation is not Landscape.hessian_variation

    def coupling_bytes(self) -> int:
        """Peak bytes of drawing and holding the couplings of one instance, tables of indices included."""
        return 8 * self.manifold.ambient**2


def build(model: str, parameters: Mapping[str, Any], n: int) -> Landscape:
    """The landscape of a cell, parameters that aren't given by their defaults.

    ValueError if the model is unknown, a parameter is wrong, missing or another model's, or n no integer.
    """
    if model not in MODELS:
        raise ValueError(f"model: got {model!r}, allowed: {', '.join(sorted(MODELS))}")
    try:
        size = integer(n)
    except TypeError:
        raise ValueError(f"n: got {n!r}, allowed: an integer") from None
    return _class_of(MODELS[model].landscape).from_parameters(_completed(model, parameters), size)


def _completed(model: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parameters in the order of the registry. What a file holds in place of its name is left as it is."""
    if MODELS[model].content_of is not None:
        return given
    known = MODELS[model].parameters
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"parameters of {model}: got {unknown}, allowed: {', '.join(known) or 'none'}")
    missing = [name for name in known if name not in given and known[name].default is None]
    if missing:
        raise ValueError(f"parameters of {model}: got no {missing[0]!r}, allowed: {', '.join(known)}")
    return {name: _parameter(name, known[name], given) for name in known}


def _parameter(name: str, parameter: Parameter, given: Mapping[str, Any]) -> Any:
    if name not in given:
        return parameter.default
    try:
        return parameter.read(given[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _class_of(landscape: str | type) -> type[Landscape]:
    if isinstance(landscape, type):
        return landscape
    module, name = landscape.split(":")
    return getattr(importlib.import_module(module), name)
