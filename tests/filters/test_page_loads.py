import pytest

from filters.page_loads import LoadFault, LoadRequest, LoadRules, load_fault

RULES = LoadRules(frozenset({"a.org:443", "127.0.0.1:80"}), max_loads=3)


@pytest.mark.parametrize(
    ("url", "method", "kind", "number", "fault"),
    [
        ("https://a.org/1.png", "GET", "image", 1, None),
        ("https://A.ORG:443/s.css?v=1", "GET", "stylesheet", 3, None),
        ("http://127.0.0.1/f.woff2", "GET", "font", 1, None),
        ("http://a.org/1.png", "GET", "image", 1, LoadFault.HOST),  # another port
        ("https://a.org.evil.org/1.png", "GET", "image", 1, LoadFault.HOST),
        ("https://a.org@evil.org/1.png", "GET", "image", 1, LoadFault.HOST),
        ("https://sub.a.org/1.png", "GET", "image", 1, LoadFault.HOST),
        ("http://127.1/1.png", "GET", "image", 1, LoadFault.HOST),
        ("file:///etc/passwd", "GET", "image", 1, LoadFault.HOST),
        ("ftp://a.org/1.png", "GET", "image", 1, LoadFault.HOST),
        ("https://a.org/", "GET", "document", 1, LoadFault.KIND),
        ("https://a.org/j.js", "GET", "script", 1, LoadFault.KIND),
        ("https://a.org/d.json", "GET", "fetch", 1, LoadFault.KIND),
        ("https://a.org/1.png", "POST", "image", 1, LoadFault.KIND),
        ("https://a.org/1.png", "GET", "image", 4, LoadFault.MANY),
        ("https://b.org/1.png", "GET", "image", 4, LoadFault.MANY),
    ],
)
def test_a_request_is_let_through_or_has_a_fault(
    url: str, method: str, kind: str, number: int, fault: LoadFault | None
) -> None:
    assert load_fault(LoadRequest(url, method, kind, number), RULES) == fault
