"""Models of others: from a file that the user names on the command line, or from an installed package.

A file defines ``MODELS``, a dictionary from names to `tasks.landscapes.parameters.Model`. A package has an
entry point of the group ``morsecensus.landscapes`` for each model: its name, and where its `Model` is. A
study and a store hold names of models and digests alone: nothing in them can make the program read a file or
import a module that the user hasn't given or installed.

The digest of a model's source is a part of its cells, so results of two versions never meet in one cell.
Workers get a file's text with each job; packages they must have themselves, the same ones.
"""

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.abc import SourceLoader
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.tasks.landscapes.registry import MODELS, register

GROUP = "morsecensus.landscapes"
MAX_BYTES = 2**20
"""Of a plugin's file, which travels with every job."""


class PluginDiffers(Exception):
    """This process lacks the plugin of a cell's model, or has another version of it."""


@dataclass(frozen=True)
class Plugin:
    """A file with models. ``name`` is what messages call it."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


_given: dict[str, Plugin] = {}
"""Files that this process has, by digest, in the order in which they came."""


class _TextLoader(SourceLoader):
    """Makes a module of a text that is here already."""

    def __init__(self, plugin: Plugin):
        self._plugin = plugin

    def get_filename(self, fullname: str) -> str:
        return self._plugin.name

    def get_data(self, path: str | bytes) -> bytes:
        return self._plugin.text.encode()


def read_plugin(path: Path) -> None:
    """Register the models of a file, for this process and for the jobs that it sends.

    Raises UsageError for a file that can't be read, run or understood, and for a name that is taken.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--plugin: cannot read {path}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"--plugin: {path}: got {len(data)} bytes, allowed: at most {MAX_BYTES}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"--plugin: {path}: got text that isn't UTF-8, allowed: Python") from error
    _load(Plugin(str(path), text))


def take(records: Iterable[Mapping[str, str]]) -> None:
    """Register what `carried` says in another process."""
    for record in records:
        plugin = Plugin(record["name"], record["text"])
        if plugin.digest not in _given:
            _load(plugin)


def carried() -> dict[str, list[dict[str, str]]]:
    """What a job takes along, JSON-ready: the files that this process was given; nothing without any."""
    files = [{"name": plugin.name, "text": plugin.text} for plugin in _given.values()]
    return {"plugins": files} if files else {}


def forget() -> None:
    """Take the models of all files away again, for a process that goes on to something else."""
    for name in [name for name, model in MODELS.items() if model.digest in _given]:
        del MODELS[name]
    _given.clear()


def _load(plugin: Plugin) -> None:
    name = f"morsecensus_plugin_{plugin.digest[:16]}"
    loader = _TextLoader(plugin)
    spec = spec_from_loader(name, loader, origin=plugin.name)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look there for their own module
    try:
        loader.exec_module(module)
        models = getattr(module, "MODELS", None)
        if not isinstance(models, Mapping) or not models:
            raise ValueError("got no MODELS, allowed: a dictionary from names to Model")
        register(models, plugin.digest)
    except Exception as error:  # whatever a stranger's file has
        del sys.modules[name]
        said = " ".join(str(error).split())[:300]
        raise UsageError(f"--plugin: {plugin.name}: {type(error).__name__}: {said}") from error
    _given[plugin.digest] = plugin


def is_known(model: str) -> bool:
    """Whether a model is registered; looks among installed packages for one that isn't yet.

    Raises UsageError for a package that has it and doesn't work.
    """
    if model in MODELS:
        return True
    for point in entry_points(group=GROUP, name=model):
        _install(point)
        return True
    return False


def register_installed(models: Iterable[str]) -> None:
    """Register the models of installed packages that a store names, as far as there are any.

    The store only says which names: what is imported is what the user has installed under the group's entry
    points, and a model without one stays unknown. Raises UsageError for a package that doesn't work.
    """
    for model in models:
        is_known(model)


def _install(point: EntryPoint) -> None:
    try:
        found = point.load()
        register({point.name: found}, _package_digest(point.module))
    except Exception as error:  # whatever a stranger's package has
        said = " ".join(str(error).split())[:300]
        raise UsageError(f"model {point.name} of {point.value}: {type(error).__name__}: {said}") from error


def _package_digest(module: str) -> str:
    """SHA-256 of all Python files of the package that a module is in, or of its one file."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None or spec.origin is None:
        raise ValueError(f"{module} has no source")
    folder, digest = Path(spec.origin).parent, hashlib.sha256()
    paths = sorted(folder.rglob("*.py")) if spec.submodule_search_locations else [Path(spec.origin)]
    for path in paths:
        data = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def identity(model: str) -> dict[str, str]:
    """What a cell's spec has of where its model came from: nothing for a model of our own."""
    digest = MODELS[model].digest
    return {"plugin": digest} if digest else {}


def check_plugin(spec: Mapping[str, Any]) -> None:
    """Raise PluginDiffers unless this process has the model of a cell as the cell was planned with it."""
    model, wanted = str(spec.get("model")), spec.get("plugin", "")
    mine = MODELS[model].digest if is_known(model) else ""
    if mine != wanted:
        had = f"its source here is {mine[:12]}..." if mine else "its source isn't here"
        planned = f"the cell was planned with {wanted[:12]}..." if wanted else "the cell was planned without"
        raise PluginDiffers(f"model {shown(model)}: {had}, {planned}")
