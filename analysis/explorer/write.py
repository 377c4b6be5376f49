"""The page: template, style, scripts, data and the plotting library in one file."""

import base64
import gzip
import html
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "page"
SCRIPTS = ("load", "globe", "charts", "explorer", "study", "start")


class NoLibrary(Exception):
    """The plotting library isn't installed."""


def library() -> bytes:
    """The script of plotly, packed: a third of its size, and the same bytes each time.

    Raises NoLibrary.
    """
    try:
        import plotly  # 5 MB of script, for this alone
    except ImportError as error:
        raise NoLibrary from error
    script = files(plotly).joinpath("package_data/plotly.min.js").read_bytes()
    return gzip.compress(script, mtime=0)


def page(title: str, data: dict[str, Any]) -> str:
    """Put the page together.

    Args:
        data: JSON-ready: ``landscapes``, a list of `analysis.explorer.landscape.View`, the ``mesh`` that they
            share, and ``study``, or None.

    Raises NoLibrary.
    """
    parts = {
        "title": html.escape(title),
        "style": (HERE / "style.css").read_text(encoding="utf-8"),
        # Nothing in a script may end it, whatever a study is called.
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        "library": base64.b64encode(library()).decode(),
        "script": "".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS),
    }
    pieces = (HERE / "page.html").read_text(encoding="utf-8").split("@")
    return "".join(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces))
