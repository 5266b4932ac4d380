import re
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from filters.location import (
    LocationFault,
    LocationRules,
    RequestUrl,
    host_of,
    location_fault,
    redirect_target,
    request_url,
)

RULES = LocationRules()
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates, too
URL_TEXT = st.text("aB0.-_~%2fF:@/?#[]\\ \t\0äß。℀①٣😀'\"<>|^`{}&=+;,!*()$\ud800", max_size=30)
LOCATIONS = st.one_of(
    ANY_TEXT,
    URL_TEXT.map("http://{}".format),
    URL_TEXT.map("https://a.org/{}".format),
    st.builds("HTTP://{}:{}/{}".format, URL_TEXT, st.integers(-1, 70000), URL_TEXT),
)


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ("http://a.org/1.jpg", None),
        ("HTTPS://A.org:8443/1.jpg?x=y#z", None),
        ("https://пример.рф/картинка.jpg", None),
        ("https://a.org/with space.jpg", None),
        ("http://[2001:db8::1]/x", None),
        ("", LocationFault.MISSING),
        ("http://", LocationFault.MALFORMED),
        ("http:/a.org/x", LocationFault.MALFORMED),
        ("https:a.org/x", LocationFault.MALFORMED),
        ("http://[::1", LocationFault.MALFORMED),
        ("http://a.org:99999/", LocationFault.MALFORMED),
        ("http://a.org/\nx", LocationFault.MALFORMED),
        ("http://a.org/\ud800", LocationFault.MALFORMED),
        ("http://a.org/" + "x" * 9000, LocationFault.MALFORMED),
        ("ftp://a.org/x", LocationFault.SCHEME),
        ("data:image/png;base64,AAAA", LocationFault.SCHEME),
        ("javascript:alert(1)", LocationFault.SCHEME),
        ("s3://bucket/x.jpg", LocationFault.SCHEME),
        ("httpſ://a.org/x", LocationFault.LOCAL),  # a long s is no s
        ("pictures/1.jpg", LocationFault.LOCAL),
        (" http://a.org/x", LocationFault.LOCAL),
        ("/etc/passwd", LocationFault.LOCAL),
        ("file:///etc/passwd", LocationFault.LOCAL),
    ],
)
def test_location_fault(location: str, fault: LocationFault | None) -> None:
    assert location_fault(location, RULES) is fault
    if fault is LocationFault.LOCAL:
        assert location_fault(location, LocationRules(allow_local_files=True)) is None


@given(LOCATIONS)
@example("http://a.org/\ud800")
def test_what_has_no_fault_can_be_asked_and_what_can_be_asked_has_none(location: str) -> None:
    url = request_url(location)
    assert (location_fault(location, RULES) is None) == (url is not None)
    assert host_of(location) == (url.address if url else "")


