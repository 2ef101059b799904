"""What decides, what follows from actions and what they cost on each dataset of a run, in words."""

from __future__ import annotations

__all__ = ["worlds_in_words"]

from collections.abc import Iterable, Mapping
from typing import Any

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
                right = f"right for {100 * float(said['accuracy']):.1f} % of test people"
                effects = _EFFECTS.get(str(said["effects"]), str(said["effects"]))
                words = f"decided by {said['decision']} ({right}); {effects}; cost {said['cost']}"
                found.setdefault(str(said["dataset"]), words)
    return found
