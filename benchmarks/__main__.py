"""`make bench`: the table of ratios. Name parts to run only those, e.g. `python -m benchmarks finder
gradient`."""

import importlib
import sys

from rich.console import Console
from rich.table import Table

PARTS = (
    "dynamics",
    "finder",
    "gradient",
    "gradients",
    "homotopy",
    "low_index",
    "mean_field",
    "ray_backend",
    "reductions",
    "scale",
    "shares",
    "streaming",
    "topology",
)


def main(names: list[str]) -> None:
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.exit(f"benchmarks: got {', '.join(sorted(unknown))}, allowed: {', '.join(PARTS)}")
    table = Table(title="morsecensus, ratios measured in this run", title_justify="left")
    for column, justify in (
        ("what", "left"),
        ("measured", "right"),
        ("wanted", "right"),
        ("of which", "left"),
    ):
        table.add_column(column, justify=justify)
    for name in names or PARTS:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            table.add_row(row.what, f"{row.ratio:.3g}", row.wanted, row.details)
    Console(width=170).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
