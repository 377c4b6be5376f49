"""What is said of the fields of a class: the texts below them, which Python itself doesn't keep."""

import ast
import functools
import inspect
import textwrap


@functools.cache
def field_docs(kind: type) -> dict[str, str]:
    """Return field -> the text that stands below it, of a class and those that it is made from."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if one.__module__.startswith("morsecensus."):
            found |= _docs(one)
    return found


def _docs(kind: type) -> dict[str, str]:
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    except (OSError, TypeError, SyntaxError):  # made by a function, or without its source
        return {}
    assert isinstance(tree, ast.ClassDef)
    return {
        line.target.id: " ".join(text.value.value.split())
        for line, text in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
