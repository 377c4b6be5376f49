"""``morsecensus explore``: pages from the command line, and mistakes."""

import json
import re
import sys

import pytest
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app


def call(*arguments):
    return CliRunner().invoke(app, ["explore", *map(str, arguments)])


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text())[1])


def test_a_landscape_becomes_a_page(tmp_path):
    page = tmp_path / "new" / "page.html"
    result = call("--xi", "q^3", "--n", 4, "--seed", 2, "--landscape", 1, "--out", page, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"page": str(page), "bytes": page.stat().st_size}
    (view,) = data_of(page)["landscapes"]
    assert view["title"] == "pspin, xi = q^3, N = 4, seed 2, landscape 1"
    assert view["degrees"] == [0, 1, 2, 3]
    assert sum((-1) ** k for k in view["index"]) == 0
    assert len(view["tree"]["row"]) == 2 * view["index"].count(0) - 1
    assert "mesh" not in view


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--xi", "q^3"], "--n: got nothing"),
        (["--xi", "q^3", "--n", 1], "--n: got 1"),
        (["--n", 3], "--xi"),
        (["--model", "partite", "--n", 3], "allowed for topology: one sphere"),
        (["--model", "nonsense", "--n", 3], "--model: got 'nonsense'"),
        (["--xi", "q^3", "--n", 3, "--seed", -1], "--seed: got -1"),
    ],
)
def test_mistakes_are_one_line(arguments, said, tmp_path):
    result = call(*arguments, "--out", tmp_path / "page.html")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "page.html").exists()


def test_without_the_library_nothing_long_is_begun(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "plotly", None)
    result = call("--xi", "q^3", "--n", 3, "--out", tmp_path / "page.html")
    assert result.exit_code == 1
    assert 'pip install "morsecensus[explore]"' in result.stderr
    assert "starting a worker" not in result.stderr
