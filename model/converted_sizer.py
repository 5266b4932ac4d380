"""What is known of a converted translator without ctranslate2: its languages and its tokens."""

from pathlib import Path

from model.batched_translator import BatchedSizer
from model.translation_manifest import chosen_tags, read_manifest
from model.translation_tokens import load_tokenizer
from model.translator import TranslatorSpec


class ConvertedSizer(BatchedSizer):
    """A `model.translator.Sizer`; see there."""

    def __init__(self, spec: TranslatorSpec) -> None:
        folder = Path(spec.model)
        manifest = read_manifest(folder)
        tags = chosen_tags(manifest.name, manifest.tags, spec.sources, spec.targets)
        tokenizer = load_tokenizer(folder, tags)
        super().__init__(manifest.name, tokenizer, tags, manifest.longest, spec.decoding)
