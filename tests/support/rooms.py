"""The rooms as the code has them: files, imports, floors, and the page that maps them.

``python tests/support/rooms.py`` writes the page anew.
"""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/design/0016-rooms.md"
ROOMS = ("tasks", "storage", "analysis", "pipeline")
OURS = "morsecensus."
FLOORS = {
    "tasks": (
        ("block", "bodies"),
        ("records",),
        ("finders", "topology"),
        ("networks",),
        ("points", "trajectories", "dynamics"),
        ("landscapes",),
        ("systems", "geometry", "temperatures"),
        ("runtime", "covariance", "measurables", "proportions"),
    ),
    "analysis": (
        ("report", "explorer"),
        ("topics",),
        ("results", "page"),
        ("agreement",),
        ("estimates",),
        ("dataset",),
        ("theory",),
        ("arrays",),
    ),
    "pipeline": (
        ("cli", "api"),
        ("commands", "export"),
        ("run",),
        ("backends", "study"),
        ("worker",),
        ("plugins", "stopping", "phases"),
        ("errors",),
    ),
}
"""Of a room: folders, and files at its root. Each may import what stands below it, and nothing beside it."""


class _WithoutTyping(ast.NodeTransformer):
    def visit_If(self, node):
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            return self.generic_visit(node)
        return [self.visit(other) for other in node.orelse] or ast.Pass()


@cache
def imports(path, typing=True):
    """Return the dotted names that a file imports, at any depth; with or without what stands under
    TYPE_CHECKING."""
    found = set()
    tree = ast.parse(path.read_text())
    if not typing:
        tree = _WithoutTyping().visit(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix(OURS) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: absolute imports only"
            module = str(node.module).removeprefix(OURS)
            found |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return frozenset(found)


def files_of(room):
    return sorted((ROOT / room).rglob("*.py"))


def edges(room):
    """Yield which module of a room imports which, lazily too; not what only the type checker reads."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files_of(room)}
    for path in files_of(room):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in imports(path, typing=False):
            if name in modules and name != module:
                yield module, name


def sentence(folder):
    """Return what a folder says of itself."""
    return ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""


def _folders(room, part):
    folders = {path.parent for path in (ROOT / room / part).rglob("*.py")}
    return sorted(folder for folder in folders if (folder / "__init__.py").exists())


def page():
    """Return the generated part of the page: for each room its floors, from the top, with their sentences."""
    lines = []
    for room in ROOMS:
        lines += [f"## {room}/", "", sentence(ROOT / room), ""]
        if room not in FLOORS:
            continue
        lines += ["| floor | part | what it is |", "|---|---|---|"]
        for number, parts in zip(range(len(FLOORS[room]), 0, -1), FLOORS[room], strict=True):
            for part in parts:
                if (ROOT / room / f"{part}.py").exists():
                    text = ast.get_docstring(ast.parse((ROOT / room / f"{part}.py").read_text())) or ""
                    lines.append(f"| {number} | `{part}.py` | {text.splitlines()[0]} |")
                for folder in _folders(room, part):
                    name = folder.relative_to(ROOT / room).as_posix()
                    lines.append(f"| {number} | `{name}/` | {sentence(folder)} |")
        lines.append("")
    return "\n".join(lines)


MARK = "<!-- from here on written by tests/support/rooms.py -->\n\n"

if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text().partition(MARK)[0] + MARK + page())
