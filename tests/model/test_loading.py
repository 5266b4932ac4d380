import io
import tarfile

import pytest
import torch
from PIL import Image
from transformers import SiglipImageProcessorPil

from model.evaluation_sets import DataError
from model.fitting import PictureFit
from model.loading import PieceReader, PlannedPiece
from model.pictures import decode_picture
from model.samples import ImageSet, Pair, TextTuple
from tests.model.packed import Packed, encoded, write_pairs
from tests.model.test_fitting import drawn
from tests.model.tiny import TEXTS, tiny_tokenizer

SIZE = 32
LENGTH = 12


def reader(**settings: object) -> PieceReader:
    return PieceReader(tiny_tokenizer(), LENGTH, PictureFit(SIZE, crops=False, **settings))


def packed(folder, *bodies: bytes) -> list[Pair]:
    """Pairs of these pictures."""
    pictures = [
        Packed(f"{n:032x}", [("en", TEXTS[n % len(TEXTS)])], body) for n, body in enumerate(bodies)
    ]
    images = ImageSet(write_pairs(f"{folder}", pictures, 2), 1)
    return [pair for block in range(len(images.blocks)) for pair in images.read(block, "")]


def body_of(image: Image.Image, form: str, **settings: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, form, **settings)
    return sink.getvalue()


@pytest.mark.parametrize(("form", "settings"), [
    ("JPEG", {"quality": 92}), ("PNG", {}), ("WEBP", {"quality": 92}),
    ("WEBP", {"lossless": True}),
])  # fmt: skip
def test_pictures_as_the_model_sees_them_in_use(tmp_path, form, settings):
    """Near to Pillow's decoder and transformers' processor, colours in the same order."""
    bodies = [body_of(drawn(*size), form, **settings) for size in ((80, 60), (32, 32), (50, 70))]
    bodies.append(body_of(drawn(40, 40).convert("L"), form, **settings))
    piece = reader()[PlannedPiece(packed(tmp_path, *bodies), [], "")]
    processor = SiglipImageProcessorPil(size={"height": SIZE, "width": SIZE})
    wanted = processor(
        [decode_picture(body) for body in bodies],
        do_rescale=False, do_normalize=False, return_tensors="pt",
    )  # fmt: skip
    assert piece.pixels.dtype == torch.uint8
    assert piece.pixels.shape == (4, 3, SIZE, SIZE)
    differences = (piece.pixels.float() - wanted["pixel_values"].float()).abs().mean((1, 2, 3))
    assert differences.max() < 3.0
    exact = (piece.pixels[1].float() - wanted["pixel_values"][1].float()).abs()
    assert exact.mean() < 0.7  # decoded, and not resized


def test_texts_in_their_order():
    texts = [
        TextTuple(f"part:{n}", f"anchor {n}", f"positive {n}", (f"first {n}", f"second {n}"))
        for n in range(3)
    ]
    piece = reader()[PlannedPiece([], texts, "")]
    tokenizer = tiny_tokenizer()
    words = ["anchor 0", "anchor 1", "anchor 2", "positive 0", "positive 1", "positive 2"]
    words += [f"{which} {n}" for n in range(3) for which in ("first", "second")]
    wanted = tokenizer(words, padding=True, truncation=True, max_length=LENGTH)
    assert piece.input_ids.tolist() == wanted["input_ids"]
    assert piece.attention_mask.tolist() == wanted["attention_mask"]
    assert (piece.pairs, piece.anchors, piece.negatives) == (0, 3, 2)
    assert piece.pixels.shape == (0, 3, SIZE, SIZE)
    assert piece.names == ["part:0", "part:1", "part:2"]


def test_captions_stand_before_texts(tmp_path):
    pairs = packed(tmp_path, *(encoded(n) for n in range(3)))
    texts = [TextTuple("part:0", "anchor", "positive", ())]
    piece = reader()[PlannedPiece(pairs, texts, "")]
    wanted = tiny_tokenizer()(
        [*TEXTS[:3], "anchor", "positive"], padding=True, truncation=True, max_length=LENGTH
    )
    assert piece.input_ids.tolist() == wanted["input_ids"]
    assert (piece.pairs, piece.anchors, piece.negatives) == (3, 1, 0)
    assert piece.names == [*(pair.name for pair in pairs), "part:0"]
    assert piece.input_ids.shape[1] <= LENGTH


def test_parts_are_drawn_by_salt_and_name(tmp_path):
    body = body_of(drawn(80, 60), "PNG")
    pairs = packed(tmp_path, body, body)
    made = reader(smallest_crop=0.3)
    one, again, other = (made[PlannedPiece(pairs, [], salt)].pixels for salt in "aab")
    assert (one == again).all()
    assert (one != other).any()
    assert (one[0] != one[1]).any()
    alone = made[PlannedPiece(pairs[1:], [], "a")].pixels
    assert (alone[0] == one[1]).all()


@pytest.mark.parametrize("body", [b"no picture at all", b"", encoded(1)[:60]])
def test_a_broken_picture_is_named(tmp_path, body):
    pairs = packed(tmp_path, encoded(0), body)
    with pytest.raises(DataError, match=rf"00000.tar must hold the picture {1:032x} in") as raised:
        reader()[PlannedPiece(pairs, [], "")]
    with tarfile.open(tmp_path / "train" / "00000.tar") as tar:
        assert f"{len(body)} bytes at {tar.getmembers()[1].offset_data}," in str(raised.value)


def test_padding_stands_by_chance_for_tokens_but_not_for_special_ones(tmp_path):
    image_fit = PictureFit(SIZE, crops=False)
    dropping = PieceReader(tiny_tokenizer(), LENGTH, image_fit, token_dropout=0.5)
    texts = [TextTuple(f"p:{n}", f"anchor {n}", f"positive {n}", ()) for n in range(40)]
    whole = reader()[PlannedPiece([], texts, "s")]
    told = dropping[PlannedPiece([], texts, "s")]
    assert torch.equal(told.attention_mask, whole.attention_mask)
    dropped = told.input_ids != whole.input_ids
    assert (told.input_ids[dropped] == tiny_tokenizer().pad_token_id).all()
    assert not dropped[whole.attention_mask == 0].any()
    inner = whole.attention_mask.sum() - 2 * len(whole.input_ids)
    assert 0.4 < dropped.sum() / inner < 0.6
    assert not dropped[:, 0].any()
    lasts = whole.attention_mask.sum(1) - 1
    assert not dropped[torch.arange(len(lasts)), lasts].any()
    again, other = (dropping[PlannedPiece([], texts[20:], salt)] for salt in "st")
    assert torch.equal(again.input_ids[:20], told.input_ids[20:40])
    assert not torch.equal(other.input_ids, again.input_ids)


def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same(tmp_path):
    bodies = [body_of(drawn(*size), "JPEG", quality=92) for size in ((600, 400), (260, 900))]
    piece = reader()[PlannedPiece(packed(tmp_path, *bodies), [], "")]
    processor = SiglipImageProcessorPil(size={"height": SIZE, "width": SIZE})
    wanted = processor(
        [decode_picture(body) for body in bodies],
        do_rescale=False, do_normalize=False, return_tensors="pt",
    )  # fmt: skip
    differences = (piece.pixels.float() - wanted["pixel_values"].float()).abs().mean((1, 2, 3))
    assert differences.max() < 3.0
