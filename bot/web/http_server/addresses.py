"""Who is on the other side of a request: the peer, or whom a trusted proxy names in X-Forwarded-For."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Bits of an IPv6 address that one subscriber gets; the subscriber has all addresses below.
SUBSCRIBER_BITS = 64
#: Entries of X-Forwarded-For that are looked at, from the right. Longer chains of our own proxies do not
#: exist.
MOST_HOPS = 8


def parse_address(text: str) -> Address | None:
    """An address as peers and proxies write it: `1.2.3.4`, `1.2.3.4:567`, `::1`, `[::1]:567`. None for
    anything else."""
    text = text.strip()
    if len(text) > 64:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_trusted(address: Address | None, trusted: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)


def subscriber_network(address: Address) -> str:
    """The key under which an address is counted: itself, or the /64 of an IPv6 address."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, SUBSCRIBER_BITS), strict=False))
    return str(address)


def client_of(peer: Address | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """The address that a request comes from; None where that cannot be told.

    `forwarded`: the values of X-Forwarded-For, in order. They are believed only where the peer is a trusted
    proxy, and read from the right: each trusted proxy vouches for the entry that it added. A trusted proxy
    that names no client gives None, since all people come through it."""
    if not is_trusted(peer, trusted):
        return peer
    entries = [entry for value in forwarded for entry in value.split(",")]
    for entry in entries[: -MOST_HOPS - 1 : -1]:
        address = parse_address(entry)
        if address is None:
            return None
        if not is_trusted(address, trusted):
            return address
    return None
