"""What a ``[[cells]]`` table of any body has: a model with its parameters, n, landscapes, the block."""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, create_model

from morsecensus.pipeline.study.checked import Checked
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.tasks.landscapes.parameters import Parameter
from morsecensus.tasks.landscapes.registry import MODELS

MAX_CELLS = 1000
MAX_LANDSCAPES = 10**7
MAX_BLOCK = 2**15  # the slot of a row within its block is 16 bits


@dataclass(frozen=True)
class StudyCell:
    """One point of a study's grid. ``where`` is what the user wrote it in, for messages.

    ``finder_choice`` says why an `AUTO` finder became the one of the spec; it is no part of what the cell
    is, so that naming the finder gives the same cell. ``body`` is the recorded name of what computes it.
    """

    where: str
    spec: Mapping[str, Any]
    landscapes: int
    finder_choice: str | None = None
    body: str = DEFAULT_BODY

    def to_record(self) -> dict[str, Any]:
        """Return the cell in normal form, as run.json keeps it."""
        record: dict[str, Any] = {"spec": dict(self.spec), "landscapes": self.landscapes}
        record |= {} if self.finder_choice is None else {"finder_choice": self.finder_choice}
        return record | ({} if self.body == DEFAULT_BODY else {"body": self.body})


def _integers(least: int) -> Callable[[object], tuple[int, ...]]:
    return lambda value: parse_integers(value, minimum=least)


def several(value: object) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MAX_CELLS:
        raise ValueError(f"got a list of {len(values)}, allowed: 1 to {MAX_CELLS} values")
    return values


Integers = int | str | list[int | str]
"""How a study may write dimensions."""


class CellTable(Checked):
    """What every body's and every model's ``[[cells]]`` table has; both add to it, see `table_of`."""

    model: str
    """What is drawn: `morsecensus models` lists them."""
    body: str = "census"
    """What is computed: critical points, gradient flow, threshold states, ends of training,
    escapes from saddles."""
    n: Annotated[tuple[int, ...], BeforeValidator(_integers(2), json_schema_input_type=Integers)]
    """Dimensions: 8, [4, 6], "4:10" (inclusive) or "4,6,8:10"."""
    landscapes: int = Field(ge=1, le=MAX_LANDSCAPES)
    """How many landscapes of each cell are drawn."""
    block: int | None = Field(default=None, ge=1, le=MAX_BLOCK)
    """Landscapes of one task; by default chosen by n. Blocks are always whole."""


_Kind = TypeVar("_Kind", bound=CellTable)


def table_of(kind: type[_Kind], model: str) -> type[_Kind]:
    """The ``[[cells]]`` table of a body and a model: its parameters, each one value or a list to sweep."""
    return _table(kind, model, MODELS[model].digest)


@functools.cache
def _table(kind: type[_Kind], model: str, digest: str) -> type[_Kind]:
    """``digest`` tells two versions of a plugin's model apart."""
    del digest

    def field(parameter: Parameter) -> Any:
        written = parameter.kind | list[parameter.kind]
        reader = BeforeValidator(_swept(parameter), json_schema_input_type=written)
        kind = Annotated[tuple[Any, ...], reader]
        return (kind, Field()) if parameter.default is None else (kind, (parameter.default,))

    fields = {name: field(parameter) for name, parameter in MODELS[model].parameters.items()}
    sizes = BeforeValidator(_integers(MODELS[model].least_n), json_schema_input_type=Integers)
    fields["n"] = (Annotated[tuple[int, ...], sizes], Field())
    return create_model(f"{model}_table", __base__=kind, **fields)


def _swept(parameter: Parameter) -> Callable[[object], tuple[Any, ...]]:
    return lambda value: tuple(parameter.read(each) for each in several(value))


def grid(cell: CellTable) -> Iterator[dict[str, Any]]:
    """Yield the model's parameters, one dictionary per point of the sweep."""
    names = list(MODELS[cell.model].parameters)
    for values in itertools.product(*(getattr(cell, name) for name in names)):
        yield dict(zip(names, values, strict=True))
