"""What a command says while it works: named phases, a line that fits the terminal, a log that gets rarer."""

import io
import re
import subprocess
import sys

import pytest

from morsecensus.pipeline import phases
from morsecensus.pipeline.run.pace import CellPace, time_left
from morsecensus.pipeline.run.progress import Counts, Progress

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_line_is_cut_to_the_terminal_as_it_is_now(clock):
    stream, widths = io.StringIO(), iter([80, 30, 10])
    display = phases.Display(stream, lambda: next(widths), clock)
    display.phase("searching")
    display.detail("12/200 landscapes, 3.4/s")
    for clock.now in (1.0, 2.0, 3.0):
        display.tick()
    lines = stream.getvalue().split(phases.CLEAR)[1:]
    assert lines[0][2:] == "searching, 1 s, 12/200 landscapes, 3.4/s"
    assert [len(line) for line in lines[1:]] == [29, 9]
    assert "\n" not in stream.getvalue()
    display.note("done")
    assert stream.getvalue().endswith(f"{phases.CLEAR}done\n")


def test_a_log_is_never_silent_as_phases_change_and_gets_rarer(clock):
    """A day of one phase after five short ones."""
    stream = io.StringIO()
    display = phases.Display(stream, None, clock)
    times, names = [], ["planning", "starting Ray", "compiling", "searching"]
    for tick in range(4 * 86400):
        clock.now = tick / 4
        if tick and tick % 12 == 0 and names:
            display.phase(names.pop(0))
        before = stream.tell()
        display.tick()
        times += [clock.now] if stream.tell() > before else []
    lines = stream.getvalue().splitlines()
    assert all(re.match(STAMP, line) for line in lines)
    said = [re.sub(STAMP, "", line).partition(",")[0] for line in lines]
    assert list(dict.fromkeys(said)) == ["loading", "planning", "starting Ray", "compiling", "searching"]
    gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
    assert max(gaps[:6]) <= 3.0  # a phase here is 3 s long: each is said within 1.5 s of its beginning
    assert max(gaps) <= phases.LONGEST + 0.25
    assert len(lines) < 86400 / phases.LONGEST + 40


def test_a_short_command_logs_nothing(clock):
    stream = io.StringIO()
    display = phases.Display(stream, None, clock)
    for clock.now in (0.25, 0.5, 1.0, 1.25):
        display.phase("planning")
        display.tick()
    assert stream.getvalue() == ""


def test_nobody_reading_is_no_failure(clock):
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    display = phases.Display(Broken(), lambda: 80, clock)
    display.tick()
    display.note("done")
    display.start()
    display.close()


def test_a_run_names_its_phases(tmp_path, toolbox, monkeypatch):
    named, details, notes = [], [], []
    for what, seen in (("phase", named), ("detail", details), ("note", notes)):
        monkeypatch.setattr(phases, what, seen.append)
    for where in ("run", "ending"):
        monkeypatch.setattr(f"morsecensus.pipeline.run.{where}.phase", named.append)
    toolbox.run(toolbox.content(), tmp_path / "run")
    toolbox.run(toolbox.content(landscapes=24), tmp_path / "run")
    once = [
        "planning",
        "starting a worker",
        "compiling",
        "searching",
        "ending workers",
        "writing the dataset",
    ]
    assert named == 2 * once
    assert details[0] == "0/40 landscapes, 0 points, 0 failed"
    assert re.match(
        r"40/40 landscapes, \S+/s, (\d+ open, )?\d+ points, cell c0001, 1 worker, 0 failed", notes[0]
    )
    assert notes[1].startswith("48/48 landscapes (40 from before)")


def test_time_left_is_weighed_by_cells(monkeypatch):
    """Half of the landscapes are done in 10 s; those that are left take ten times as long by the plan."""
    now = [0.0]
    monkeypatch.setattr("morsecensus.pipeline.run.progress.time.monotonic", lambda: now[0])
    counts = Counts(200, paces={"c0000": CellPace(100, 0, 0.0, 0.2), "c0001": CellPace(100, 0, 0.0, 2.0)})
    progress = Progress(counts)
    assert progress.left() is None
    now[0], counts.done, counts.cell = 10.0, 100, "c0000"
    counts.paces["c0000"].done, counts.paces["c0000"].seconds = 100, 20.0
    assert progress.left() == pytest.approx(100.0)
    assert progress.text() == "100/200 landscapes, 10/s, 100 s left, 0 points, cell c0000, 0 failed"


def test_what_went_into_blocks_at_work_counts():
    """Two workers at blocks of 100 s, none there yet: the plan says how long, and waiting adds nothing."""
    cells = [CellPace(10, 0, 0.0, 100.0), CellPace(10, 0, 0.0, 50.0)]
    for elapsed in (10.0, 50.0, 99.0):
        assert time_left(cells, 0.0, elapsed, at_work=2) == pytest.approx(750 - elapsed)
    assert time_left(cells, 0.0, 150.0, at_work=2) == pytest.approx(650), "longer than planned"
    cells[0].done, cells[0].seconds = 2, 200.0
    assert time_left(cells, 0.0, 100.0, at_work=2) == pytest.approx(650)
    assert time_left(cells, 0.0, 150.0, at_work=2) == pytest.approx(600)
    assert time_left(cells, 200.0, 50.0, at_work=2) == pytest.approx(600), "resumed"
    few = [CellPace(10, 9, 900.0, 100.0), CellPace(10, 0, 0.0, 50.0, block=5)]
    assert time_left(few, 0.0, 550.0, at_work=2) == pytest.approx(200)
    assert time_left([CellPace(10, 0, 0.0, None)], 0.0, 10.0, at_work=1) is None


def test_compilation_is_no_pace():
    """A worker's first block took 30 s, 29 of which went into compiling: it says nothing of the others."""
    cells = [CellPace(100, 10, 30.0, 0.1, block=10, cold=10, cold_seconds=30.0), CellPace(100, 0, 0.0, 0.2)]
    assert time_left(cells, 0.0, 30.0, at_work=1) == pytest.approx(9 + 20), "by the plan"
    cells[0].done, cells[0].seconds = 20, 32.0
    assert time_left(cells, 0.0, 32.0, at_work=1) == pytest.approx(80 * 0.2 + 20 * 2), "twice the plan"
    cells[0] = CellPace(100, 10, 300.0, 0.1, block=10, cold=10, cold_seconds=300.0)
    assert time_left(cells, 0.0, 300.0, at_work=1) == pytest.approx(90 * 30 + 20 * 300), "no compilation"


def test_phases_load_nothing_heavy():
    code = (
        "import morsecensus.pipeline.phases, sys; print([m for m in ('numpy', 'rich') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_quiet_shows_nothing_and_one_command_shows_one_display(monkeypatch, capsys):
    with phases.shown(quiet=True):
        assert not phases.is_shown()
    with phases.shown(anywhere=False):  # pytest has replaced standard error
        assert not phases.is_shown()
    with phases.shown():
        assert phases.is_shown()
        with phases.shown():
            phases.note("once")
        assert phases.is_shown()
    assert not phases.is_shown()
    assert re.fullmatch(f"{STAMP}once\n", capsys.readouterr().err)
