"""Suites that ask who can do nothing at all."""

from __future__ import annotations

__all__ = ["FIXED_PREDICTIONS", "PUBLISHED_ACTIONS"]

from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.scenario import Scenario

_SAME_LOAN = "act=checking_account,savings,employment,other_debtors,housing,existing_credits,telephone"
"""What a borrower of German can change who needs this loan, and no other: neither its amount, duration, purpose nor
rate. Employment goes up only, as the table says."""

_KINDS = ("logistic", "relu", "boosting", "forest")

_BINARISED = {
    "logistic": "decision=logistic&decision.strength=1000000",
    "boosting": "decision=boosting",
    "forest": "decision=forest&decision.trees=300&decision.leaf=1",
}

PUBLISHED_ACTIONS = {
    table: tuple(f"{table}-binarised?split=everybody&{model}" for model in _BINARISED.values())
    for table in ("german", "gmsc")
}
"""Features and action sets of arXiv 2308.12820, and everybody audited as there. Its regression has no penalty, its
forests are chosen by a random search that starts at 300 trees and leaves of one; its boosted models may be linear."""

FIXED_PREDICTIONS = Suite(
    name="fixed-predictions",
    summary="German, GMSC, HELOC, as they are and as published: whom linear models, networks, trees leave no action",
    blocks=(
        Block(
            tuple(f"german?{_SAME_LOAN}&decision={kind}" for kind in _KINDS),
            (Scenario.parse("soft-constant!no-plausibility"), Scenario.parse("hard-2!no-plausibility")),
            ("certified", "grid", "growing-spheres", "dice"),
            people=200,
        ),
        Block(
            tuple(f"gmsc?effects=none&decision={kind}" for kind in _KINDS),
            (Scenario.parse("soft-constant!no-plausibility"), Scenario.parse("hard-2!no-plausibility")),
            ("certified", "grid", "growing-spheres", "dice"),
            people=100,
        ),
        Block(
            tuple(f"heloc?decision={kind}" for kind in _KINDS),
            (Scenario.parse("soft-constant!no-plausibility"), Scenario.parse("hard-2!no-plausibility")),
            ("certified?time_limit=5", "grid", "growing-spheres", "dice"),
            people=100,
        ),
        *(
            Block(names, (Scenario.parse("soft-constant!no-plausibility"),), ("certified", "grid", "dice"), people=100)
            for names in PUBLISHED_ACTIONS.values()
        ),
    ),
    optional=frozenset(
        (
            *(f"gmsc?effects=none&decision={kind}" for kind in _KINDS),
            *(f"heloc?decision={kind}" for kind in _KINDS),
            *PUBLISHED_ACTIONS["gmsc"],
        ),
    ),
)
"""After *Prediction without preclusion* (arXiv 2308.12820): with action sets of this suite's own, and with its own."""
