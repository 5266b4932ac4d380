"""URLs, e-mail addresses and telephone numbers in a text."""

import re
from collections.abc import Iterator

from filters.caption_text import DIGIT, CaptionText

# Letters and digits, without those of scripts that put no space around a foreign word.
_W = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_NAME = rf"{_W}(?:{_W}|-){{0,62}}"
_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|mobi|online|shop|store|app|dev|blog|website|xyz|club"
    "|co\\.(?:uk|jp|kr|in|id|nz|za|il|th)|com\\.(?:br|au|tr|cn|mx|ar|ua|vn|hk|tw|sg|pl|my|co|pk|bd)"
    "|org\\.uk|ac\\.uk|gov\\.uk|or\\.(?:jp|kr|th|id)|ne\\.jp|go\\.(?:jp|kr|th|id)"
)
_URL = re.compile(
    rf"\b(?:https?|ftp)\s?:\s?//\S|(?<!{_W})www\.{_NAME}\."
    rf"|(?<![@.\-])(?<!{_W})(?:{_NAME}\.){{1,8}}(?:{_DOMAINS}|{_DOMAINS.upper()})(?!{_W}|@|-{_W})"
    rf"|(?<![@.\-/])(?<!{_W})[A-Za-z0-9-]{{2,63}}\.[a-z]{{2,6}}/[A-Za-z0-9_~%-]*[a-z0-9]",
)
_TO_ITS_END = re.compile(
    rf"(?:[a-z]+\s?:\s?//)?\s?(?:www\.)?((?:{_W}|[\-.~:/?#@!$&'*+,;=%|])*)", re.IGNORECASE
)
_DOTTED = re.compile(r"\.\w")
_AT = r"(?:@|\s?[\[(]\s?(?:at|AT|@)\s?[\])]\s?)"
_DOT = r"(?:\.|\s?[\[(]\s?(?:dot|DOT)\s?[\])]\s?)"
_EMAIL = re.compile(
    rf"(?<![.+%-])(?<!{_W})(?:{_W}|[.+%'-]){{1,64}}{_AT}(?:{_NAME}{_DOT}){{1,8}}(?:(?!\d){_W}){{2,24}}"
)
_CUE = re.compile(
    r"(?:\b(?:t[eé]l[eéè]?(?:fon[oea]?|phone|foon|efoni)?|tlf|tfno|phone|mobile?|cell|fax|call|whats"
    r"app|viber|ring(?:a|en)?|handy|rufnummer|chiamare|llame|ligue|appele[zr]|zadzwoń|puh(?:elin)?"
    r"|soita|bel|zvan[iī]t|tālr|volajte|telp|hubungi|hp|sđt|đt|gọi|тел|телефон\w*|звон\w*|моб"
    r"|τηλ\w*)\b|[☎☏✆📞📱]|ტელ|هاتف|تلفون|جوال|اتصل|فون|फ़ोन|फोन|मोबाइल|ফোন|মোবাইল|โทร|เบอร์"
    r"|电话|電話|手机|手機|拨打|携帯|전화|연락처)[^\d\n]{0,12}\Z",
    re.IGNORECASE,
)
_NOT_A_NUMBER_OF_ONE = re.compile(
    r"(?:isbn|issn|ean|doi|pmid|sku|id|n[°ºo]|#|\$|€|£|¥|₹|art|ref|item|model|code)[\s:.#°-]{0,3}\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"(?<![+-])(?<!{_W})(?<!\d[ .,/:])(?:\+\s?|\()?\d(?:[\s().\-/–‑]{{0,3}}\d){{5,16}}"
    rf"(?!{_W}|[%°€$])"
)
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[./\- ]\d{1,2}[./\- ](?:1[5-9]|20)\d\d|\d{1,2}[./]\d{1,2}[./]\d\d"
    r"|(?:1[5-9]|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?!\d)"
    r"|(?<!\d)(?:1[5-9]|20)\d\d\s?[-–/]\s?(?:1[5-9]|20)?\d\d(?!\d)"
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?: \d{3})+|(?:\.\d{3})+)")
_NATIONAL = re.compile(
    r"\(0?\d{2,4}\)[\s.-]?\d[\d\s.-]{4,}"  # (030) 123456
    r"|(?:1[\s.-])?\(?[2-9]\d\d\)?[\s.‑-]\d{3}[\s.‑-]\d{4}"  # North America
    r"|[2-9]\d\d-0\d{3}"  # an exchange there: no range of numbers ends in one that begins with 0
    r"|0\d{9,10}|1[3-9]\d{9}"  # unbroken: mobile telephones, those of China
    r"|0\d{1,4}[\s./‑-](?:\d{2,8}[\s.‑-]?){1,5}"  # a trunk prefix
    r"|8[\s-]?\(\d{3,5}\)[\s-]?\d{1,3}-\d\d-\d\d"  # Russia
    r"|01[0-9]-\d{3,4}-\d{4}|1[3-9]\d[\s-]\d{4}[\s-]\d{4}"
)


