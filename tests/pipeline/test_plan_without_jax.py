"""Planning and help load no JAX: a driver may stand on a machine that can't hold it, and answers at once."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

FORBID = """
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("jax", "jaxlib"):
            raise AssertionError(f"{name} is imported")

sys.meta_path.insert(0, Forbid())
"""

RUN = """
import typer
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app


def run(*arguments):
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, (arguments, found.output, found.exception)


for study in sys.argv[1:]:
    run("plan", study)
run("--help")
for command in typer.main.get_command(app).commands:
    run(command, "--help")
print("done")
"""


def _python(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)


FLOW = """
name = "flow"
seed = 1

[[cells]]
body = "flow"
model = "pspin"
xi = "q^3"
n = 4
landscapes = 2
starts = 2
"""


def test_plans_of_all_examples_and_all_helps_import_no_jax(tmp_path):
    # A study of a stranger's model has its file beside it, and what that imports is the stranger's matter.
    ours = [study for study in EXAMPLES.glob("*.toml") if not study.with_suffix(".py").exists()]
    # And one on files of the user's has those to be read first.
    studies = sorted(str(study) for study in ours if "folder =" not in study.read_text())
    assert studies
    (tmp_path / "flow.toml").write_text(FLOW)
    found = _python(FORBID + RUN, *studies, str(tmp_path / "flow.toml"))
    assert found.returncode == 0, found.stderr
    assert found.stdout == "done\n"


def test_the_hook_sees_jax_where_something_is_computed():
    """Negative control: the same landscape, asked for a value."""
    compute = """
from morsecensus.tasks.landscapes.base import build
landscape = build("pspin", {"xi": "q^3"}, 4)
couplings = landscape.sample(0, 0)
landscape.value(couplings, couplings["degree_3"][:4, 0])
"""
    found = _python(FORBID + compute)
    assert found.returncode != 0
    assert "jax is imported" in found.stderr


def test_values_are_doubles_whoever_loads_jax():
    """JAX loaded after the landscapes, by somebody else, and before them."""
    first = "from morsecensus.tasks.landscapes.base import build\n"
    then = "import jax\n"
    compute = """
landscape = build("pspin", {"xi": "q^3"}, 4)
x = jax.numpy.ones(4)
assert jax.jit(landscape.value)(landscape.sample(0, 0), x).dtype == "float64"
"""
    for code in (first + then, then + first):
        found = _python(code + compute)
        assert found.returncode == 0, found.stderr
