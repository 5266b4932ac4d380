from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from filters.address import is_public

PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.254",
    "2606:2800:220:1:248:1893:25c8:1946",
    "2a00:1450:4001:81b::200e",
    "2001:200::1",
    "::ffff:1.1.1.1",
    "2002:101:101::1",
    "64:ff9b::101:101",
]
REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # a cloud's metadata
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::1.1.1.1",
    "100::1",
    "2001::1",
    "2001:0:101:101::fefe:fefe",  # Teredo
    "2001:10::1",
    "2001:2::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "64:ff9b:1::101:101",
    "4000::1",
]
NO_ADDRESS = ["", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3.04", "[::1]", "1.1.1.1 "]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)
    assert is_public(f"{address}%eth0")


@pytest.mark.parametrize("address", REFUSED + NO_ADDRESS)
def test_refused(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("1.1.1.1"))
def test_an_ipv6_address_that_leads_to_an_ipv4_address_is_no_more_public(ip: IPv4Address) -> None:
    number = int(ip)
    for leading in (
        IPv6Address((0xFFFF << 32) + number),
        IPv6Address((0x2002 << 112) + (number << 80) + 1),
        IPv6Address((0x64_FF9B << 96) + number),
    ):
        assert is_public(str(leading)) == is_public(str(ip))
    assert not is_public(str(IPv6Address(number)))


@given(st.ip_addresses(v=4))
def test_what_python_knows_as_special_is_refused(ip: IPv4Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        assert not is_public(str(ip))


@given(st.ip_addresses(v=6))
def test_outside_of_global_unicast_there_is_only_what_leads_to_ipv4(ip: IPv6Address) -> None:
    if is_public(str(ip)):
        assert int(ip) >> 125 == 1 or int(ip) >> 32 in (0xFFFF, 0x64_FF9B << 64)


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    assert is_public(text) in (True, False)
