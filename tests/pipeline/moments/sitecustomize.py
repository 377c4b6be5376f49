"""Ctrl-C from within: the driver gets SIGINT when it first imports, opens or links what ends as
MORSECENSUS_MOMENT says.
"""

import os
import signal
import sys

DRIVER = ["-m", "morsecensus", "run"]
EVENTS = ("import", "open", "os.link", "os.rename")
_left = [os.environ.get("MORSECENSUS_MOMENT", "")] if sys.orig_argv[1:4] == DRIVER else []


def _watch(event, arguments):
    if _left and event in EVENTS and any(f" {what}".endswith(_left[0]) for what in arguments[:2]):
        _left.clear()
        os.kill(os.getpid(), signal.SIGINT)


if _left:
    sys.addaudithook(_watch)
