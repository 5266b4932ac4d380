"""The whole way on an S3 server of moto's on loopback: tables, pictures and output."""

import json
import re
import threading

import fsspec
import pytest

from pipelines.commit import Attempt, committed_shards
from pipelines.storage import Folder
from tests.conftest import counts, curate, digests
from tests.pipelines.sources.made import picture, write_tar


@pytest.mark.filterwarnings("ignore")  # of botocore and moto
def test_tables_and_output_in_a_bucket(world, curated, write_recipe, tmp_path, bucket):
    fs = fsspec.filesystem("s3")
    fs.put(str(world / "pairs.parquet"), f"{bucket}/in/pairs.parquet")
    recipe = write_recipe(tmp_path, path=f"{bucket}/in/pairs*.parquet", output=f"{bucket}/out")
    curate(recipe)
    fs.get(f"{bucket}/out/shards", str(tmp_path / "shards"), recursive=True)
    assert digests(tmp_path / "shards") == digests(curated.output / "shards")
    assert [event["event"] for event in curate(recipe)] == ["skipped", "skipped"]
    assert not fs.glob(f"{bucket}/out/_work/*/**")


@pytest.mark.filterwarnings("ignore")
def test_a_folder_of_pictures_in_a_bucket(world, write_recipe, tmp_path, bucket):
    fs = fsspec.filesystem("s3")
    for path in sorted((world / "pictures").rglob("*.*"))[:7]:
        name = f"{bucket}/pictures/{path.parent.name}/{path.name}"
        fs.put(str(path), name)
        fs.pipe(f"{name.rpartition('.')[0]}.txt", b"a caption")
    recipe = write_recipe(tmp_path, path=f"{bucket}/pictures", output=f"{bucket}/out")
    text = recipe.read_text().replace('"table"', '"folder"')
    for key in ("language_column", "url_column", "url_prefix"):
        text = re.sub(f"^{key} = .*$", "", text, flags=re.MULTILINE)
    recipe.write_text(text)
    curate(recipe)
    record = json.loads(fs.cat(f"{bucket}/out/ledger/pack/_stage.json"))
    assert record["counts"]["sample kept"] == 7


@pytest.mark.filterwarnings("ignore")
def test_tars_in_a_bucket(tmp_path, bucket):
    fs = fsspec.filesystem("s3")
    members = [(f"{n}.{end}", content) for n in range(9)
               for end, content in (("jpg", picture(n)), ("txt", f"caption {n}"))]  # fmt: skip
    fs.put(str(write_tar(tmp_path / "a.tar", members)), f"{bucket}/in/a.tar")
    recipe = tmp_path / "recipe.toml"
    source = f'[[sources]]\nname = "s"\nformat = "webdataset"\npath = "{bucket}/in/*.tar"\n'
    recipe.write_text(f'output = "{tmp_path}/out"\n{source}[gather]\n[pack]\n')
    curate(recipe)
    assert counts(tmp_path / "out", "pack")["sample kept"] == 9


@pytest.mark.filterwarnings("ignore")
def test_racing_attempts_in_a_bucket(bucket):
    output = Folder(f"{bucket}/race")
    attempts = [Attempt(output, 3) for _ in range(4)]
    for number, attempt in enumerate(attempts):
        for suffix in (".tar", ".parquet", "_stats.json"):
            attempt.folder.write(attempt.name(suffix), f"attempt {number}".encode())
    threads = [threading.Thread(target=attempt.commit) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {(output / "gathered").read(f"00003{s}") for s in (".tar", ".parquet", "_stats.json")}
    assert len(found) == 1
    assert committed_shards(output) == {"00003"}