@given(LOCATIONS)
def test_a_request_url_is_sound_and_reads_itself_as_itself(location: str) -> None:
    url = request_url(location)
    if url is not None:
        assert re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*", url.host)
        assert 0 < url.port < 65536
        assert re.fullmatch(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*", url.target)
        assert request_url(f"{url.origin}{url.target}") == url
        assert request_url(f"{url.scheme}://{url.address}{url.target}") == url


@given(st.from_regex(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*", fullmatch=True))
def test_a_target_that_can_be_sent_is_sent_byte_for_byte(target: str) -> None:
    assert request_url(f"https://a.org{target}#top") == RequestUrl("https", "a.org", 443, target)


@given(
    st.text(st.characters(exclude_categories=("Cs",), min_codepoint=33, exclude_characters="#%"))
)
def test_encoding_a_target_keeps_its_text(path: str) -> None:
    url = request_url(f"https://a.org/{path}")
    if url is not None:  # no DEL
        assert unquote_to_bytes(url.target) == f"/{path}".encode()


@pytest.mark.parametrize(
    ("location", "address", "target"),
    [
        ("http://A.org", "a.org:80", "/"),
        ("https://a.org?x", "a.org:443", "/?x"),
        ("https://a.org/?", "a.org:443", "/?"),
        ("https://a.org./x", "a.org:443", "/x"),
        ("https://a.org:/x", "a.org:443", "/x"),
        ("https://a.org:0443/x", "a.org:443", "/x"),
        ("http://a.org:65535//x//y", "a.org:65535", "//x//y"),
        ("http://me:p%40ss@a.org:81/x", "a.org:81", "/x"),
        ("http://@a.org/x", "a.org:80", "/x"),
        ("http://my_bucket.-odd-.org/x", "my_bucket.-odd-.org:80", "/x"),
        ("http://my_bucket.bücher.example/", "my_bucket.xn--bcher-kva.example:80", "/"),
        ("https://faß.de/", "xn--fa-hia.de:443", "/"),  # IDNA 2003 has it lead to fass.de
        ("https://ПРИМЕР。рф/", "xn--e1afmkfd.xn--p1ai:443", "/"),
        ("https://xn--e1afmkfd.XN--P1AI/", "xn--e1afmkfd.xn--p1ai:443", "/"),
        ("http://[2001:DB8:0::1]:80/x", "[2001:db8::1]:80", "/x"),
        ("http://[::ffff:7f00:1]/", "[::ffff:7f00:1]:80", "/"),
        ("http://127.0.0.1./", "127.0.0.1:80", "/"),
        ("http://①②⑦.0.0.１/", "127.0.0.1:80", "/"),
        ("http://1.2.3.4.org/", "1.2.3.4.org:80", "/"),
        ("https://a.org/a b.jpg ", "a.org:443", "/a%20b.jpg"),
        ("https://a.org/ä/日本.jpg?q=é", "a.org:443", "/%C3%A4/%E6%97%A5%E6%9C%AC.jpg?q=%C3%A9"),
        ("https://a.org/100%.jpg", "a.org:443", "/100%25.jpg"),
        ("https://a.org/%e4%2f%zz%4", "a.org:443", "/%e4%2f%25zz%254"),
        ("https://a.org\\x.jpg?[a]|{b}", None, None),
        ("https://a.org/x\\y.jpg?[a]|{b}", "a.org:443", "/x%5Cy.jpg?%5Ba%5D%7C%7Bb%7D"),
        ("https://a.org/x?u=http://b@c.org/", "a.org:443", "/x?u=http://b@c.org/"),
        ("https://a.org/x#@b.org/", "a.org:443", "/x"),
        ("https://a.org#@b.org/", "a.org:443", "/"),
        ("https://a.org?@b.org/", "a.org:443", "/?@b.org/"),
    ],
)
def test_request_url(location: str, address: str | None, target: str | None) -> None:
    url = request_url(location)
    assert (url and url.address, url and url.target) == (address, target)


@pytest.mark.parametrize(
    "location",
    [
        "http:///x",
        "http://.",
        "http://..",
        "http://a..b/",
        "http://.a/",
        "http://a.org../",
        "http://:80/",
        "http://me@/x",
        "http://a@127.0.0.1@b/",
        "http://a.org\\@b.org/",
        "http://a.org /x",
        "http:// a.org/x",
        "http://127.0.0.1 @b.org/",
        "http://a\tb.org/",
        "http://a.org/\r\nHost: b.org",
        "http://a.org/\0.jpg",
        "http://a.org/\x7f.jpg",
        "http://%61.org/",
        "http://a%00.org/",
        "http://a.c℀.org/",  # maps to a/c
        "http://a：81.org/",  # maps to a:81
        "http://a.org:80:80/",
        "http://a.org:0/",
        "http://a.org:65536/",
        "http://a.org:-1/",
        "http://a.org:+80/",
        "http://a.org:8٠/",
        "http://a.org:80x/",
        "http://a.org:000000000080/",
        "http://127.1/",  # resolvers and browsers take these for addresses
        "http://2130706433/",
        "http://0x7F000001/",
        "http://0177.0.0.0x1./",
        "http://0x/",
        "http://①2７.1/",
        "http://256.256.256.256/",
        "http://1.2.3.4.5/",
        "http://1.2.3.08/",
        "http://a.org.1/",
        "http://[1.2.3.4]/",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[v1.a]/",
        "http://[::1]x/",
        "http://x[::1]/",
        "http://::1/",
        "http://a*.org/",
        "http://☃.example/",  # no letter, IDNA 2008
        "http://" + "a" * 64 + ".org/",
        "http://" + "a." * 127 + "org/",
        "http://" + "ä" * 60 + ".org/",
        "ftp://a.org/x",
        "a.org/x",
        "",
    ],
)
def test_what_clients_read_differently_is_not_asked(location: str) -> None:
    assert request_url(location) is None


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        ("http://a.org:80/x", "http://a.org"),
        ("https://a.org:443/x", "https://a.org"),
        ("https://a.org:80/x", "https://a.org:80"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080"),
    ],
)
def test_origin(location: str, origin: str) -> None:
    url = request_url(location)
    assert url
    assert url.origin == origin


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("http://A.org/x", "a.org:80"),
        ("https://a.org/x", "a.org:443"),
        ("http://user:word@a.org:81/x", "a.org:81"),
        ("http://[2001:db8::1]:80/x", "[2001:db8::1]:80"),
        ("https://bücher.example/x", "xn--bcher-kva.example:443"),
        ("http://[::1", ""),
        ("s3://bucket/x", ""),
        ("pictures/1.jpg", ""),
    ],
)
def test_host_of(location: str, host: str) -> None:
    assert host_of(location) == host


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("https://b.org/2.jpg?sig=a%2fb%3D&x=", "https://b.org/2.jpg?sig=a%2fb%3D&x="),
        ("https://b.org/2.jpg?", "https://b.org/2.jpg?"),
        ("http://b.org:80//2.jpg#top", "http://b.org//2.jpg"),
        ("//b.org/2.jpg", "https://b.org/2.jpg"),
        ("/2.jpg", "https://a.org:8443/2.jpg"),
        ("2.jpg", "https://a.org:8443/x/2.jpg"),
        ("../../2.jpg", "https://a.org:8443/2.jpg"),
        ("?size=l", "https://a.org:8443/x/1.jpg?size=l"),
        (" /a b.jpg\t", "https://a.org:8443/a%20b.jpg"),
        ("/é.jpg".encode().decode("latin-1"), "https://a.org:8443/%C3%A9.jpg"),
        ("//bücher.example/".encode().decode("latin-1"), "https://xn--bcher-kva.example/"),
        ("/\xe9.jpg", "https://a.org:8443/%E9.jpg"),  # latin-1 that is no UTF-8
        ("/日本.jpg", "https://a.org:8443/%E6%97%A5%E6%9C%AC.jpg"),
        ("http://me:pw@b.org/2.jpg", "http://b.org/2.jpg"),
        ("\\\\b.org\\2.jpg", "https://a.org:8443/x/%5C%5Cb.org%5C2.jpg"),
        ("http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://127.1/", None),
        ("", None),
        ("  ", None),
        ("ftp://b.org/2.jpg", None),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("http:b.org", None),
        ("http://a@b@c/", None),
        ("//[::1/", None),
        ("//b.c\u2100.org/", None),
        ("ht\ttp://b.org/", None),
        ("/a\r\nSet-Cookie: x", None),
        ("/\x00", None),
    ],
)
def test_redirect_target(header: str, target: str | None) -> None:
    assert redirect_target("https://a.org:8443/x/1.jpg?y", header) == target


def test_nothing_leads_on_from_what_was_never_asked() -> None:
    assert redirect_target("pictures/1.jpg", "https://b.org/") is None


@given(LOCATIONS, LOCATIONS)
def test_any_redirect_leads_to_a_sound_location_or_nowhere(location: str, header: str) -> None:
    target = redirect_target(location, header)
    if target is not None:
        url = request_url(target)
        assert url
        assert target == f"{url.origin}{url.target}"


@given(st.binary())
def test_any_bytes_may_stand_in_a_location_header(header: bytes) -> None:
    target = redirect_target("https://a.org/x", header.decode("latin-1"))
    assert target is None or target.isascii()
