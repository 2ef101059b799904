"""What runs must have in common for their numbers to mean the same."""

from __future__ import annotations

__all__ = ["SUITE", "Difference", "beside_each_other", "differences", "refuse_incomparable", "refuse_mixed"]

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.run_files import RunFiles

Part = Literal["protocol", "suite", "suite version", "solver", "metric", "models", "asking", "people"]

EVERYTHING: frozenset[Part] = frozenset({"protocol", "suite version", "solver", "metric", "models", "people"})
"""What rows of one leaderboard have in common."""

PEOPLE_AND_MODELS: frozenset[Part] = frozenset({"protocol", "solver", "models", "asking"})
"""What numbers of one report have in common."""

SUITE: frozenset[Part] = frozenset({"protocol", "suite", "suite version"})
"""What a run and its baseline have in common."""

_MODELS = (
    ("version", "dataset"),
    ("file", "data file"),
    ("classifier", "decision model"),
    ("flow", "causal flow"),
)
_WORLD = (("cost", "cost of actions"), ("effects", "effects of actions"), ("heldout", "held-out flow"))
_MEANING = ("direction", "unit", "population", "version")
"""What makes the numbers of a metric other ones: its words may be put better without that."""


@dataclass(frozen=True)
class Difference:
    """Something in which two runs differ.

    Arguments:
        what: What it is, in words.
        first: The run that said something of it first.
        second: The one that says something else.
        values: What both say.
    """

    what: str
    first: RunFiles
    second: RunFiles
    values: tuple[Any, Any]

    def __str__(self) -> str:
        shown = f" ({self.values[0]} and {self.values[1]})" if isinstance(self.values[1], (int, str)) else ""
        return f"{self.first.path} and {self.second.path} differ in {self.what}{shown}"


def differences(runs: Sequence[RunFiles], parts: Collection[Part] = EVERYTHING) -> list[Difference]:
    """Return in what runs differ of some parts; nothing if their numbers mean the same."""
    known: dict[str, tuple[Any, RunFiles]] = {}
    found: dict[tuple[str, str], Difference] = {}
    for run in runs:
        for part, what, value in _said(run):
            if part not in parts:
                continue
            before, where = known.setdefault(what, (value, run))
            if before != value and where is not run:
                difference = Difference(what, where, run, (before, value))
                found.setdefault((what, str(difference)), difference)
    return list(found.values())


def refuse_incomparable(runs: Sequence[RunFiles]) -> None:
    """Refuse runs that cannot stand on one leaderboard.

    Raises:
        ArenaError: With the first reasons.
    """
    found = list(map(str, differences(runs)))
    if found:
        raise ArenaError(
            "these runs are not comparable: "
            + "; ".join(found[:2])
            + (f"; and {len(found) - 2} more reasons" if len(found) > 2 else "")
            + ".\nRun them again with the same version, or show them side by side all the same with --mix"
        )


def refuse_mixed(runs: Sequence[RunFiles]) -> None:
    """Refuse runs that cannot share a report.

    Raises:
        ArenaError: If there are none, or they differ in protocol, versions of a solver, people or models of a seed.
    """
    if not runs:
        raise ArenaError("a report needs at least one run folder")
    for found in differences(runs, PEOPLE_AND_MODELS):
        raise ArenaError(
            f"{found.first.path} and {found.second.path} cannot share a report: they differ in {found.what}.\n"
            "Report them separately, or run both again with the same version."
        )


def beside_each_other(runs: Sequence[RunFiles], names: Sequence[str]) -> list[RunFiles]:
    """Return runs in which solvers of the same cells are told apart by the run: `grid [before]`, `grid [after]`.

    Arguments:
        runs: The runs.
        names: What each is called, no two alike.
    """
    columns = ["dataset", "scenario", "solver", "seed"]
    held = pd.concat([run.summary[columns].drop_duplicates() for run in runs]) if runs else pd.DataFrame()
    shared = set(held[held.duplicated()]["solver"]) if len(held) else set()
    if not shared:
        return list(runs)
    return [
        run.calling({solver: f"{solver} [{name}]" for solver in shared}) for run, name in zip(runs, names, strict=True)
    ]


def _said(run: RunFiles) -> Iterator[tuple[Part, str, Any]]:
    """Yield what a run says that others must say as well, if they say anything of it."""
    info = run.info
    suite = info.get("suite", {})
    yield "protocol", "the judging protocol", info.get("protocol")
    yield "suite", "the suite", suite.get("name")
    yield "suite version", f"the version of suite {suite.get('name')}", suite.get("version")
    for name, solver in info.get("solvers", {}).items():
        yield "solver", f"the version of solver {name}", solver["version"]
    for metric in info.get("metrics", []):
        meaning = {part: metric.get(part, "1" if part == "version" else "") for part in _MEANING}
        yield "metric", f"what metric {metric['name']} means", meaning
    for models in info.get("materials", []):
        where = f"{models['dataset']}, seed {models['seed']}"
        for part, words in _MODELS:
            yield "models", f"the {words} of {where}", models.get(part)
        for part, words in _WORLD:
            if part in models:  # older runs do not say it
                yield "models", f"the {words} of {where}", models[part]
        yield "asking", f"how many people of {where}, ask for recourse", models.get("asking")
    for cell in info.get("cells", []):
        if cell["outcome"] == Outcome.SOLVED:
            where = f"{cell['dataset']}, seed {cell['seed']}"
            yield "people", f"how many people of {where}, are asked under {cell['scenario']}", cell.get("people")
