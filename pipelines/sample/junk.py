"""Texts that are no captions, and captions with something in them that has no place there."""

from pipelines.sample.dice import Dice
from pipelines.sample.foreign import FOREIGN, TAKEN_FOR

JUNK_KINDS = (
    "file-name",
    "boilerplate",
    "personal-data",
    "url",
    "markup",
    "mojibake",
    "repetition",
    "too-short",
)

_FILE_NAMES = (
    "IMG_{n:04d}.jpg",
    "IMG_20{y}0614_{n:04d}.JPG",
    "DSC0{n:04d}.JPG",
    "P10{n:05d}.jpeg",
    "Screenshot_20{y}-03-04.png",
    "image ({n}).webp",
    "large-red-shape-{n}x600.jpg",
    "untitled-{n}.png",
)
_BOILERPLATE = (
    ("en", "image"),
    ("en", "Image not available"),
    ("en", "Stock photo"),
    ("en", "stock photo of shapes"),
    ("en", "Buy now $19.99"),
    ("en", "Click to enlarge"),
    ("en", "Free shipping on all orders over $50"),
    ("en", "Royalty-free stock image"),
    ("de", "Bild"),
    ("de", "Jetzt kaufen für 19,99 €"),
    ("de", "Zum Vergrößern klicken"),
    ("fr", "Photo libre de droits"),
    ("fr", "Acheter maintenant 19,99 €"),
    ("es", "Comprar ahora 19,99 €"),
    ("es", "Haz clic para ampliar"),
    ("it", "Acquista ora 19,99 €"),
    ("pt", "Compre agora R$ 19,99"),
    ("nl", "Nu kopen voor € 19,99"),
    ("ru", "Купить за 1999 ₽"),
    ("zh", "点击查看大图"),
    ("ja", "今すぐ購入 ¥1,980"),
)
_CONTACTS = (  # RFC 2606's domains; numbers set apart for fiction by NANPA and Ofcom
    "{name}@example.org",
    "{name}.{n:02d}@mail.example.com",
    "{name}@example.net, +1 202 555 01{n:02d}",
    "+1 (415) 555-01{n:02d}",
    "Tel. 212-555-01{n:02d}",
    "+44 20 7946 0{n:03d}",
)
_NAMES = ("anna", "j.smith", "olga", "tarek", "mei.lin", "info", "sales")
_LINKS = (
    "https://www.example.com/p/{n}",
    "http://example.org/pictures/{n}.html?ref=home",
    "www.example.net/shapes/{n}",
)
_MARKUP = (
    "<p>{text}</p>",
    "<b>{text}</b><br/>",
    '<a href="/p/{n}">{text}</a>',
    "{text}&nbsp;&amp;nbsp;",
    "&lt;p&gt;{text}&lt;/p&gt;",
    '<span class="caption">{text}',
    '[caption id="attachment_{n}"]{text}[/caption]',
)
_SHORT = (".", "-", "?", "1", "x", "12", "…", "ok", "a", "//")


def spoil_text(kind: str, text: str, language: str, dice: Dice) -> tuple[str, str]:
    """Returns what stands in the place of a caption, and the language that it is stated to be in.

    Args:
      kind: one of JUNK_KINDS.
      text: a good caption.
      language: its language.
      dice: differs from caption to caption.
    """
    n, year = dice.pick("junk/number", range(1, 100)), dice.pick("junk/year", range(10, 25))
    link = dice.pick("junk/link", _LINKS).format(n=1000 + 7 * n)
    match kind:
        case "file-name":
            return dice.pick("junk/file", _FILE_NAMES).format(n=n, y=year), language
        case "boilerplate":
            language, words = dice.pick("junk/boilerplate", _BOILERPLATE)
            return words, language
        case "personal-data":
            name = dice.pick("junk/name", _NAMES)
            return f"{text} {dice.pick('junk/contact', _CONTACTS).format(n=n, name=name)}", language
        case "url":
            return dice.pick("junk/url", (link, f"{text} {link}")), language
        case "markup":
            return dice.pick("junk/markup", _MARKUP).format(text=text, n=n), language
        case "mojibake":
            return garble(text if not text.isascii() else f"“{text}” – №{n}"), language
        case "repetition":
            return _repeat(text, dice), language
        case "too-short":
            return dice.pick("junk/short", _SHORT), language
        case _:
            raise ValueError(f"kind must be one of {', '.join(JUNK_KINDS)}, got {kind}")


def garble(text: str) -> str:
    """Returns UTF-8 read as windows-1252, the way that browsers do: no byte is undefined.

    >>> garble("größer")
    'grÃ¶ÃŸer'
    """
    return "".join(_as_cp1252(byte) for byte in text.encode())


def _as_cp1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _repeat(text: str, dice: Dice) -> str:
    times = dice.pick("junk/times", range(5, 10))
    words = text.rstrip(".。।۔").split()
    first = words[0] if len(words) > 1 else text[:4]
    return dice.pick(
        "junk/repetition",
        (" ".join([first] * 2 * times), " ".join([text] * times), text + "!" * 4 * times),
    )


def say_foreign(dice: Dice) -> tuple[str, str | None, str]:
    """Returns two sentences in a language that is none of ours, what it is stated to be (None: not
    stated), and what it is.
    """
    code = dice.pick("foreign", tuple(FOREIGN))
    first, second, *_ = dice.shuffle("foreign/sentences", FOREIGN[code])
    stated = dice.pick("foreign/stated", (TAKEN_FOR[code], None))
    return f"{first} {second}", stated, code
