import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from transformers import (
    BartConfig,
    GenerationConfig,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianMTModel,
    MarianTokenizer,
    NllbTokenizer,
)
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES
from transformers.tokenization_utils_base import generate_merges

from model import batched_translator, checkpoint_translator, ctranslate2_translator
from model.translation_checkpoint import read_checkpoint
from model.translation_manifest import read_manifest
from model.translation_tokens import Tokenizer
from model.translator import (
    Decoding,
    Translation,
    TranslationFault,
    Translator,
    TranslatorSpec,
    identify,
    load_sizer,
    load_translator,
)
from model.translator_conversion import convert_checkpoint
from schemas.languages import ALL, LANGUAGES
from tests.model import translators
from tests.model.translators import FAIRSEQ, FAMILIES, POSITIONS, SOURCES, TEXTS

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TARGETS = ["uk", "fr", "de", "en", "ja", "ka", "no", "da"]
TINY = Path(__file__).parents[2] / "model/tiny_translator"
ENGLISH = "a red circle above three blue squares"

Places = Callable[[str], Path]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The folder of a family's checkpoint, made when first asked for."""
    root = tmp_path_factory.mktemp("checkpoints")

    def get(family: str) -> Path:
        folder = root / family
        return folder if folder.exists() else FAMILIES[family](folder)

    return get


