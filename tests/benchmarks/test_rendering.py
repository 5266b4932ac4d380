"""The benchmark of rendering: that it measures what it says."""

import re

from benchmarks.rendering import clocked
from tests.pipelines.rendering.made import pdf, prose


def test_several_at_once_are_timed_by_the_clock() -> None:
    said = clocked("pdf", [pdf([prose(), prose()])], workers=2, rounds=1)
    pages, workers, *speeds = map(float, re.findall(r"\d+(?:\.\d+)?", said))
    assert (pages, workers) == (4, 2)
    ours, bare, ratio = speeds
    assert min(ours, bare) > 0
    assert abs(ours / bare - ratio) < 0.02
