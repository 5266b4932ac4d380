"""What is wrong with `[score]` is one line, before anything runs."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import RecipeError, RunError
from pipelines.recipe_file import read_recipe
from tests.conftest import curate
from tests.model.checkpoints import ours, state


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ours(tmp_path_factory.mktemp("checkpoint") / "clip")


@pytest.fixture
def write(write_recipe: Callable[..., Path], tmp_path: Path) -> Callable[[str], Path]:
    """Writes a recipe that ends with the lines given."""

    def write(lines: str) -> Path:
        recipe = write_recipe(tmp_path)
        recipe.write_text(f"{recipe.read_text('utf-8')}\n{lines}\n", "utf-8")
        return recipe

    return write


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[score]", "score.teachers: must be given"),
        ("[score]\nteachers = []", "score.teachers: must not be empty"),
        ('[[score.teachers]]\nmodel = "./nowhere"', "there is no folder {folder}/nowhere"),
        ('[[score.teachers]]\nmodel = "google/siglip2"', "40 hex digits, so that scores can be"),
        ('[[score.teachers]]\nmodel = "g/s"\nrevision = "main"', "got 'main'"),
        (
            '[[score.teachers]]\nmodel = "{checkpoint}"\nrevision = "{commit}"',
            "a folder has no revision, got '{commit}'",
        ),
        (
            '[[score.teachers]]\nmodel = "{checkpoint}"\nlanguages = ["xx"]',
            "score.teachers.languages must be among",
        ),
        (
            '[[score.teachers]]\nmodel = "{checkpoint}"\nlangauges = ["en"]',
            "langauges: there is no such key, did you mean languages?",
        ),
        (
            '[[score.teachers]]\nmodel = "a/b"\nrevision = "{commit}"\n' * 2,
            "score.teachers must be different models, got 'a/b' twice",
        ),
        (
            '[score]\npicture_batch = 0\n[[score.teachers]]\nmodel = "{checkpoint}"',
            "score.picture_batch: must be greater than or equal to 1, got 0",
        ),
    ],
)
def test_a_slip_in_the_recipe_is_named(
    write: Callable[[str], Path], checkpoint: Path, tmp_path: Path, lines: str, said: str
) -> None:
    places = {"checkpoint": checkpoint, "folder": tmp_path, "commit": COMMIT}
    with pytest.raises(RecipeError) as error:
        read_recipe(str(write(lines.format(**places))))
    assert said.format(**places) in str(error.value)


def test_a_teachers_folder_is_relative_to_the_recipe(
    write: Callable[[str], Path], checkpoint: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkpoint, tmp_path / "models/clip")
    recipe = read_recipe(str(write('[[score.teachers]]\nmodel = "models/clip"')))
    assert recipe.score
    assert recipe.score.teachers[0].model == str(tmp_path / "models/clip")


def test_a_missing_extra_is_named_before_anything_runs(
    write: Callable[[str], Path],
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = write(f'[[score.teachers]]\nmodel = "{checkpoint}"')
    monkeypatch.setitem(sys.modules, "torch", None)
    for command in ("curate", "score"):
        done = run(command, recipe)
        assert done.exit_code == 2, done.output
        assert "[score] needs torch, which is not installed: pip install 'pairmill[train]'" in (
            done.stderr
        )
    assert not (tmp_path / "out").exists()


def test_a_recipe_without_the_table_says_so(write: Callable[[str], Path]) -> None:
    done = run("score", write(""))
    assert done.exit_code == 2
    assert "has no [score] table" in done.stderr


def test_a_checkpoint_that_is_broken_is_named(
    write: Callable[[str], Path], checkpoint: Path, tmp_path: Path
) -> None:
    broken = Path(shutil.copytree(checkpoint, tmp_path / "broken"))
    (broken / "model.safetensors").unlink()
    recipe = write(f'[[score.teachers]]\nmodel = "{broken}"')
    with pytest.raises(RunError, match=str(broken)):
        curate(recipe, stages=("gather", "score"), limit=3)


def test_doctor_loads_the_teacher(
    write: Callable[[str], Path], checkpoint: Path, tmp_path: Path
) -> None:
    narrow = Path(shutil.copytree(checkpoint, tmp_path / "narrow"))
    state(narrow, languages=["en", "de"])
    broken = Path(shutil.copytree(checkpoint, tmp_path / "broken"))
    (broken / "model.safetensors").unlink()
    models = (checkpoint, narrow, broken)
    recipe = write("\n".join(f'[[score.teachers]]\nmodel = "{model}"' for model in models))
    done = run("doctor", recipe)
    assert done.exit_code == 1
    found = (line.split(maxsplit=2) for line in done.stdout.splitlines())
    lines = {level: words for level, what, words in found if what == "teacher"}
    assert "24 features" in lines["ok"]
    assert "not judged, not understood: ar bn" in lines["warning"]
    assert lines["error"].startswith("broken@")
