"""What is asked in an audit: how far people can go, which solvers look for ways, and who is asked for a proof."""

from __future__ import annotations

__all__ = ["LEVELS", "PROVER", "SOLVERS", "Level", "finding", "proving"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.scenario import Scenario

SOLVERS = ("convex", "growing-spheres", "grid")
"""Who looks for ways: by gradients (skipped where there are none), by random search, and over a grid."""

PROVER = "certified"
"""Who proves that there is no way, where the decision model can be read."""


@dataclass(frozen=True)
class Level:
    """How far people can go.

    Arguments:
        name: Its name in the report.
        scenario: The scenario it is asked under.
        words: What it means.
    """

    name: str
    scenario: str
    words: str


LEVELS = (
    Level(
        "no limits",
        "soft-constant",
        "everybody may act on every feature that can be changed at all, and finds all of them equally easy",
    ),
    Level(
        "typical limits",
        "score-hard-random+soft-linear",
        "each person is assumed to rule out some features and to find others harder or easier: each feature gets a "
        "grade at random from 1 (easy, counted once) to 4 (hard, counted seven times), or 'not possible', which is as "
        "likely as each grade",
    ),
    Level(
        "strict limits",
        "hard-1",
        "each person can act on one feature only, drawn at random: the narrowest limit that leaves anything to do",
    ),
)
"""The levels of an audit, from wide to narrow."""


def finding(dataset: str, people: int, seed: int) -> Suite:
    """Return the suite in which solvers look for ways.

    Arguments:
        dataset: Name of the dataset.
        people: How many people are asked about.
        seed: The seed.
    """
    scenarios = tuple(Scenario.parse(level.scenario) for level in LEVELS)
    return Suite("audit", "one decision system", (Block((dataset,), scenarios, SOLVERS, people),), seeds=(seed,))


def proving(dataset: str, seed: int, left: Mapping[Level, pd.DataFrame], folder: Path) -> Suite | None:
    """Return the suite in which proofs are looked for of those for whom nothing was found; none if there are none.

    Who they are and what they can act on is written to files of answers in `folder`.

    Arguments:
        dataset: Name of the dataset.
        seed: The seed.
        left: For each level a row per person without a way: `person`, and a column per actionable feature with its
            grade, 0 where it is ruled out.
        folder: Where the files lie.
    """
    scenarios: list[Scenario] = []
    for level, rows in left.items():
        if rows.empty:
            continue
        asked = Scenario.parse(level.scenario)
        graded = asked.scheme == "likert"
        file = folder / f"{level.name.replace(' ', '-')}.csv"
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(_answers(rows, graded=graded), encoding="utf-8")
        scenarios.append(
            Scenario(
                file.stem,
                scheme=asked.scheme if graded else "binary",
                profile=asked.profile,
                plausibility=False,
                answers=str(file),
            )
        )
    blocks = (Block((dataset,), tuple(scenarios), (PROVER,)),)
    return Suite("audit-proofs", "who has no way at all", blocks, seeds=(seed,)) if scenarios else None


def _answers(rows: pd.DataFrame, *, graded: bool) -> str:
    """Return the text of a file of answers; `x` says not possible."""
    names: Sequence[str] = [str(name) for name in rows if name != "person"]
    said = rows[names].map(lambda grade: "x" if not grade else str(int(grade)) if graded else "1")
    return pd.concat([rows["person"], said], axis=1).to_csv(index=False)
