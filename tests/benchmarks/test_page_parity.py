"""The comparison of screens with the browser: that it sees what differs."""

from benchmarks.page_parity import Beside

DOM = "ab cd ef gh ij"


def differs(*screens: str) -> str:
    return Beside([*screens], DOM, []).difference()


def test_what_the_last_screen_repeats_is_said_once() -> None:
    assert not differs("ab cd", "ef gh", "gh ij")
    assert not differs("ab c", "d ef", "f gh ij")  # as of runs without spaces
    assert not differs(DOM)
    assert "1 of 5 words missing; at character 6:" in differs("ab cd", "gh ij")
    assert "2 of 5 words missing;" in differs("ab cd", "ef")
    assert "1 of 5 words missing; at character 3:" in differs("ab", "xx cd ef ij")
    assert "0 of 5 words missing; at character 6:" in differs("ab cd", "gh ef ij")
