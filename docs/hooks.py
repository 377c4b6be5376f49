"""What the site has beside the pages of this folder: the README as its first page, references made from the
program, and the files of the repository that pages link to.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = re.compile(r"(\]\()((?:\.\./)+)([^)#\s]+)")
"""A link that leaves docs/, from a page in it or in a folder of it."""
OF_README = re.compile(r"(\]\()docs/([^)#\s]+)")
KEY, OPTION = (("key", "if not given", "meaning"), ("option", "if not given", "meaning"))
LINKED = re.compile(r"(\]\()((?:examples|tests)/[^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are generated, and what they and others link to."""
    readme = OF_README.sub(r"\1\2", (ROOT / "README.md").read_text())
    readme = LINKED.sub(r"\1files/\2", readme.replace("](design)", "](design/0016-rooms.md)"))
    pages = {"index.md": readme, "reference/study.md": study_page(), "reference/commands.md": commands_page()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for path in sorted(_linked()):
        files.append(File.generated(config, f"files/{path}.txt", abs_src_path=str(ROOT / path)))
    return files


def _linked() -> set[str]:
    """Files outside docs/ that README and pages link to."""
    found = {name for _, name in LINKED.findall((ROOT / "README.md").read_text())}
    for page in (ROOT / "docs").rglob("*.md"):
        found |= {path for path, _ in _outside(page.read_text(), page.parent)}
    return found


def _outside(text: str, folder: Path) -> Iterator[tuple[str, str]]:
    for match in OUTSIDE.finditer(text):
        target = (folder / (match[2] + match[3])).resolve()
        if target.is_file() and not target.is_relative_to(ROOT / "docs"):
            yield target.relative_to(ROOT).as_posix(), match[0]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to other files of the repository lead to their copies, which are shown as text."""
    place = page.file.src_uri
    for path, link in list(_outside(markdown, (ROOT / "docs" / place).parent)):
        up = "../" * place.count("/")
        markdown = markdown.replace(link, f"]({up}files/{path}.txt")
    return re.sub(r"(\]\(files/[^)#\s]+?)(?<!\.txt)(?=[)#])", r"\1.txt", markdown)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    lines += [" | ".join(map(_cell, row)) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") or " "


def study_page() -> str:
    """Keys of a study, with their defaults, from the JSON Schema that the program checks with."""
    from morsecensus.pipeline.commands.catalogue import default_text, finders, models
    from morsecensus.pipeline.study.schema import network_schema, study_schema, table_schema

    schema = study_schema()
    head = {name: one for name, one in schema["properties"].items() if one.get("type") != "array"}
    parts = [
        "# Keys of a study\n",
        "Made from the JSON Schema that `morsecensus schema` prints and `check` checks with. A list of "
        "values is a sweep: a cell for each.\n",
        _keys(head),
        "## `[about]`\n",
        _keys(schema["properties"]["about"]["properties"]),
    ]
    own = {name for model in models() for name in (one["name"] for one in model["parameters"])}
    tables = {"census": "`[[cells]]`", "flow": '`[[cells]]` with `body = "flow"`'}
    tables["trajectories"] = "`[[trajectories]]`"
    for body, title in tables.items():
        keys = table_schema(body, "pspin")["properties"]
        parts += [f"## {title}\n", _keys({k: v for k, v in keys.items() if k not in own})]
    parts += ["## `[[networks]]`\n", _keys(network_schema()["properties"])]
    parts.append("## Keys of each model\n")
    for model in models():
        rows = [
            (f"`{one['name']}`", "required" if one["required"] else default_text(one["default"]), one["help"])
            for one in model["parameters"]
        ]
        parts += [f"### `{model['model']}`\n", _table(KEY, rows)]
    parts.append("## Options of each finder\n")
    for finder in finders():
        rows = [
            (f"`{one['name']}`", default_text(one["default"]), one["meaning"]) for one in finder["options"]
        ]
        parts += [
            f"### `{finder['finder']}`\n",
            f"{finder['about']}\n",
            _table(("option", "if not given", "meaning"), rows),
        ]
    return "\n".join(parts)


def _keys(properties: dict[str, Any]) -> str:
    rows = [
        (
            f"`{name}`",
            f"`{json.dumps(one['default'])}`" if "default" in one else "",
            one.get("description", ""),
        )
        for name, one in properties.items()
    ]
    return _table(KEY, rows)


def commands_page() -> str:
    """Every command with its options, as ``--help`` has them."""
    import typer

    from morsecensus.pipeline.cli.app import app

    group = typer.main.get_command(app)
    parts = ["# All commands and their options\n"]
    with typer.Context(group, info_name="morsecensus") as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            text = (command.help or "").strip().replace("\b\n", "")
            parts += [
                f"## `{name}`\n",
                *_prose(text),
                _table(("option", "if not given", "meaning"), _options(command)),
            ]
    return "\n".join(parts)


def _prose(text: str) -> list[str]:
    """Paragraphs; an indented one is an example."""
    found = []
    for paragraph in text.split("\n\n"):
        indented = all(line.startswith(" ") for line in paragraph.splitlines())
        found.append(f"```\n{paragraph}\n```\n" if indented and paragraph.strip() else f"{paragraph}\n")
    return found


def _options(command: Any) -> list[tuple[str, ...]]:
    rows = []
    for one in command.params:
        flags = ", ".join(f"`{flag}`" for flag in one.opts)
        if one.param_type_name == "argument":
            flags = f"`{one.name.upper()}`"
        default = one.default if not callable(one.default) else None
        shown = "required" if one.required else "" if default in (None, False, ()) else f"`{default}`"
        rows.append((flags, shown, getattr(one, "help", None) or ""))
    return rows
