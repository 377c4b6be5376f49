"""JAX, loaded when something is first computed with it: what only plans a study does without.

Manifolds and landscapes take ``jax``, ``jnp`` and ``Array`` from here, for a plan asks them for sizes. What
compiles when it is imported, finders and trajectories, imports JAX itself.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
    from jaxtyping import Array
else:

    class _Later:
        """A module that is imported when an attribute of it is first asked for."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            return getattr(importlib.import_module(self._name), attribute)

    jax, jnp = _Later("jax"), _Later("jax.numpy")
    # jaxtyping's own is JAX's; annotations are for readers and for the type checker.
    Array = Any

__all__ = ["Array", "jax", "jnp"]

# Everything that is stored is float64, also when a user calls a finder outside a worker. JAX reads the
# variable when it is loaded, by whomever.
os.environ["JAX_ENABLE_X64"] = "1"
if "jax" in sys.modules:
    sys.modules["jax"].config.update("jax_enable_x64", True)
