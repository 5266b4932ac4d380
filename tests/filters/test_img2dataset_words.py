import pytest

from filters.img2dataset_words import img2dataset_reason


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("HTTP Error 404: Not Found", "http-404"),
        ("HTTP Error 503: Service Unavailable", "http-503"),
        (
            "HTTP Error 302: The HTTP server returned a redirect error that would lead to an "
            "infinite loop.\nThe last 30x error message was:\nFound",
            "too-many-redirects",
        ),
        (
            "HTTP Error 302: Found - Redirection to url 'file:///etc/hosts' is not allowed",
            "bad-redirect",
        ),
        ("Use of image disallowed by X-Robots-Tag directive", "opt-out-x-robots-tag"),
        ("timed out", "timed-out"),
        ("<urlopen error timed out>", "timed-out"),
        ("<urlopen error _ssl.c:989: The handshake operation timed out>", "timed-out"),
        ("<urlopen error [Errno -2] Name or service not known>", "host-unknown"),
        ("<urlopen error [Errno -3] Temporary failure in name resolution>", "host-unknown"),
        ("<urlopen error [Errno 111] Connection refused>", "connection-failed"),
        ("[Errno 104] Connection reset by peer", "connection-failed"),
        ("Remote end closed connection without response", "connection-failed"),
        (
            "<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
            "self-signed certificate (_ssl.c:1006)>",
            "tls-failed",
        ),
        ("IncompleteRead(100 bytes read, 900 more expected)", "bad-response"),
        ("<urlopen error unknown url type: gopher>", "unaskable-url"),
        ("URL can't contain control characters. '/a b' (found at least ' ')", "unaskable-url"),
        ("'ascii' codec can't encode character '\\xe9' in position 5", "unaskable-url"),
        (
            "OpenCV(4.14.0) loadsave.cpp:1216: error: (-215:Assertion failed) !buf.empty() in "
            "function 'imdecode_'",
            "empty-body",
        ),
        ("Image decoding error", "broken-picture"),
        ("image too small", "image-too-small"),
        ("image area too large", "too-many-pixels"),
        ("aspect ratio too large", "aspect-ratio-too-large"),
        ("something new", "img2dataset-failed"),
        ("", "img2dataset-failed"),
    ],
)
def test_img2dataset_reason(message: str, reason: str) -> None:
    assert img2dataset_reason(message) == reason
