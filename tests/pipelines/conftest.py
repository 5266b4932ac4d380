"""A finished output, made once."""

import shutil
from pathlib import Path

import pytest

from tests.pipelines.small_output import curate_sample


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with one of everything that can befall a row."""
    return curate_sample(tmp_path_factory.getbasetemp() / "small")


@pytest.fixture
def output(finished: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "out"))
