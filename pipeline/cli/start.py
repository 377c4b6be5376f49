"""The entry point: Ctrl-C is one line from the first moment on, also while the command line is imported."""

import os
import signal
from types import FrameType


def _end(number: int, frame: FrameType | None) -> None:
    # not an exception: imports and the parser of options would each make something else of it
    del frame
    os.write(2, b"morsecensus: stopped before anything was done; the same command begins again\n")
    os._exit(128 + number)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _end)
    from morsecensus.pipeline.cli.app import main as run

    run()
