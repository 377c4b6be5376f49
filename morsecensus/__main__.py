"""``python -m morsecensus``: the command line."""

from morsecensus.pipeline.start import main

main()
