"""Cells of low indices whose truth is drawn: energies and spectra by the exact law of q^3, numbers by
Poisson's law with the exact means, so that counts have the right null; mirror images are there as in an odd
census."""

from functools import lru_cache

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.cells import Cell, Study
from morsecensus.analysis.results import StudyResult, measure_study
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.sampler import sample_critical_points
from morsecensus.tasks.covariance import Covariance

N, POOL = 12, 20000


@lru_cache
def pool(n, index):
    """Many equally weighted exact points of one index: energy, smallest and largest eigenvalue."""
    law = sample_critical_points(FiniteN(Covariance.pure(3), n), index, POOL, seed=index)
    drawn = law.resample(POOL, seed=index)
    return np.stack([drawn.energy, drawn.hessian.min(axis=1), drawn.hessian.max(axis=1)], axis=1)


@lru_cache
def means(n):
    return FiniteN(Covariance.pure(3), n).by_index()


def whole_counts(n, landscapes, rng):
    """Poisson numbers of the lower half of the indices: their images have the same."""
    return rng.poisson(means(n)[: n // 2], (landscapes, n // 2))


def dataset(n, counts, rng, sought=None, state=None):
    """A census with these numbers of index 0, 1, ...; of a search of low indices if ``sought`` is given."""
    landscapes = len(counts)
    rows, owner = [], []
    for k in range(counts.shape[1]):
        own = np.repeat(np.arange(landscapes), counts[:, k])
        energy, low, high = pool(n, k)[rng.integers(0, POOL, len(own))].T
        hits = rng.integers(1, 50, len(own))
        rows += [np.stack([energy, np.full(len(own), k), low, high, hits], axis=1)]
        rows += [np.stack([-energy, np.full(len(own), n - 1 - k), -high, -low, hits], axis=1)]
        owner += [own, own]
    table, place = np.concatenate(rows), np.concatenate(owner)
    order = np.lexsort((table[:, 0], place))
    energy, index, low, high, hits = table[order].T
    by_index = np.zeros((landscapes, n), int)
    by_index[:, : counts.shape[1]] = counts
    by_index += by_index[:, ::-1]
    held = by_index.sum(axis=1)
    one, several = np.ones(landscapes, int), np.ones((landscapes, n))
    columns = {name: 2 * one for name in ("morse_check", "parity_check")}
    columns |= {name: 0 * one for name in ("bound_check", "reason", "n_degenerate")}
    columns |= {"status": one * (sought is not None), "n_points": held, "row_size": held, "n_rounds": one}
    columns |= {"n_starts": one, "bound": np.full(landscapes, 2.0**n - 2), "chao1": held + 1.0}
    columns |= {"coverage_lower": 0.9 * one, "n_paths": -one, "n_jumps": -one}
    wide = {"points_by_index": by_index, "coverage_lower_by_index": 0.9 * several}
    if sought is not None:
        known = np.full((landscapes, n), -1)
        known[:, : sought + 1] = 0 if state is None else state
        known[:, n - 1 - sought :] = known[:, sought::-1]
        wide |= {"state_by_index": known, "recapture_by_index": by_index.astype(float)}
        wide |= {"recapture_upper_by_index": by_index + 2.0, "chao1_by_index": by_index + 1.0}
        columns["graph_components"] = one
    points = {"energy": energy, "index": index.astype(int), "lambda_min": low, "lambda_max": high}
    points |= {"hits": hits.astype(int), "hits_below": (hits // 2).astype(int)}
    return xr.Dataset(
        {name: ("landscape", values) for name, values in columns.items()}
        | {name: (("landscape", "morse_index"), values) for name, values in wide.items()}
        | {name: ("row", values) for name, values in points.items()},
        attrs={"model": "pspin", "xi": "q^3", "field": 0.0, "n": n, "seed": 1},
    )


def low_cell(counts, seed, sought=1, n=N, name="c0000", state=None):
    held = dataset(n, counts[:, : sought + 1], np.random.default_rng(seed), sought, state)
    return Cell(name, held, len(counts), "low-index {}")


def draw(seed, landscapes=200, n=N):
    return whole_counts(n, landscapes, np.random.default_rng(seed))


def study_of(*cells):
    study = Study("bottom", cells, {})
    return StudyResult(study, tuple(measure_study(study)))
