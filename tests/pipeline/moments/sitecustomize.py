"""Ctrl-C from within: the driver gets SIGINT when it first imports, opens or links what ends as
MORSECENSUS_MOMENT says. With MORSECENSUS_STUCK it is then in a call that runs no handler of Python's, as the
start of Ray is; and its end takes for ever.
"""

import atexit
import os
import signal
import sys
import time

DRIVER = ["-m", "morsecensus", "run"]
EVENTS = ("import", "open", "os.link", "os.rename")
_left = [os.environ.get("MORSECENSUS_MOMENT", "")] if sys.orig_argv[1:4] == DRIVER else []


def _watch(event, arguments):
    if _left and event in EVENTS and any(f" {what}".endswith(_left[0]) for what in arguments[:2]):
        _left.clear()
        if "MORSECENSUS_STUCK" in os.environ:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # here: another thread takes it
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGINT)


if _left:
    atexit.register(time.sleep, 600)
    sys.addaudithook(_watch)
