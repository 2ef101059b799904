"""What the badges of a board say, and what they do not."""

from __future__ import annotations

__all__ = ["BADGES", "METHOD", "TIMES", "badges_of", "times_in_words"]

from collections.abc import Mapping
from typing import Any

from recourse_arena.board.summary.unseen import LEVEL, fewest_scenarios

BADGES: Mapping[str, str] = {
    "re-judged": "Every recommendation of the entry was applied again to the person it was made for, and judged again "
    "on data and models with the entry's fingerprints; each number that is shown was found again. It does not say that "
    "the solver makes these recommendations, nor how long that takes.",
    "re-run": "The run was repeated from the solver's distribution in a fresh environment, and gave the same rows.",
    "proved": "Of what the solver claims to have proved of people (that its advice is the cheapest, or that no action "
    "exists), the share that another solver's judged solution for the same person could have refuted, and did not. The "
    "search behind a proof is not repeated. "
    "Whoever claims no optima has no such badge, and is none the worse.",
}
"""What each means, by its name."""

_COLUMNS = {"re-judged": "rejudged", "re-run": "rerun", "proved": "proved"}

TIMES = (
    "Times are the entries' own words, each measured on the machine of its author: only a re-run can check them. "
    "Costs and times over several contests are shares of each contest's median, averaged geometrically."
)
"""What a reader should know of times and relative numbers."""

METHOD = (
    "A contest is a dataset and a scenario. Two solvers are compared where they answered for the same people, seed by "
    "seed, under the same models and protocol: person by person (McNemar) where it is known who was helped, corrected "
    "for all pairs of the contest (Holm, 5 %). Ranks that cannot be told apart are given from the first to the last. "
    "A solver that failed on a seed has no rank in that contest, and one with part of the contests is ranked where it "
    "competes. What ranks is what ranks on leaderboards: attainability by the truth where it is known, else by a ruler "
    "that no solver is handed, else by the one that they are handed; validity where nobody asks for plausibility. "
    "Nobody beats those on the frontier in attainability, cost and milliseconds a person at once. The mean rank takes "
    "the middle of the ranks that a solver may have in each contest, stretched to the number of all solvers where "
    f"fewer compete; its {100 * LEVEL:.0f} % interval comes from datasets, and scenarios within them, drawn again with "
    f"replacement. The rank in an unseen scenario is an {100 * LEVEL:.0f} % prediction interval. It assumes that the "
    "scenario is drawn as those here were, and nothing else; below "
    f"{fewest_scenarios()} contests it is open, from first to last. Rank intervals in each task and prediction "
    "intervals over tasks: Neuhof and Benjamini, arXiv 2606.08679; the conformal step is our reading of its abstract."
)
"""How ranks and intervals are found."""


def badges_of(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the badges of a solver, each with how much of it is covered: nothing where that is all.

    Example:
        >>> badges_of({"rejudged": 1.0, "rerun": 0.5, "proved": 0.0})
        [('re-judged', ''), ('re-run', '50 %')]
    """
    return [
        (name, "" if row[column] >= 1 else f"{100 * row[column]:.0f} %")
        for name, column in _COLUMNS.items()
        if row[column] > 0
    ]


def times_in_words(value: float) -> str:
    """Return a share of the median.

    Example:
        >>> times_in_words(0.5), times_in_words(12.34), times_in_words(float("nan"))
        ('0.50 x', '12 x', '-')
    """
    if value != value:
        return "-"
    return f"{value:.2f} x" if value < 9.995 else f"{value:.0f} x"
