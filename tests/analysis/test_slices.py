"""Slices through saddles: Imhof's integral against closed forms and drawn lines, and the report's section."""

import csv

import numpy as np
import pytest
from rich.console import Console

from morsecensus.analysis.report import write_report
from morsecensus.analysis.theory.slices import convex_lines, convex_lines_equal, convex_planes
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from support.figures import unrendered


@pytest.mark.parametrize("dimension", [2, 3, 8, 25])
def test_curvatures_of_one_size_have_a_beta_law(dimension):
    for negative in range(dimension + 1):
        curvatures = np.where(np.arange(dimension) < negative, -3.0, 3.0)
        found = convex_lines(curvatures[None])[0]
        assert found == pytest.approx(convex_lines_equal(dimension, negative), abs=1e-13)
    published = {1: 0.96685, 2: 0.87500, 4: 0.5}
    for negative, share in published.items():
        assert convex_lines_equal(8, negative) == pytest.approx(share, abs=5e-6)


@pytest.mark.parametrize("ratio", [1e-9, 0.3, 1, 1e6])
def test_two_curvatures_have_an_angle(ratio):
    """l_1 g_1^2 > |l_2| g_2^2 in a wedge: 2/pi arctan sqrt(l_1/|l_2|)."""
    found = convex_lines(np.array([[ratio, -1.0], [-1.0, ratio]]))
    np.testing.assert_allclose(found, 2 / np.pi * np.arctan(np.sqrt(ratio)), rtol=1e-7, atol=1e-13)


def test_it_is_what_random_lines_show():
    source = np.random.default_rng(1)
    curvatures = source.standard_normal((6, 7)) * np.exp(source.standard_normal((6, 7)))
    directions = source.standard_normal((100_000, 1, 7))
    drawn = (curvatures * directions**2).sum(axis=2) > 0
    exact = convex_lines(curvatures)
    scores = (drawn.mean(axis=0) - exact) / np.sqrt(exact * (1 - exact) / len(directions))
    assert np.abs(scores).max() < 4
    # negative control: the sign of the trace, for which every line would count alike, isn't it
    assert np.abs(exact - (curvatures.sum(axis=1) > 0)).max() > 0.1


def test_planes_through_a_point_of_two_curvatures_are_the_point_itself():
    curvatures = np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, -1.0]])
    source = np.random.default_rng(2)
    for _ in range(20):
        assert convex_planes(curvatures, source).tolist() == [1, 0, 0]
    saddle = np.broadcast_to([-1.0, *[1.0] * 7], (20_000, 8))
    share = convex_planes(saddle, source).mean()
    # seven positive directions to one: a plane is convex if the component of its own along that one, a point
    # uniform on the sphere projected onto a plane, is short: |P e|^2 < 1/2, P(Beta(1, 3) < 1/2) = 1 - 1/2^3
    assert share == pytest.approx(7 / 8, abs=4 * np.sqrt(7) / 8 / np.sqrt(20_000))


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    place = tmp_path_factory.mktemp("slices")
    cells = [{"xi": "q^3", "n": [4, 5], "landscapes": 16, "spectra": True}]
    parsed = parse_study({"name": "slices", "seed": 1, "cells": cells})
    run_study(parsed, str(place / "store"), Settings(backend="serial"), Console(quiet=True))
    with unrendered():
        page = write_report(str(place / "store"), place / "report").read_text()
    with (place / "report/tables/slices.csv").open() as stream:
        return page, [{k: v for k, v in row.items() if k} for row in csv.DictReader(stream)]


def test_the_section_holds_drawn_lines_against_exact_ones(tables):
    page, rows = tables
    assert "Slices through saddles" in page
    for n in (4, 5):
        own = {int(row["index"]): row for row in rows if int(row["n"]) == n}
        assert sorted(own) == list(range(n))
        assert float(own[0]["lines"]) == float(own[0]["planes"]) == 1
        assert float(own[n - 1]["lines"]) == float(own[n - 1]["planes"]) == 0
        between = [float(own[k]["lines"]) for k in range(n)]
        assert between == sorted(between, reverse=True)
        for k in range(1, n - 1):
            assert abs(float(own[k]["z"])) < 4
            assert float(own[k]["planes"]) < float(own[k]["lines"])
            mirror = float(own[n - 1 - k]["lines"])
            assert float(own[k]["lines"]) + mirror == pytest.approx(1, abs=1e-9), "H is odd"
