"""The documentation: the site builds strictly and asks no other host, what pages print is what commands
print, the notebook runs.
"""

import itertools
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import morsecensus as mc

ROOT = Path(__file__).parents[1]
CONSOLE = re.compile(r"```console\n\$ (morsecensus .*)\n((?:.*\n)*?)```")
"""A command and what it prints; the blocks that pages have of commands too slow for a test are no such."""


def shown():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [(page.name, *found) for page in pages for found in CONSOLE.findall(page.read_text())]


@pytest.mark.parametrize(("page", "command", "printed"), shown(), ids=lambda text: text[:40])
def test_pages_show_what_commands_print(page, command, printed, monkeypatch):
    from typer.testing import CliRunner

    from morsecensus.pipeline.cli.app import app

    monkeypatch.setenv("COLUMNS", "80")
    ended = CliRunner().invoke(app, shlex.split(command)[1:])
    assert ended.exit_code == 0
    lines = [[line.rstrip() for line in text.strip("\n").splitlines()] for text in (ended.stdout, printed)]
    assert lines[0] == lines[1]


def test_something_is_shown():
    assert len(shown()) >= 1


def rows_below(page, head):
    """The rows of the table with this head on a page, as texts."""
    lines = iter((ROOT / "docs" / page).read_text().splitlines())
    wanted = [cell.strip() for cell in head.split("|")]
    assert any([cell.strip() for cell in line.strip("|").split("|")] == wanted for line in lines), head
    next(lines)
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def is_shown_as(text, value, digits=0.51):
    """Whether a value is what a page prints, to the last digit that it prints."""
    mantissa, _, power = text.partition("e")
    places = len(mantissa.partition(".")[2]) - int(power or 0)
    return abs(value - float(text)) <= digits * 10.0**-places


def test_a_wrong_last_digit_is_seen():
    assert is_shown_as("-1.5507", -1.55068)
    assert not is_shown_as("-1.5508", -1.55068)
    assert is_shown_as("1.519709e+08", 151970912.0)
    assert not is_shown_as("1.519708e+08", 151970912.0)


LOW = "xi | S2 | N | N_0 | N_1 | N_2 | mean E | sd | skewness | lowest E | sd | relative error"


def low_rows():
    """One row in the tests, those of N up to 60 in the soak."""
    rows = [row for row in rows_below("theory.md", LOW) if int(row[2]) <= 60]
    assert len(rows) == 18
    return [pytest.param(row, marks=[pytest.mark.soak] * (place > 0)) for place, row in enumerate(rows)]


@pytest.mark.parametrize("row", low_rows(), ids=lambda row: " ".join(row[:3]))
def test_numbers_of_low_index_are_those_of_predict(row):
    """`predict --xi XI --field S2 --n N --max-index 2`."""
    xi, field, n, *printed = row
    (found,) = mc.predict(xi, int(n), field=float(field), max_index=2)
    moments = [found[f"energy_{name}"][0] for name in ("mean", "sd", "skewness")]
    lowest = [found[f"ground_state_{name}"] for name in ("mean", "sd")]
    values = [*found["by_index"], *moments, *lowest]
    assert [
        (text, value) for text, value in zip(printed, values, strict=False) if not is_shown_as(text, value)
    ] == []


@pytest.mark.parametrize(
    "row", rows_below("dynamics.md", "p | T_d | T_s | q_s | aging e(T = 0.2) | aging e(T = 0.5)")
)
def test_temperatures_are_those_of_predict(row):
    """`predict --xi "q^P" --n 4 --temperature T`."""
    cold, warm = (mc.predict(f"q^{row[0]}", 4, temperature=t)[0]["limits"]["thermal"] for t in (0.2, 0.5))
    values = [cold["T_d"], cold["T_s"], cold["q_s"], cold["aging"]["energy"], warm["aging"]["energy"]]
    assert all(map(is_shown_as, row[1:], values))


LINES = "p | Dp | 1/D2, gradient flow | 1/D2, trivial | rate of minima at m = 0 on the first line"


