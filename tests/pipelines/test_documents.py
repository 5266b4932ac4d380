import gzip
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.doctor import examine
from pipelines.doctor_documents import bytes_of_pages
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.retrying import check_reasons
from pipelines.sample import write_sample
from pipelines.storage import Folder
from pipelines.why import show_way
from schemas.ids import page_uid, picture_uid
from tests.conftest import counts, curate, digests, table
from tests.pipelines.rendering.made import html, line, pdf, prose

RECIPE = """
output = "out"
languages = ["en", "de"]

[[sources]]
name = "library"
task = "document"
format = "folder"
path = "files"
licence = "CC BY 4.0"

[documents]
documents_per_shard = 2
viewport_width = 400
viewport_height = 600
max_bytes = 5000000
max_pages = 20

[documents.page]
min_letters = 0

[pack]
samples_per_shard = 3
"""

GERMAN = "<h1>Der Rotmilan</h1><p>Der Rotmilan kreist über dem Tal und sucht nach Beute.</p>"
CZECH = "<h1>Luňák červený</h1><p>Luňák krouží nad údolím a hledá kořist, kterou by ulovil.</p>"
FILES = {
    "kites.pdf": pdf([line("Red kites", size=24, y=760) + prose(), prose(), b""]),
    "packed.pdf.gz": gzip.compress(pdf([line("Nests", size=24, y=760) + prose()]), mtime=0),
    "deep/milan.html": html(GERMAN + "<img src='feld.svg' alt='Ein Feld'>"),
    "deep/feld.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'/>",
    "pairs.md": b"# Pairs\n\nThere were twelve pairs of red kites in the valley.\n",
    "czech.html": html(CZECH).replace(b'lang="de"', b'lang="cs"'),
    "boxes.html": html("<h1>Zeichen</h1>&#xE123; und noch eines: &#xE124;"),
    "cut.pdf": pdf([prose()])[:700],
    "bomb.html.gz": gzip.compress(bytes(6_000_000)),
    "long.pdf": pdf([prose()] * 21),
    "notes.txt": b"no document",
}
KEPT = {"kites.pdf", "packed.pdf.gz", "deep/milan.html", "pairs.md"}
STAGES = ("documents", "pack")


