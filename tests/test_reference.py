"""The checksums of docs/reference-dataset.md: landscapes of the reference dataset, computed again."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import morsecensus as mc

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reference-dataset.md"
STUDY = tomllib.loads((ROOT / "examples/reference.toml").read_text())
SMALL = {"c0000": ("q^3", 0.0, 3), "c0007": ("q^4", 0.0, 3), "c0010": ("0.5*q^2+0.5*q^3", 0.0, 4)}
SMALL |= {"c0012": ("0.5*q^2+0.5*q^3", 0.7, 4)}


@pytest.fixture(scope="module")
def printed():
    """The page's table: cell -> its line."""
    lines = [
        line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| c0")
    ]
    (head,) = (line for line in PAGE.read_text().splitlines() if line.startswith("| cell |"))
    rows = (dict(zip(head.strip("| ").split(" | "), line, strict=True)) for line in lines)
    return {row["cell"]: row for row in rows}


def checksum(cell, landscapes=None):
    """As the page says."""
    lines = cell["points_by_index"].values[:landscapes]
    text = "".join(" ".join(map(str, line)) + "\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _agree(cell, row, landscapes):
    data = cell.stored.load()
    column = "first 50" if landscapes == 50 else "all"
    assert f"`{checksum(data, landscapes)}`" == row[column]
    first = data["energy"].values[data["row_landscape"].values < 50]
    owner = data["row_landscape"].values[: len(first)]
    lowest = [first[owner == landscape].min() for landscape in range(50)]
    np.testing.assert_allclose(np.mean(lowest), float(row["lowest"]), atol=1e-9)
    assert (data["n_certified"] == data["n_points"]).all()


def test_the_page_is_of_the_study(printed):
    sizes = [len(range(*map(int, n.split(":")))) + 1 if isinstance(n, str) else len(n) for n in _all("n")]
    fields = [len(one) if isinstance(one, list) else 1 for one in _all("field", 0.0)]
    assert len(printed) == sum(a * b for a, b in zip(sizes, fields, strict=True))
    assert sum(int(row["landscapes"]) for row in printed.values()) == 2100
    assert all(row["proven"] == row["landscapes"] for row in printed.values())
    for name, (xi, field, n) in SMALL.items():
        row = printed[name]
        assert (row["xi"], float(row["field"]), int(row["N"])) == (xi, field, n)


def _all(key, default=None):
    return [cell.get(key, default) for cell in STUDY["cells"]]


def test_first_landscapes_of_small_cells_have_the_printed_checksums(printed, tmp_path):
    options = {key: STUDY["cells"][0][key] for key in ("finder", "positions")}
    cells = [
        {"xi": xi, "field": field, "n": n, "landscapes": 50} | options for xi, field, n in SMALL.values()
    ]
    mc.run({"name": "part", "seed": STUDY["seed"], "cells": cells}, tmp_path / "run", quiet=True)
    for cell, name in zip(mc.open(tmp_path / "run").cells, SMALL, strict=True):
        _agree(cell, printed[name], 50)


def test_a_point_more_and_another_order_of_landscapes_are_seen():
    counts = np.array([[1, 2, 1], [2, 2, 2]])

    def of(values):
        return checksum(xr.Dataset({"points_by_index": (("landscape", "morse_index"), values)}))

    assert len({of(counts), of(counts[::-1]), of(counts + np.array([[0, 0, 0], [0, 0, 1]]))}) == 3
    assert of(counts) == of(counts.copy())


@pytest.mark.soak
def test_all_of_it_has_the_printed_checksums(printed, tmp_path):
    mc.run(ROOT / "examples/reference.toml", tmp_path / "run", quiet=True)
    for cell in mc.open(tmp_path / "run").cells:
        _agree(cell, printed[cell.name], None)
