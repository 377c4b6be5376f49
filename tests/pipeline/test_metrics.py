"""The file for Prometheus: read by a parser of its own, whole at every moment, right at the end."""

import re
import threading

import pytest

from chaos.power_loss import Here
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.metrics import EVERY_SECONDS, MetricsFile, text_of
from morsecensus.pipeline.run.pace import CellPace
from morsecensus.pipeline.run.progress import Counts
from morsecensus.storage.parts import Part

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = rf'{NAME}="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"({NAME})\{{((?:{LABEL})(?:,{LABEL})*)\}} (\S+)")


def parse(text):
    """The samples of the text format by name, as its grammar has it: each after its HELP and TYPE."""
    assert text.endswith("\n")
    found, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            assert re.fullmatch(rf"# HELP {NAME} \S.*", line)
        elif line.startswith("# TYPE "):
            name, kind = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line).groups()
            assert name not in types
            types[name] = kind
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert types[name] == ("counter" if name.endswith("_total") else "gauge")
            found[name.removeprefix("morsecensus_")] = float(value), labels
    return found


def test_what_a_run_says(tmp_path, toolbox, monkeypatch):
    monkeypatch.setattr("morsecensus.pipeline.run.run.start_executor", lambda *_, **__: Here(lambda _: None))
    path = tmp_path / "run.prom"
    script = {"raise": ["4:2"]}
    toolbox.run(toolbox.content(), tmp_path / "run", part=Part(1, 2), metrics=path, script=script)
    found = parse(path.read_text())
    # of the ten blocks of four landscapes the part has 0, 2, 4 of the first cell and 1, 3 of the second
    wanted = {
        "running": 0,
        "blocks_planned": 5,
        "blocks_done": 4,
        "blocks_failed": 1,
        "landscapes_planned": 20,
    }
    wanted |= {"landscapes_done": 16, "blocks_submitted": 0, "retries_total": 0, "workers": 1}
    assert {name: found[name][0] for name in wanted} == wanted
    assert found["points"][0] > 0
    assert found["worker_seconds_total"][0] > 0
    labels = f'study="demo",store="{tmp_path}/run",part="1/2"'
    assert {label for _, label in found.values()} == {labels}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["run", "run.prom"]


def test_retries_and_labels_that_need_care():
    counts = Counts(8, retries=3, paces={"c0000": CellPace(8, 4, 2.5)})
    found = parse(text_of(counts, {"study": 'a "b"\\\nc'}, 1.0, 7.5, running=True))
    assert found["retries_total"][0] == 3
    assert found["worker_seconds_total"] == (2.5, 'study="a \\"b\\"\\\\\\nc"')
    assert found["left_seconds"][0] == 7.5
    assert found["running"][0] == 1


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "run.prom"
    clock = iter(range(0, 100 * int(EVERY_SECONDS), int(EVERY_SECONDS)))
    metrics = MetricsFile(path, {"study": "x" * 5000}, lambda: next(clock))
    metrics.update(Counts(8), None)
    ended, seen = threading.Event(), []

    def read():
        while not ended.is_set():
            seen.append(len(parse(path.read_text())))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(90):
        metrics.update(Counts(8), None)
    ended.set()
    reader.join()
    assert set(seen) == {12}


def test_it_is_written_every_ten_seconds_and_at_the_end(tmp_path):
    path, now = tmp_path / "run.prom", [0.0]
    metrics = MetricsFile(path, {"study": "x"}, lambda: now[0])
    for moment, done, shown in ((0.5, 1, 1), (5.0, 2, 1), (10.4, 3, 1), (10.6, 4, 4), (11.0, 5, 4)):
        now[0] = moment
        metrics.update(Counts(8, blocks_done=done), None)
        assert parse(path.read_text())["blocks_done"][0] == shown
    metrics.update(Counts(8, blocks_done=6), None, running=False)
    assert parse(path.read_text())["blocks_done"][0] == 6


def test_what_cannot_be_written_is_said_before_the_first_block(tmp_path):
    with pytest.raises(UsageError, match=r"--metrics: cannot write .*: No such file or directory"):
        MetricsFile(tmp_path / "nowhere" / "run.prom", {})
