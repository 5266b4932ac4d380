import pytest
import torch

from model.arithmetic import attend_plainly, working_device, working_dtype
from tests.model.tiny import TEXTS, tiny_dual_encoder, tiny_tokenizer


@pytest.mark.parametrize(
    ("able", "wanted", "dtype"),
    [
        ({"avx512_bf16": True}, "auto", torch.bfloat16),
        ({"amx_bf16": True, "avx512_bf16": False}, "auto", torch.bfloat16),
        ({"avx512_bf16": False}, "auto", torch.float32),
        ({}, "auto", torch.float32),
        ({"avx512_bf16": True}, "float32", torch.float32),
        ({}, "bfloat16", torch.bfloat16),
    ],
)
def test_bfloat16_where_the_processor_has_it(
    able: dict[str, bool], wanted: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert working_dtype(wanted, "cpu") == dtype


@pytest.mark.parametrize("has_gpu", [True, False])
def test_the_gpu_where_there_is_one(has_gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert working_device("auto") == ("cuda" if has_gpu else "cpu")
    assert working_device("cpu") == "cpu"


@pytest.mark.parametrize("image", ["vit", "resnet"])
def test_plain_attention_is_the_fused_one(image: str) -> None:
    model = tiny_dual_encoder(image, image_pooling="mean")
    texts = dict(tiny_tokenizer()(TEXTS, padding=True, return_tensors="pt"))
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    fused = model.encode_text(**texts), model.encode_image(pixels)
    attend_plainly(model)
    assert model.text_tower.config._attn_implementation == "eager"
    torch.testing.assert_close(model.encode_text(**texts), fused[0])
    torch.testing.assert_close(model.encode_image(pixels), fused[1])
