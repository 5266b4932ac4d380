"""In which scripts is a text written? Letters counted for whole columns at once.

Ranges are Unicode 16's blocks, cut to letters and the marks that belong to them.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

_RANGES: dict[str, str] = {
    "Latn": "41-5A 61-7A AA BA C0-D6 D8-F6 F8-2AF 300-36F 1D00-1DBF 1E00-1EFF 2C60-2C7F A722-A7FF "
    "AB30-AB64",
    "Cyrl": "400-52F 1C80-1C8F 2DE0-2DFF A640-A69F",
    "Arab": "620-65F 670-6D3 6D5-6DC 6DF-6E8 6EA-6EF 6FA-6FF 750-77F 870-88E 8A0-8FF",
    "Deva": "900-963 970-97F A8E0-A8FF",
    "Hani": "3005-3007 3400-4DBF 4E00-9FFF F900-FAFF 20000-323AF",
    "Kana": "3041-3096 309D-309F 30A1-30FA 30FC-30FF 31F0-31FF",
    "Hang": "1100-11FF 3131-318E A960-A97C AC00-D7A3 D7B0-D7FB",
    "Thai": "E01-E3A E40-E4E",
    "Geor": "10A0-10FF 1C90-1CBF 2D00-2D2D",
    "Grek": "370-3FF 1F00-1FFF",
    "Beng": "980-9E3 9FC-9FE",
    "Hebr": "5D0-5F2 591-5C7",
    "Armn": "531-587",
    "Guru": "A00-A65 A70-A75",
    "Gujr": "A80-AE3 AF9-AFF",
    "Orya": "B00-B63 B71",
    "Taml": "B80-BE5",
    "Telu": "C00-C63",
    "Knda": "C80-CE3",
    "Mlym": "D00-D63 D7A-D7F",
    "Sinh": "D80-DF3",
    "Laoo": "E81-ECE EDC-EDF",
    "Tibt": "F00 F40-FBC",
    "Mymr": "1000-103F 1050-108F AA60-AA7F",
    "Ethi": "1200-135F 1380-138F 2D80-2DDF",
    "Cher": "13A0-13FD AB70-ABBF",
    "Khmr": "1780-17D3",
    "Mong": "1820-18AA",
}
"""Hexadecimal code points by ISO 15924 code; `Kana` stands for both syllabaries."""

SCRIPTS: tuple[str, ...] = tuple(_RANGES)

_LATN, _HANI, _KANA, _HANG = (SCRIPTS.index(name) for name in ("Latn", "Hani", "Kana", "Hang"))
_NO_SCRIPT = len(SCRIPTS)
_EAST_ASIAN = 3  # letters of the Latin script that say as much as one of its characters
_OTHER = 2  # beside which names and brands stand in Latin letters: few of its own are telling

_ONLY_JAPANESE = (
    "気円図広対売読働込畑峠駅関発変続戦応帰歩渋桜経県鉄転検験営労覚楽薬権観歓児両択沢訳駆剣険圏団囲塩実"
    "総縁縄絵継緑稲穂粋拡挙悪毎砕釈黒雑霊髪鶏辺払仏単厳巣弾徴徳恵戻抜拝掲揺撃斎暦枠栃栄桟検様横歯歳毒"
    "涙渇温滝焼犠獣瓶畳稲竜糸経総繊翻聴臓芸荘萌蔵覧触訳謡譲豊転辞辻郎酔醸釈鋭錬鎮陥隠霊頼顔駅騒験髄鬱"
)
_ALSO_CHINESE = "毒温糸翻萌辞郎鬱横栃荘歳辻顔沢鋭隠掲"
_ONLY_ASSAMESE = "ৰৱ"


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters of a column of texts; every array has shape [texts].

    Attributes:
      script: index in `SCRIPTS` of the main one; -1 where there are no letters. For this an East
        Asian letter counts thrice and any other that is not Latin twice, since names and brands
        keep their Latin letters anywhere. Han beside kana is `Kana`.
      count: letters.
      purity: share of the letters, so counted, that is of `script`, in [0, 1].
      han: Chinese characters.
      kana: Japanese syllables.
      told: letters that only Japanese (among Han) or Assamese (among Bengali) has.
    """

    script: NDArray[np.int64]
    count: NDArray[np.int64]
    purity: NDArray[np.float64]
    han: NDArray[np.int64]
    kana: NDArray[np.int64]
    told: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """Texts as one array of code points, each followed by a line feed.

    Attributes:
      points: of all texts; shape [points].
      ends: where each text's line feed stands; shape [texts].
    """

    points: NDArray[np.uint32]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Column":
        """Of texts that have no line feed in them."""
        whole = "".join([f"{text}\n" for text in texts]).encode("utf-32-le", "surrogatepass")
        points = np.frombuffer(whole, np.uint32)
        return cls(points, np.flatnonzero(points == ord("\n")))


