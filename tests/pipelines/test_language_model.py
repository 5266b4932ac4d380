"""The model on real captions, on hostile texts, and where it comes from."""

import pickle
import shutil
import unicodedata
from pathlib import Path

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.language import LanguageFault, LanguageRules, judge_language
from pipelines.errors import RecipeError
from pipelines.language_model import LanguageModel, close_models, embedded_model, ngram_models
from schemas.languages import ALL, UNKNOWN

MODEL = LanguageModel()
RULES = LanguageRules()

CAPTIONS = {
    "en": "A dog is running across the snowy field",
    "ar": "كلب يركض في حقل مغطى بالثلوج",
    "bn": "বরফে ঢাকা মাঠে একটি কুকুর দৌড়াচ্ছে",
    "zh": "一只狗在雪地里奔跑",
    "da": "En hund løber hen over en mark med sne, mens børnene leger",
    "nl": "Een hond rent door het besneeuwde veld",
    "fi": "Koira juoksee lumisen pellon poikki",
    "fr": "Un chien court dans un champ enneigé",
    "ka": "ძაღლი გარბის დათოვლილ მინდორზე",
    "de": "Ein Hund läuft über das verschneite Feld",
    "el": "Ένας σκύλος τρέχει στο χιονισμένο χωράφι",
    "hi": "एक कुत्ता बर्फीले मैदान में दौड़ रहा है",
    "id": "Seekor anjing berlari melintasi lapangan bersalju karena senang",
    "it": "Un cane corre attraverso il campo innevato",
    "ja": "犬が雪原を走っている",
    "ko": "개가 눈 덮인 들판을 달리고 있다",
    "lv": "Suns skrien pāri sniegotam laukam",
    "no": "En hund løper over jordet mens jentene ser etter noe å leke med",
    "pl": "Pies biegnie przez zaśnieżone pole",
    "pt": "Um cão corre pelo campo coberto de neve",
    "ro": "Un câine aleargă pe câmpul acoperit de zăpadă",
    "ru": "Собака бежит по заснеженному полю",
    "sk": "Pes beží cez zasnežené pole a chlapec sa naň pozerá",
    "es": "Un perro corre por el campo cubierto de nieve",
    "sv": "En hund springer över det snötäckta fältet",
    "th": "สุนัขกำลังวิ่งข้ามทุ่งหิมะ",
    "tr": "Bir köpek karlı tarlada koşuyor",
    "uk": "Собака біжить засніженим полем",
    "ur": "ایک کتا برف سے ڈھکے میدان میں دوڑ رہا ہے",
    "vi": "Một con chó đang chạy qua cánh đồng tuyết",
}
FOREIGN = {
    "cs": "Dívka čte knihu, která leží před ní na stole",
    "nn": "Ho veit ikkje kva dei gjer heime hjå oss",
    "ms": "Kereta itu berhampiran dengan kedai basikal kerana hujan",
    "fa": "دختر زیر درخت بزرگ کتاب می‌خواند",
    "be": "Дзяўчынка чытае кнігу пад вялікім дрэвам",
    "he": "כלב רץ בשדה מושלג",
}


def test_captions_are_of_all_30() -> None:
    assert set(CAPTIONS) == set(ALL)


@pytest.mark.parametrize("language", ALL)
def test_each_language_is_known_by_a_caption(language: str) -> None:
    guess = MODEL.identify([CAPTIONS[language]])[0]
    assert guess.shares[0][0] == language
    assert judge_language(guess, UNKNOWN, RULES).fault is None


@pytest.mark.parametrize("language", ALL)
def test_the_right_language_stated_passes_and_english_is_caught(language: str) -> None:
    guess = MODEL.identify([CAPTIONS[language]])[0]
    assert judge_language(guess, language, RULES).fault is None
    wrong = "de" if language == "en" else "en"
    assert judge_language(guess, wrong, RULES).fault is LanguageFault.DISAGREES


@pytest.mark.parametrize("language", FOREIGN)
def test_languages_near_ours_are_none_of_ours(language: str) -> None:
    verdict = judge_language(MODEL.identify([FOREIGN[language]])[0], UNKNOWN, RULES)
    assert (verdict.language, verdict.fault) == (language, LanguageFault.FOREIGN)


@pytest.mark.parametrize("text", ["", "42", "😀", "\n", "-", "\0", "\ud800"])
def test_texts_without_letters_say_nothing(text: str) -> None:
    assert MODEL.identify([text])[0].shares == ()


