"""Loan: a semi-synthetic, German-Credit-like population with known structural equations."""

from __future__ import annotations

__all__ = ["Loan"]

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import (
    ArenaError,
    Assignment,
    AtRandom,
    ByAttribute,
    ByQuantile,
    CausalGraph,
    Dataset,
    DecisionRecipe,
    Feature,
    FeatureTable,
    Kind,
    Role,
    hookimpl,
)

if TYPE_CHECKING:
    from recourse_arena import Splits, StructuralCausalModel

_DECISIONS = {
    "sgd": DecisionRecipe(),
    "adam": DecisionRecipe(optimizer="adam", epochs=60),
}

_PROFILES = ("privileged", "non-privileged")


class Loan(Dataset):
    """People asking for a loan (Karimi et al., NeurIPS 2020; as used by CARMA, FAccT 2024).

    Arguments:
        decision: Training of the decision model: `sgd`, CARMA's released recipe, or `adam`, more accurate.
        actionable: Names of the globally actionable features, joined by commas.

    Example:
        >>> Loan(actionable="income,savings").features.count_actionable
        2
    """

    name: ClassVar[str] = "loan"
    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "semi-synthetic loan applications, 7 features, true SCM known"
    decision_options: ClassVar[frozenset[str]] = frozenset({"decision"})
    favoured: ClassVar[Mapping[str, tuple[str, str]]] = {
        "causal-order": ("income", "loan_amount"),
        "reverse-causal-order": ("duration", "savings"),
        "privileged": ("income", "savings"),
        "non-privileged": ("loan_amount", "duration"),
    }
    assignments: ClassVar[Mapping[str, Assignment]] = {
        "assigned-at-random": AtRandom(*_PROFILES, share=0.5),
        "assigned-by-income": ByQuantile(*_PROFILES, feature="income", quantile=0.75),
        "assigned-by-race": ByAttribute(*_PROFILES, attribute="race", shares={"white": 0.9, "non-white": 0.05}),
    }
    attributes = FeatureTable(
        (
            Feature(
                "race",
                kind=Kind.BINARY,
                role=Role.IMMUTABLE,
                levels=("non-white", "white"),
                sensitive=True,
                description="independent of all else, in equal cells of gender and race",
            ),
        )
    )

    def __init__(self, *, decision: str = "sgd", actionable: str = "loan_amount,duration,income,savings") -> None:
        if decision not in _DECISIONS:
            raise ArenaError(f"dataset loan: decision must be one of {', '.join(_DECISIONS)}, got {decision!r}")
        self.decision = _DECISIONS[decision]
        self._actionable = tuple(actionable.split(","))
        _ = self.features

    @cached_property
    def features(self) -> FeatureTable:
        """Gender and age are immutable, education moves only by causal effect."""
        fixed = {"gender": Role.IMMUTABLE, "age": Role.IMMUTABLE}
        for name in self._actionable:
            if name not in _FEATURES or name in fixed:
                choices = ", ".join(n for n in _FEATURES if n not in fixed)
                raise ArenaError(f"dataset loan: actionable takes some of {choices}; got {name!r}")
        roles = {name: Role.ACTIONABLE for name in self._actionable} | fixed
        return FeatureTable(
            tuple(
                Feature(
                    name,
                    kind=Kind.BINARY if name == "gender" else Kind.CONTINUOUS,
                    role=roles.get(name, Role.MUTABLE),
                    levels=("female", "male") if name == "gender" else (),
                    sensitive=name == "gender",
                    description=description,
                )
                for name, description in _FEATURES.items()
            )
        )

    @cached_property
    def graph(self) -> CausalGraph:
        """The graph of the structural equations."""
        return CausalGraph(
            tuple(_FEATURES),
            {
                "education": ("gender", "age"),
                "loan_amount": ("gender", "age"),
                "duration": ("gender", "age", "loan_amount"),
                "income": ("gender", "age", "education"),
                "savings": ("income",),
            },
        )

    def scm(self) -> StructuralCausalModel:
        """Return the structural equations."""
        from recourse_arena_loan.equations import structural_equations

        return structural_equations(self.graph)

    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return independent draws: 10k/5k/5k to decide, 20k/2.5k/2.5k for the flow, 10k/5k/5k for recourse."""
        from recourse_arena_loan.equations import draw_splits

        return draw_splits(self.scm(), seed=seed)


_FEATURES = {
    "gender": "1 is the advantaged value",
    "age": "years, centred at 35",
    "education": "degree of education, centred",
    "loan_amount": "amount asked for, standardised units",
    "duration": "duration of the loan, standardised units",
    "income": "income, standardised units",
    "savings": "savings, standardised units",
}


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the dataset."""
    return [Loan]
