"""No module uses what turns data into code. Ray's own serialisation between its processes is apart."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("tasks", "storage", "analysis", "pipeline")
MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "yaml",
    "code",
}
BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
METHODS = {
    "read_pickle",
    "to_pickle",
    "literal_eval",
    "system",
    "popen",
    "unsafe_load",
    "full_load",
    "sympify",
}
NUMPY_FILES = {"load", "save", "savez", "fromfile", "genfromtxt"}
"""Of numpy, which pickles object arrays: nothing here reads or writes its files."""
IMPORTERS = {
    "analysis/theory/registry.py": "the theories of the registry MODELS",
    "pipeline/worker/bodies.py": "the body that the user names on the command line, tasks.block by default",
    "pipeline/backends/dask_scheduler.py": "analysis.dataset.batches, to see whether a Dask worker has it",
    "tasks/landscapes/base.py": "the landscapes of the registry MODELS",
    "tasks/runtime/lazy_jax.py": "JAX, when it is first used",
}
"""Who may import a module by a name that is no literal, and which one."""


@cache
def _sources():
    return [
        (path, ast.parse(path.read_text())) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))
    ]


def _dotted(node):
    """The dotted name of a called expression, empty if it has none."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _problems(tree):
    """Yield what a module does that turns data into code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if (node.module or "").partition(".")[0] in MODULES or names & (METHODS | BUILTINS):
                yield f"{node.module}: {names}"
        elif isinstance(node, ast.Call):
            yield from _problems_of_call(node)


def _problems_of_call(node):
    name = _dotted(node.func)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else name
    owner = name.rpartition(".")[0]
    if name in BUILTINS or (last in METHODS and owner != "platform"):
        yield f"{last}()"
    if owner in ("np", "numpy") and last in NUMPY_FILES:
        yield f"{name}()"
    for keyword in node.keywords:
        harmless = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg in ("shell", "allow_pickle") and not harmless:
            yield f"{last}({keyword.arg}=...)"


def test_nothing_turns_data_into_code():
    for path, tree in _sources():
        assert list(_problems(tree)) == [], path


def test_modules_are_imported_by_name_in_known_places():
    found = set()
    for path, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _dotted(node.func).endswith("import_module"):
                assert not isinstance(node.args[0], ast.Constant), path
                found.add(path.relative_to(ROOT).as_posix())
    assert found == set(IMPORTERS)


LOADERS = {"exec_module", "source_to_code", "spec_from_file_location", "SourceLoader", "run_path"}


def test_a_text_becomes_a_module_in_one_place():
    """The loader of plugins: files that the user names on the command line."""
    found = set()
    for path, tree in _sources():
        names = {getattr(node, "attr", getattr(node, "id", None)) for node in ast.walk(tree)}
        if names & LOADERS:
            found.add(path.relative_to(ROOT).as_posix())
    assert found == {"pipeline/plugins.py"}


CAUGHT = [
    "import pickle",
    "from pickle import loads",
    "import yaml",
    "eval('1')",
    "exec(text)",
    "compile(text, '', 'eval')",
    "np.load(path)",
    "numpy.load(path, allow_pickle=True)",
    "xr.open_dataset(path, allow_pickle=flag)",
    "subprocess.run(text, shell=True)",
    "os.system(text)",
    "from os import system",
    "pd.read_pickle(path)",
    "__import__(name)",
]


@pytest.mark.parametrize("text", CAUGHT)
def test_the_walk_sees_it(text):
    assert list(_problems(ast.parse(text)))


@pytest.mark.parametrize("text", ["re.compile(text)", "subprocess.run(a, shell=False)", "tomllib.loads(t)"])
def test_the_walk_passes_over_what_is_harmless(text):
    assert not list(_problems(ast.parse(text)))
