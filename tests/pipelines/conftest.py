"""Finished outputs, each made once, and what translates."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Curated, curate
from tests.pipelines.small_output import curate_sample
from tests.pipelines.translating import with_translate


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with one of everything that can befall a row."""
    return curate_sample(tmp_path_factory.getbasetemp() / "small")


@pytest.fixture
def output(finished: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "out"))


@pytest.fixture(scope="session")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator of chance, in ctranslate2's format."""
    from model.translator_conversion import convert_checkpoint  # with torch
    from tests.model import translators

    folder = tmp_path_factory.mktemp("translator")
    convert_checkpoint(str(translators.nllb(folder / "nllb")), folder / "tiny")
    return folder / "tiny"


@pytest.fixture
def write_translating(
    write_recipe: Callable[..., Path], curated: Curated, nllb: Path
) -> Callable[..., Path]:
    """Writes a recipe beside a copy of a finished output: only translating is left to do."""

    def write(folder: Path, **changes: str) -> Path:
        recipe = write_recipe(folder)
        shutil.copytree(curated.output, folder / "out")
        return with_translate(recipe, nllb, **changes)

    return write


@pytest.fixture(scope="session")
def translated(curated: Curated, nllb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output to look at and not to change: translated, then packed."""
    folder = tmp_path_factory.mktemp("translated")
    shutil.copytree(curated.output, folder / "out")
    recipe = folder / "recipe.toml"
    recipe.write_text((curated.output.parent / "recipe.toml").read_text("utf-8"), "utf-8")
    curate(with_translate(recipe, nllb), stages=("translate", "pack"))
    return folder / "out"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the engine in this process is asked, call by call."""
    from model.ctranslate2_translator import _Engine

    asked: list[Any] = []
    generate = _Engine.generate

    def counting(self: _Engine, sources: Any, prefixes: Any, most: int) -> Any:
        asked.append(tuple(zip(map(tuple, sources), map(tuple, prefixes), strict=True)))
        return generate(self, sources, prefixes, most)

    monkeypatch.setattr(_Engine, "generate", counting)
    return asked
