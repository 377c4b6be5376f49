"""What may go wrong when Ray starts is one line."""

import errno

import pytest

from morsecensus.pipeline.backends import ray_folder
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError


@pytest.mark.parametrize("length", [5, 36, 37, 75])
def test_only_a_long_temporary_folder_is_replaced(tmp_path, monkeypatch, length):
    monkeypatch.setenv("RAY_TMPDIR", "/" + "t" * (length - 5))
    monkeypatch.setattr(ray_folder, "SHORT", ("/nowhere", str(tmp_path)))
    fits = len("/" + "t" * (length - 5) + "/ray") + ray_folder.SESSION_BYTES <= ray_folder.MOST_BYTES
    assert (ray_folder.short_folder() is None) == fits
    assert len(list(tmp_path.iterdir())) == (not fits)


def test_no_short_folder_is_one_line(monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", "/" + "t" * 75)
    monkeypatch.setattr(ray_folder, "SHORT", ("/nowhere",))
    with pytest.raises(RunError, match="set TMPDIR to a short folder"):
        ray_folder.short_folder()


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), AssertionError("a\nb"), TypeError("x"), KeyError("y")]
)
def test_whatever_ray_raises_is_one_line(monkeypatch, error):
    import ray

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(RunError, match="cannot use a local Ray") as caught:
        start_executor("ray", workers=1)
    assert "\n" not in str(caught.value)