@pytest.mark.parametrize("row", rows_below("spiked.md", LINES), ids=lambda row: " ".join(row[:2]))
def test_lines_of_a_signal_are_those_of_predict(row):
    """What `predict --model matrix-tensor` says of them; its numbers at finite N take the time."""
    from morsecensus.analysis.theory.models.spiked import limits, triviality

    p, deltap = int(row[0]), float(row[1])
    line = limits.descent_line(p, deltap)
    assert is_shown_as(row[2], line)
    assert is_shown_as(row[3], triviality.triviality_line(p, deltap))
    (found,) = mc.predict(n=2, model="matrix-tensor", p=p, deltap=deltap, delta2=1 / line)
    assert found["limits"]["lines"]["1/delta2_descent"] == pytest.approx(line)
    assert is_shown_as(row[4], found["limits"]["lines"]["uninformed_minima"])


def flows():
    """One, to t = 2, in the tests; all of them in the soak."""
    rows = rows_below("dynamics.md", "`mean-field --looks 1,2,5,10 ...` | e(1) | e(2) | e(5) | e(10)")
    short = [pytest.param(rows[0], [1, 2], id="short")]
    return [*short, *(pytest.param(row, [1, 2, 5, 10], marks=pytest.mark.soak) for row in rows)]


@pytest.mark.parametrize(("row", "looks"), flows())
def test_energies_of_flows_are_those_of_mean_field(row, looks):
    words = shlex.split(row[0].strip("`"))
    given = {
        word.lstrip("-").replace("-", "_"): text for word, text in zip(words[::2], words[1::2], strict=True)
    }
    xi = given.pop("xi")
    found = mc.mean_field(xi, looks=looks, **{name: float(text) for name, text in given.items()})
    energies = [one["energy"] for one in found["rows"]]
    assert all(map(is_shown_as, row[1:], energies))


class Asked(HTMLParser):
    """What a page loads: scripts, styles, images, frames."""

    def __init__(self):
        super().__init__()
        self.sources = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source"):
            self.sources.append(given.get("src") or "")
        if tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon"):
            self.sources.append(given.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Broken links, missing anchors and pages in no list are errors of the build."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return folder


def test_no_page_asks_another_host(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        asked = Asked()
        asked.feed(page.read_text())
        assert asked.sources
        assert not [source for source in asked.sources if "//" in source], page.name


def test_references_hold_what_the_program_has(site):
    from morsecensus.tasks.finders.choose import FINDERS
    from morsecensus.tasks.landscapes.registry import MODELS

    study, commands = ((site / f"reference/{name}.html").read_text() for name in ("study", "commands"))
    for name in (*MODELS, *FINDERS, "trajectories", "networks"):
        assert f'id="{name}"' in study, name
    for name in ("run", "predict", "mean-field", "repair"):
        assert f'id="{name}"' in commands
    assert "--backend" in commands
    python = (site / "python.html").read_text()
    for name in set(mc.__all__) - {"__version__"}:
        assert re.search(rf'id="morsecensus\.[\w.]*\.{name}"', python), name


def test_the_readme_is_the_first_page(site):
    page = (site / "index.html").read_text()
    assert "Two commands" in page
    assert 'href="validation.html"' in page
    assert (site / "files/examples/library.py.txt").read_bytes() == (
        ROOT / "examples/library.py"
    ).read_bytes()


@pytest.mark.parametrize("landscapes", [8, pytest.param(40, marks=pytest.mark.soak)])
def test_the_notebook_runs(tmp_path, landscapes):
    """With fewer landscapes than it has, whose errors are larger."""
    import nbformat
    from nbclient import NotebookClient

    text = (ROOT / "examples/bands.ipynb").read_text()
    assert text.count('\\"landscapes\\": 40') == 1
    changed = text.replace('\\"landscapes\\": 40', f'\\"landscapes\\": {landscapes}')
    notebook = nbformat.reads(changed, as_version=4)
    nbformat.validate(notebook)
    ran = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs]
    printed = "".join(output.get("text", "") for output in outputs)
    scores = [float(text) for text in re.findall(r"([+-][\d.]+) standard errors", printed)]
    assert len(scores) == 4
    assert max(map(abs, scores)) < 4
    assert any(
        "image/png" in o.get("data", {}) for c in ran.cells if c.cell_type == "code" for o in c.outputs
    )
