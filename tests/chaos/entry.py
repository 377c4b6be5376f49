"""The command line with the driver's hooks armed: `python -m chaos.entry run ...`."""

from chaos.hooks import install
from morsecensus.pipeline.cli.app import main

if __name__ == "__main__":
    install("driver")
    main()
