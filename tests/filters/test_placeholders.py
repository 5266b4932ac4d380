"""Signs that programs fill in, and what looks like them."""

import pytest

from filters.placeholders import placeholders_in


@pytest.mark.parametrize(
    ("text", "placeholders"),
    [
        ("Hello {name}!", ["{name}"]),
        ("{0} of {1:.2f}", ["{0}", "{1:.2f}"]),
        ("{} dogs", ["{}"]),
        ("{{ user.name }} and {{0}}", ["{{ user.name }}", "{{0}}"]),
        ("${title}", ["${title}"]),
        ("%s has %d dogs, %1$s, %(n)d, %5.2f, %@", ["%(n)d", "%1$s", "%5.2f", "%@", "%d", "%s"]),
        ("%s个狗", ["%s"]),
        ('a <b class="x">dog</b><br/>', ["</b", "<b", "<br"]),
        ("<B>dog</B>", ["</b", "<b"]),
        ("{n} {n}", ["{n}", "{n}"]),
        ("100%", []),
        ("50 % discount, 100%d", []),
        ("50% survive", []),
        ("{a red fox in the snow}", []),
        ("3 < 5 > 2, <3, <dog>", []),
        ("{ name }", []),
        ("", []),
    ],
)
def test_placeholders_in(text: str, placeholders: list[str]) -> None:
    assert placeholders_in(text) == placeholders
