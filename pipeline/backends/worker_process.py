"""The driver's end of one worker process: a channel of its own, and a file for all that it prints.

Jobs and receipts, a line of JSON each, go through a socket that the worker inherits by number. Standard
output is no place for receipts: a ``sitecustomize.py``, a library or a landscape may print at any moment,
from Python or from C, before the first line of ours runs.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from morsecensus.pipeline.worker.environment import WORKER_ENV

LOOK_SECONDS = 0.25
"""How often a silent worker is looked at. The channel alone doesn't tell that it died: a child that it forked
may hold the other end open."""
MOST_NOISE = 2**20
"""Bytes printed that are kept from one job to the next."""
TAIL_BYTES = 2000


class WorkerProcess:
    """A worker. Everything here may be called by one thread, ``kill`` by any."""

    def __init__(self) -> None:
        """Start it; raises OSError if that can't be done."""
        # appending, so that it can be emptied under the worker's hands
        self._noise = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - lives as long as the worker
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(LOOK_SECONDS)
        self._heard = b""
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-u",
                    "-m",
                    "morsecensus.pipeline.worker.worker",
                    str(theirs.fileno()),
                ],
                env={**os.environ, **WORKER_ENV},
                stdin=subprocess.DEVNULL,
                stdout=self._noise,
                stderr=self._noise,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C in the terminal is for the driver
            )

    def ask(self, job: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the receipt of a job; None if the worker died, or said what is no receipt."""
        if os.fstat(self._noise.fileno()).st_size > MOST_NOISE:
            os.ftruncate(self._noise.fileno(), 0)
        try:
            if not self._send(json.dumps(job).encode() + b"\n"):
                return None
            line = self._receive()
            receipt = None if line is None else json.loads(line)
        except (OSError, ValueError):
            return None
        return receipt if isinstance(receipt, dict) else None

    def _send(self, data: bytes) -> bool:
        while data:
            try:
                data = data[self._channel.send(data) :]
            except TimeoutError:
                if self._process.poll() is not None:
                    return False
        return True

    def _receive(self) -> bytes | None:
        while b"\n" not in self._heard:
            # before the look: what it wrote until its end is then there
            ended = self._process.poll() is not None
            try:
                data = self._channel.recv(2**16)
            except TimeoutError:
                if ended:
                    return None
                continue
            if not data:
                return None
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def end(self) -> str:
        """End it if it still lives, and return how it ended, with the last that it printed."""
        if self._process.poll() is None:
            self._process.kill()
        code = self._process.wait()
        self._channel.close()
        with self._noise as noise:
            noise.seek(max(0, noise.seek(0, os.SEEK_END) - TAIL_BYTES))
            tail = noise.read().decode(errors="replace").strip()
        return f"{f'signal {-code}' if code < 0 else f'exit code {code}'}\n{tail}"
