"""The rules that look at one picture or one text alone, over whole columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from filters.caption import all_redacted, caption_faults
from filters.language import Verdict, judge_language
from filters.picture import MEASURED, image_faults
from filters.set_faults import ContaminationFault
from pipelines.evaluation_sets import EvaluationIndex
from pipelines.language_model import LanguageModel
from pipelines.recipe import Screen
from pipelines.storage import Folder
from schemas.layout import PAGE_BRANCH, PICTURE_BRANCH, Branch


@dataclass(frozen=True, slots=True)
class JudgedTexts:
    """What came of texts: columns of the same length.

    Attributes:
      text: what is left of each where something was redacted.
      language: that it is in, `und` where that cannot be told.
      fault: "" or why it is rejected.
      detail: for people, or "".
    """

    text: list[str]
    language: list[str]
    fault: list[str]
    detail: list[str]


JUDGED_PICTURES = pa.schema([("fault", pa.string()), ("detail", pa.string())])
"""What came of pictures: "" or why one is rejected, and for people, or ""."""


class Judge:
    """Judges by a recipe's rules; made once a worker.

    Args:
      rules: of the recipe.
      languages: that are wanted.
      work: of the stage, with what was read of the evaluation sets.
      branch: what is judged; pages and the language that their text is in have been judged.
    """

    def __init__(
        self,
        rules: Screen,
        languages: Sequence[str],
        work: Folder,
        branch: Branch = PICTURE_BRANCH,
    ) -> None:
        self._rules = rules
        self._is_known = branch == PAGE_BRANCH
        self._languages = frozenset(languages)
        self._model = LanguageModel(rules.language.model)
        self._sets = EvaluationIndex.load(work, rules.decontaminate)

    def texts(self, texts: Sequence[str], stated: Sequence[str]) -> JudgedTexts:
        """What becomes of texts in the languages that their sources state.

        Of several faults the one that says most counts: junk, then a language, then a set.
        """
        rules = self._rules
        judged = JudgedTexts(all_redacted(texts, rules.caption), [], [], [])
        sets = self._sets.caption_set(judged.text)
        verdicts = self._languages_of(judged.text, stated)
        judged.language.extend(verdict.language for verdict in verdicts)
        junk = caption_faults(judged.text, judged.language, rules.caption)
        for verdict, its_junk, name in zip(verdicts, junk, sets, strict=True):
            fault, detail = str(verdict.fault or ""), verdict.detail
            if its_junk:
                fault, detail = its_junk.value, ""
            elif name and not fault:
                fault, detail = ContaminationFault.CAPTION.value, name
            judged.fault.append(fault)
            judged.detail.append(detail)
        return judged

    def _languages_of(self, texts: Sequence[str], stated: Sequence[str]) -> list[Verdict]:
        """What becomes of texts by their language; a heading alone does not tell its page's."""
        if self._is_known:
            return [Verdict(said, None, "") for said in stated]
        return [
            judge_language(guess, said, self._rules.language, self._languages)
            for guess, said in zip(self._model.identify(texts), stated, strict=True)
        ]

    def pictures(self, pictures: pa.Table) -> pa.Table:
        """What becomes of pictures by themselves, as `JUDGED_PICTURES`.

        Args:
          pictures: what the rules look at of them, `sha256` and `pdq`.
        """
        faults = [""] * pictures.num_rows
        if not self._is_known:
            columns = {name: pictures[name].to_numpy() for name in MEASURED}
            faults = [str(fault or "") for fault in image_faults(columns, self._rules.image)]
        details = [""] * len(faults)
        of = [pictures[name].to_pylist() for name in ("sha256", "pdq", "pdq_quality")]
        for row, name in enumerate(self._sets.picture_set(*of)):
            if name and not faults[row]:
                faults[row], details[row] = ContaminationFault.PICTURE.value, name
        return pa.table([faults, details], schema=JUDGED_PICTURES)