def plain(text: str) -> str:
    r"""What of `text` bears on its language: NFKC, lower case, runs of white space as one space.

    Lone surrogates become question marks.

    >>> plain("Ｅine\n  \u0041\u0308pfel\ud800")
    'eine äpfel?'
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    if folded.isprintable() and "  " not in folded:  # then all white space is single spaces
        return folded.strip(" ")
    line = " ".join(folded.replace("\0", " ").split())
    try:
        line.encode()
    except UnicodeEncodeError:
        return line.encode("utf-8", "replace").decode()
    return line


def letters_of(column: Column) -> Letters:
    """Counts the letters of each text by script.

    >>> found = letters_of(Column.of(["東京タワー", "привет, bob", "42"]))
    >>> [SCRIPTS[n] if n >= 0 else "" for n in found.script], found.purity.round(2).tolist()
    (['Kana', 'Cyrl', ''], [1.0, 0.8, 0.0])
    """
    rows, counts = _counted(column)
    told = np.bincount(rows[_telling_table()[column.points]], minlength=len(counts))
    han, kana = counts[:, _HANI].copy(), counts[:, _KANA].copy()
    total = counts.sum(axis=1)
    weighed = counts * _weights()
    is_japanese = kana > 0
    weighed[is_japanese, _KANA] += weighed[is_japanese, _HANI]
    weighed[is_japanese, _HANI] = 0
    script = np.where(total > 0, weighed.argmax(axis=1), -1)
    purity = weighed.max(axis=1, initial=0) / np.maximum(weighed.sum(axis=1), 1)
    return Letters(script, total, purity, han, kana, told)


def weighed_letters(column: Column) -> NDArray[np.int64]:
    """The letters of each text by script, weighed as for `Letters`; [texts, scripts].

    >>> weighed_letters(Column.of(["東京 bar"]))[0, [SCRIPTS.index("Hani"), SCRIPTS.index("Latn")]]
    array([6, 3])
    """
    return _counted(column)[1] * _weights()


def _counted(column: Column) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The text of each code point, [points], and letters by text and script, [texts, scripts]."""
    texts, kinds = len(column.ends), _NO_SCRIPT + 1
    rows = np.repeat(np.arange(texts), np.diff(column.ends, prepend=-1))
    scripts = script_table()[column.points]
    counts = np.bincount(rows * kinds + scripts, minlength=texts * kinds).reshape(texts, kinds)
    return rows, counts[:, :_NO_SCRIPT]


def _weights() -> NDArray[np.int64]:
    weights = np.full(_NO_SCRIPT, _OTHER)
    weights[_LATN] = 1
    weights[[_HANI, _KANA, _HANG]] = _EAST_ASIAN
    return weights


@cache
def script_table() -> NDArray[np.uint8]:
    """Index in `SCRIPTS` by code point, or their number where it is no letter."""
    table = np.full(0x110000, _NO_SCRIPT, np.uint8)
    for number, ranges in enumerate(_RANGES.values()):
        for span in ranges.split():
            first, _, last = span.partition("-")
            table[int(first, 16) : int(last or first, 16) + 1] = number
    return table


@cache
def _telling_table() -> NDArray[np.bool_]:
    """Whether it is a letter that tells one of a script's languages, by code point."""
    table = np.zeros(0x110000, np.bool_)
    for letter in (set(_ONLY_JAPANESE) - set(_ALSO_CHINESE)) | set(_ONLY_ASSAMESE):
        table[ord(letter)] = True
    return table
