"""The comparison of screens with the browser: that it sees what differs."""

from benchmarks.page_parity import Beside

DOM = "abcdefghij"


def test_what_the_last_screen_repeats_is_said_once() -> None:
    assert not Beside(["abcd", "efgh", "ghij"], DOM, []).difference()
    assert not Beside([DOM], DOM, []).difference()
    assert "at character 4:" in Beside(["abcd", "fghij"], DOM, []).difference()
    assert "at character 8:" in Beside(["abcd", "efgh"], DOM, []).difference()
    assert "at character 4:" in Beside(["abcd", "cdefghij"], "abcdefghi", []).difference()
