"""What came of the topology of each cell: outcomes, connections, certificates, Morse inequalities."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import FAIL, Landscape, has_topology, landscapes
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.rows import head
from morsecensus.analysis.topics.topology.barcodes import betti_curve
from morsecensus.analysis.topics.topology.morse import counts_below, inequalities
from morsecensus.storage.tables import TOPOLOGY


def outcome_rows(cells: Sequence[Cell]) -> list[Row]:
    """One row for each cell with topology, sums over its landscapes.

    ``resolved`` is the share of connections that were resolved, ``inequalities`` the number of landscapes in
    which all Morse inequalities of the known low degrees hold at every critical energy, of ``compared``.
    """
    return [_row(cell) for cell in cells if has_topology(cell)]


def _row(cell: Cell) -> Row:
    data = cell.stored
    outcome = data["topology"].values
    failed = sum(
        (data[name].values == FAIL).reshape(len(outcome), -1).sum()
        for name in ("homology_check", "square_check", "dual_check")
    )
    # A failed block has -1.
    connections, loops, lines, saddles = (
        int(np.maximum(data[name].values, 0).sum())
        for name in ("n_connections", "n_loops", "n_unresolved_lines", "n_unresolved_saddles")
    )
    held = [_hold(one) for one in landscapes(cell) if one.exact[0]]
    return head(cell) | {
        "planned": cell.planned,
        "landscapes": cell.held,
        **{name: int(np.sum(outcome == code)) for code, name in enumerate(TOPOLOGY)},
        "connections": connections,
        "unresolved_lines": lines,
        "unresolved_saddles": saddles,
        "resolved": connections / (connections + lines) if connections else None,
        "loops": loops,
        "failed_checks": int(failed),
        "pairs": int(data.sizes["pair"]),
        "inequalities": sum(held),
        "compared": len(held),
    }


def _hold(one: Landscape) -> bool:
    """The Morse inequalities of degrees 0, 1, ... as far as they are known, at all critical energies; where
    all are, the Euler characteristic too."""
    known = len(one.exact) if one.exact.all() else int(one.exact.argmin())
    levels = np.sort(one.complex.energy)
    counts = counts_below(one.complex.energy, one.complex.index, one.complex.dimension, levels)
    betti = np.stack([betti_curve(one.diagram(k), levels) for k in range(known)], axis=-1)
    return inequalities(counts, betti).hold
