"""Scenarios that differ in one thing only, so that a figure can show them along an axis."""

from __future__ import annotations

__all__ = ["asked_by", "asks_validation", "family_title", "hard_families", "soft_families"]

from collections.abc import Iterable
from dataclasses import replace

from recourse_arena.base.errors import ArenaError
from recourse_arena.problem.scenario import Scenario

_SCHEMES = {"ranking": "rankings", "likert": "Likert scores", "binary": "yes or no"}


def hard_families(names: Iterable[str]) -> dict[Scenario, dict[str, str]]:
    """Return told scenarios of hard constraints alone, grouped by all but the number of actionable features.

    Each group maps that number, or `random`, to the name of the scenario. Names that do not read as words, as those
    of answers from a file, are in no group.

    Example:
        >>> list(hard_families(["hard-4", "hard-2", "hard-2@causal-order", "soft-linear"]).values())
        [{'4': 'hard-4', '2': 'hard-2'}, {'2': 'hard-2@causal-order'}]
    """
    families: dict[Scenario, dict[str, str]] = {}
    for scenario in _parsed(names):
        if scenario.profile == "constant" and scenario.actionable != "all":
            family = replace(scenario, name="", actionable="all")
            families.setdefault(family, {}).setdefault(scenario.actionable, scenario.name)
    return families


def soft_families(names: Iterable[str]) -> dict[Scenario, dict[str, str]]:
    """Return told scenarios of soft constraints, grouped by all but the cost profile.

    Each group maps profiles to names of scenarios.

    Example:
        >>> list(soft_families(["soft-linear", "hard-2", "soft-convex", "hard-random+soft-linear"]).values())
        [{'linear': 'soft-linear', 'convex': 'soft-convex'}, {'linear': 'hard-random+soft-linear'}]
    """
    families: dict[Scenario, dict[str, str]] = {}
    for scenario in _parsed(names):
        if "soft-" in scenario.name:
            family = replace(scenario, name="", profile="constant")
            families.setdefault(family, {}).setdefault(scenario.profile, scenario.name)
    return families


def asked_by(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return what people hide and which policy finds it out, by the name of each scenario with a policy.

    Example:
        >>> asked_by(["hard-2", "hard-2!asked-likert?levels=7"])
        {'hard-2!asked-likert?levels=7': ('hard-2', 'likert?levels=7')}
    """
    found = {}
    for name in dict.fromkeys(names):
        hidden, found_out, policy = str(name).partition("!asked-")
        if found_out:
            policy, more, rest = policy.partition("!")
            found[str(name)] = (f"{hidden}{more}{rest}", policy)
    return found


def asks_validation(scenario: str) -> bool:
    """Return whether validation people ask: settings are chosen by them, so they belong in nothing that ranks.

    Example:
        >>> asks_validation("hard-2!no-plausibility!validation-people"), asks_validation("hard-2")
        (True, False)
    """
    return "validation-people" in str(scenario).split("!")[1:]


def family_title(family: Scenario) -> str:
    """Return a family in words.

    Example:
        >>> family_title(Scenario("", actionable="random", distribution="causal-order"))
        'rankings, random number actionable, causal-order'
        >>> family_title(Scenario.parse("hard-2!scm-plausibility"))
        'rankings, 2 features actionable, plausible under the true causal model'
        >>> family_title(Scenario.parse("score?levels=7-hard-2"))
        'Likert scores (levels=7), 2 features actionable'
    """
    scheme, _, options = family.scheme.partition("?")
    counts = {"all": "", "random": "random number actionable", "1": "1 feature actionable"}
    words = [
        _SCHEMES.get(scheme, scheme) + (f" ({options})" if options else ""),
        counts.get(family.actionable, f"{family.actionable} features actionable"),
        "" if family.sparsity is None else f"at most {family.sparsity} acted on",
        family.distribution if family.distribution != "uniform" else "",
        "" if family.plausibility else "plausibility not asked for",
        "plausible under the true causal model" if family.density == "scm" else "",
    ]
    return ", ".join(word for word in words if word)


def _parsed(names: Iterable[str]) -> list[Scenario]:
    scenarios = []
    for name in dict.fromkeys(names):
        try:
            scenario = Scenario.parse(name)
        except ArenaError:
            continue  # a scenario of real answers has a name of its own
        if scenario.policy is None:  # others differ in who asks
            scenarios.append(scenario)
    return scenarios
