"""Functions of a persistence diagram: Betti curves, persistent Betti numbers, and how much is for nothing.

A diagram has shape (classes, 2): birth and death of each class, death inf for one that never dies. A class is
alive at u if birth <= u < death: {H <= u} holds the point where it dies from that level on.
"""

import numpy as np
from jaxtyping import Float, Int

Diagram = Float[np.ndarray, "classes two"]


def betti_curve(diagram: Diagram, levels: Float[np.ndarray, " levels"]) -> Int[np.ndarray, " levels"]:
    """beta_k(u): classes alive at each level."""
    born = np.searchsorted(np.sort(diagram[:, 0]), levels, side="right")
    return born - np.searchsorted(np.sort(diagram[:, 1]), levels, side="right")


def persistent_betti(
    diagram: Diagram, first: Float[np.ndarray, " pairs"], last: Float[np.ndarray, " pairs"]
) -> Int[np.ndarray, " pairs"]:
    """beta_k^{a,b}, the rank of H_k{H <= a} -> H_k{H <= b}: classes born by a that live beyond b.

    Raises:
        ValueError: some a > b.
    """
    first, last = np.broadcast_arrays(np.asarray(first), np.asarray(last))
    if np.any(first > last):
        raise ValueError("persistent Betti number: got a level a above b; allowed is a <= b")
    alive = (diagram[:, 0] <= first[..., None]) & (last[..., None] < diagram[:, 1])
    return alive.sum(axis=-1)


def lifetimes(diagram: Diagram) -> Float[np.ndarray, " finite"]:
    """death - birth of the classes that die, energies per spin."""
    finite = diagram[np.isfinite(diagram[:, 1])]
    return finite[:, 1] - finite[:, 0]


def count_ratio(
    counts: Int[np.ndarray, " levels"], betti: Int[np.ndarray, " levels"]
) -> Float[np.ndarray, " levels"]:
    """N_k(u) / beta_k(u): critical points for each class that is there; nan where there is no class."""
    return np.divide(counts, betti, out=np.full(np.shape(counts), np.nan), where=np.asarray(betti) > 0)
