"""What the topology figures draw: the data given, all of it, and a name for each series."""

import numpy as np
import pytest

from morsecensus.analysis.page.style import COLORS, new_figure, style
from morsecensus.analysis.topics.topology.euler.panels import plot_euler
from morsecensus.analysis.topics.topology.homology.panels import (
    plot_barcode,
    plot_betti_curves,
    plot_diagram,
    plot_left_over,
    plot_persistent_betti,
    plot_ratios,
)
from morsecensus.analysis.topics.topology.homology.ratios import Rate, Ratio
from morsecensus.analysis.topics.topology.trees.panels import plot_disconnectivity, plot_lifetimes

BIRTH = np.array([-2.0, -1.0, -0.5, 0.3, 1.5])
DEATH = np.array([np.inf, 0.2, -0.1, 0.9, np.inf])
DIM = np.array([0, 0, 0, 1, 2])


@pytest.fixture
def ax():
    with style():
        figure, (panel,) = new_figure(1, 1, 3.0)
        yield panel
        # Warnings are errors: a legend or a layout that fails shows here.
        figure.canvas.draw()


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def points(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return np.stack(line.get_data(), axis=1)


def test_diagram(ax):
    plot_diagram(ax, BIRTH, DEATH, DIM)
    assert names(ax) == ["H$_{0}$", "H$_{1}$", "H$_{2}$"]
    drawn = points(ax, "H$_{0}$")
    np.testing.assert_array_equal(drawn[1:], [[-1.0, 0.2], [-0.5, -0.1]])
    # Above all finite energies, and inside the panel.
    assert 1.5 < drawn[0, 1] < ax.get_ylim()[1]
    np.testing.assert_array_equal(points(ax, "H$_{1}$"), [[0.3, 0.9]])


def test_barcode(ax):
    plot_barcode(ax, BIRTH, DEATH, DIM)
    bars = [segment for part in ax.collections for segment in part.get_segments()]
    assert len(bars) == 5
    assert [bar[0, 0] for bar in bars] == BIRTH.tolist()
    assert [bar[1, 0] for bar in bars][1:4] == DEATH[1:4].tolist()
    rows = [bar[0, 1] for bar in bars]
    assert np.all(np.diff(rows) >= 1)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "H$_{0}$  (3)",
        "H$_{1}$  (1)",
        "H$_{2}$  (1)",
    ]


def test_diagrams_without_classes_are_empty(ax):
    nothing = np.zeros(0)
    plot_diagram(ax, nothing, nothing, np.zeros(0, dtype=int))
    plot_barcode(ax, np.array([-1.0]), np.array([np.inf]), np.array([0]))


@pytest.mark.parametrize("exact", [False, True])
def test_betti_curves(ax, exact):
    levels = np.linspace(-2, 2, 9)
    betti = np.stack([np.arange(9) % 3, np.arange(9) % 2]).astype(float)
    plot_betti_curves(ax, [0, 3], levels, betti, 10 * betti, 9 * betti if exact else None)
    assert names(ax) == ["β$_k$", "N$_k$", *["N$_k$, exact"] * exact, "k = 0", "k = 3"]
    np.testing.assert_array_equal(points(ax, "k = 3")[:, 1], betti[1])
    np.testing.assert_array_equal(points(ax, "_N0")[:, 1], 10 * betti[0])
    # Everything is inside, and the legend has room above.
    assert ax.get_ylim()[1] > 1.5 * 10 * betti.max()


def test_limits_of_betti_curves_are_shaded(ax):
    levels = np.linspace(-2, 2, 9)
    betti = np.ones((1, 9))
    plot_betti_curves(ax, [1], levels, betti, 5 * betti, limits=(0.5 * betti, 3 * betti))
    (shade,) = ax.collections
    corners = shade.get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (0.5, 3.0)


