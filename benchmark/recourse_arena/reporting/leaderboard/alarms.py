"""Alarms in words: what a run found that contradicts a proof."""

from __future__ import annotations

__all__ = ["alarm_text"]

from collections.abc import Mapping
from typing import Any

_KINDS = {
    "below_lower_bound": "cheaper than {certifier} proves possible",
    "proved_infeasible": "though {certifier} proves that there is none",
}


def alarm_text(alarm: Mapping[str, Any]) -> str:
    """Return an alarm of `run.json` as one line.

    Example:
        >>> where = {"dataset": "loan", "scenario": "hard-2!scm-plausibility", "seed": 0}
        >>> who = {"solver": "grid", "certifier": "exact", "kind": "below_lower_bound", "people": 6}
        >>> print(alarm_text({**where, **who, "persons": [3, 8, 11, 40, 41]}))
        ALARM: loan, hard-2!scm-plausibility, seed 0: grid has a solution for 6 people, cheaper than exact proves \
possible (persons 3, 8, 11, 40, 41, ...)
    """
    persons = [str(person) for person in alarm["persons"]]
    more = ["..."] if alarm["people"] > len(persons) else []
    one = alarm["people"] == 1
    whom = f"{alarm['people']} {'person' if one else 'people'}"
    known = _KINDS.get(alarm["kind"])
    contradiction = known.format(certifier=alarm["certifier"]) if known else str(alarm["kind"])
    return (
        f"ALARM: {alarm['dataset']}, {alarm['scenario']}, seed {alarm['seed']}: {alarm['solver']} has a solution for "
        f"{whom}, {contradiction} (person{'' if one else 's'} {', '.join([*persons, *more])})"
    )
