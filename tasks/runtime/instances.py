"""Which landscapes a block holds, and what one is made from."""

from collections.abc import Mapping
from typing import Any


def instances(spec: Mapping[str, Any], block: int) -> range:
    """The landscapes of a block: ``block_size``, as far as there are ``most``, if the spec has that."""
    first = block * spec["block_size"]
    return range(first, min(first + spec["block_size"], spec.get("most", first + spec["block_size"])))


def instance_key(spec: Mapping[str, Any], instance: int) -> tuple:
    """What an instance of a cell is made from."""
    return (spec["model"], tuple(sorted(spec["parameters"].items())), spec["n"], spec["seed"], instance)
