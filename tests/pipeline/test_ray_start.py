"""What may go wrong when Ray starts is one line."""

import errno
import subprocess
import sys

import pytest

from morsecensus.pipeline.backends import ray_folder
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError


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


def test_ray_is_an_extra(monkeypatch):
    """Without it there is one line that says how to get it, and nothing else needs it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ray" else name)
    wanted = r'^--backend ray: needs the package ray: pip install "morsecensus\[ray\]"$'
    with pytest.raises(UsageError, match=wanted):
        start_executor("ray")
    code = (
        "import sys; sys.modules['ray'] = None\n"
        "import morsecensus.pipeline.cli.app, morsecensus.pipeline.worker.worker\n"
        "from morsecensus.pipeline.backends.start import start_executor\n"
        "start_executor('serial').close()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
