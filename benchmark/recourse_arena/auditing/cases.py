"""Five people of an audit in full, chosen by rules that are stated; nobody is named or numbered."""

from __future__ import annotations

__all__ = ["cases"]

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from recourse_arena.auditing.evidence import Advice, Evidence
from recourse_arena.auditing.levels import LEVELS, Level
from recourse_arena.auditing.page import called, valued
from recourse_arena.auditing.shares import FEWEST
from recourse_arena.people.features import Feature, Role
from recourse_arena.problem.model_protocols import Scores

_TYPICAL, _STRICT = LEVELS[1:]
_STEPS = {1: "easy", 2: "rather easy", 3: "rather hard", 4: "hard"}
_NO_GROUPS = "everybody, as no two groups are large enough to compare"


def cases(evidence: Evidence) -> list[dict[str, Any]]:
    """Return five cases: `title, rule` and, where the rule fits anybody, what there is to say of them."""
    chosen: set[int] = set()
    found = []
    for title, rule, level, order in _rules(evidence):
        place = next((int(i) for i in order if int(i) not in chosen), None)
        case: dict[str, Any] = {"title": title, "rule": rule, "level": level.name, "found": place is not None}
        if place is not None:
            chosen.add(place)
            case |= _told(evidence, level, place)
        found.append(case)
    return found


def _rules(evidence: Evidence) -> Iterator[tuple[str, str, Level, np.ndarray]]:
    """Yield the title of each case, the rule in words, its level, and the people that it fits, the first one first."""
    advice = evidence.advice(_TYPICAL)
    cost, likely = advice.cost, advice.likely
    rising = np.argsort(np.where(np.isfinite(cost), cost, np.inf), kind="stable")
    able = rising[likely[rising]]
    yield (
        "Helped at little cost",
        "the person with the cheapest way to a situation that is likely enough",
        _TYPICAL,
        able,
    )
    yield "Helped at great cost", "the person with the dearest such way", _TYPICAL, able[::-1]
    unlikely = rising[(advice.helped & ~likely)[rising]]
    yield (
        "Only an unlikely way",
        "the person with the middle cost among those whose every way found leads to a less likely situation",
        _TYPICAL,
        _from_the_middle(unlikely),
    )
    level = _TYPICAL if not advice.helped.all() else _STRICT
    lost = evidence.advice(level)
    yield (
        "No way",
        "the first person, as drawn, for whom it is proved that there is no way; else for whom none was found; with "
        f"{_STRICT.name} if everybody has a way with {_TYPICAL.name}",
        level,
        np.concatenate([np.flatnonzero(lost.proved), np.flatnonzero(lost.stuck)]),
    )
    worst = _worst_group(evidence, advice)
    inside = worst[1] if worst else np.ones(len(cost), dtype=bool)
    where = f"the group that is helped least often, or else at most cost ({worst[0]})" if worst else _NO_GROUPS
    middle = _from_the_middle(rising[(inside & advice.helped)[rising]])
    rule = f"the person with the middle cost among those with a way in {where}"
    yield "One of the worst-off group", rule, _TYPICAL, middle


def _from_the_middle(order: np.ndarray) -> np.ndarray:
    """Return people from the middle of an order outwards."""
    return order[np.argsort(np.abs(np.arange(len(order)) - (len(order) - 1) / 2), kind="stable")]


def _worst_group(evidence: Evidence, advice: Advice) -> tuple[str, np.ndarray] | None:
    """Return the group that is helped least often, or at most cost where several are, in words, and who is in it.

    Groups of at least 20 people asked about are compared, where an attribute has two of them.
    """
    found = []
    for attribute, words in evidence.groups.items():
        mine = words[evidence.asked]
        large = [group for group in sorted(set(mine)) if (mine == group).sum() >= FEWEST]
        for group in large if len(large) > 1 else ():
            inside = np.asarray(mine == group, dtype=bool)
            known = advice.cost[inside & advice.helped]
            mean = float(known.mean()) if len(known) else np.inf
            found.append((advice.helped[inside].mean(), -mean, f"{attribute.replace('_', ' ')}: {group}", inside))
    worst = min(found, key=lambda row: row[:2], default=None)
    return None if worst is None else (worst[2], worst[3])


def _told(evidence: Evidence, level: Level, i: int) -> dict[str, Any]:
    problem, features, advice = evidence.fitted.problem, evidence.fitted.problem.features, evidence.advice(level)
    before, after, acted = evidence.factual[i], advice.after[i], advice.acted[i]
    request = evidence.fitted.request(evidence.fitted.requests.registry.scenario(level.scenario))
    weights = request.weights[int(evidence.persons[i])]
    parts = torch.where(acted, problem.cost.per_feature(before[None], after[None])[0] * weights, 0.0)
    who, free, acts, follows = [], [], [], []
    steps = _STEPS if advice.levels == len(_STEPS) and level is _TYPICAL else {}
    for j, feature in enumerate(features):
        now = valued(feature, float(before[j]))
        who.append({"feature": called(feature), "value": now, "about": _about(feature)})
        if feature.role is Role.ACTIONABLE:
            grade = int(advice.grades[i, j])
            free.append({"feature": called(feature), "grade": "not possible" if not grade else steps.get(grade, "")})
        if not advice.helped[i] or before[j] == after[j]:
            continue
        change = {"feature": called(feature), "now": now, "then": valued(feature, float(after[j]))}
        if acted[j]:
            acts.append({**change, "share": float(parts[j] / parts.sum()) if parts.sum() > 0 else 0.0})
        else:
            follows.append(change)
    scores = None
    if isinstance(problem.decisions, Scores):
        both = problem.decisions.probability(torch.stack([before, after])).tolist()
        scores = {"before": both[0], "after": both[1] if advice.helped[i] else None}
    result = "a way" if advice.helped[i] else "proved: none" if advice.proved[i] else "none found"
    return {
        "who": who,
        "can_act_on": free,
        "result": result,
        "likely": bool(advice.likely[i]),
        "acts": acts,
        "follows": follows,
        "effort": float(advice.cost[i]) if advice.helped[i] else None,
        "scores": scores,
    }


def _about(feature: Feature) -> str:
    """Return what a feature is, unless its name says just that."""
    return "" if feature.description.lower() == called(feature).lower() else feature.description
