"""GMSC: Give Me Some Credit, 150,000 borrowers and who of them ran into serious trouble paying back."""

from __future__ import annotations

__all__ = ["Gmsc"]

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import (
    ArenaError,
    CausalGraph,
    Dataset,
    DecisionRecipe,
    Feature,
    FeatureTable,
    FlowRecipe,
    Kind,
    Role,
    hookimpl,
)

if TYPE_CHECKING:
    from recourse_arena import Splits


class Gmsc(Dataset):
    """Borrowers of Kaggle's "Give Me Some Credit"; favourable is no serious delinquency within two years.

    Features, preprocessing and the decision model's error costs follow De Toni et al. (PEAR, arXiv
    2205.13743); the structural equations are unknown, so everything causal goes through the flow.

    Example:
        >>> Gmsc().features.count_actionable
        4
    """

    name: ClassVar[str] = "gmsc"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real borrowers (Give Me Some Credit), 10 features, SCM unknown, file not shipped"

    decision = DecisionRecipe(optimizer="adam", epochs=20, negative_weight=5.0)
    flow = FlowRecipe(transform="spline", hidden=(32, 32), learning_rate=1e-2, epochs=60, batch=256)

    @cached_property
    def features(self) -> FeatureTable:
        """Age and dependents are immutable; late payments and the debt ratio move only by causal effect."""
        return FeatureTable(
            (
                Feature("age", Kind.INTEGER, Role.IMMUTABLE, 0, 130, description="years", unit="years"),
                Feature("dependents", Kind.INTEGER, Role.IMMUTABLE, 0, description="dependants, borrower excluded"),
                Feature(
                    "monthly_income",
                    role=Role.ACTIONABLE,
                    lower=0,
                    upper=17_000,
                    description="dollars a month",
                    unit="dollars",
                ),
                Feature(
                    "utilisation",
                    role=Role.ACTIONABLE,
                    lower=0,
                    upper=1,
                    description="balance on cards and credit lines over their limits, as a share",
                ),
                Feature(
                    "open_credit_lines", Kind.INTEGER, Role.ACTIONABLE, 0, description="open loans and credit lines"
                ),
                Feature("real_estate_loans", Kind.INTEGER, Role.ACTIONABLE, 0, description="mortgages and the like"),
                Feature("debt_ratio", lower=0, upper=1, description="debt payments and living costs over income"),
                *(
                    Feature(f"late_{days}", Kind.INTEGER, lower=0, upper=90, description=f"times {words} late")
                    for days, words in _LATE.items()
                ),
            )
        )

    @cached_property
    def graph(self) -> CausalGraph:
        """The graph of De Toni et al. (arXiv 2205.13743)."""
        borrowing = ("utilisation", "open_credit_lines", "real_estate_loans")
        return CausalGraph(
            self.features.names,
            {
                "dependents": ("age",),
                "monthly_income": ("age",),
                "utilisation": ("monthly_income",),
                "open_credit_lines": ("age", "monthly_income"),
                "real_estate_loans": ("age", "monthly_income"),
                "debt_ratio": ("age", "open_credit_lines", "real_estate_loans"),
            }
            | {f"late_{days}": borrowing for days in _LATE},
        )

    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return one split, .5/.25/.25, which serves the decision model, the flow and recourse alike."""
        from recourse_arena_gmsc.borrowers import borrowers, shuffled_splits
        from recourse_arena_gmsc.file import read

        return shuffled_splits(borrowers(read(self._file(data))), seed=seed)

    def location(self, data: Path) -> Path:
        """Return the place of Kaggle's `cs-training.csv`."""
        return data / "gmsc" / "cs-training.csv"

    def unavailable(self, data: Path) -> str | None:
        """Return how to get the file if there is none."""
        if (reason := super().unavailable(data)) is None:
            return None
        return (
            f"{reason}\n"
            "download it: `recourse-arena data fetch gmsc`, or take your copy of Kaggle's cs-training.csv:\n"
            "put it there, or `recourse-arena data fetch gmsc --from FILE`"
        )

    def fetch(self, data: Path, *, source: Path | None = None, force: bool = False) -> Path:
        """Put `cs-training.csv` in its place: from OpenML, or a copy of the user's own `source`."""
        from recourse_arena_gmsc.download import download
        from recourse_arena_gmsc.place import install

        place = self.location(data)
        return download(place, force=force) if source is None else install(source, place, force=force)

    def verify(self, data: Path) -> str:
        """Return what the file holds and whether it is the public one."""
        from recourse_arena_gmsc.contents import describe

        return describe(self._file(data), self.fingerprint(data))

    def _file(self, data: Path) -> Path:
        if reason := self.unavailable(data):
            raise ArenaError(reason)
        return self.location(data)


_LATE = {"30_59": "30 to 59 days", "60_89": "60 to 89 days", "90": "90 days or more"}


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the dataset."""
    return [Gmsc]
