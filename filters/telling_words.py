"""Common words, and letters, that some of a group of close languages have and the others have not.

N-grams of three and four letters blur them. They are looked for only where the text is in one of
the group, so what other languages make of the same letters does not matter. One letter stands for
itself anywhere in a word.
"""

import re
from collections.abc import Mapping

_SCANDINAVIAN = {
    "nn": """
        ikkje noko nokon nokre kva kven korleis kvifor frå vore vere berre mykje meir heim
        heime eg ein ei eit dei deira dykk dykkar sjølv sjølve eigen eiga gong gonger vegen
        vatn vatnet kyrkje kyrkja skule skulen skular blome blomar vindauge vindauget mjølk
        gjer gjev kjem høyrer køyrer byggjer leikar leiker søv ligg fleire òg kvarandre
        fridom raud raude raudt kvit kvite tryggleik kjærleik mogleg einkvan verda heilt sjå
        inga gjere velje eitt einskild einskilde annan anten døme morgon månad hovud ukjend
        attende offentlege
    """,
    "no": """
        ble blitt noen noe hva mye igjen uke uken kvinne kvinnen jente jenta gutt gutten vei
        veien sier hvordan hvorfor melk vindu skole kjærlighet gjør leker løper
        fikk gikk fremdeles veldig tilbake hennes utenfor hvit vann
    """,
    "da": """
        af sagde blev efter sig havde op ud sidste mere meget siger nu mig vores end bliver
        blive blevet været noget fik uden hvad ind nogle hendes gik anden uge mellem mand
        give arbejde igen gav tage os hende lige gøre hjælpe finde måde bedste næste kvinde
        dig endnu ændre tager hjælp børnene dreng drengen drenge pige pigen piger gade vej
        bog bøger træ træer sne cykel sø hvid bjerg æble skov vindue mælk
    """,
    "no nn": """
        av etter seg meg deg hadde ut opp inn mot litt mann oss gi ta løpet bok bøker snø
        sykkel trær fjell sjø båt skog
    """,
    "no da": """
        ikke jeg hun fra hvor hvis være bare en kommer hører sover rød skole hjem kirke gang selv
        flere hverandre kærlighed
    """,
}
_MALAY = {
    "ms": """
        kerana bahawa ialah kereta basikal motosikal kedai syarikat mesyuarat televisyen
        universiti kualiti aktiviti komuniti identiti kakitangan kanak emak jururawat doktor
        ubat bas teksi lori kasut seluar stoking cawan tandas almari kerusi pinggan sudu
        katil tingkap berus tuala epal oren tembikai betik mempelam timun isnin khamis ahad
        ogos berhampiran bandar bandaraya salji filem muzik telefon tetapan tetikus berbeza
        sesetengah aiskrim kek jeti merentasi stesen pasu sila tarikh imej projek kolej
        lesen resit arnab zirafah bersalji budak percuma hendaklah sebarang kesemua sahaja
        antarabangsa kerajaan bahagian berkenaan maklumat sesiapa tiada nombor mestilah
        mesej kebangsaan sejagat sekiranya
        lif beg tudung kicap ais minit mac jun julai disember lebuhraya pasaraya muzium tayar
        enjin petrol langsir skrin pensel lapan labah strawberi cili cendawan skirt bumbung siling
        simen konkrit misai berehat berkhemah berkelah pelancong askar empangan terowong tokong
        bilion peratus sukan jurulatih rasmi gabenor fakulti kempen parti kes peguam saintis
        perkhidmatan pengarah setiausaha kemalangan letupan tentera penghawa permaidani cikgu
        jurutera juruterbang akhbar esok bilik kelabu berbual bersembang
    """,
    "id": """
        karena bahwa mobil sepeda toko perusahaan rapat televisi universitas kualitas
        aktivitas komunitas identitas perawat dokter obat bus taksi truk sepatu celana
        cangkir lemari kursi piring sendok jendela handuk apel jeruk semangka pepaya senin
        kamis agustus kota salju musik telepon berbeda kue stasiun vas silakan tanggal
        proyek kelinci jerapah gratis bisa uang kantor coba polisi pria
        delapan desember juni juli maret kemarin besok menit kakek wisatawan turis kupu laba
        wortel cabai jamur stroberi rok sabuk beton semen pabrik museum stadion ban pensil gorden
        kacamata kecap jembatan terowongan bendungan kumis piknik beristirahat tertawa kamar tas
        koran dasi kaos ponsel miliar triliun persen olahraga pelatih resmi gubernur fakultas
        kampanye partai kasus pengacara ilmuwan layanan direktur sekretaris kecelakaan ledakan
        tentara memiliki mengobrol berbicara
    """,
}


_EAST_SLAVIC = {
    "uk": "ї є ґ та що її це від під із він вона вони",
    "be": "ў",
    "ru": "что как это они она из",
    "uk be": "і",
    "ru be": "ы э ё",
    "ru uk bg": "и",
    "ru bg": "ъ",
    "ru uk be": "ь",
    "bg": "със във към който която това се си",
}
_CZECH = {"cs": "ř ě ů", "sk": "ľ ĺ ŕ ô ä"}
_IBERIAN = {"pt": "ã õ", "gl": "unha dunha nunha cunha", "es gl": "ñ"}
_ARABIC = {"ar": "ي ك ة ى", "ur": "ٹ ڈ ڑ ں ے ہ", "ur fa": "پ چ ژ گ ک ی"}
_NAGARI = {"mr": "ळ", "hi": "\u093c"}  # the dot of Hindi's ड़, which NFKC sets apart


def _by_word(lists: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        word: tuple(languages.split())
        for languages, words in lists.items()
        for word in words.split()
    }


_GROUPS = (_SCANDINAVIAN, _MALAY, _EAST_SLAVIC, _CZECH, _IBERIAN, _ARABIC, _NAGARI)

TELLING: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    language: _by_word(group)
    for group in _GROUPS
    for languages in group
    for language in languages.split()
}
"""For each language of a group, what of it has which words and letters."""

_WORDS = {language: {word for word in its if len(word) > 1} for language, its in TELLING.items()}
_LETTERS = {language: its.keys() - _WORDS[language] for language, its in TELLING.items()}
_WORD = re.compile(r"[^\W\d_]+")


def telling_words(text: str, language: str) -> dict[str, int]:
    """How many telling words and letters `text` has of each language in the group of `language`.

    >>> telling_words("eit hus ved elva, og ein båt", "no")
    {'nn': 3, 'no': 1}
    >>> telling_words("собака біжить", "ru")
    {'be': 2, 'bg': 1, 'ru': 2, 'uk': 3}
    """
    languages_of = TELLING[language]
    counts: dict[str, int] = {}
    letters = [letter for letter in _LETTERS[language] if letter in text]
    words = _WORDS[language].intersection(_WORD.findall(text)) if _WORDS[language] else ()
    for token in (*letters, *words):
        for its in languages_of[token]:
            counts[its] = counts.get(its, 0) + 1
    return dict(sorted(counts.items()))
