"""A tokenizer learned from the texts that a model is trained on, for models begun from nothing."""

import itertools
from collections.abc import Iterable, Iterator

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from model.data_sets import open_images, open_texts
from model.plan import Stage
from schemas.ids import Fold

_MOST_TEXTS = 1_000_000
_LONGEST_TOKEN = 30  # bytes: 10 letters of Thai or Georgian, 15 of Greek, 30 of English

_PIECES = r"\p{Han}|\p{Hiragana}+|[\p{Katakana}ー]+|[\p{L}\p{M}]+|\p{N}|[^\s\p{L}\p{M}\p{N}]"
"""Within which tokens lie: in scripts without spaces whole clauses would be learned otherwise."""

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""XLM-RoBERTa's, in its order, so that its configuration's defaults fit."""


def texts_of(stage: Stage, unseen: Fold | None = None) -> Iterator[str]:
    """The captions, one a picture, and texts of a stage's data, at most a million.

    Args:
      stage: …
      unseen: pairs whose captions are left out.
    """
    return itertools.islice(_every_text(stage, unseen), _MOST_TEXTS)


def _every_text(stage: Stage, unseen: Fold | None) -> Iterator[str]:
    for images in open_images(stage, unseen):
        for block in range(len(images.blocks)):
            for pair in images.read(block, "tokens"):
                yield pair.text
    for texts in open_texts(stage):
        for block in range(len(texts.blocks)):
            for row in texts.read(block, "tokens"):
                yield from (row.anchor, row.positive)


def learn_tokenizer(texts: Iterable[str], tokens: int) -> PreTrainedTokenizerFast:
    """Learns byte-level BPE (Sennrich et al. 2016; bytes: Radford et al. 2019) in lower case.

    No text is unknown to it, whatever its script; case is folded because captions differ in it
    without differing in what they say. Han characters and digits are tokens each; spaces part words
    and are none themselves.

    Args:
      texts: in any order; the same texts give the same tokenizer.
      tokens: at most so many, the special ones and the 256 bytes among them.
    """
    backend = Tokenizer(models.BPE(unk_token=_SPECIAL[3]))
    backend.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\s+"), "removed"),
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        texts,
        BpeTrainer(
            vocab_size=tokens,
            special_tokens=list(_SPECIAL),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            max_token_length=_LONGEST_TOKEN,
            show_progress=False,
        ),
    )
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    begin, pad, end, unknown = _SPECIAL
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token=begin, pad_token=pad, eos_token=end, unk_token=unknown
    )
