"""What runs of scaled networks, squared errors and tangent kernels can't be asked for."""

from typing import Any

KERNEL_BYTES = 2**30
"""That the derivatives of all answers by all weights may take."""


def check_scaling(asked: Any) -> None:
    """Raise ValueError, one line, for the first thing that is wrong."""
    for one in (_squared, _scaled, _until, _kernel):
        one(asked)


def _squared(asked: Any) -> None:
    if asked.loss == "squared" and asked.labels == "teacher":
        raise ValueError("loss: got squared with labels of a teacher, allowed: with hard ones")


def _scaled(asked: Any) -> None:
    if asked.scaling == "standard":
        return
    if len(asked.layers) != 3 or asked.layers[1] % 2 or asked.skip or asked.batchnorm:
        raise ValueError(
            f"scaling: got {asked.scaling} with layers {list(asked.layers)}, allowed: with one hidden "
            "layer of even width, without skip and batchnorm"
        )
    if asked.pairs:
        raise ValueError(f"pairs: got true with scaling {asked.scaling}, allowed: standard")


def _until(asked: Any) -> None:
    if not 0 <= asked.until < 1:
        raise ValueError(f"until: got {asked.until:g}, allowed: a share of the first cost from 0 to below 1")
    if asked.until and (asked.algorithm != "gd" or asked.keep != 1):
        raise ValueError(
            "until: got one with sgd, or with keep, allowed: with algorithm gd and its end alone"
        )


def _kernel(asked: Any) -> None:
    if not 0 <= asked.kernel <= asked.count:
        raise ValueError(f"kernel: got {asked.kernel}, allowed: 0 to the {asked.count} examples of the run")
    if asked.kernel and asked.batchnorm:
        raise ValueError("kernel: got one with batchnorm, allowed: without")
    if (needed := kernel_bytes(asked)) > KERNEL_BYTES:
        raise ValueError(
            f"kernel: got {asked.kernel} examples, {needed / 2**30:.3g} GiB, allowed: at most "
            f"{KERNEL_BYTES // 2**30} GiB; fewer examples"
        )


def kernel_bytes(asked: Any) -> int:
    """Of the derivatives that two kernels are made of."""
    return 2 * 8 * asked.kernel * asked.layers[-1] * asked.net.weights
