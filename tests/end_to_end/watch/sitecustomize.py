"""Loaded by every Python process of a test night: writes down each connection that would leave this machine, and refuses it.

`<file>` gets the connections, `<file>.watched` a line for each process that is watched.
"""

import ipaddress
import os
import socket
import sys
from typing import Any

_NAME = "LANDFALL_TEST_OUTSIDE"


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        return
    host = (
        arguments[0]
        if event == "socket.getaddrinfo"
        else arguments[-1][0]
        if isinstance(arguments[-1], tuple)
        else None
    )
    if host in (None, "", "localhost", socket.gethostname()):
        return
    try:
        inside = ipaddress.ip_address(str(host)).is_loopback or ipaddress.ip_address(str(host)).is_unspecified
    except ValueError:
        inside = False
    if not inside:
        with open(os.environ[_NAME], "a", encoding="utf-8") as out:  # noqa: PTH123 - an audit hook stays with the plainest means
            out.write(f"{event} {host} {' '.join(sys.argv)}\n")
        raise OSError(f"a night may not leave this machine: {event} {host}")


if _NAME in os.environ:
    with open(f"{os.environ[_NAME]}.watched", "a", encoding="utf-8") as _out:  # noqa: PTH123 - the same
        _out.write(f"{' '.join(sys.orig_argv)}\n")
    sys.addaudithook(_watch)
