"""Whether a Ray head answers at an address, asked before Ray is: Ray itself waits for minutes."""

import os
import socket

from morsecensus.pipeline.errors import RunError, UsageError, shown

SECONDS = 5.0
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""The preface of HTTP/2 with empty settings (RFC 9113, section 3.4): gRPC servers answer with their own."""
_SETTINGS = 4
_ALLOWED = "auto (on a node of the cluster), or HOST:PORT as `ray start --head` prints it"


def check_address(address: str) -> None:
    """Raise UsageError for what is no address, RunError if no Ray head answers there within seconds."""
    if address == "auto":
        return
    host, colon, port = address.rpartition(":")
    if "://" in address:
        raise UsageError(
            f"--address: got {shown(address)}, allowed: {_ALLOWED}; from outside a cluster use "
            "`ray job submit`"
        )
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise UsageError(f"--address: got {shown(address)}, allowed: {_ALLOWED}")
    try:
        head = _first_bytes(host.strip("[]"), int(port))
    except OSError as error:
        raise RunError(
            f"--address: no Ray head answers at {address} ({error.strerror or error}): "
            "is it up, and reachable from here?"
        ) from error
    # an encrypted port says nothing to those who greet it in plain text
    if os.environ.get("RAY_USE_TLS", "0") == "0" and head[3:4] != bytes([_SETTINGS]):
        raise RunError(
            f"--address: what answers at {address} is no Ray head: give the port of `ray start --port` "
            "(6379 by default), not the dashboard's (8265)"
        )


def _first_bytes(host: str, port: int) -> bytes:
    """Return the header of the first frame that a server sends, as far as it comes."""
    with socket.create_connection((host, port), timeout=SECONDS) as connection:
        connection.sendall(_GREETING)
        found = b""
        try:
            while len(found) < 9 and (data := connection.recv(9 - len(found))):
                found += data
        except (TimeoutError, ConnectionResetError):
            pass
        return found
