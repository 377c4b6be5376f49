"""Figures of reports that no test looks at."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from morsecensus.analysis.topics import base

EMPTY = "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"


@contextmanager
def unrendered(*, laid_out: bool = True) -> Iterator[None]:
    """Figures are drawn, which reads what they need, but not rendered: that is two thirds of a report.

    With ``laid_out`` every artist is asked for its size, so that what can't be typeset raises.
    """

    def save(figure, folder, name):
        if laid_out:
            figure.draw_without_rendering()
        vector = folder / f"{name}.svg"
        vector.write_text(EMPTY)
        return vector, vector

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(base, "save", save)
        yield
