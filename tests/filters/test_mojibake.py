import pytest

from filters.mojibake import is_mojibake

SOUND = """
Une étoile rouge à côté d’un carré
ein großer grüner Kreis
żółta gwiazda po lewej
красный круг слева
моєї її надії «тут» – Україна
دائرة حمراء
लाल वृत्त
বাম দিকে লাল বৃত্ত
วงกลมสีแดง
左边是红色的圆
왼쪽에 빨간 원
წითელი წრე
ένας κόκκινος κύκλος
küçük kırmızı yıldız
hình tròn màu đỏ
liels zaļš aplis
o stea roșie și una verde
""".strip().splitlines()
LEGITIMATE = ["“MAÇÃ”", "MENÚ»", "OSLØ–BERGEN", "CAFÉ…", "5 Å²", "№ 5 — ПОЇЗД", "│ a ─ b │"]


def windows_1252(text: str) -> str:
    """UTF-8 as browsers read it in that table, where five bytes are controls."""
    undefined = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    return "".join(
        chr(byte) if byte in undefined else bytes([byte]).decode("cp1252") for byte in text.encode()
    )


@pytest.mark.parametrize("text", SOUND)
def test_utf8_by_another_table_is_told_from_text(text: str) -> None:
    assert not is_mojibake(text)
    assert is_mojibake(windows_1252(text))
    assert is_mojibake(text.encode().decode("latin-1"))
    assert is_mojibake(text.encode().decode("cp1251", "replace"))


@pytest.mark.parametrize("text", LEGITIMATE)
def test_capitals_before_marks_are_text(text: str) -> None:
    assert not is_mojibake(text)


def test_cyrillic_by_koi8_and_of_one_byte() -> None:
    assert is_mojibake("красный круг".encode().decode("koi8-r"))
    assert is_mojibake("красный круг".encode("cp1251").decode("cp1252"))