def test_disconnectivity(ax):
    lines = np.array(
        [
            [[0, -2], [0, -0.1], [0.5, 0]],
            [[1, -1], [1, -0.1], [0.5, 0]],
            [[0.5, 0], [0.5, 0.1], [0.5, 0.2]],
        ]
    )
    plot_disconnectivity(ax, lines, -2.0, "N = 5")
    path = np.stack(ax.get_lines()[0].get_data(), axis=1)
    # Lines are parted by gaps, never joined.
    np.testing.assert_array_equal(path[~np.isnan(path[:, 0])], lines.reshape(-1, 2))
    assert np.isnan(path[3::4]).all()
    np.testing.assert_array_equal(points(ax, "global minimum"), [[0, -2]])


def ratio(series, degree, n, value, with_class=20):
    none = value == np.inf
    return Ratio(
        cell="c0",
        n=n,
        series=series,
        degree=degree,
        where="peak",
        level=-0.5,
        known=20,
        with_class=0 if none else with_class,
        points=8.0,
        points_se=0.2,
        points_exact=8.4,
        betti=0.0 if none else 8 / value,
        betti_se=0.1,
        value=value,
        log_se=np.nan if none else 0.1,
        bias=np.nan,
        at_least=57.0 if none else np.nan,
        lower=value,
        upper=value,
    )


def test_ratios(ax):
    chosen = [ratio("0", 0, n, np.exp(0.69 * n - 2.76)) for n in (4, 5, 6)]
    chosen += [ratio("N-2", 3, 5, 3.0, with_class=2), ratio("N-2", 4, 6, np.inf)]
    rate = Rate("0", "peak", 0.69, 0.02, -2.76, 1.2, 1, 0.3, (4, 5, 6))
    plot_ratios(ax, chosen, [rate])
    assert names(ax) == ["k = 0: 0.69 ± 0.02 (χ² 1.2/1)", "k = N−2"]
    assert ax.get_yscale() == "log"
    fitted = ax.get_lines()[0].get_ydata()
    np.testing.assert_allclose(fitted, np.exp(-2.76 + 0.69 * np.array([4, 6])))
    (limit,) = [line for line in ax.get_lines() if line.get_marker() == "^"]
    assert limit.get_ydata().tolist() == [57.0]
    # Open marks are those that no fit has.
    faces = {bars.lines[0].get_mfc() for bars in ax.containers}
    assert faces == {COLORS[0], "white"}
    dashes = [line.get_ydata() for line in ax.get_lines() if line.get_marker() == "_"]
    np.testing.assert_allclose(np.concatenate(dashes)[:3], 8.4 / 8 * np.exp(0.69 * np.arange(4, 7) - 2.76))


def test_ratios_where_nothing_has_a_class(ax):
    plot_ratios(ax, [ratio("1", 1, 6, np.inf)], [])
    assert names(ax) == ["k = 1"]


def test_left_over(ax):
    levels = np.linspace(-1, 1, 5)
    share = np.array([np.nan, 1.0, 0.5, 0.2, 0.1])
    plot_left_over(ax, [4, 5], levels, [share, share / 2], [np.full(5, 0.1), np.full(5, np.nan)])
    assert names(ax) == ["N = 4", "N = 5"]
    np.testing.assert_array_equal(points(ax, "N = 5")[:, 1], share / 2)
    assert ax.get_ylim()[0] < 0.05


def test_persistent_betti(ax):
    levels = np.arange(5.0)
    mean = np.triu(10 - levels - levels[:, None])
    plot_persistent_betti(ax, levels, mean, 0.1 * mean, (0, 2), 1)
    ax.legend()
    assert names(ax) == ["δ = 0: β", "δ = 2.00"]
    np.testing.assert_array_equal(points(ax, "δ = 2.00"), [[0, 8], [1, 6], [2, 4]])


def test_lifetimes(ax):
    rng = np.random.default_rng(0)
    plot_lifetimes(ax, [4, 5, 6], [rng.exponential(1, 50), rng.exponential(0.5, 200), np.zeros(0)])
    assert names(ax) == ["N = 4", "N = 5"]
    assert ax.get_ylim()[0] < 1 / 200


def test_euler(ax):
    levels = np.linspace(-1, 1, 5)
    plot_euler(ax, levels, levels**2, np.full(5, 0.1), levels**2 + 0.05, np.full(5, 0.3))
    assert names(ax) == ["95% band", "exact", "measured"]
    np.testing.assert_allclose(points(ax, "exact")[:, 1], levels**2 + 0.05)
