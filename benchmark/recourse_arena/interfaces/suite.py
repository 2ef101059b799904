"""Suites: which solvers meet which scenarios on which datasets."""

from __future__ import annotations

__all__ = ["Block", "Suite"]

from dataclasses import dataclass, field
from typing import Any

from recourse_arena.problem.scenario import Scenario


@dataclass(frozen=True)
class Block:
    """Every solver under every scenario on every dataset.

    Arguments:
        datasets: Names, with options.
        scenarios: The scenarios.
        solvers: Names, with options.
        people: How many people are asked about, drawn by seed from all who ask; none for all.
    """

    datasets: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    solvers: tuple[str, ...]
    people: int | None = None


@dataclass(frozen=True)
class Suite:
    """Blocks under one name.

    Arguments:
        name: Its name.
        summary: One line for people.
        blocks: What is run.
        seeds: Seeds of everything random.
        version: Changes whenever results of the same suite are not comparable any more.
        optional: Datasets that are skipped, with the reason, where their file is not found.
        ranked_by: The metric that ranks solvers, for a suite that keeps the definition of a paper; by default
            attainability under the truth where it is known, else under what no solver was handed, and validity, then
            cost, where nobody was asked for plausibility.
        metrics: Names of metrics of plugins that are measured, beside those of the suite itself.
        changes: Names of changes of decision models, with options: all advice is decided on again by each of their
            models, but for datasets whose name asks for a change itself.
    """

    name: str
    summary: str
    blocks: tuple[Block, ...]
    seeds: tuple[int, ...] = (0,)
    version: str = "1"
    optional: frozenset[str] = field(default_factory=frozenset)
    ranked_by: str = ""
    metrics: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    def identity(self) -> dict[str, Any]:
        """Return what a run folder remembers of the suite."""
        declared = {"ranked_by": self.ranked_by} if self.ranked_by else {}
        return {"name": self.name, "version": self.version, **declared}
