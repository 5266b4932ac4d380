"""Who writes queries for pages: the recipe's `[documents.queries]`."""

from dataclasses import dataclass, field

from filters.query import QueryRules
from model.endpoint import key_of
from model.query_writer import QueryWriterSpec
from pipelines.errors import RecipeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries(QueryWriterSpec):
    """A vision model that is asked for queries of the pages that `[documents.page]` keeps.

    Attributes:
      max_requests: pages that it may be asked about in one run, tries and what a kill had in flight
        not counted; 0: any number. What is beyond it fails as `budget-spent`, and its pages stay.
      price: of a million tokens, read or written, in your currency: what a run costs is told; 0:
        nothing is told.
      rules: what a query must be, `filters.query.QueryRules`; a changed rule asks nothing again.
    """

    max_requests: int = 0
    price: float = 0.0
    rules: QueryRules = field(default_factory=QueryRules)

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        QueryWriterSpec.__post_init__(self)
        for name in ("max_requests", "price"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")


def check_key(queries: Queries) -> None:
    """Raises RecipeError where the environment lacks the endpoint's key, or it cannot be sent."""
    if not queries.endpoint.key_variable:
        return
    try:
        key_of(queries.endpoint)
    except ValueError as error:
        raise RecipeError(f"documents.queries: {error}") from error
