import sys
import tomllib
from pathlib import Path

import pytest

from pipelines.errors import RecipeError
from pipelines.recipe_file import read_recipe
from schemas.languages import ALL

SMALLEST = """
output = "out"
[[sources]]
name = "s"
format = "table"
path = "pairs.parquet"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "recipe.toml"
    path.write_text(text)
    return str(path)


def test_defaults_are_filled_in_and_paths_made_absolute(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, SMALLEST + "[gather]\n"))
    assert recipe.output == f"{tmp_path}/out"
    assert recipe.sources[0].path == f"{tmp_path}/pairs.parquet"
    assert recipe.languages == ALL
    assert recipe.gather is not None
    assert recipe.gather.image_size == 256
    assert recipe.pack is None


def test_a_resolved_recipe_reads_back_as_itself(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, SMALLEST + "[gather]\n[pack]\n"))
    assert read_recipe(write(tmp_path, recipe.to_toml())) == recipe


def test_norwegian_is_not_false(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, 'languages = ["no"]\n' + SMALLEST))
    assert recipe.languages == ("no",)


def test_a_uri_stays_what_it_is(tmp_path: Path) -> None:
    text = SMALLEST.replace('"out"', '"s3://bucket/out/"').replace('"pairs', '"gs://in/pairs')
    recipe = read_recipe(write(tmp_path, text))
    assert (recipe.output, recipe.sources[0].path) == ("s3://bucket/out", "gs://in/pairs.parquet")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("output", "outptu"), "outptu: there is no such key, did you mean output"),
        (("output", "outptu"), "output: must be given"),
        (("path", "pth"), "sources.0.pth: there is no such key, did you mean path"),
        (("[gather]", "[gatherer]"), "gatherer: there is no such key, did you mean gather"),
        (
            ("[gather]", "[gather]\nimage_sise = 3"),
            "gather.image_sise: there is no such key, did you",
        ),
        (
            ("[gather]", "[gather]\nimage_size = 0"),
            "gather.image_size: must be greater than or equal",
        ),
        (("[gather]", '[gather]\nimage_size = "9"'), "gather.image_size: must be a valid integer"),
        (
            ("[gather]", "[gather]\nquality = 101"),
            "gather.quality: must be less than or equal to 100",
        ),
        (("[gather]", "[gather]\ndeadline_s = inf"), "gather.deadline_s: must be"),
        (("[gather]", "[gather]\nonly_shrink = 1"), "gather.only_shrink: must be a valid boolean"),
        (("[gather]", '[gather]\nresize = "crop"'), "gather.resize: must be 'keep-ratio'"),
        (('"table"', '"tabel"'), "sources.0.format: must be 'table', 'folder', 'webdataset', "),
        (('"s"', '"a b"'), 'sources.0.name: must be letters, digits, - and _, got "a b"'),
        (("[gather]", '[[sources]]\nname = "s"\nformat = "table"\npath = "b"'), "got 's' twice"),
        (("[[sources]]", 'languages = ["xx"]\n[[sources]]'), "got 'xx'"),
        (("[[sources]]", 'languages = ["de", "de"]\n[[sources]]'), "got 'de' twice"),
        (("[[sources]]", "languages = []\n[[sources]]"), "languages: must not be empty"),
        (
            ("path", 'keep_columns = ["caption_de"]\npath'),
            "keep_columns must not name 'caption_de'",
        ),
        (("[gather]", '[gather]\nallow_hosts = ["a.org"]'), "must be host:port in lower case, got"),
        (
            ("[gather]", '[gather]\nuser_agent = "a\\nb"'),
            "user_agent: must be printable ASCII",
        ),
        (("[gather]", "[gather"), "is not valid TOML"),
        (("path", 'split = "test"\npath'), "sources.s.split: there is no such key where format is"),
        (('"table"', '"folder"\nurl_prefix = "x"'), "sources.s.url_prefix: there is no such key"),
        (('"table"', '"webdataset"\nurl_prefix = "x"'), "where format is 'webdataset'"),
        (('"table"', '"img2dataset"\nimage_column = "x"'), "sources.s.image_column: there is"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    text = (SMALLEST + "[gather]\n").replace(*change, 1)
    with pytest.raises(RecipeError) as error:
        read_recipe(write(tmp_path, text))
    assert words in str(error.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there is no recipe at"):
        read_recipe(f"{tmp_path}/nowhere.toml")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)  # as if it were not installed
    with pytest.raises(RecipeError, match=r"pip install 'pairmill\[gcp\]'"):
        read_recipe("gs://bucket/recipe.toml")


def test_the_resolved_recipe_is_toml(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, SMALLEST))
    assert "gather" not in tomllib.loads(recipe.to_toml())


def test_a_dataset_is_a_folder_beside_the_recipe_or_a_name_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "here/data").mkdir(parents=True)
    text = SMALLEST.replace('"table"', '"huggingface"')
    paths = {
        "here/data": f"{tmp_path}/here/data",
        "there/data": "there/data",
        "./x": f"{tmp_path}/x",
    }
    for path, expected in paths.items():
        recipe = read_recipe(write(tmp_path, text.replace("pairs.parquet", path)))
        assert recipe.sources[0].path == expected
        assert read_recipe(write(tmp_path, recipe.to_toml())) == recipe
