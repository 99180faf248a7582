"""Which address a system's host stands for, and whether we may talk to it: looked up once, checked, and kept.

In: the host that a setting names. Out: its addresses, to connect to by number, so that a name that later stands for another address leads
nowhere. A name may stand for public addresses, a host of LANDFALL_PRIVATE_HOSTS also for those of the company's own network; nothing may
stand for a link's own addresses, where clouds keep their credentials, and no name but localhost for this machine.
"""

import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

from warehouse.steps import StepError

Resolver = Callable[[str, int], list[str]]
Ip = IPv4Address | IPv6Address


class UnknownHostError(Exception):
    """The name stands for no address at present."""


def looked_up(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver knows of a name. Raises UnknownHostError without any."""
    try:
        return list(
            dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        )
    except (OSError, UnicodeError):
        raise UnknownHostError from None


def literal(host: str) -> Ip | None:
    """The address that a host is written as, an IPv4 address within an IPv6 one as itself; None for a name."""
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine."""
    found = literal(host)
    return host == "localhost" if found is None else found.is_loopback


class Pinned:
    """One host's addresses. `own`: hosts that may lie in the company's own network."""

    def __init__(self, title: str, setting: str, host: str, port: int, resolve: Resolver, own: Collection[str]) -> None:
        self._title, self._setting, self._host, self._port = title, setting, host, port
        self._resolve, self._is_own, self._held = resolve, host in own, list[str]()
        if literal(host) is not None:
            self._held = self._checked([host])

    def addresses(self) -> list[str]:
        """The addresses to connect to, the same ones until they are forgotten. Raises StepError for one that we may not talk to."""
        if not self._held:
            self._held = self._checked(self._resolve(self._host, self._port))
        return self._held

    def forget(self) -> None:
        """Nothing answers there any more: look the name up again next time."""
        if literal(self._host) is None:
            self._held = []

    def _checked(self, found: list[str]) -> list[str]:
        for each in found:
            address = literal(each)
            if address is None or not self._may_be(address):
                kind = (
                    "the company's own network"
                    if address and self._is_private(address)
                    else "no network of the vendor's"
                )
                advice = (
                    f"add {self._host} to LANDFALL_PRIVATE_HOSTS if it stands there"
                    if address and self._is_private(address)
                    else f"correct {self._setting} or the name server"
                )
                raise StepError(
                    f"{self._title} at {self._host} stands for {each}, which lies in {kind}: {advice}, then rerun"
                )
        return found

    def _may_be(self, address: Ip) -> bool:
        if is_loopback(self._host):
            return address.is_loopback
        return (address.is_global and not address.is_multicast) or (self._is_own and self._is_private(address))

    def _is_private(self, address: Ip) -> bool:
        is_nowhere = address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
        return not is_nowhere and not address.is_reserved and not address.is_global
