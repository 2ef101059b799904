"""What decides, what follows from actions and what they cost on each dataset of a run, in words."""

from __future__ import annotations

__all__ = ["datasets_in_words", "scenarios_in_words", "worlds_in_words"]

from collections.abc import Iterable, Mapping
from typing import Any

from recourse_arena.problem.scenario import scenario_in_words

_EFFECTS = {
    "scm": "effects of actions by the known equations",
    "flow": "effects of actions by a flow fitted along an assumed causal graph",
    "none": "no effects assumed: features are set independently, and plausibility is judged by neighbours",
}


def worlds_in_words(runs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the first seed of each dataset rests on; nothing of datasets whose runs do not say.

    Arguments:
        runs: What `run.json` says of each run.

    Example:
        >>> said = {"dataset": "german", "decision": "relu", "accuracy": 0.77, "effects": "none", "cost": "gower"}
        >>> print(worlds_in_words([{"materials": [said]}])["german"])
        decided by relu (right for 77.0 % of test people); no effects assumed: features are set independently, and \
plausibility is judged by neighbours; cost gower
    """
    found: dict[str, str] = {}
    for run in runs:
        for said in run.get("materials", []):
            if "decision" in said:
                decided = f"decided by {said['decision']} ({_decides(said)})"
                effects = _EFFECTS.get(str(said["effects"]), str(said["effects"]))
                parts = [decided, *_who_asks(said), effects, f"cost {said['cost']}"]
                found.setdefault(str(said["dataset"]), "; ".join(parts))
    return found


def _decides(said: Mapping[str, Any]) -> str:
    right = f"right for {100 * float(said['accuracy']):.1f} % of"
    if "refused" not in said:  # older runs do not say it
        return f"{right} test people"
    tested = int(said["tested"])
    return f"{right} {tested:,} test people, refuses {round(float(said['refused']) * tested):,} of them"


def _who_asks(said: Mapping[str, Any]) -> list[str]:
    if "among" not in said:
        return []
    return [f"{int(said['asking']):,} of {int(said['among']):,} {said['split']} people are refused and may ask"]


def datasets_in_words(runs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what each dataset is, where a run says it.

    Example:
        >>> datasets_in_words([{"materials": [{"dataset": "german", "summary": "real borrowers"}]}])
        {'german': 'real borrowers'}
    """
    found: dict[str, str] = {}
    for run in runs:
        for said in run.get("materials", []):
            if said.get("summary"):
                found.setdefault(str(said["dataset"]), str(said["summary"]))
    return found


def scenarios_in_words(names: Iterable[str], runs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what scenarios mean: as a run says it, else as their names read; those that do not are left out.

    Example:
        >>> scenarios_in_words(["survey"], [{"scenarios": {"survey": "what people said"}}])
        {'survey': 'what people said'}
        >>> scenarios_in_words(["hard-1", "survey"], [{}])["hard-1"][:60]
        'each person may act on one feature of their own choice, and '
    """
    said: dict[str, str] = {}
    for run in runs:
        recorded = run.get("scenarios")
        for name, words in recorded.items() if isinstance(recorded, Mapping) else ():
            said.setdefault(str(name), str(words))
    found = {name: said.get(name) or scenario_in_words(name) for name in dict.fromkeys(names)}
    return {name: words for name, words in found.items() if words}
