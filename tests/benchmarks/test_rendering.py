"""The benchmark of rendering: that it measures what it says."""

import re
from pathlib import Path

import pytest

from benchmarks.rendering import clocked, main
from tests.pipelines.rendering.made import pdf, prose


def test_several_at_once_are_timed_by_the_clock() -> None:
    said = clocked("pdf", [pdf([prose(), prose()])], workers=2, rounds=1)
    pages, workers, *speeds = map(float, re.findall(r"\d+(?:\.\d+)?", said))
    assert (pages, workers) == (4, 2)
    ours, bare, ratio = speeds
    assert min(ours, bare) > 0
    assert abs(ours / bare - ratio) < 0.02


def test_likeness_alone_is_told_without_timing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([prose()]))
    monkeypatch.setattr("sys.argv", ["rendering", "--psnr", "--pdf", str(path)])
    main()
    said = capsys.readouterr().out
    assert said.startswith("psnr  a.pdf: 1 pages, least ")
    assert "ratio" not in said
