"""One landscape as the page has it: points, pairs, merge tree; and a globe where N is 3."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from morsecensus.analysis.topics.topology.trees.disconnectivity import lay_out
from morsecensus.analysis.topics.topology.trees.merge_tree import merge_tree
from morsecensus.tasks.topology.complex import MorseComplex

View = dict[str, Any]
"""JSON-ready: what `page/explorer.js` calls ``shown``."""


def packed(values: Any, dtype: str) -> str:
    """Numbers as base64 of their little-endian bytes, as `page/load.js` reads them."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()


def landscape_view(title: str, record: Mapping[str, Any]) -> View:
    """Make the view of a landscape from what `tasks.records.picture` says of it.

    Returns ``title``, ``verdict``, and as `view_of` and `_globe` say.
    """
    pairs = np.array(record["pairs"], dtype=np.int64).reshape(-1, 3)
    complex_ = MorseComplex(
        np.array(record["energy"]),
        np.array(record["index"], dtype=np.int64),
        record["dimension"],
        {int(k): np.array(arcs, dtype=np.int64).reshape(-1, 2) for k, arcs in record["boundary"].items()},
    )
    view = {"title": title, "verdict": verdict(record), **view_of(complex_, pairs, record["degrees"])}
    return view | (_globe(record) if "mesh" in record else {})


def view_of(complex_: MorseComplex, pairs: np.ndarray, degrees: Sequence[int]) -> View:
    """Return ``dimension``, ``energy`` and ``index`` of all points, ``degrees`` whose pairs are known,
    ``pairs`` (degree, row of birth, row of death or -1; shape (pairs, 3)) and ``tree``, None if unknown."""
    order = np.lexsort((complex_.energy[pairs[:, 1]], pairs[:, 0]))
    return {
        "dimension": complex_.dimension,
        "energy": complex_.energy.tolist(),
        "index": complex_.index.tolist(),
        "degrees": list(degrees),
        "pairs": pairs[order].tolist(),
        "tree": _tree(complex_) if 0 in degrees else None,
    }


def _tree(complex_: MorseComplex) -> View:
    tree = merge_tree(complex_)
    layout = lay_out(tree)
    return {
        "row": tree.row.tolist(),
        "leaves": tree.leaves,
        "x": layout.x.tolist(),
        "lines": np.round(layout.lines, 9).tolist(),
    }


def _globe(record: Mapping[str, Any]) -> View:
    """``position`` of the points on the unit sphere; ``mesh``, energies at the vertices; ``lines``, whose
    paths have all ``drawn`` points."""
    paths = np.array([line["path"] for line in record["lines"]])
    return {
        "position": np.round(record["position"], 6).tolist(),
        "mesh": packed(record["mesh"], "<f4"),
        "lines": {"drawn": paths.shape[1] if len(paths) else 1, "path": packed(paths, "<f4")},
    }


def mesh_view(mesh: Mapping[str, Any] | None) -> View | None:
    """``vertices`` and ``faces`` of the sphere that all globes of a page share; None without any."""
    if mesh is None:
        return None
    return {"vertices": packed(mesh["vertices"], "<f4"), "faces": packed(mesh["faces"], "<u2")}


def verdict(record: Mapping[str, Any]) -> str:
    """Say how sure the points and the topology are."""
    index = np.array(record["index"])
    points = f"{len(index)} critical points, {record['status']}"
    found = f"{points} ({record['reason']})" if record["status"] != "complete" else points
    if record["why"]:
        return f"{found}. No topology: {record['why']}."
    unknown = [k for k in range(record["dimension"] + 1) if k not in record["degrees"]]
    missing = f"; homology of degree {', '.join(map(str, unknown))} isn't computed" if unknown else ""
    return f"{found}; topology {record['outcome']}{missing}."