@pytest.fixture(scope="module")
def converted(checkpoint: Places, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The same for ctranslate2, in float32."""
    root = tmp_path_factory.mktemp("converted")

    def get(family: str) -> Path:
        if not (root / family).exists():
            convert_checkpoint(str(checkpoint(family)), root / family, quantization="float32")
        return root / family

    return get


def fast(folder: Path, **settings: Any) -> Translator:
    return load_translator(TranslatorSpec(**({"model": str(folder), "threads": 1} | settings)))


def slow(folder: Path, **settings: Any) -> Translator:
    return fast(folder, engine="transformers", **settings)


def languages(family: str) -> tuple[list[str], list[str]]:
    """Of the texts, and those to translate them into."""
    return (["en"] * 8, ["de"] * 8) if family == "marian" else (SOURCES, TARGETS)


@pytest.mark.parametrize("no_repeat", [0, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_ctranslate2_says_what_transformers_says(
    family: str, no_repeat: int, checkpoint: Places, converted: Places
) -> None:
    decoding = Decoding(no_repeat_ngram_size=no_repeat)
    expected = slow(checkpoint(family), decoding=decoding).translate(TEXTS, *languages(family))
    found = fast(converted(family), decoding=decoding).translate(TEXTS, *languages(family))
    assert found == expected
    assert len({translation.text for translation in found}) > 5
    assert no_repeat == 0 or any(translation.fault is None for translation in found)


@pytest.mark.parametrize("family", ["m2m_100", "nllb", "madlad"])
def test_every_language_is_asked_for_by_its_token(
    family: str, checkpoint: Places, converted: Places
) -> None:
    wanted = [code for code in ALL if code != "en"]
    subjects = slow(checkpoint(family)), fast(converted(family))
    texts, sources = [ENGLISH] * len(wanted), ["en"] * len(wanted)
    expected, found = (subject.translate(texts, sources, wanted) for subject in subjects)
    assert found == expected
    assert len({translation.text for translation in found}) > len(wanted) / 2
    back = [subject.translate(texts, wanted, sources) for subject in subjects]
    assert back[0] == back[1]


@torch.no_grad()
def transformers_own(
    model: Any, tokenizer: Any, texts: list[str], forced: int | None = None
) -> list[str]:
    """What its own tokenizer and its own search make of texts, a text at a time."""
    model.generation_config = GenerationConfig()
    settings = GenerationConfig(
        decoder_start_token_id=model.config.decoder_start_token_id,
        eos_token_id=model.config.eos_token_id,
        pad_token_id=model.config.pad_token_id,
        forced_bos_token_id=forced,
        max_new_tokens=POSITIONS - 1 - (forced is None),
        bad_words_ids=[[model.config.pad_token_id]],
    )
    first = 1 if forced is None else 2  # transformers 5 shows M2M-100's languages as text
    written = [
        model.generate(**tokenizer([text], return_tensors="pt"), generation_config=settings)[0]
        for text in texts
    ]
    return tokenizer.batch_decode([row[first:] for row in written], skip_special_tokens=True)


def own_m2m_100(folder: Path, source: str, target: str, texts: list[str]) -> list[str]:
    tokenizer = M2M100Tokenizer.from_pretrained(folder, src_lang=source)
    model = M2M100ForConditionalGeneration.from_pretrained(folder).eval()
    return transformers_own(model, tokenizer, texts, tokenizer.get_lang_id(target))


def own_nllb_tokenizer(folder: Path, source: str) -> NllbTokenizer:
    """Of the same pieces: it cannot read SentencePiece's file beside Beam."""
    pieces = translators.pieces_of(folder / "sentencepiece.bpe.model")
    tokens = [*FAIRSEQ, *pieces[3:], *FAIRSEQ_LANGUAGE_CODES, "<mask>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = generate_merges(vocabulary, skip_tokens={*FAIRSEQ, *FAIRSEQ_LANGUAGE_CODES, "<mask>"})
    return NllbTokenizer(vocabulary, merges, src_lang=LANGUAGES[source].nllb)


def own_nllb(folder: Path, source: str, target: str, texts: list[str]) -> list[str]:
    tokenizer = own_nllb_tokenizer(folder, source)
    model = M2M100ForConditionalGeneration.from_pretrained(folder).eval()
    forced = tokenizer.convert_tokens_to_ids(LANGUAGES[target].nllb)
    return transformers_own(model, tokenizer, texts, forced)


def own_marian(folder: Path, source: str, target: str, texts: list[str]) -> list[str]:
    tokenizer = MarianTokenizer.from_pretrained(folder)
    return transformers_own(MarianMTModel.from_pretrained(folder).eval(), tokenizer, texts)


OWN = {"m2m_100": own_m2m_100, "nllb": own_nllb, "marian": own_marian}


@pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
@pytest.mark.parametrize("family", OWN)
def test_translations_are_transformers_own(
    family: str, checkpoint: Places, converted: Places
) -> None:
    """By its tokenizers, of a text with unknown letters among them."""
    texts = [*TEXTS[:4], "a red Ж☃ circle"]
    expected = OWN[family](checkpoint(family), "en", "de", texts)
    decoding = Decoding(max_length_ratio=POSITIONS)
    for subject in (
        slow(checkpoint(family), decoding=decoding),
        fast(converted(family), decoding=decoding),
    ):
        found = subject.translate(texts, ["en"] * len(texts), ["de"] * len(texts))
        assert [translation.text for translation in found] == expected


def test_language_tokens_have_transformers_own_ids(checkpoint: Places) -> None:
    m2m = M2M100Tokenizer.from_pretrained(checkpoint("m2m_100"))
    nllb = own_nllb_tokenizer(checkpoint("nllb"), "en")
    read = {
        family: read_checkpoint(str(checkpoint(family)), None) for family in ("m2m_100", "nllb")
    }
    for code in ALL:
        ids = [made.vocabulary.index(made.tags.targets[code]) for made in read.values()]
        own = [m2m.get_lang_id(code), nllb.convert_tokens_to_ids(LANGUAGES[code].nllb)]
        assert ids == own
        assert all(made.tags.sources == made.tags.targets for made in read.values())


def test_madlads_tag_is_one_token_before_the_text(checkpoint: Places) -> None:
    """Whatever stands in the text: `</s>` there ends nothing."""
    made = read_checkpoint(str(checkpoint("madlad")), None)
    subject = Tokenizer(made.tags, made.source_pieces, made.target_pieces)
    for code in ALL:
        [read] = subject.encode(["red </s> x"], ["en"], [code])
        assert read.count(f"<2{code}>") == read.count("</s>") == 1
        assert read.index(f"<2{code}>") <= 1
        assert read[-1] == "</s>"
        assert set(read) <= set(made.vocabulary)
        assert subject.prefix(code) == []


@pytest.mark.parametrize(
    ("family", "others"),
    [
        ("m2m_100", ["__de__", "<s>", "<pad>", "<unk>", "</s>", "<unused3>"]),
        ("nllb", ["deu_Latn", "<mask>", "<unused0>"]),
        ("marian", ["<unk>", ">>deu<<"]),
    ],
)
def test_tokens_that_are_no_texts_are_not_shown(
    family: str, others: list[str], checkpoint: Places
) -> None:
    made = read_checkpoint(str(checkpoint(family)), None)
    subject = Tokenizer(made.tags, made.source_pieces, made.target_pieces)
    [read] = subject.encode([TEXTS[0]], ["en"], ["de"])
    assert subject.decode([*others, *read, *others]) == TEXTS[0]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_a_translation_depends_on_no_other_text(
    engine: str, family: str, checkpoint: Places, converted: Places
) -> None:
    load, folder = (fast, converted) if engine == "ctranslate2" else (slow, checkpoint)
    texts = [*TEXTS, "red", "", "a " * 12, "blue square " * 3, " "]
    sources, targets = ([*side, *["en", "en", "ru", "fr", "de"]] for side in languages(family))
    if family == "marian":
        sources, targets = ["en"] * len(texts), ["de"] * len(texts)
    targets = ["de" if a == b else b for a, b in zip(sources, targets, strict=True)]
    targets = ["en" if a == b else b for a, b in zip(sources, targets, strict=True)]
    subject = load(folder(family), decoding=Decoding(max_length_ratio=0.5))
    together = subject.translate(texts, sources, targets)
    rows = list(zip(texts, sources, targets, strict=True))
    alone = [subject.translate([text], [a], [b])[0] for text, a, b in rows]
    backwards = subject.translate(texts[::-1], sources[::-1], targets[::-1])[::-1]
    narrow = load(folder(family), decoding=Decoding(max_length_ratio=0.5, batch_tokens=40))
    assert together == alone == backwards == narrow.translate(texts, sources, targets)
    assert [translation.text for translation in together].count("") <= 3
    assert together[9] == together[12] == Translation("", 0, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_eight_bits_give_the_same_alone_and_together(
    family: str, checkpoint: Places, tmp_path: Path
) -> None:
    convert_checkpoint(str(checkpoint(family)), tmp_path / "out")
    subject = fast(tmp_path / "out")
    rows = list(zip(TEXTS, *languages(family), strict=True))
    together = subject.translate(*map(list, zip(*rows, strict=True)))
    assert together == [subject.translate([text], [a], [b])[0] for text, a, b in rows]


def test_beams_are_searched(converted: Places, checkpoint: Places) -> None:
    wide = Decoding(beam_size=3)
    greedy = fast(converted("nllb")).translate(TEXTS, SOURCES, TARGETS)
    for subject in (
        fast(converted("nllb"), decoding=wide),
        slow(checkpoint("nllb"), decoding=wide),
    ):
        found = subject.translate(TEXTS, SOURCES, TARGETS)
        assert found != greedy
        assert all(translation.fault is None for translation in found)


def test_translations_end_at_a_length_of_their_own(converted: Places) -> None:
    subject = fast(converted("m2m_100"), decoding=Decoding(max_length_ratio=0.5))
    found = subject.translate(TEXTS, SOURCES, TARGETS)
    assert {translation.fault for translation in found} == {None, TranslationFault.UNFINISHED}
    for translation in found:
        most = 16 + -(-translation.source_tokens // 8) * 4
        if translation.fault:
            assert translation.tokens == most
        else:
            assert translation.tokens < most


@pytest.mark.parametrize(("family", "most"), [("m2m_100", POSITIONS), ("madlad", 512)])
def test_a_text_that_is_too_long_is_not_translated(
    family: str, most: int, converted: Places
) -> None:
    subject = fast(converted(family))
    texts = ["red " * most, "red"]
    long, short = subject.translate(texts, ["uk", "en"], ["de", "de"])
    assert long == Translation("", 0, 0, TranslationFault.SOURCE_TOO_LONG)
    assert [short] == subject.translate(["red"], ["en"], ["de"])


def test_ctranslate2_needs_no_torch(converted: Places) -> None:
    folder = str(converted("m2m_100"))
    program = (
        "import sys\n"
        "from model.translator import TranslatorSpec, load_translator\n"
        f"subject = load_translator(TranslatorSpec(model={folder!r}, threads=1))\n"
        "subject.translate(['red'], ['en'], ['de'])\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_a_sizer_knows_the_batches(
    engine: str, converted: Places, checkpoint: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, kind = {
        "ctranslate2": (converted, ctranslate2_translator._Engine),
        "transformers": (checkpoint, checkpoint_translator._Generation),
    }[engine]
    decoding = Decoding(batch_tokens=60, max_source_tokens=30)
    settings: dict[str, Any] = {"model": str(place("nllb")), "engine": engine, "threads": 1}
    spec = TranslatorSpec(decoding=decoding, **settings)
    texts = [*TEXTS, " ", "red " * 40]
    sources, targets = [*SOURCES, "en", "en"], [*TARGETS, "de", "de"]
    sizes = load_sizer(spec).sizes(texts, sources, targets)
    subject, asked = load_translator(spec), []
    generate = kind.generate

    def counting(self: Any, *given: Any) -> Any:
        asked.append(given)
        return generate(self, *given)

    monkeypatch.setattr(kind, "generate", counting)
    whole = subject.translate(texts, sources, targets)
    assert [len(given[0]) for given in asked] == [len(batch) for batch in sizes.batches]
    together, asked[:] = list(asked), []
    for batch in sizes.batches:
        rows = [(texts[n], sources[n], targets[n]) for n in batch]
        found = subject.translate(*map(list, zip(*rows, strict=True)))
        assert found == [whole[n] for n in batch]
        assert [sizes.tokens[n] for n in batch] == [of.source_tokens for of in found]
    assert asked == together
    assert sizes.tokens[8] == 0
    assert not {8, 9} & {n for batch in sizes.batches for n in batch}


def test_sizing_holds_the_tokens_of_some_texts_alone(
    converted: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizer = load_sizer(TranslatorSpec(model=str(converted("nllb"))))
    texts = [" ".join(["red"] * (number % 7 + 1)) for number in range(5_000)]
    asked = (texts, ["en"] * 5_000, ["de", "fr"] * 2_500)
    held = []
    for at_once in (10_000, 500):
        monkeypatch.setattr(batched_translator, "_SIZED_AT_ONCE", at_once)
        tracemalloc.start()
        sizes = sizer.sizes(*asked)
        held.append((sizes, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()
    (whole, most), (parted, less) = held
    assert parted == whole
    assert less < most / 2


def test_a_sizer_of_a_converted_model_needs_no_engine(converted: Places) -> None:
    folder = str(converted("m2m_100"))
    program = (
        "import sys\n"
        "from model.translator import TranslatorSpec, load_sizer\n"
        f"sizes = load_sizer(TranslatorSpec(model={folder!r})).sizes(['red'], ['en'], ['de'])\n"
        "print([name for name in ('ctranslate2', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_nothing_in_nothing_out(converted: Places) -> None:
    assert fast(converted("m2m_100")).translate([], [], []) == []


def test_pairs_are_those_of_the_model(converted: Places) -> None:
    many, one = fast(converted("m2m_100")), fast(converted("marian"))
    assert all(many.translates(a, b) == (a != b) for a in ALL for b in ALL)
    assert [(a, b) for a in ALL for b in ALL if one.translates(a, b)] == [("en", "de")]
    assert not many.translates("en", "und")
    with pytest.raises(ValueError, match=r"does not translate from de to en, but from en to de$"):
        one.translate(["rot"], ["de"], ["en"])
    with pytest.raises(ValueError, match="2 texts must have as many sources and targets, got 1"):
        one.translate(["a", "b"], ["en"], ["de", "de"])


def test_a_spec_narrows_the_pairs(converted: Places) -> None:
    subject = fast(converted("nllb"), sources=("en",), targets=("de", "no"))
    assert [(a, b) for a in ALL for b in ALL if subject.translates(a, b)] == [
        ("en", "de"),
        ("en", "no"),
    ]
    with pytest.raises(ValueError, match="the targets of marian are de; got fr"):
        fast(converted("marian"), targets=("fr",))


def test_a_marian_model_of_many_targets_is_told_which(tmp_path: Path) -> None:
    made = translators.marian(
        tmp_path / "many", ["deu", "nob", "ces", "zho_Hans"], target_lang="mul"
    )
    convert_checkpoint(str(made), tmp_path / "out", quantization="float32")
    subject = fast(tmp_path / "out")
    assert [code for code in ALL if subject.translates("en", code)] == ["zh", "de", "no"]
    rows = [ENGLISH] * 3, ["en"] * 3, ["zh", "de", "no"]
    assert subject.translate(*rows) == slow(made).translate(*rows)
    assert read_manifest(tmp_path / "out").tags.targets["no"] == ">>nob<<"


def test_a_marian_model_must_say_its_languages(tmp_path: Path) -> None:
    made = translators.marian(tmp_path / "opus", source_lang="roa", target_lang="en")
    convert_checkpoint(str(made), tmp_path / "out", quantization="float32")
    with pytest.raises(ValueError, match=r"opus does not say which .* state its sources"):
        fast(tmp_path / "out")
    subject = fast(tmp_path / "out", sources=("fr", "es"))
    assert subject.translates("es", "en")
    assert not subject.translates("de", "en")
    assert subject.translate(["rojo"], ["es"], ["en"])[0].tokens


def test_a_translator_is_known_before_it_is_loaded(
    checkpoint: Places, converted: Places, tmp_path: Path
) -> None:
    """By its checkpoint's name, wherever the folder lies, and by its content."""
    moved = tmp_path / "elsewhere"
    shutil.copytree(converted("nllb"), moved)
    spec = TranslatorSpec(model=str(moved))
    known = identify(spec)
    assert known == identify(TranslatorSpec(model=str(converted("nllb"))))
    assert (known.name, known.family) == ("nllb", "nllb")
    assert (fast(moved).name, fast(moved).revision) == (known.name, known.revision)
    assert read_manifest(moved).revision == slow(checkpoint("nllb")).revision
    convert_checkpoint(str(checkpoint("nllb")), tmp_path / "int8", quantization="int8")
    assert identify(TranslatorSpec(model=str(tmp_path / "int8"))).revision != known.revision
    reference = TranslatorSpec(model=str(checkpoint("nllb")), engine="transformers")
    assert identify(reference).revision == slow(checkpoint("nllb")).revision


def test_a_hubs_model_is_read_at_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the cache, where a machine without a network has it; a branch says something else."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    translators.m2m_100(tmp_path / "models--someone--m2m" / "snapshots" / COMMIT)
    subject = slow(Path("someone/m2m"), revision=COMMIT)
    assert (subject.name, subject.revision) == ("someone/m2m", COMMIT)
    manifest = convert_checkpoint("someone/m2m", tmp_path / "out", commit=COMMIT)
    assert (manifest.name, manifest.revision) == ("someone/m2m", COMMIT)
    rows = [TEXTS[:2], ["en", "de"], ["de", "en"]]
    assert fast(tmp_path / "out").translate(*rows)
    with pytest.raises(ValueError, match="someone/m2m cannot be loaded"):
        slow(Path("someone/m2m"), revision=COMMIT[::-1])


def test_conversion_leaves_all_or_nothing(checkpoint: Places, tmp_path: Path) -> None:
    made = tmp_path / "broken"
    shutil.copytree(checkpoint("m2m_100"), made)
    weights = load_file(made / "model.safetensors")
    del weights["model.decoder.layers.0.fc1.weight"]
    save_file(weights, made / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks weights, 1 in all: model\.decoder\.layers\.0"):
        convert_checkpoint(str(made), tmp_path / "out")
    (made / "sentencepiece.bpe.model").unlink()
    with pytest.raises(ValueError, match=r"has no sentencepiece\.bpe\.model"):
        convert_checkpoint(str(made), tmp_path / "out")
    with pytest.raises(ValueError, match="int8, bfloat16, float32, got int4"):
        convert_checkpoint(str(checkpoint("m2m_100")), tmp_path / "out", quantization="int4")
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
    convert_checkpoint(str(checkpoint("m2m_100")), tmp_path / "out")
    with pytest.raises(ValueError, match="out exists: name a folder that does not"):
        convert_checkpoint(str(checkpoint("m2m_100")), tmp_path / "out")


def test_the_same_checkpoint_gives_the_same_bytes(checkpoint: Places, tmp_path: Path) -> None:
    for name in ("one", "two"):
        convert_checkpoint(str(checkpoint("madlad")), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_other_models_are_no_translators(tmp_path: Path) -> None:
    BartConfig().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"must be M2M-100, .*, got bart"):
        slow(tmp_path)


def test_a_marian_model_of_two_vocabularies_is_refused(tmp_path: Path) -> None:
    made = translators.marian(tmp_path)
    config = (made / "config.json").read_text()
    changed = '"share_encoder_decoder_embeddings": '
    (made / "config.json").write_text(config.replace(f"{changed}true", f"{changed}false"))
    with pytest.raises(ValueError, match="other tokens for targets than for sources"):
        convert_checkpoint(str(made), tmp_path / "out")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"device": "tpu"}, r"cannot run on tpu in dtype auto"),
        ({"device": "cuda:7"}, r"cannot run on cuda:7"),
        ({"engine": "transformers", "device": "tpu"}, "device 'tpu' cannot be used here"),
        ({"engine": "transformers", "dtype": "int8"}, "int8 needs the engine ctranslate2"),
        ({"revision": COMMIT}, "a folder has no revision, got '0123"),
        ({"targets": ("cs",)}, "languages must be of en ar .*; got 'cs'"),
    ],
)
def test_what_cannot_run_is_said(
    settings: dict[str, Any], said: str, checkpoint: Places, converted: Places
) -> None:
    reference = settings.get("engine") == "transformers"
    with pytest.raises(ValueError, match=said):
        fast((checkpoint if reference else converted)("m2m_100"), **settings)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("translator.json", "{", "translator.json is damaged: convert the checkpoint again"),
        ("translator.json", '{"format": 1}', "translator.json is damaged"),
        ("translator.json", "{}", "was converted by another version of pairmill"),
        ("source.model", "no model", "source.model is no SentencePiece model"),
        ("source.model", None, "source.model is no SentencePiece model"),
    ],
)
def test_a_file_that_is_damaged_is_named(
    name: str, content: str | None, said: str, tmp_path: Path
) -> None:
    model = shutil.copytree(TINY, tmp_path / "tiny")
    (model / name).unlink()
    if content is not None:
        (model / name).write_text(content)
    with pytest.raises(ValueError, match=said):
        load_sizer(TranslatorSpec(model=str(model)))


def test_a_checkpoint_must_be_converted_first(checkpoint: Places) -> None:
    for model in (str(checkpoint("nllb")), "facebook/m2m100_418M"):
        with pytest.raises(ValueError, match=f"run pairmill convert-translator {model} OUT"):
            TranslatorSpec(model=model)


@pytest.mark.parametrize("revision", [None, "main", COMMIT[:7], COMMIT.upper()])
def test_a_hubs_model_needs_a_commit(revision: str | None) -> None:
    with pytest.raises(ValueError, match="must be a commit, 40 hex digits"):
        TranslatorSpec(model="facebook/m2m100_418M", engine="transformers", revision=revision)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"beam_size": 0}, "beam_size must be at least 1, got 0"),
        ({"batch_tokens": 0}, "batch_tokens must be at least 1, got 0"),
        ({"max_source_tokens": 0}, "max_source_tokens must be at least 1, got 0"),
        ({"no_repeat_ngram_size": 1}, "no_repeat_ngram_size must be 0 or at least 2"),
        ({"max_length_ratio": 0.0}, "max_length_ratio must be over 0, got 0.0"),
        ({"max_length_ratio": float("nan")}, "max_length_ratio must be over 0, got nan"),
    ],
)
def test_impossible_decoding_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Decoding(**settings)


@pytest.mark.parametrize(
    ("engine", "missing", "extras"),
    [
        ("ctranslate2", "ctranslate2", "translate"),
        ("ctranslate2", "sentencepiece", "translate"),
        ("transformers", "torch", "translate,train"),
    ],
)
def test_a_missing_extra_is_named(
    engine: str,
    missing: str,
    extras: str,
    checkpoint: Places,
    converted: Places,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = (checkpoint if engine == "transformers" else converted)("m2m_100")
    monkeypatch.setitem(sys.modules, missing, None)
    for name in [name for name in sys.modules if name.startswith("model.")]:
        if name not in ("model.translator", "model.translation_manifest", "model.teacher"):
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'pairmill\[{extras}\]'"):
        load_translator(TranslatorSpec(model=str(folder), engine=engine))
