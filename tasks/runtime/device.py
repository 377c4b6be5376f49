"""The accelerator that JAX computes on, when it was told to use one."""

import importlib.metadata

import jax

_VENDOR = ("jax-cuda", "nvidia-")


def accelerator() -> dict[str, str]:
    """Return platform, kind, runtime and the vendor's packages: what the bytes of a result may depend on.

    Raises RuntimeError if JAX finds no device of the platform in JAX_PLATFORMS.
    """
    try:
        device = jax.devices()[0]
    except AssertionError as error:  # what JAX raises where the platform's plugin is not installed
        raise RuntimeError("JAX knows no such platform: is its plugin installed?") from error
    packages = {
        name: distribution.version
        for distribution in importlib.metadata.distributions()
        if (name := distribution.name.lower()).startswith(_VENDOR)
    }
    return {
        "platform": device.platform,
        "kind": device.device_kind,
        "runtime": " ".join(str(device.client.platform_version).split()),
        "packages": " ".join(f"{name}=={packages[name]}" for name in sorted(packages)),
    }
