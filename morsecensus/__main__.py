"""``python -m morsecensus``: the command line."""

from morsecensus.pipeline.cli.start import main

main()
