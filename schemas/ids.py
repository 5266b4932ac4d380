"""Identity: what makes two things the same thing. All ids are 32 hex digits of blake2b-128."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def digest(*parts: str) -> str:
    """Hashes `parts`, told apart by NULs, to 32 hex digits."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def is_absolute(url: str) -> bool:
    """Whether `url` names its scheme and host.

    >>> is_absolute("https://example.org/a.jpg"), is_absolute("0001/02.jpg")
    (True, False)
    """
    return _ABSOLUTE.match(url) is not None


def is_uid(text: str) -> bool:
    """Whether `text` could be a uid: 32 lower-case hex digits."""
    return _UID.fullmatch(text) is not None


def is_sha256(text: str) -> bool:
    """Whether `text` could be a SHA-256: 64 lower-case hex digits."""
    return _SHA256.fullmatch(text) is not None


def picture_uid(source: str, url: str) -> str:
    """The uid of the picture at `url`, as its table has it, before any prefix or redirect.

    An absolute URL is the same picture in every source; a relative path is one of its source's.
    """
    return digest(url) if is_absolute(url) else digest(source, url)


def page_uid(document: str, page: int) -> str:
    """The uid of page `page`, from 1, of a document, whose own is that of a picture so named."""
    return digest(document, str(page))


def caption_id(uid: str, language: str, text: str) -> str:
    """The id of a source caption; Unicode forms of one text are one caption.

    >>> caption_id("0" * 32, "fr", "e\\u0301t") == caption_id("0" * 32, "fr", "\\u00e9t")
    True
    """
    return digest(uid, language, unicodedata.normalize("NFC", text))


def answer_id(uid: str, language: str) -> str:
    """The id of what a model was to answer about a page in a language, and did not."""
    return digest(uid, language, "", "synthetic")


def translation_id(caption: str, language: str, text: str) -> str:
    """The id of a translation of the source caption with id `caption`; "" is the text of none."""
    return digest(caption, language, unicodedata.normalize("NFC", text), "translated")


def text_id(text: str) -> str:
    """The id of a text outside pictures; Unicode forms of one text are one text."""
    return digest(unicodedata.normalize("NFC", text))


def phrase_id(language: str, text: str) -> str:
    """The id of a text in a language, wherever it stands; its Unicode forms are one text."""
    return digest(language, unicodedata.normalize("NFC", text))


def order_key(seed: int, key: str) -> str:
    """Where sample `key` stands in the final order: a hash, so any runner sorts alike."""
    return digest(str(seed), key)


def share_of(*parts: str) -> float:
    """A number in [0, 1) made of `parts` alone: stands where others draw by chance.

    >>> 0 <= share_of("balance", "17", "00" * 16) < 1
    True
    """
    return int(digest(*parts)[:12], 16) / float(1 << 48)


FoldsOf = Literal["pictures", "captions"]


@dataclass(frozen=True, slots=True)
class Folds:
    """Parts of near equal size that pairs of a picture and a caption fall into, by ids alone.

    Attributes:
      number: how many there are.
      of: what falls into one as a whole: `pictures`, each with all of its captions; or `captions`,
        each with its translations, so that a picture has some in each.
    """

    number: int
    of: FoldsOf = "pictures"

    def fold_of(self, uid: str, caption: str) -> int:
        """The part of a pair.

        Args:
          uid: of the picture.
          caption: id of the caption; of a translation that of its source.

        >>> {Folds(3).fold_of(f"{number:032x}", "") for number in range(9)}
        {0, 1, 2}
        """
        of_what = uid if self.of == "pictures" else caption
        return int(share_of("fold", of_what) * self.number)


@dataclass(frozen=True, slots=True)
class Fold:
    """One of the parts.

    Attributes:
      number: from 0.
      folds: all of them.
    """

    number: int
    folds: Folds

    def has(self, uid: str, caption: str) -> bool:
        """Whether a pair falls into it, see `Folds.fold_of`."""
        return self.folds.fold_of(uid, caption) == self.number


def bucket_of(hex_digest: str, buckets: int) -> int:
    """Which of `buckets` equal ranges of the hash space holds `hex_digest`, in [0, buckets).

    >>> bucket_of("00" * 16, 10), bucket_of("ff" * 16, 10)
    (0, 9)
    """
    return int(hex_digest[:12], 16) * buckets >> 48
