"""What two browsers say on their pages: Debian's packages of Chromium's and Firefox's translations.

Chromium's strings (BSD) are in one `.pak` file a language, Firefox's (MPL 2.0) in one add-on.
"""

import re
import struct
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

_CODES = {"nb": "no", "nb-NO": "no", "nn-NO": "nn", "sv-SE": "sv"}
_ENGLISH = "en-GB"
_MOST_CHARS = 600  # of a string; longer ones are terms of use
_UNTRANSLATED = 3  # languages that say the same say it in English
_GZIP = b"\x1f\x8b"  # whole pages
_MARKUP = re.compile(r"<[^>]*>|\{[^}]*\}|\$\w+\$|\$\d|%\w|&\w+;|https?://\S+")
_FLUENT = re.compile(r"\s*\.?[\w-]* *=\s*(.*)")

Texts = dict[str, list[str]]


def browser_texts(folder: Path) -> Texts:
    """Strings by language of the packages that are unpacked in `folder`."""
    texts: Texts = defaultdict(list)
    for of_browser in (_chromium_texts(folder), _firefox_texts(folder)):
        for language, its_texts in of_browser.items():
            texts[language] += its_texts
    return texts


def _chromium_texts(folder: Path) -> Texts:
    locales = folder / "usr/lib/chromium/locales"
    english = _strings_of(locales / f"{_ENGLISH}.pak")
    texts: Texts = {}
    for path in sorted(locales.glob("*.pak")):
        if "_" not in path.stem:  # else forms of address
            texts[_CODES.get(path.stem, path.stem)] = [
                _cleaned(text)
                for number, text in _strings_of(path).items()
                if text != english.get(number) and len(text) < _MOST_CHARS
            ]
    return texts


def _strings_of(path: Path) -> dict[int, str]:
    """The strings of a data pack, version 5, by number: a header, then each one's place."""
    pack = path.read_bytes()
    version, encoding, count, _ = struct.unpack_from("<IBxxxHH", pack)
    if (version, encoding) != (5, 1):
        raise ValueError(f"{path} must be of version 5 in UTF-8, got {version}, {encoding}")
    places = [struct.unpack_from("<HI", pack, 12 + 6 * n) for n in range(count + 1)]
    ends = [end for _, end in places[1:]]
    return {
        number: pack[start:end].decode()
        for (number, start), end in zip(places[:-1], ends, strict=True)
        if not pack.startswith(_GZIP, start)
    }


def _firefox_texts(folder: Path) -> Texts:
    texts: Texts = {}
    for path in sorted((folder / "usr/lib/firefox-esr/browser/extensions").glob("*.xpi")):
        tag = path.name.removeprefix("langpack-").partition("@")[0]
        texts[_CODES.get(tag, tag)] = sorted(set(_messages(path)))
    spoken = Counter(text for its_texts in texts.values() for text in its_texts)
    return {
        language: [text for text in its_texts if spoken[text] < _UNTRANSLATED]
        for language, its_texts in texts.items()
    }


def _messages(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as addon:
        for name in addon.namelist():
            if name.endswith((".ftl", ".properties")):
                for line in addon.read(name).decode().splitlines():
                    if not line.startswith(("#", "-")):
                        told = _FLUENT.match(line)
                        yield _cleaned(told[1] if told else line)


def _cleaned(text: str) -> str:
    return " ".join(_MARKUP.sub(" ", text).replace("&", "").split())