def write_files(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, body in files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE)
    return recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a finished run, to look at."""
    folder = tmp_path_factory.mktemp("documents")
    curate(write_files(folder), stages=STAGES)
    return folder / "out"


def samples(folder: Path) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                body = tar.extractfile(member)
                assert body
                found.setdefault(key, {"key": key})[suffix] = body.read()
    return list(found.values())


def test_every_document_and_every_page_has_a_fate(run: Path) -> None:
    found = counts(run, "documents")
    assert found["document in"] == len(FILES) - 2  # a picture and a text are none
    ledger = table(run / "ledger/documents")
    reasons = Counter((row["unit"], row["row"].split("#")[0], row["reason"]) for row in ledger)
    assert reasons == {
        ("document", "library:cut.pdf", "broken-document"): 1,
        ("document", "library:bomb.html.gz", "too-many-bytes"): 1,
        ("document", "library:long.pdf", "too-many-pages"): 1,
        ("page", "library:boxes.html", "missing-glyphs"): 1,
        ("page", "library:czech.html", "no-caption"): 1,
        ("page", "library:kites.pdf", "blank"): 1,
        ("query", "library:czech.html", "unwanted-language"): 2,
    }
    assert found["page kept"] == 5
    account = recount(Folder(str(run)))
    assert account.differences == []
    assert account.unfinished == []


def test_a_page_is_a_sample_with_what_it_says(run: Path) -> None:
    pages = {row["uid"]: row for row in table(run / "pages")}
    assert {row["url"].split("#")[0] for row in pages.values()} == KEPT
    document = picture_uid("library", "kites.pdf")
    first = pages[page_uid(document, 1)]
    assert (first["page"], first["pages"], first["headings"]) == (1, 3, 1)
    assert first["text"].startswith("Red kites")
    assert first["language"] == "en"
    packed = {sample["key"]: sample for sample in samples(run / "shards/documents/train")}
    assert packed.keys() == pages.keys()
    sample = packed[page_uid(document, 1)]
    fields = json.loads(sample["json"])
    assert fields["caption_en"] == sample["txt"].decode() == "Red kites"
    assert (fields["page"], fields["pages"], fields["document"]) == (1, 3, document)
    assert (fields["licence"], fields["caption_de"]) == ("CC BY 4.0", "")
    assert fields["text"] == first["text"]
    assert Image.open(io.BytesIO(sample["jpg"])).size == (1190, 1684)


def test_captions_stand_with_their_origin(run: Path) -> None:
    captions = {(row["row"], row["origin"], row["text"]) for row in table(run / "captions/pages")}
    assert captions == {
        ("library:kites.pdf#page=1", "page-heading", "Red kites"),
        ("library:kites.pdf#page=2", "page-section", "Red kites"),
        ("library:packed.pdf.gz#page=1", "page-heading", "Nests"),
        ("library:deep/milan.html#page=1", "page-title", "Der Rotmilan"),
        ("library:deep/milan.html#page=1", "alt-text", "Ein Feld"),
        ("library:pairs.md#page=1", "page-title", "Pairs"),
    }


def test_rendered_shards_are_in_gathers_layout(run: Path) -> None:
    shards = sorted((run / "documents").glob("*.tar"))
    assert len(shards) > 2
    for shard in shards:
        rows = pq.read_table(shard.with_suffix(".parquet")).to_pylist()
        stats = json.loads(shard.with_name(f"{shard.stem}_stats.json").read_text())
        kept = {row["key"] for row in rows if row["status"] == "success"}
        assert stats["count"] == len(rows)
        assert stats["successes"] == len(kept)
    stored = samples(run / "documents")
    assert all(sample.keys() == {"key", "jpg", "txt", "json"} for sample in stored)


def test_what_stands_is_passed_over_and_a_new_file_alone_is_rendered(tmp_path: Path) -> None:
    few = {name: FILES[name] for name in ("kites.pdf", "packed.pdf.gz")}
    recipe = write_files(tmp_path, few)
    curate(recipe, stages=STAGES)
    before = digests(tmp_path / "out/documents")
    assert {event["event"] for event in curate(recipe, stages=STAGES)} == {"skipped"}
    write_files(tmp_path, {"late.pdf": pdf([line("Late", size=24, y=760) + prose()])})
    curate(recipe, stages=STAGES)
    after = digests(tmp_path / "out/documents")
    assert after.items() > before.items()
    assert len([name for name in after if name.endswith(".tar")]) == 1 + len(
        [name for name in before if name.endswith(".tar")]
    )
    assert counts(tmp_path / "out", "pack")["page kept"] == 4
    (tmp_path / "files/late.pdf").unlink()
    curate(recipe, stages=STAGES)
    assert counts(tmp_path / "out", "pack")["page kept"] == 3


def test_documents_of_a_shard_that_is_not_there_are_rendered_again(
    run: Path, tmp_path: Path
) -> None:
    shutil.copytree(run.parent, tmp_path, dirs_exist_ok=True)
    output = tmp_path / "out"
    for file in (output / "documents").glob("00001*"):
        file.unlink()
    before = digests(output / "documents")
    curate(tmp_path / "recipe.toml", stages=STAGES)
    after = digests(output / "documents")
    assert after.items() > before.items()
    assert digests(output / "shards") == digests(run / "shards")
    assert recount(Folder(str(output))).differences == []


def test_two_workers_give_the_same_bytes(run: Path, tmp_path: Path) -> None:
    recipe = write_files(tmp_path)
    curate(recipe, "--direct_num_workers=2", stages=STAGES)
    assert digests(tmp_path / "out/shards") == digests(run / "shards")


def test_pages_of_another_kind_are_not_mixed_in(tmp_path: Path) -> None:
    recipe = write_files(tmp_path, {"a.pdf": FILES["kites.pdf"]})
    curate(recipe, stages=("documents",))
    recipe.write_text(RECIPE.replace("[documents]", "[documents]\ndpi = 72"))
    with pytest.raises(Exception, match="made with dpi = 144, the recipe says 72"):
        curate(recipe, stages=("documents",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[documents]", "[pages]"), "pages: there is no such key"),
        (
            ('format = "folder"', 'format = "webdataset"'),
            "must be 'folder' or 'table' where task is 'document'",
        ),
        (("[documents]", '[documents]\nimage_format = "gif"'), "image_format"),
        (("max_pages = 20", "max_pixels = 1000"), "must hold a screen of HTML, 240,000 pixels"),
        (('path = "files"', 'path = "nowhere"'), "there are no .pdf"),
        (('path = "files"', 'path = "https://a.org/b.pdf"'), "stand in a table"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    recipe = write_files(tmp_path, {"a.pdf": FILES["kites.pdf"]})
    recipe.write_text(RECIPE.replace(*change))
    with pytest.raises(RecipeError, match=words):
        curate(recipe, stages=("documents",))


def test_documents_and_their_table_go_together(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    source = '[[sources]]\nname = "a"\nformat = "folder"\npath = "."\n'
    recipe.write_text(f'output = "out"\n{source}task = "document"\n')
    with pytest.raises(RecipeError, match=r"need a \[documents\]"):
        read_recipe(str(recipe))
    recipe.write_text(f'output = "out"\n{source}[documents]\n')
    with pytest.raises(RecipeError, match="must go with a source of task 'document'"):
        read_recipe(str(recipe))


def test_a_bomb_of_zeros_is_not_unpacked_whole(tmp_path: Path) -> None:
    from pipelines.document_files import read_document
    from pipelines.errors import FetchError

    path = tmp_path / "a.html.gz"
    path.write_bytes(gzip.compress(bytes(1 << 24)) * 3)
    with pytest.raises(FetchError, match="more than 1000"):
        read_document(str(path), 1_000_000)


def test_many_empty_members_of_a_gzip_are_passed_over(
    tmp_path: Path,
) -> None:
    from pipelines.document_files import read_document

    path = tmp_path / "a.html.gz"
    path.write_bytes(gzip.compress(b"") * 200_000 + gzip.compress(b"kite") + bytes(512))
    assert read_document(str(path), 10_000_000) == b"kite"


@pytest.mark.parametrize(
    ("body", "words"), [(gzip.compress(b"kite", mtime=0)[:-9], "short"), (b"kite", "gzipped")]
)
def test_what_is_no_whole_gzip_is_refused(tmp_path: Path, body: bytes, words: str) -> None:
    from pipelines.document_files import read_document
    from pipelines.errors import FetchError

    path = tmp_path / "a.html.gz"
    path.write_bytes(body)
    with pytest.raises(FetchError, match=words):
        read_document(str(path), 1_000)


def test_doctor_looks_at_documents_renderers_and_fonts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_files(tmp_path)
    assert examine(str(recipe))
    said = capsys.readouterr().out
    assert "documents: 4 html, 1 markdown, 4 pdf" in said
    assert "fonts: all letters of 2 languages" in said
    assert "disk: " in said
    assert bytes_of_pages(read_recipe(str(recipe))) > 50_000
    (tmp_path / "fonts.conf").write_text("<fontconfig></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    assert not examine(str(recipe))
    said = capsys.readouterr().out
    assert "no font has all letters of en de: apt-get install fonts-noto-core" in said


def test_pictures_and_documents_go_side_by_side(
    write_recipe: Callable[..., Path], tmp_path: Path
) -> None:
    write_files(tmp_path, {"kites.pdf": FILES["kites.pdf"]})
    recipe = write_recipe(tmp_path, gather="[screen]")
    source = RECIPE[RECIPE.index("[[sources]]") : RECIPE.index("[pack]")]
    head, gather, rest = recipe.read_text().partition("[gather]")
    recipe.write_text(head + source + gather + rest)
    curate(recipe, stages=("gather", "documents", "screen", "pack"))
    output = tmp_path / "out"
    packed = counts(output, "pack")
    assert packed["page kept"] == packed["page in"] == 2
    assert packed["picture kept"] > 3
    assert packed["sample kept"] == packed["picture kept"] + packed["page kept"]
    account = recount(Folder(str(output)))
    assert account.differences == []
    assert account.unfinished == []
    assert len(samples(output / "shards/documents/train")) == 2
    assert len(samples(output / "shards/pairs/train")) == packed["picture kept"]


def test_why_tells_the_way_of_documents_and_pages(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = picture_uid("library", "kites.pdf")
    for name in (page_uid(document, 2), "library:kites.pdf#page=2"):
        assert show_way(str(run), name)
        said = capsys.readouterr().out
        assert "library:kites.pdf#page=2" in said
        assert "page-section: Red kites" in said
        assert "shards/documents/train" in said
    for name in (document, "library:kites.pdf"):
        assert show_way(str(run), name)
        assert capsys.readouterr().out.count("documents  kept, en") == 3
    assert show_way(str(run), "library:cut.pdf")
    assert "failed: broken-document" in capsys.readouterr().out
    assert show_way(str(run), "library:czech.html")
    assert "rejected: no-caption" in capsys.readouterr().out
    assert not show_way(str(run), "library:nowhere.pdf")


def titles(output: Path) -> set[str]:
    return {row["text"] for row in table(output / "captions/pages")}


def test_a_document_that_was_edited_is_rendered_anew_and_alone(tmp_path: Path) -> None:
    few = {name: FILES[name] for name in ("kites.pdf", "pairs.md")}
    recipe = write_files(tmp_path, few)
    curate(recipe, stages=STAGES)
    before = digests(tmp_path / "out/documents")
    write_files(tmp_path, {"kites.pdf": pdf([line("Black kites", size=24, y=760) + prose()])})
    curate(recipe, stages=STAGES)
    after = digests(tmp_path / "out/documents")
    assert after.items() > before.items()
    assert titles(tmp_path / "out") == {"Black kites", "Pairs"}
    assert counts(tmp_path / "out", "documents")["page kept"] == 2
    assert len(samples(tmp_path / "out/shards/documents/train")) == 2
    assert recount(Folder(str(tmp_path / "out"))).differences == []


def test_a_changed_limit_renders_anew_and_a_changed_deadline_nothing(tmp_path: Path) -> None:
    recipe = write_files(tmp_path, {"long.pdf": FILES["long.pdf"], "pairs.md": FILES["pairs.md"]})
    curate(recipe, stages=STAGES)
    assert counts(tmp_path / "out", "documents")["document rejected too-many-pages"] == 1
    recipe.write_text(RECIPE.replace("max_pages = 20", "max_pages = 21\ndeadline_s = 9.0"))
    curate(recipe, stages=STAGES)
    found = counts(tmp_path / "out", "documents")
    assert found["document kept"] == 2
    assert found["page created"] == 22
    recipe.write_text(RECIPE.replace("max_pages = 20", "max_pages = 21\ndeadline_s = 8.0"))
    assert {event["event"] for event in curate(recipe, stages=STAGES)} == {"skipped"}


def test_pages_are_judged_by_rules_that_render_nothing(tmp_path: Path) -> None:
    imprint = line("Published by the Red Kite Society, Valley Road, page 3")
    written = {
        f"{n}.pdf": pdf([line(name, size=24, y=760) + prose(n + 5), imprint])
        for n, name in enumerate(("Nests", "Pairs", "Valleys", "Flights"))
    }
    recipe = write_files(tmp_path, written)
    curate(recipe, stages=STAGES)
    found = counts(tmp_path / "out", "documents")
    assert (found["page created"], found["page kept"]) == (8, 4)
    assert found["page rejected boilerplate"] == 4
    ledger = table(tmp_path / "out/ledger/documents")
    assert {row["detail"] for row in ledger} == {"the same in 4 documents"}
    before = digests(tmp_path / "out/documents")
    rules = "min_letters = 0\nmax_documents_per_text = 4"
    recipe.write_text(RECIPE.replace("min_letters = 0", rules))
    curate(recipe, stages=STAGES)
    assert counts(tmp_path / "out", "documents")["page kept"] == 8
    assert digests(tmp_path / "out/documents") == before
    recipe.write_text(RECIPE.replace("min_letters = 0", "min_ink = 2.0"))
    with pytest.raises(RecipeError, match=r"min_ink must be in \[0, 1\], got 2"):
        curate(recipe, stages=STAGES)


def test_documents_that_failed_are_rendered_again_on_demand(tmp_path: Path) -> None:
    few = {name: FILES[name] for name in ("cut.pdf", "kites.pdf", "bomb.html.gz")}
    recipe = write_files(tmp_path, few)
    curate(recipe, stages=STAGES)
    before = digests(tmp_path / "out/documents")
    read = read_recipe(str(recipe))
    with pytest.raises(RecipeError, match=r"there is broken-document \(1\), too-many-bytes \(1\)"):
        check_reasons(read, ())
    assert check_reasons(read, ("broken-document",)) == {"documents": None}
    job = Job(str(recipe), ("documents",), None, ("--direct_num_workers=1",), ("broken-document",))
    run_job(job, lambda event: None)
    after = digests(tmp_path / "out/documents")
    assert after.items() > before.items()
    (fresh,) = [name for name in after.keys() - before.keys() if name.endswith(".parquet")]
    rows = pq.read_table(tmp_path / "out/documents" / fresh).to_pylist()
    assert [row["url"] for row in rows] == ["cut.pdf"]
    assert counts(tmp_path / "out", "documents")["document failed broken-document"] == 1


def test_no_document_fills_the_memory_with_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.document_shards._MOST_CHARS", 4_000)
    heading = line("Red kites", size=24, y=760)
    recipe = write_files(tmp_path, {"flood.pdf": pdf([heading + prose(n) for n in range(20, 25)])})
    curate(recipe, stages=("documents",))
    found = counts(tmp_path / "out", "documents")
    assert (found["page kept"], found["page rejected too-much-text"]) == (2, 3)


def test_without_its_extra_the_command_names_it(tmp_path: Path) -> None:
    recipe = write_files(tmp_path, {"a.pdf": FILES["kites.pdf"]})
    code = (
        "import sys, importlib.util as u; find = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'pypdfium2' else find(name, *a); "
        f"from pipelines.cli import app; app(['documents', '{recipe}'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 2
    assert (
        "[documents] needs pypdfium2, which is not installed: pip install 'pairmill[documents]'"
        in ran.stderr
    )


def test_what_is_planted_among_the_sample_worlds_documents_is_turned_away(tmp_path: Path) -> None:
    write_sample(tmp_path, 6, 3, 0.5, documents=24)
    curate(tmp_path / "documents.toml", stages=("documents",))
    planted = {
        (Path(row["path"]).name, row["page"]): row["defect"]
        for row in pq.read_table(tmp_path / "documents_truth.parquet").to_pylist()
    }
    found = set()
    for row in table(tmp_path / "out-documents/ledger/documents"):
        name, _, page = row["row"].removeprefix("documents:").partition("#page=")
        whole = planted.get((name, 0))
        found.add((planted[name, int(page)] if whole is None else whole, row["reason"]))
    assert found >= {("blank", "blank"), ("contents", "table-of-contents")}
    assert {defect for defect, _ in found} <= {*planted.values()} - {""}
