"""What networks are trained on: files that the user named, or a Gaussian mixture that needs none."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Num

from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.runtime.keys import generator

PARTS = ("images", "labels", "test_images", "test_labels")
"""Arrays of files as a store keeps them: bytes, (examples, pixels) and (examples,)."""
CLUSTERS_OF_CLASS = 2
SPREAD = 0.5
"""Standard deviation of a coordinate of a cluster's centre; that of an example around it is 1."""
TEST_CLUSTERS = 1000
"""Test examples of the mixture."""


@dataclass(frozen=True)
class Examples:
    """Training examples of a run, and test examples.

    Attributes:
        inputs, test_inputs: numbers, or bytes that stand for their 255th part; shape (examples, width).
        labels, test_labels: classes from 0 on.
    """

    inputs: Num[np.ndarray, "examples width"]
    labels: Int[np.ndarray, " examples"]
    test_inputs: Num[np.ndarray, "tests width"]
    test_labels: Int[np.ndarray, " tests"]


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the names, shapes and bytes of `PARTS`."""
    found = hashlib.sha256()
    for name in PARTS:
        array = np.ascontiguousarray(arrays[name], dtype=np.uint8)
        found.update(f"{name}:{array.shape}:".encode())
        found.update(array.data)
    return found.hexdigest()


def examples_of(options: NetworkOptions, seed: int) -> Examples:
    """The examples of a run. Raises ValueError where all of them are of one class.

    Args:
        seed: of the study; the mixture, one for all its networks of the same widths, follows from it.
    """
    if options.data == "clusters":
        found = _clusters(options.layers[0], options.layers[-1], options.first, options.count, seed)
    else:
        found = _chosen(inputs.content(options.sha256), options.first, options.count)
    check_classes(found.labels)
    return found


def check_classes(labels: Int[np.ndarray, " examples"]) -> None:
    """Raise ValueError if there is one class alone."""
    if len(np.unique(labels)) < 2:
        raise ValueError(
            f"first: got {len(labels)} examples of class {int(labels[0])} alone, allowed: two classes or more"
        )


def _chosen(arrays: inputs.Arrays, first: int, count: int) -> Examples:
    chosen = slice(first, first + count)
    return Examples(
        arrays["images"][chosen],
        arrays["labels"][chosen].astype(np.int64),
        arrays["test_images"],
        arrays["test_labels"].astype(np.int64),
    )


@functools.lru_cache(maxsize=4)
def _clusters(width: int, classes: int, first: int, count: int, seed: int) -> Examples:
    """Isotropic Gaussian clusters around Gaussian centres, two a class, all equally likely. More examples
    leave those before as they are."""
    source = generator(seed, "network", "clusters", width, classes, "centres")
    centres = SPREAD * source.standard_normal((CLUSTERS_OF_CLASS * classes, width))
    drawn = []
    for name, end in (("train", first + count), ("test", TEST_CLUSTERS)):
        source = generator(seed, "network", "clusters", width, classes, name)
        rows = source.standard_normal((end, width))
        ranks = generator(seed, "network", "clusters", width, classes, name, "clusters")
        cluster = ranks.integers(len(centres), size=end)
        drawn.append((centres[cluster] + rows, cluster % classes))
    (x, labels), (test_x, test_labels) = drawn
    return Examples(x[first:], labels[first:], test_x, test_labels)
