"""A body whose ``describe`` says where and when it ran, for tests of what Ray gives to a worker."""

import os
import time

NAMES = ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS", "JAX_ENABLE_X64", "XLA_PYTHON_CLIENT_PREALLOCATE")


def describe(spec):
    start = time.time()
    time.sleep(spec["seconds"])
    seen = {name: os.environ.get(name) for name in NAMES}
    return {"rows_bound": 1, "memory_bytes": 1, "sizes": {**seen, "start": start, "end": time.time()}}
