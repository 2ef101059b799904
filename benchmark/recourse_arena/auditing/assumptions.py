"""What an audit assumes, in words: what follows from what, what is likely, what effort is."""

from __future__ import annotations

__all__ = ["assumptions"]

from typing import Any

from recourse_arena.auditing.evidence import Evidence
from recourse_arena.auditing.page import called, valued
from recourse_arena.people.features import Direction, Kind

_EFFECTS = {
    "scm": "The true rules by which features cause one another are known here, because the people are simulated; "
    "what follows from an action is computed from them.",
    "flow": "What follows from an action is estimated from data along the arrows listed below. The arrows are an "
    "assumption of whoever described the data; the data cannot prove them.",
    "none": "Nothing is assumed to follow from an action: a feature changes only if the person changes it.",
}
_COSTS = {
    "range": "the squared change of each feature, in units of its spread among people, divided by how far refused "
    "people lie apart in it, averaged over all features that can be changed",
    "gower": "the change of each feature as a share of its whole range, averaged over all features that can be changed",
    "l1": "the sum of changes, each in units of how far people usually lie apart in that feature",
    "l2": "the root of the sum of squared changes, each in units of the feature's spread among people",
    "encoded": "the root of the sum of squared changes in the numbers that the decision model is given",
    "encoded-1": "the sum of changes in the numbers that the decision model is given",
}
_EXAMPLES = 3


def assumptions(evidence: Evidence) -> dict[str, Any]:
    """Return what is assumed of effects, plausibility and effort, in words."""
    fitted, problem = evidence.fitted, evidence.fitted.problem
    effects = str(fitted.identity["effects"])
    graph, arrows = problem.graph, []
    if effects != "none":
        arrows = [
            f"{', '.join(called(problem.features[name]) for name in causes)} \N{RIGHTWARDS ARROW} "
            f"{called(problem.features[effect])}"
            for effect, causes in graph.parents.items()
            if causes
        ]
    density = problem.causal_flow is not None
    likely = (
        "A new situation counts as likely enough if a model of how the features of people hang together finds it at "
        "least as likely as the person's present one."
        if density
        else "A new situation counts as likely enough if people who were accepted lie as near to it as such people "
        "usually lie to one another, or at least as near as they lie to the person's present situation."
    )
    cost = str(fitted.identity["cost"])
    return {
        "effects": _EFFECTS[effects],
        "arrows": arrows,
        "likely": likely,
        "effort": f"Effort is {_COSTS[cost]}. It has no unit; it compares people with each other. What a person finds "
        "harder counts more, by the grade that is stated with each question.",
        "examples": _anchors(evidence),
        "changeable": [_rules(feature) for feature, yes in _with(problem) if yes],
        "fixed": [called(feature) for feature, yes in _with(problem) if not yes],
    }


def _with(problem: Any) -> list[tuple[Any, bool]]:
    return list(zip(problem.features, problem.features.actionable.tolist(), strict=True))


def _rules(feature: Any) -> dict[str, str]:
    ways = {Direction.ANY: "either way", Direction.UP: "upwards only", Direction.DOWN: "downwards only"}
    return {
        "feature": called(feature),
        "about": feature.description,
        "way": "to any level" if feature.kind is Kind.CATEGORICAL else ways[feature.direction],
    }


def _anchors(evidence: Evidence) -> list[str]:
    """Return what some changes count for, so that a number of effort means something."""
    problem, factual = evidence.fitted.problem, evidence.factual
    found: list[str] = []
    for j, feature in enumerate(problem.features):
        if not problem.features.actionable[j] or feature.levels or len(found) == _EXAMPLES:
            continue
        middle = factual.median(0).values
        then = middle.clone()
        step = problem.training.x[:, j].std()
        then[j] = min(float(middle[j] + (step.round().clamp(min=1) if feature.whole else step)), feature.upper)
        effort = float(problem.cost.combined(problem.cost.per_feature(middle[None], then[None]))[0])
        now, after = valued(feature, float(middle[j])), valued(feature, float(then[j]))
        found.append(f"{called(feature)} from {now} to {after} counts {effort:.2g}")
    return found
