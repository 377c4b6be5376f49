"""Multilinear forms on r spheres of any sizes, without couplings: a span for each sphere.

H(w) = sqrt(M) J[u_1, .., u_r], u_i = w_i/sqrt(n_i) of length 1, M the mean of the n_i, J of independent
standard normal entries. Let S_i be the span of the u_i looked at. Entries with all indices in the spans are
explicit; for a direction of sphere i orthogonal to S_i those with all other indices in the other spans are
its *slab*, a tensor over them; entries with two indices outside were never seen. A look at u shows, on each
sphere, the inner products of all slabs with the tensor product of the other u_k: what `slabs` needs, one of
it for each sphere. When S_i grows by f the slab of f becomes explicit, and the slabs of all other spheres
get entries that nobody has seen, with the index f: unlike symmetric tensors, nothing has f twice.
"""

import math

import numpy as np

from morsecensus.tasks.dynamics.fields.base import Look, SpanFullError, Vector
from morsecensus.tasks.dynamics.fields.frame import Frame
from morsecensus.tasks.dynamics.fields.packing import room_for
from morsecensus.tasks.dynamics.fields.product_features import ProductRows
from morsecensus.tasks.dynamics.fields.slabs import Slabs
from morsecensus.tasks.dynamics.fields.spheres import OnSpheres
from morsecensus.tasks.runtime.keys import generator

Parts = list[Vector]
"""A vector for each sphere."""


class Form:
    """J and what is known of it."""

    def __init__(
        self, frames: list[Frame], draw: np.random.Generator, tolerance: float, memory: float
    ) -> None:
        self.slabs = [Slabs(frame, draw, tolerance) for frame in frames]
        self.rows = ProductRows(len(frames), room_for(1))
        self.memory = memory

    def look(self, u: Parts) -> Parts:
        """J contracted with all vectors but one, for each."""
        self._enter(u)
        c = [slabs.coordinates(part) for slabs, part in zip(self.slabs, u, strict=True)]
        return [self._product(i, self.rows.of_point(i, c)) for i in range(len(u))]

    def hessian_product(self, u: Parts, v: Parts) -> Parts:
        """The derivative of `look` along v."""
        self._enter(u)
        self._enter(v)
        c, d = ([s.coordinates(part) for s, part in zip(self.slabs, x, strict=True)] for x in (u, v))
        return [self._product(i, self.rows.of_slope(i, c, d)) for i in range(len(u))]

    def _enter(self, u: Parts) -> None:
        for i, (slabs, part) in enumerate(zip(self.slabs, u, strict=True)):
            f = slabs.beyond(part)
            if f is not None:
                self._make_room(i)
                (slab,) = slabs.drawn(f, [self.rows.size(i)])
                self.rows.append(i, slab)
                slabs.span.append(f)

    def _make_room(self, i: int) -> None:
        directions = [d + (k == i) for k, d in enumerate(self.rows.directions)]
        explicit = 8 * len(directions) * math.prod(max(d, 1) for d in directions)
        if explicit + sum(slabs.basis.bytes for slabs in self.slabs) > self.memory:
            raise SpanFullError(f"{directions} directions of the spheres are too many")
        if directions[i] > self.rows.room:
            self.rows.make_room(room_for(directions[i]))

    def _product(self, i: int, phi: np.ndarray) -> Vector:
        slabs = self.slabs[i]
        inside = self.rows.product(i, phi)
        product = slabs.outside([phi])
        product[: slabs.frame.known] += inside @ slabs.span.matrix
        return product


class FreePartiteField(OnSpheres):
    """A form as in `base.Field`, drawn as it is met; the sum of ``summands`` independent ones.

    Args:
        sizes: of the spheres.
        size: directions of each sphere to have room for.
        memory: bytes that the fields may take together.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        seed: int,
        landscape: int,
        *,
        summands: int = 1,
        tolerance: float = 1e-6,
        size: int = 2048,
        memory: float = 2**30,
    ) -> None:
        self.n, self.sizes, self.summands = sum(sizes), sizes, summands
        self.frames = [Frame(n, size) for n in sizes]
        ends = np.cumsum([frame.size for frame in self.frames])
        self.size = int(ends[-1])
        radii = [math.sqrt(n / self.n) for n in sizes]
        slices = [slice(int(end) - f.size, int(end)) for end, f in zip(ends, self.frames, strict=True)]
        self.parts = list(zip(slices, radii, strict=True))
        self.gradients = self.products = 0
        self.fields = [
            Form(
                self.frames,
                generator(seed, "free", *sizes, landscape, "field", p),
                tolerance,
                memory / summands,
            )
            for p in range(summands)
        ]

    @property
    def dimension(self) -> int:
        return max(slabs.dimension for field in self.fields for slabs in field.slabs)

    @property
    def rank(self) -> int:
        return self.n - len(self.sizes)

    def _units(self, x: Vector) -> Parts:
        """u_i of each sphere."""
        return [x[part] / radius for part, radius in self.parts]

    def _joined(self, parts: Parts) -> Vector:
        """From derivatives by u_i to those by w_i over sqrt(N)."""
        factors = len(self.sizes)
        scales = [1 / math.sqrt(factors * n * self.summands) for n in self.sizes]
        return np.concatenate([scale * part for scale, part in zip(scales, parts, strict=True)])

    def look(self, x: Vector, summand: int | None = None) -> Look:
        chosen = self.fields if summand is None else [self.fields[summand]]
        self.gradients += len(chosen)
        gradient = sum(self._joined(field.look(self._units(x))) for field in chosen)
        first = self.parts[0][0]
        return Look(float(x[first] @ gradient[first]), gradient)  # type: ignore[index]

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        self.products += 1
        pairs = (field.hessian_product(self._units(x), self._units(u)) for field in self.fields)
        return sum(self._joined(parts) for parts in pairs)  # type: ignore[return-value]

    def _normal(self, draw: np.random.Generator) -> Vector:
        return np.concatenate([frame.normal(draw) for frame in self.frames])

    def uniform_start(self, draw: np.random.Generator) -> Vector:
        """A uniform point of the product."""
        return self.retract(self._normal(draw))

    def planted_start(self, draw: np.random.Generator, temperature: float) -> Vector:
        raise ValueError(f"start: got equilibrium at {temperature} with a form, allowed: uniform")
