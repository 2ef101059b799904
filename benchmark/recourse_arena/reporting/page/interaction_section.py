"""What the page says of policies that had to find out what people want."""

from __future__ import annotations

__all__ = ["interaction_section"]

from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse_arena.reporting.leaderboard.best import shown_number
from recourse_arena.reporting.leaderboard.standings import Standing
from recourse_arena.reporting.results.families import asked_by

if TYPE_CHECKING:
    from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

_METRICS = {
    "accepted": "accepted ↑",
    "accepted_possible": "of possible ↑",
    "rounds": "rounds ↓",
    "questions": "questions ↓",
    "regret": "regret ↓",
}
_TO = "\N{EN DASH}"


def interaction_section(board: Leaderboard) -> list[dict[str, Any]]:
    """Return a table for each dataset, hidden scenario and solver: a row per policy, each value with its interval."""
    if "accepted" not in board.rows or not board.rows["accepted"].notna().any():
        return []
    rows, standings = board.rows[board.rows["accepted"].notna()], board.standings.by_cell()
    policies = asked_by(rows["scenario"])
    found: dict[tuple[str, str, str], list[list[str]]] = {}
    for row in rows.to_dict("records"):
        if row["scenario"] not in policies:
            continue
        hidden, policy = policies[row["scenario"]]
        known = standings.get((row["dataset"], row["scenario"], row["solver"]), {})
        values = [_word(row.get(name), known.get(name)) for name in _METRICS]
        found.setdefault((row["dataset"], hidden, row["solver"]), []).append([policy, *values])
    heads = ["asked by", *_METRICS.values()]
    return [{"title": ", ".join(where), "heads": heads, "rows": lines} for where, lines in found.items()]


def _word(value: Any, standing: Standing | None) -> str:
    if value is None or pd.isna(value):
        return "-"
    if standing is None or pd.isna(standing.low) or pd.isna(standing.high):
        return shown_number(value)
    return f"{shown_number(value)} ({shown_number(standing.low)}{_TO}{shown_number(standing.high)})"
