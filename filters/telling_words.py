"""Common words that some of a group of close languages have and the others have not.

N-grams of three and four letters blur them. They are looked for only where the text is in one of
the group, so what other languages make of the same letters does not matter.
"""

import re
from collections.abc import Mapping

_SCANDINAVIAN = {
    "nn": """ikkje noko nokon nokre kva kven korleis kvifor frå vore vere berre mykje meir heim
        heime eg ein ei eit dei deira dykk dykkar sjølv sjølve eigen eiga gong gonger vegen vatn
        vatnet kyrkje kyrkja skule skulen skular blome blomar vindauge vindauget mjølk gjer gjev
        kjem høyrer køyrer byggjer leikar leiker søv ligg fleire òg kvarandre fridom raud raude
        raudt kvit kvite tryggleik kjærleik mogleg einkvan verda""",
    "no": """ble blitt noen noe hva mye igjen uke uken kvinne kvinnen jente jenta gutt gutten vei
        veien sier hvordan hvorfor melk vindu skole kjærlighet gjør kommer hører leker løper sover
        fikk gikk fremdeles veldig tilbake hennes utenfor hvit rød vann""",
    "da": """af sagde blev efter sig havde op ud sidste mere meget siger nu mig vores end bliver
        blive blevet været noget fik uden hvad ind nogle hendes gik anden uge mellem mand give
        arbejde igen gav tage os hende lige gøre hjælpe finde måde bedste næste kvinde dig endnu
        ændre tager hjælp børnene dreng drengen drenge pige pigen piger gade vej bog bøger træ
        træer sne cykel sø hvid bjerg æble skov vindue mælk hest""",
    "no nn": """av etter seg meg deg hadde ut opp inn mot litt mann oss gi ta løpet bok bøker snø
        sykkel tre trær fjell sjø båt skog""",
    "no da": """ikke jeg hun fra hvor hvis være bare den en skole hjem kirke gang selv flere mere
        hverandre kærlighed""",
}
_MALAY = {
    "ms": """kerana bahawa ialah kereta basikal motosikal kedai syarikat mesyuarat televisyen
        universiti kualiti aktiviti komuniti identiti kakitangan kanak emak jururawat doktor ubat
        bas teksi lori kasut seluar stoking cawan tandas almari kerusi pinggan sudu katil tingkap
        berus tuala epal oren tembikai betik mempelam timun isnin khamis ahad ogos berhampiran
        bandar bandaraya salji filem muzik telefon tetapan tetikus berbeza sesetengah aiskrim kek
        jeti merentasi stesen pasu sila tarikh imej projek kolej lesen resit arnab zirafah
        bersalji budak percuma""",
    "id": """karena bahwa mobil sepeda toko perusahaan rapat televisi universitas kualitas
        aktivitas komunitas identitas perawat dokter obat bus taksi truk sepatu celana cangkir
        lemari kursi piring sendok jendela handuk apel jeruk semangka pepaya senin kamis agustus
        kota salju musik telepon berbeda kue stasiun vas silakan tanggal proyek kelinci jerapah
        gratis bisa uang kantor coba polisi pria""",
}


def _by_word(lists: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        word: tuple(languages.split())
        for languages, words in lists.items()
        for word in words.split()
    }


_SCANDINAVIAN_WORDS = _by_word(_SCANDINAVIAN)
_MALAY_WORDS = _by_word(_MALAY)

TELLING: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "no": _SCANDINAVIAN_WORDS,
    "nn": _SCANDINAVIAN_WORDS,
    "da": _SCANDINAVIAN_WORDS,
    "id": _MALAY_WORDS,
    "ms": _MALAY_WORDS,
}
"""For languages of a group, which of its languages have a word."""

_WORD = re.compile(r"[^\W\d_]+")


def telling_words(text: str, language: str) -> dict[str, int]:
    """How many telling words `text` has of each language of the group that `language` is in.

    >>> telling_words("eit hus ved elva, og ein båt", "no")
    {'nn': 3, 'no': 1}
    """
    languages_of = TELLING[language]
    counts: dict[str, int] = {}
    for word in dict.fromkeys(_WORD.findall(text)):
        for its in languages_of.get(word, ()):
            counts[its] = counts.get(its, 0) + 1
    return counts
