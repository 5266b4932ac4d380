import os
from pathlib import Path

import pytest

from pipelines.rendering import fonts
from pipelines.rendering.fonts import has_emoji, languages_without_font, without_glyph
from schemas.languages import ALL

FEW = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>{}</cachedir></fontconfig>"""


@pytest.fixture
def few_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has DejaVu alone."""
    (tmp_path / "fonts.conf").write_text(FEW.format(tmp_path))
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))


def test_this_machine_has_fonts_for_all_languages() -> None:
    assert languages_without_font(ALL) == []
    assert has_emoji()


def test_languages_without_a_font_are_told(few_fonts: None) -> None:
    assert languages_without_font(["en", "no", "hi", "ja", "zh", "el"]) == ["hi", "ja", "zh"]
    assert not has_emoji()


def test_characters_without_a_glyph_are_told_as_often_as_they_stand_there() -> None:
    assert without_glyph("kite \u0627\u0644\u062d\u062f\u0623\u0629 鳶 \ufe0f\u200d\n") == []
    assert without_glyph("a\ue123b\ue123") == ["\ue123"] * 2


def test_where_there_is_no_fontconfig_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fonts.covered.cache_clear()
    with pytest.raises(fonts.RunError, match="apt-get install fontconfig"):
        fonts.covered()


def test_a_fontconfig_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fc-list").write_text("#!/bin/sh\nexec sleep 3600\n")
    (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(fonts, "_LIST_S", 0.2)
    with pytest.raises(fonts.RunError, match=r"fc-list has not ended after 0.2 s: see what fc-c"):
        has_emoji()
