"""Coverage-guided fuzzing of a target: python tests/fuzz/fuzz.py TARGET [options of libFuzzer]"""

import sys
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=["morsecensus", "tomllib", "json"]):
    from targets import EXAMPLE, TARGETS, within_time

if __name__ == "__main__":
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"fuzz: got {name!r}, allowed: {', '.join(TARGETS)}")
    TARGETS["study"](EXAMPLE)  # what is imported on the first call is no input's fault
    atheris.Setup(sys.argv, lambda data: within_time(name, data))
    atheris.Fuzz()
