from pathlib import Path

import pytest

from model.plan import DataSet, Stage
from model.tokens import learn_tokenizer, texts_of
from schemas.ids import Fold, Folds
from tests.model.packed import Packed, write_pairs

SENTENCES = [
    "A red circle on the left.",
    "Två röda cirklar",
    "左边是三个黄色的大正方形。",
    "下に2つの小さなピンク色のハートがあります。",
    "สามเหลี่ยมสีเหลืองขนาดเล็ก",
    "दो बड़े पीले वर्ग",
]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("A red Circle.", ["a", "red", "circle", "."]),
        ("黄色正方形", ["黄", "色", "正", "方", "形"]),
        ("2つのピンク色", ["2", "つの", "ピンク", "色"]),
        ("Två  röda", ["två", "röda"]),
        ("बड़े पीले", ["बड़े", "पीले"]),
    ],
)
def test_words_are_tokens_and_clauses_are_not(text: str, pieces: list[str]) -> None:
    tokenizer = learn_tokenizer(SENTENCES * 3, 2000)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert [tokenizer.decode([token]) for token in ids] == pieces


def test_a_long_word_without_spaces_is_several_tokens() -> None:
    tokenizer = learn_tokenizer(SENTENCES * 3, 2000)
    pieces = tokenizer.tokenize("สามเหลี่ยมสีเหลืองขนาดเล็ก")
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 30  # a character here is a byte there


@pytest.mark.parametrize("text", ["አማርኛ", "\x00", "🙂", "ß"])
def test_no_text_is_unknown(text: str) -> None:
    tokenizer = learn_tokenizer(SENTENCES, 400)
    assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"]


def test_the_same_texts_give_the_same_tokenizer() -> None:
    one, other = (learn_tokenizer(list(SENTENCES), 500) for _ in range(2))
    assert one.get_vocab() == other.get_vocab()
    assert len(one) == len(one.get_vocab()) <= 500


def test_captions_of_a_fold_that_is_left_out_are_not_read(tmp_path: Path) -> None:
    pictures = [Packed(f"{n:032x}", [("en", f"picture {n}")]) for n in range(20)]
    stage = Stage("one", 1, (DataSet(write_pairs(f"{tmp_path}", pictures, 6)),))
    fold = Fold(1, Folds(2))
    left = [f"picture {n}" for n in range(20) if not fold.has(pictures[n].uid, "")]
    assert list(texts_of(stage, fold)) == left
    assert len(list(texts_of(stage))) == 20
