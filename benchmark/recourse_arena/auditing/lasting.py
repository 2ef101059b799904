"""What lasts: advice decided again by decision models of the same kind, trained again with other seeds."""

from __future__ import annotations

__all__ = ["AGAIN", "lasting", "retrained"]

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from recourse_arena.auditing.evidence import Evidence
from recourse_arena.auditing.levels import LEVELS
from recourse_arena.auditing.shares import share_of
from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.base.errors import NotApplicable
from recourse_arena.execution.worker.changed_models import changed_models
from recourse_arena.models.decision.handed import HandedOver
from recourse_arena.planning.model_keys import change_key
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.storage.artefact_cache import ArtefactCache

AGAIN = 4
"""How many models are trained again."""


def retrained(evidence: Evidence, cache: ArtefactCache, key: str) -> list[Decisions] | str:
    """Return decision models of the same kind, trained on the same people with other seeds; or why there are none.

    Arguments:
        evidence: What the audit rests on.
        cache: Where models are kept.
        key: Content key of the decision model.
    """
    before, registry = evidence.fitted.before, evidence.fitted.requests.registry
    if isinstance(before.decision, HandedOver) or before.decision.files:
        return "the decision model was handed over finished, and how it was trained is not known"
    name, seed = f"retrained?models={AGAIN}", evidence.fitted.seed
    kept = change_key(registry, name, key, seed=seed, arithmetic=arithmetic_of(os.environ))
    try:
        return [*changed_models(name, registry.change(name), before, seed=seed, key=kept, cache=cache).values()]
    except NotApplicable as reason:
        return str(reason)


def lasting(evidence: Evidence, models: Sequence[Decisions] | str) -> dict[str, Any]:
    """Return how much of the advice the other models accept too, and how often they disagree with the present one.

    `levels`: per level `each` (the share of advice that each model accepts) and `all` (that all of them accept), over
    people with a way. `disagree`: the share of everybody whom a model decides otherwise than the present one;
    `still_refused` of the people asked about.
    """
    if isinstance(models, str):
        return {"left_out": models}
    people, present = evidence.everybody.x, ~evidence.refused
    levels = []
    for level in LEVELS[:2]:
        advice = evidence.advice(level)
        accepted = np.stack([model.accepts(advice.after).numpy()[advice.helped] for model in models])
        levels.append(
            {
                "level": level.name,
                "each": [share_of(row) for row in accepted],
                "mean": float(accepted.mean()) if accepted.size else None,
                "all": share_of(np.asarray(accepted.all(0), dtype=bool)),
            }
        )
    disagree = [share_of(model.accepts(people).numpy() != present) for model in models]
    return {
        "models": len(models),
        "levels": levels,
        "disagree": disagree,
        "same": not any(one["count"] for one in disagree),
        "still_refused": [share_of(~model.accepts(evidence.factual).numpy()) for model in models],
    }
