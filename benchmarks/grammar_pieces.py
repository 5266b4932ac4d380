"""Learns the SentencePiece model that the tiny translator cuts its texts with."""

import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import sentencepiece

from benchmarks.grammar_pairs import Meaning
from pipelines.sample.grammars import GRAMMARS, Grammar

_CUT = "\ue000"  # private use: in no text
_SPACE = "▁"  # as SentencePiece writes it
_PUNCTUATION = ".,:;—·。、，।۔،؛"


def learn_pieces(meanings: Sequence[Meaning], size: int) -> bytes:
    """Learns a unigram model of what these meanings are in the 30 languages.

    Between the words of a grammar's patterns and those that are put into them it never joins, so
    that a word is cut alike wherever it stands, in scripts without spaces, too. Texts are not
    normalised: NFKC would write Thai and Chinese otherwise than they are said here.

    Args:
      meanings: said in each language, they must have all words and letters.
      size: pieces, all letters and three that are not of texts among them.
    """
    grammars = [_cut(grammar) for grammar in GRAMMARS.values()]
    texts = [meaning.say(grammar) for meaning in meanings for grammar in grammars]
    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".tsv") as seeds:
        seeds.writelines(f"{word}\t{count}\n" for word, count in _count_words(texts).items())
        seeds.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type="unigram",
            vocab_size=size,
            seed_sentencepieces_file=seeds.name,  # of its own it takes none that one word alone has
            pretokenization_delimiter=_CUT,
            split_by_unicode_script=False,
            split_by_number=False,
            max_sentencepiece_length=32,
            character_coverage=1.0,
            normalization_rule_name="identity",
            num_threads=1,
            minloglevel=2,
        )
    return model.getvalue()


def _cut(grammar: Grammar) -> Grammar:
    """The grammar, whose sentences say where its patterns' parts meet."""
    between, last = grammar.both.split("|")
    return replace(
        grammar,
        phrase=_cut_pattern(grammar.phrase),
        both=f"{_cut_ends(between)}|{_cut_ends(last)}",
        frames={name: _cut_pattern(frame) for name, frame in grammar.frames.items()},
    )


def _cut_pattern(pattern: str) -> str:
    """A space goes with what follows it, and nothing stands before a sentence's first letter.

    >>> _cut_pattern("{a} in {b}.").replace(_CUT, "+")
    '{a}+ in+ {b}+.'
    """
    marked = re.sub(r" ?{\w+}", rf"{_CUT}\g<0>{_CUT}", pattern)
    return re.sub(rf"(^|\|){_CUT}", r"\1", marked)


def _cut_ends(joint: str) -> str:
    """The same for what joins phrases.

    >>> _cut_ends(" and ").replace(_CUT, "+")
    '+ and+ '
    """
    words = joint.rstrip(" ")
    return f"{_CUT}{words}{_CUT}{joint[len(words) :]}"


def _count_words(texts: Iterable[str]) -> Counter[str]:
    """How often words of two letters or more come, each with the space before it, if any."""
    words = Counter(
        word.strip(_PUNCTUATION)
        for text in texts
        for part in f"{_SPACE}{text.replace(' ', _SPACE)}".split(_CUT)
        for word in re.split(f"(?={_SPACE})", part)
    )
    return Counter({word: count for word, count in words.items() if len(word) > 1})