def test_capitals_and_line_breaks_say_nothing() -> None:
    texts = list(CAPTIONS.values())
    shouted = [
        text.upper().replace(" ", " \r\n ")
        for text in texts
        if text.upper().lower() == text.lower()
    ]
    quiet = [text for text in texts if text.upper().lower() == text.lower()]
    assert MODEL.identify(shouted) == MODEL.identify(quiet)


TEXTS = st.text(st.characters(), max_size=60) | st.lists(
    st.sampled_from([word for text in CAPTIONS.values() for word in text.split()]), max_size=9
).map(" ".join)


@settings(deadline=None)
@given(TEXTS, st.sampled_from([*ALL, UNKNOWN, "cs"]))
def test_unicode_forms_never_change_a_verdict(text: str, stated: str) -> None:
    forms = [text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD"))]
    verdicts = {judge_language(guess, stated, RULES) for guess in MODEL.identify(forms)}
    assert len(verdicts) == 1


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8))
def test_a_guess_does_not_depend_on_the_texts_beside_it(texts: list[str]) -> None:
    assert MODEL.identify(texts) == [MODEL.identify([text])[0] for text in texts]


def test_long_columns_and_long_texts() -> None:
    texts = [*CAPTIONS.values()] * 40
    assert MODEL.identify(texts) == MODEL.identify(texts[:30]) * 40
    assert MODEL.identify([CAPTIONS["de"] * 10_000])[0].shares[0][0] == "de"


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_shares_are_shares_in_order(texts: list[str]) -> None:
    for guess in MODEL.identify(texts):
        shares = [share for _, share in guess.shares]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-6
        assert len({language for language, _ in guess.shares}) == len(shares)


def test_a_model_by_path_speaks_alone(tmp_path: Path) -> None:
    path = shutil.copy(embedded_model(), tmp_path / "own.ftz")
    for place in (str(path), f"file://{path}"):
        own = LanguageModel(place)
        guesses = own.identify([CAPTIONS["de"], CAPTIONS["ru"], CAPTIONS["ko"], ""])
        assert [guess.shares[0][0] for guess in guesses[:3]] == ["de", "ru", "ko"]
        assert guesses[3].shares == ()


def test_a_hub_id_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(*names: str) -> str:
        asked.append(names)
        return embedded_model()

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    LanguageModel("cis-lmu/glotlid")
    LanguageModel("owner/name/v3/model.ftz")
    assert asked == [("cis-lmu/glotlid", "model.bin"), ("owner/name", "v3/model.ftz")]


def test_models_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "no.bin").write_bytes(b"no model")
    with pytest.raises(RecipeError, match=r"no\.bin"):
        LanguageModel(str(tmp_path / "no.bin"))
    with pytest.raises(RecipeError, match=r"there is no file .*absent\.bin"):
        LanguageModel(str(tmp_path / "absent.bin"))


def test_a_hub_id_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*names: str) -> str:
        raise LocalEntryNotFoundError("no network")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(RecipeError, match="there is no owner/name: no network"):
        LanguageModel("owner/name")


def test_weights_are_small_and_fit_their_buckets() -> None:
    models = ngram_models()
    assert set(models) == {"Latn", "Cyrl", "Arab", "Deva"}
    assert all(len(set(model.languages)) == len(model.languages) for model in models.values())


def test_close_languages_are_among_those_of_their_script() -> None:
    models = ngram_models()
    close = {s: [its.languages for its in models] for s, models in close_models().items()}
    assert close == {"Latn": [("da", "no", "nn", "sv"), ("id", "ms")]}
    assert all(set(codes) < set(models[s].languages) for s, its in close.items() for codes in its)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("en gammel sejlbåd ved kajen", "da"),
        ("en gammel seilbåt ved kaia", "no"),
        ("ein gamal seglbåt ved kaia", "nn"),
        ("en gammal segelbåt vid kajen", "sv"),
        ("Perempuan itu menjual sayur di pasar", "id"),
        ("Kanak-kanak menaiki basikal ke sekolah", "ms"),
    ],
)
def test_short_captions_in_close_languages(text: str, language: str) -> None:
    assert MODEL.identify([text])[0].shares[0][0] == language


def test_rules_travel() -> None:
    assert pickle.loads(pickle.dumps(RULES)) == RULES
