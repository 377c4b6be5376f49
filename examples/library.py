"""morsecensus from Python: predict, add a landscape of your own, open a dataset.

Run `make demo` first, then: python examples/library.py demo-output/store
"""

import sys
from dataclasses import dataclass

import numpy as np

import morsecensus as mc
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.runtime.keys import generator


def show_prediction() -> None:
    """Exact mean numbers of critical points at finite N."""
    for row in mc.predict("q^3", [4, 8, 20]):
        print(f"N = {row['n']}: {row['total']:.4f} critical points, {row['by_index'][0]:.4f} of them minima")


@dataclass(frozen=True)
class Bilinear(mc.Landscape):
    """H = x.A y / sqrt(n) on two spheres: its critical points are the singular vectors of A.

    The value is enough: derivatives come from autodiff.
    """

    sizes: tuple[int, int]
    name = "bilinear"

    @classmethod
    def from_parameters(cls, parameters, n):
        return cls((n, n))

    @property
    def manifold(self):
        return ProductOfSpheres(self.sizes)

    @property
    def parities(self):
        return (-1, -1)  # H(-a, b) = H(a, -b) = -H(a, b)

    def sample(self, seed, landscape):
        return generator(seed, self.name, *self.sizes, landscape).standard_normal(self.sizes)

    def value(self, couplings, x):
        return x[: self.sizes[0]] @ couplings @ x[self.sizes[0] :] / self.sizes[0] ** 0.5

    def hessian_variation(self, couplings):
        return 0.0  # a quadratic function: its Hessian is constant


def census_of_my_own_landscape() -> None:
    """The finder and the ledger know nothing of the model."""
    census = mc.census(Bilinear((5, 5)), seed=1, options={"starts_per_round": 512})
    singular = np.linalg.svd(census.couplings, compute_uv=False) * 5**0.5 / 10
    print(census)
    print("energies = +- singular values:")
    print("  found ", np.unique(census.energy.round(6))[-5:])
    print("  linalg", np.sort(singular).round(6))


def open_dataset(store: str) -> None:
    """A store's dataset is plain Zarr, one group per cell; one that has holes is refused."""
    study = mc.open(store)
    print(study)
    for cell in study.cells:
        low = cell.dataset["energy"].where(cell.dataset["index"] == 0).mean().item()
        held = cell.landscapes.sizes["landscape"]
        print(f"{cell.name}: {held} landscapes, mean energy of their minima {low:.4f}")


if __name__ == "__main__":
    show_prediction()
    census_of_my_own_landscape()
    if len(sys.argv) > 1:
        open_dataset(sys.argv[1])
