"""The documentation: the site builds strictly and asks no other host, what pages print is what commands
print, the notebook runs.
"""

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
