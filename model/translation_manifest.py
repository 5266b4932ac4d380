"""What a converted translator is: the file that lies beside its weights, and its folder's layout.

model.bin, config.json, shared_vocabulary.json    ctranslate2's
source.model, target.model                        SentencePiece; one where both are the same
translator.json                                   the manifest
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "translator.json"
SOURCE_PIECES = "source.model"
TARGET_PIECES = "target.model"

FAMILIES = ("m2m_100", "nllb", "madlad", "marian")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Tags:
    """The languages of a model, and how it is told them.

    Attributes:
      family: one of `FAMILIES`.
      sources: by ISO 639-1 code the token put before a source text, or "" where there is none.
      targets: by ISO 639-1 code the token that asks for it, or "" where the model has one target.
    """

    family: str
    sources: Mapping[str, str]
    targets: Mapping[str, str]


def chosen_tags(
    name: str, tags: Tags, sources: Sequence[str] | None, targets: Sequence[str] | None
) -> Tags:
    """Those of a model's languages that are wanted.

    Args:
      name: of the model, for errors.
      tags: all of the model's; a side of a Marian model that does not say its languages is empty.
      sources: ISO 639-1 codes; None: all.
      targets: likewise.

    Raises:
      ValueError: the model has not what is wanted, or says nothing where nothing is wanted.
    """
    return Tags(
        tags.family,
        _side(name, "sources", tags.sources, sources),
        _side(name, "targets", tags.targets, targets),
    )


def _side(
    name: str, side: str, has: Mapping[str, str], wanted: Sequence[str] | None
) -> Mapping[str, str]:
    if not has:
        if not wanted:
            raise ValueError(f"{name} does not say which languages it translates: state its {side}")
        return dict.fromkeys(wanted, "")
    strangers = [code for code in wanted or () if code not in has]
    if strangers:
        raise ValueError(f"the {side} of {name} are {' '.join(has)}; got {strangers[0]}")
    return {code: has[code] for code in wanted or has}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A converted translator.

    Attributes:
      name: hub id or folder's name of the checkpoint that it was made of.
      revision: the checkpoint's commit, or a digest of its folder's files.
      quantization: that its weights were stored in.
      longest: tokens that it has positions for, of source and translation each; 0: any number.
      tags: see there.
    """

    name: str
    revision: str
    quantization: str
    longest: int
    tags: Tags

    @property
    def family(self) -> str:
        """One of `FAMILIES`."""
        return self.tags.family


def is_converted(folder: Path) -> bool:
    """Whether a folder holds a converted translator."""
    return (folder / MANIFEST).is_file()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest into a folder."""
    content = {"format": _FORMAT, **dataclasses.asdict(manifest)}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Reads a folder's manifest.

    Raises:
      ValueError: it is not of this version's format, or not as it was written.
    """
    try:
        content = dict(json.loads((folder / MANIFEST).read_text("utf-8")))
        if content.pop("format", None) != _FORMAT:
            raise ValueError(
                f"{folder} was converted by another version of pairmill: convert the checkpoint "
                "again"
            )
        return Manifest(**content | {"tags": Tags(**content["tags"])})
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / MANIFEST} is damaged: convert the checkpoint again") from error
