"""The recipe's `[select]`: what is kept of what the teachers judged."""

from dataclasses import dataclass, field
from typing import Literal

from filters.budget import BudgetRules
from filters.concepts import BalanceRules
from filters.spheres import SemanticRules
from filters.thresholds import ThresholdRules
from schemas.languages import ALL, LANGUAGES
from schemas.layout import PAGE_BRANCH, Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectRules:
    """What is kept of what the teachers judged; the tables are described where they are defined.

    Attributes:
      not_understood: what becomes of captions in languages that no teacher understands.
      thresholds: `thresholds.json` of another run, whose thresholds stand for those that
        `threshold` would give (its floor and ceiling hold); relative to the recipe's folder.
      threshold: `filters.thresholds`.
      semantic: `filters.spheres`; pictures that mean the same stay where it is absent.
      balance: `filters.concepts`; concepts stay as they are where it is absent.
      budget: `filters.budget`; there is none where it is absent.
    """

    not_understood: Literal["keep", "reject"] = "keep"
    thresholds: str = ""
    threshold: ThresholdRules = field(default_factory=ThresholdRules)
    semantic: SemanticRules | None = None
    balance: BalanceRules | None = None
    budget: BudgetRules | None = None

    def __post_init__(self) -> None:
        named = {
            "threshold.value_in": self.threshold.value_in,
            "balance.concepts": self.balance.concepts if self.balance else {},
            "budget.shares": self.budget.shares if self.budget else {},
        }
        for key, by_language in named.items():
            unknown = [code for code in by_language if code not in LANGUAGES]
            if unknown:
                raise ValueError(f"{key} must be of {' '.join(ALL)}, got {unknown[0]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(SelectRules):
    """What is kept of pictures and their captions, and of pages and what they answer.

    Attributes:
      documents: the same of pages; where it is absent, `not_understood` and `threshold` are those
        of pictures. Thresholds are made of pages' own scores either way.
    """

    documents: SelectRules | None = None

    def rules_for(self, branch: Branch) -> SelectRules:
        """What is kept of pictures, or of pages."""
        if branch != PAGE_BRANCH:
            return self
        stated = SelectRules(not_understood=self.not_understood, threshold=self.threshold)
        return self.documents or stated
