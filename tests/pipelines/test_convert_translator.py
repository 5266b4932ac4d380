import subprocess
import sys
from pathlib import Path

import pytest

from model.translator import TranslatorSpec, load_translator
from pipelines.convert_translator import run_conversion
from pipelines.errors import RecipeError, RunError
from tests.model import translators


def test_a_converted_model_translates(tmp_path: Path) -> None:
    made = translators.nllb(tmp_path / "nllb-tiny")
    words = ["convert-translator", str(made), str(tmp_path / "new" / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words], capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/new/out: nllb-tiny (nllb, int8, 0.")
    assert first.endswith(" MB), from 30 to 30 of our languages")
    assert second == "warning: its licence, CC BY-NC 4.0, does not allow commercial use"
    subject = load_translator(TranslatorSpec(model=str(tmp_path / "new" / "out"), threads=1))
    assert subject.translate(["a red circle"], ["en"], ["ka"])[0].tokens


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [
        ("m2m", "out exists: name a folder that does not"),
        ("nowhere", "nowhere is no folder, and of a hub's model the revision must be a commit"),
        (".", "cannot be loaded: "),
    ],
)
def test_a_slip_is_named(checkpoint: str, said: str, tmp_path: Path) -> None:
    translators.m2m_100(tmp_path / "m2m")
    out = tmp_path / "out"
    if checkpoint == "m2m":
        out.mkdir()
    place = checkpoint if checkpoint == "nowhere" else str(tmp_path / checkpoint)
    with pytest.raises(RecipeError, match=said):
        run_conversion(place, out, None, "int8")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    translators.m2m_100(tmp_path / "m2m")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="file/out cannot be written"):
        run_conversion(str(tmp_path / "m2m"), tmp_path / "file" / "out", None, "int8")


@pytest.mark.parametrize(("missing", "extras"), [("ctranslate2", "translate"), ("torch", "train")])
def test_a_missing_extra_is_named(missing: str, extras: str, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from pipelines.cli import main\n"
        f"sys.argv[1:] = ['convert-translator', 'x', {str(tmp_path / 'out')!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"needs {missing}: pip install 'pairmill[translate" in done.stderr
    assert extras in done.stderr
