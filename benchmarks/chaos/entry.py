"""The command line with the driver's hooks armed: `python -m benchmarks.chaos.entry run ...`."""

from benchmarks.chaos.hooks import install
from morsecensus.pipeline.cli.app import main

if __name__ == "__main__":
    install("driver")
    main()
