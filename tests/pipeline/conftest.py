"""Studies, a body without numerics, and drivers that can be killed."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash

BODIES = Path(__file__).parent / "bodies"
BODY = "synthetic_body:run_block"


@pytest.fixture(scope="session")
def script_file(tmp_path_factory):
    """What bodies of runs in this process read their script from: a file, so that a run with one has the
    environment of a run without, and takes its worker."""
    path = tmp_path_factory.mktemp("script") / "script.json"
    path.write_text("{}")
    return path


@pytest.fixture(autouse=True)
def _bodies_are_importable(monkeypatch, script_file):
    monkeypatch.syspath_prepend(str(BODIES))
    monkeypatch.setenv("PYTHONPATH", str(BODIES))
    monkeypatch.setenv("MORSECENSUS_TEST", f"@{script_file}")


def study_text(n="4:5", landscapes=20, name="demo", seed=1, **more):
    lines = [f'name = "{name}"', f"seed = {seed}", "[[cells]]", 'xi = "q^3"', f'n = "{n}"']
    more = {"landscapes": landscapes, "block": 4} | more
    lines += [f"{key} = {json.dumps(value)}" for key, value in more.items()]
    return "\n".join(lines) + "\n"


def content(**changes):
    import tomllib

    return tomllib.loads(study_text(**changes))


class Driver:
    """The command line in a process of its own."""

    def __init__(self, folder, study, store, *arguments, script=None):
        path = folder / "study.toml"
        path.write_text(study)
        command = [
            sys.executable,
            "-m",
            "morsecensus",
            "run",
            str(path),
            "--store",
            str(store),
            "--body",
            BODY,
        ]
        env = {**os.environ, "MORSECENSUS_TEST": json.dumps(script or {})}
        self.store = Path(store)
        # files, not pipes: workers that outlive a killed driver would keep a pipe open
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [*command, *arguments], env=env, stdout=out, stderr=err, start_new_session=True
            )

    def wait_for_markers(self, count, seconds=240):
        deadline = time.time() + seconds
        while len(list(self.store.glob("commits/*/*.json"))) < count:
            assert self.process.poll() is None, self._err.read_text()
            assert time.time() < deadline, self._err.read_text()
            time.sleep(0.01)

    def finish(self, seconds=240):
        code = self.process.wait(timeout=seconds)
        return code, self._out.read_text(), self._err.read_text()


@pytest.fixture
def toolbox(tmp_path, script_file):
    """The helpers above, for tests cannot import each other."""

    drivers = []

    class Toolbox:
        text = staticmethod(study_text)
        content = staticmethod(content)
        body = BODY

        @staticmethod
        def run(study, store, *, script=None, body=BODY, **settings):
            script_file.write_text(json.dumps(script or {}))
            try:
                console = Console(quiet=True)
                return run_study(parse_study(study), str(store), Settings(**settings), console, body=body)
            finally:
                script_file.write_text("{}")

        @staticmethod
        def driver(study, store, *arguments, script=None):
            folder = tmp_path / f"driver-{len(drivers)}"
            folder.mkdir()
            drivers.append(Driver(folder, study, store, *arguments, script=script))
            return drivers[-1]

    yield Toolbox
    for driver in drivers:
        driver.process.kill()
        driver.process.wait()


@pytest.fixture(scope="session")
def references(tmp_path_factory):
    """A folder with runs of the small study and of the extended one, each computed at once, serially: by the
    first process of a session that asks for them."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "references"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock, pytest.MonkeyPatch.context() as context:
        fcntl.flock(lock, fcntl.LOCK_EX)
        context.syspath_prepend(str(BODIES))
        context.setenv("PYTHONPATH", str(BODIES))
        for name, changes in (("small", {}), ("large", {"n": "4:6", "landscapes": 32})):
            if not (folder / name).exists():
                # a process that fails leaves nothing for the next one to go on with
                begun = folder / f"{name}-{os.getpid()}"
                study = parse_study(content(**changes))
                assert not run_study(study, str(begun), Settings(), Console(quiet=True), body=BODY).failed
                begun.rename(folder / name)
    return folder


@pytest.fixture(scope="session")
def reference(references):
    """The hashes of these runs."""
    return {name: dataset_hash(str(references / name)) for name in ("small", "large")}


@pytest.fixture
def finished(references, tmp_path):
    """A finished run of the small study, for tests of what follows: a copy, which takes a tenth of the time.

    Its body has no numerics: there are columns to read, and no worker loads JAX.
    """
    return Path(shutil.copytree(references / "small", tmp_path / "run"))