def has_url(plain: str) -> bool:
    """Whether there is a URL, or the bare name of a host.

    Of bare names only those below domains that no sentence ends in (`.com`, `.co.uk`), or with a
    path: a missing space makes `house.it` and `ran.no` of sentences.

    Args:
      plain: a caption's `CaptionText.plain`, whose digits are ASCII's.

    >>> [has_url(text) for text in ("on example.org", "www.bbc.co.uk", "a house.it was old")]
    [True, True, False]
    """
    if "//" not in plain and not _DOTTED.search(plain):
        return False
    return _URL.search(plain) is not None


def addresses_in(plain: str) -> list[str]:
    """The URLs, names of hosts and e-mail addresses in a text, as far as two texts must agree.

    Without `https://`, `www.`, a last slash and case.

    Args:
      plain: a caption's `CaptionText.plain`.

    >>> addresses_in("See https://www.Example.org/a?b=1, or mail ana@example.org.")
    ['example.org/a?b=1', 'ana@example.org']
    """
    found: list[str] = []
    if has_url(plain):
        found += _addresses(plain)
    if "@" in plain:
        found += [its[0].lower() for its in _EMAIL.finditer(plain)]
    return found


def _addresses(plain: str) -> Iterator[str]:
    """Those that are no part of another."""
    end = 0
    for its in _URL.finditer(plain):
        if its.start() >= end and (address := _TO_ITS_END.match(plain, its.start())):
            end = address.end()
            yield address[1].lower().rstrip(".,;:!?/'")


def has_personal_data(caption: CaptionText) -> bool:
    """Whether there is an e-mail address or a telephone number.

    A telephone number has a country's prefix, a word before it that says so, or a shape in which
    years, dates, amounts, sizes and ISBNs are not written. So numbers in groups as `601 234 567`
    are missed where nothing says what they are.

    >>> texts = "ana@example.org", "0800 555 111", "1914-1918"
    >>> [has_personal_data(CaptionText.of(text)) for text in texts]
    [True, True, False]
    """
    return next(_personal_data(caption), None) is not None


def without_personal_data(caption: CaptionText) -> str:
    """The caption's `text` with "…" where it has an address or a number.

    >>> without_personal_data(CaptionText.of("Call +44 20 7946 0958!"))
    'Call …!'
    """
    text, parts, at = caption.text, [], 0
    for start, end in sorted(_personal_data(caption)):
        if start >= at:
            parts += [text[at:start], "…"]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _personal_data(caption: CaptionText) -> Iterator[tuple[int, int]]:
    """Where addresses and numbers begin and end, in no order."""
    plain = caption.plain
    if "@" in plain or "[" in plain or "(" in plain:
        yield from (found.span() for found in _EMAIL.finditer(plain))
    if DIGIT in caption.classes and _MANY_DIGITS.search(plain):
        for found in _NUMBER.finditer(plain):
            if _is_telephone(found[0], plain[max(0, found.start() - 30) : found.start()]):
                yield found.span()


_MANY_DIGITS = re.compile(r"[0-9](?:[^0-9]{0,4}[0-9]){5}")


def _is_telephone(number: str, before: str) -> bool:
    """Whether `number`, digits and what parts them, is one, after the text `before` it."""
    digits = sum(map(str.isdigit, number))
    if _NOT_A_NUMBER_OF_ONE.search(before) or _DATE.search(number) or digits > 15:
        return False
    if number.startswith("+") or (number.startswith("00") and number[2:3] not in "0"):
        return digits >= 8
    if _CUE.search(before):
        return True
    if _THOUSANDS.fullmatch(number) or not 7 <= digits <= 12:
        return False
    return _NATIONAL.fullmatch(number) is not None and (digits >= 9 or number[3:5] == "-0")
