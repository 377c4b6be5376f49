"""``morsecensus examples``: the studies that come with the package, listed and copied."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from morsecensus.pipeline.commands.init import HEAD_LINE, check_schema, write_schema, write_texts
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.study.checked import meant


def folder() -> Traversable:
    """Where the examples are."""
    return files("morsecensus") / "examples"


def names() -> list[str]:
    """Return the names of the studies."""
    found = (entry.name for entry in folder().iterdir())
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def rows() -> list[dict[str, str]]:
    """Return name and what it is about, of each study."""
    return [{"name": name, "about": about(text_of(f"{name}.toml"))} for name in names()]


def about(text: str) -> str:
    """Return the first sentence of the comment that a study begins with."""
    comment = " ".join(_comment(text))
    return f"{comment.partition('. ')[0].rstrip('.')}."


def _comment(text: str) -> Iterator[str]:
    for line in text.removeprefix(HEAD_LINE).splitlines():
        if not line.startswith("# "):
            return
        yield line[2:].strip()


def text_of(name: str) -> str:
    """Return one of the files."""
    return (folder() / name).read_text(encoding="utf-8")


def copy(name: str, out: Path | None) -> list[Path]:
    """Copy a study, the models beside it and the schema of studies; return what was written.

    Args:
        out: a file; here, under its own name, if None.

    Raises UsageError for a name that isn't there, and for a file that is.
    """
    if name not in names():
        raise UsageError(f"got {shown(name)}, allowed: {', '.join(names())}{meant(name, names())}")
    out = Path(f"{name}.toml") if out is None else out
    texts = {out: text_of(f"{name}.toml")}
    if (folder() / f"{name}.py").is_file():  # its model, which `--plugin` reads
        texts[out.with_suffix(".py")] = text_of(f"{name}.py")
    check_schema(out.parent)
    return [*write_texts(texts), write_schema(out.parent)]
