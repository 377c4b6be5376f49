"""Which summand an SGD uses at which step: rules such as "(t*t+3*t)%7", files, and samplings from a seed."""

import ast
import operator
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.tasks.dynamics.algorithms.sgd import sequence as endless
from morsecensus.tasks.dynamics.words import SAMPLINGS

Integers = NDArray[np.int64]
LONGEST_RULE = 200
MOST_SUMMANDS = 1_000_000
LARGEST = 2**63
"""Of every value on the way: a rule is a few sums and products, no arithmetic of a thousand digits."""
ALLOWED = (
    "a file of integers, or a rule of t (the step, from 0), P (the summands), integers, + - * // % and "
    "parentheses, such as (t*t+3*t)%7"
)
_OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def read_fields(
    steps: int, summands: int | None, sequence: str | None, sampling: str | None, seed: int | None
) -> tuple[Integers, str]:
    """Summands by step, and what that SGD is called; nothing if it is gradient descent. Raises UsageError."""
    if summands is None:
        if any(value is not None for value in (sequence, sampling, seed)):
            raise UsageError(
                "--summands: missing; --sequence, --sampling and --seed are of SGD, which needs it"
            )
        return np.zeros(steps, dtype=np.int64), ""
    if not 1 <= summands <= MOST_SUMMANDS:
        raise UsageError(f"--summands: got {summands}, allowed: integers from 1 to {MOST_SUMMANDS}")
    if summands == 1 and any(value is not None for value in (sequence, sampling, seed)):
        raise UsageError("--summands: got 1, which is gradient descent, without sampling; allowed: 2 or more")
    if sequence is not None and (sampling is not None or seed is not None):
        raise UsageError("--sequence: given beside --sampling or --seed, allowed: one or the other")
    if sequence is not None:
        return given_sequence(sequence, steps, summands), f"SGD on {summands} summands by {sequence}"
    if seed is not None and seed < 0:
        raise UsageError(f"--seed: got {seed}, allowed: integers from 0")
    sampling, seed = sampling or "replacement", 1 if seed is None else seed
    words = f"SGD on {summands} summands, {sampling}, seed {seed}" if summands > 1 else ""
    return sampled_sequence(sampling, steps, summands, seed), words


def sampled_sequence(sampling: str, steps: int, summands: int, seed: int) -> Integers:
    """Summands of `steps` steps: drawn with replacement, in a new order each epoch, or in turn."""
    if sampling not in SAMPLINGS:
        raise UsageError(f"--sampling: got {shown(sampling)}, allowed: {', '.join(SAMPLINGS)}")
    order = endless(sampling, summands, np.random.default_rng(seed))
    return np.fromiter(order, np.int64, steps)


def given_sequence(text: str, steps: int, summands: int) -> Integers:
    """Summands of `steps` steps from a rule or a file; raises UsageError."""
    found = _from_file(Path(text), steps) if _is_file(text) else _from_rule(text, steps, summands)
    if min(found) < 0 or max(found) >= summands:
        raise UsageError(
            f"--sequence: got summands from {min(found)} to {max(found)}, allowed: 0 to --summands - 1 = "
            f"{summands - 1}"
        )
    return np.array(found, dtype=np.int64)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or with a zero byte
        return False


def _from_file(path: Path, steps: int) -> list[int]:
    try:
        found = [int(word) for word in path.read_text().replace(",", " ").split()]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--sequence: cannot read {path}: allowed: integers, one a step ({error})"
        ) from error
    if len(found) < steps:
        raise UsageError(f"--sequence: got {len(found)} integers in {path}, allowed: at least {steps}")
    return found[:steps]


def _from_rule(text: str, steps: int, summands: int) -> list[int]:
    refused = UsageError(f"--sequence: got {shown(text)}, allowed: {ALLOWED}")
    if len(text) > LONGEST_RULE:
        raise refused
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return [_value(tree, {"t": t, "P": summands}) for t in range(steps)]
    except ZeroDivisionError:
        raise UsageError(f"--sequence: got {shown(text)}, which divides by zero") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refused from None


def _value(node: ast.expr, names: dict[str, int]) -> int:
    """Of an expression of integers; ValueError for whatever else Python allows."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            found = value
        case ast.Name(id=name) if name in names:
            found = names[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            found = -_value(inner, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            found = _OPERATIONS[type(op)](_value(left, names), _value(right, names))
        case _:
            raise ValueError
    if abs(found) >= LARGEST:
        raise ValueError
    return found
