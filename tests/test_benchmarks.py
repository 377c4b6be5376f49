"""The page of the benchmarks: bars, ratios against a recorded run, parts that fail."""

import importlib
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # the last place to look: the rooms lie beside the benchmarks
bench = importlib.import_module("benchmarks.__main__")
records = importlib.import_module("benchmarks.record")
Row = importlib.import_module("benchmarks.harness").Row
reductions = importlib.import_module("benchmarks.reductions")
sys.path.pop()

MACHINE = {"processor": "abacus", "cores": "2"}


def part(rows, processor="abacus", failed=""):
    return records.Part(MACHINE | {"processor": processor}, "2026-01-01", "abc", rows, 3.0, failed)


def recorded(rows, processor="abacus"):
    return records.Record({"finder": part(rows, processor)})


@pytest.mark.parametrize(
    ("ratio", "wanted", "met"),
    [(50, ">= 50", True), (49, ">= 50", False), (2, "< 2", False), (0.2, "<= 0.3", True)],
)
def test_a_bar_is_met_or_not(ratio, wanted, met):
    assert records.is_met(Row("x", ratio, wanted, "")) is met


def test_a_figure_without_a_bar_neither_meets_nor_misses_it():
    assert records.is_met(Row("x", 3, "", "")) is None
    assert "| x | 3 |  | - |" in records.page(recorded([Row("x", 3, "", "")]), None)


def test_a_bar_that_nobody_can_read_is_refused():
    with pytest.raises(ValueError, match="x: wanted 'about 3'"):
        records.is_met(Row("x", 3, "about 3", ""))


def test_above_one_is_better_whichever_way_the_bar_is():
    last = part([Row("rate", 10, ">= 5", ""), Row("seconds", 10, "<= 20", "")])
    assert records.against(Row("rate", 20, ">= 5", ""), last) == 2
    assert records.against(Row("seconds", 20, "<= 20", ""), last) == 0.5
    assert records.against(Row("new", 20, "<= 20", ""), last) is None
    assert records.against(Row("rate", 20, ">= 5", ""), None) is None


def test_the_page_says_what_was_missed_and_where(tmp_path):
    new = recorded([Row("rate", 4, ">= 5", "4/s | 1/s")])
    assert "| rate | 4 | >= 5 | no | 0.40 | 4/s / 1/s |" in records.page(
        new, recorded([Row("rate", 10, ">= 5", "")])
    )
    assert "compared with the recorded run of 2026-01-01, version abc, on pebbles" in records.page(
        new, recorded([], "pebbles")
    )
    records.write(new, tmp_path / "last.json")
    assert records.read(tmp_path / "last.json") == new
    assert records.read(tmp_path / "none.json") is None


def test_a_part_that_fails_leaves_the_others_theirs(tmp_path, monkeypatch):
    class Finder:
        @staticmethod
        def run():
            return [Row("rate", 20, ">= 5", "")]

    class Gradient:
        @staticmethod
        def run():
            raise ImportError("no  pymanopt\nhere")

    monkeypatch.setitem(sys.modules, "benchmarks.finder", Finder)

    class Paths:
        @staticmethod
        def run():
            return [Row("rate", 20, "-", "")]

    monkeypatch.setitem(sys.modules, "benchmarks.gradient", Gradient)
    monkeypatch.setitem(sys.modules, "benchmarks.paths", Paths)
    monkeypatch.setattr(records, "LAST", tmp_path / "last.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "gradient", "paths", "finder", "--record"])
    with pytest.raises(SystemExit, match="without figures: gradient, paths"):
        bench.main()
    page = (tmp_path / "bench-output/bench.md").read_text()
    assert "| rate | 20 | >= 5 | yes |  |  |" in page
    assert "- gradient: no figures: ImportError: no pymanopt here" in page
    assert "- paths: no figures: ValueError: rate: wanted '-'" in page
    kept = records.read(tmp_path / "last.json")
    assert list(kept.parts) == ["finder"]  # a part without figures isn't kept
    assert [row.ratio for row in kept.parts["finder"].rows] == [20]


def test_a_recorded_part_keeps_its_machine_when_another_is_recorded_elsewhere():
    last = records.Record({"finder": part([Row("rate", 10, "", "")]), "paths": part([])})
    new = records.Record(
        {"paths": part([Row("paths", 1, "", "")], "pebbles"), "scale": part([], failed="no")}
    )
    kept = new.merged(last)
    assert kept.parts == {"finder": last.parts["finder"], "paths": new.parts["paths"]}
    page = records.page(kept, None)
    assert "- 2026-01-01, version abc, on abacus: finder" in page
    assert "- 2026-01-01, version abc, on pebbles: paths" in page


def test_an_unknown_part_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "speed"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "got speed, allowed: compaction, dynamics" in capsys.readouterr().err


def test_reports_read_the_dataset_that_reductions_are_timed_on(tmp_path):
    reductions.make_dataset(tmp_path / "points.zarr", rows=600, landscapes=20)
    cell = reductions.opened(tmp_path / "points.zarr", landscapes=20)
    energies = cell.dataset["energy"].values
    assert reductions.scan(cell.dataset, reductions.ENERGY_RANGE) == (energies.min(), energies.max())
