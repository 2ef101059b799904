"""Suites that ask who can do nothing at all."""

from __future__ import annotations

__all__ = ["FIXED_PREDICTIONS", "SAME_LOAN"]

from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.scenario import Scenario

SAME_LOAN = "act=checking_account,savings,employment,other_debtors,housing,existing_credits,telephone"
"""What a borrower of German can change who needs this loan, and no other: neither its amount, duration, purpose nor
rate. Employment goes up only, as the table says."""

_KINDS = ("logistic", "relu", "boosting", "forest")

FIXED_PREDICTIONS = Suite(
    name="fixed-predictions",
    summary="German (the same loan) and GMSC: whom linear models, networks and trees leave no action, proved",
    blocks=(
        Block(
            tuple(f"german?{SAME_LOAN}&decision={kind}" for kind in _KINDS),
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
    ),
    optional=frozenset(f"gmsc?effects=none&decision={kind}" for kind in _KINDS),
)
"""After *Prediction without preclusion* (arXiv 2308.12820), with action sets of this suite's own."""
