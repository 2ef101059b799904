"""The card of a decision model (how often it is right, whom it refuses), and who of the refused has a way out."""

from __future__ import annotations

__all__ = ["access", "card"]

from typing import Any

import numpy as np

from recourse_arena.auditing.evidence import Advice, Evidence
from recourse_arena.auditing.levels import LEVELS
from recourse_arena.auditing.shares import FEWEST, by_group, share_of


def card(evidence: Evidence) -> dict[str, Any]:
    """Return the card of the decision model.

    `accuracy` is over the test people of the decision model; `refused` over everybody of whom the refused ones ask;
    `wrongly_refused` over those of them whose true outcome is favourable; `right_if_refused` the share of the refused
    whose true outcome is unfavourable.
    """
    fitted, refused, deserving = evidence.fitted, evidence.refused, evidence.deserving
    test = fitted.splits.decision.test
    decision = fitted.requests.registry.decision_of(fitted.dataset)
    right = (fitted.problem.decisions.accepts(test.x) == (test.y == 1)).numpy()

    def score(inside: np.ndarray) -> dict[str, Any]:
        return {
            "refused": share_of(refused[inside]),
            "favourable": share_of(deserving[inside]),
            "wrongly_refused": share_of(refused[inside & deserving], FEWEST),
        }

    return {
        "model": decision.summary or str(fitted.identity["decision"]),
        "name": str(fitted.identity["decision"]),
        "trained_on": len(fitted.splits.decision.train),
        "accuracy": share_of(right),
        "refused": share_of(refused),
        "favourable": share_of(deserving),
        "wrongly_refused": share_of(refused[deserving]),
        "asking": int(refused.sum()),
        "asked": len(evidence.persons),
        "asking_deserving": share_of(deserving[refused]),
        "by_group": by_group(evidence.groups, score),
    }


def access(evidence: Evidence) -> list[dict[str, Any]]:
    """Return for each level the shares of the people asked about: `helped, likely, not_found, proved`, also by group.

    `likely` are those whose way leads to somebody at least as likely as they are.
    """
    groups = {name: words[evidence.asked] for name, words in evidence.groups.items()}
    found = []
    for level in LEVELS:
        advice = evidence.advice(level)
        everybody = np.ones(len(evidence.persons), dtype=bool)
        found.append(
            {
                "level": level.name,
                "words": level.words,
                **_shares(advice, everybody),
                "by_group": by_group(groups, lambda inside, advice=advice: _shares(advice, inside)),  # type: ignore[misc]
            }
        )
    return found


def _shares(advice: Advice, inside: np.ndarray) -> dict[str, Any]:
    return {
        "helped": share_of(advice.helped[inside]),
        "likely": share_of(advice.likely[inside]),
        "not_found": share_of(advice.stuck[inside]),
        "proved": share_of(advice.proved[inside]),
    }
