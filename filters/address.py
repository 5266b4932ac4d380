"""Is this network address on the public internet? Whatever is not is refused."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# Beside what `ipaddress` knows: what its `is_global` lets through in one version or another, and
# what no web server is at (IANA's special-purpose registries, RFC 6890).
_REFUSED = [
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=1 << 14)
def is_public(address: str) -> bool:
    """Whether an IP literal, as `getaddrinfo` returns it, is a global unicast address.

    An IPv6 address that leads to an IPv4 address (mapped, 6to4, NAT64) is what that one is. Teredo,
    IPv4-compatible and local NAT64 addresses are refused, and so is anything that is no address.

    >>> is_public("93.184.216.34"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    try:
        return _is_public(ip_address(address.partition("%")[0]))  # %eth0: a scope
    except ValueError:
        return False


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address):
        if embedded := _embedded(ip):
            return _is_public(embedded)
        if ip not in _GLOBAL_UNICAST:
            return False
    special = ip.is_private or ip.is_multicast or ip.is_reserved
    return ip.is_global and not special and not any(ip in network for network in _REFUSED)


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour
