"""What comes of a node: how models compare with data, the seconds of a fit, the records of a cell, or a failure."""

from __future__ import annotations

__all__ = ["Answer", "Failure", "Fitted", "Judged", "Modelled"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recourse_arena.base.errors import ArenaError, NotApplicable
from recourse_arena.problem.outcome import Outcome
from recourse_arena.running.note import Note, own_traceback


@dataclass(frozen=True)
class Modelled:
    """Models are there.

    Arguments:
        identity: What tells them from others, as :class:`~recourse_arena.running.materials.Materials` says.
        marginals: How the flow compares with the data: values by column.
    """

    identity: Mapping[str, Any]
    marginals: Mapping[str, list[Any]]


@dataclass(frozen=True)
class Fitted:
    """A solver is prepared; what it learnt, if it keeps it, lies in the cache.

    Arguments:
        seconds: The time that took.
        notes: What the solver did on the way that it should not have: its cells say so, wherever they are worked on.
    """

    seconds: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A cell is solved.

    Arguments:
        people: A row per person, as the judge records it.
        timings: `fit_seconds`, `solve_seconds` and what else the solver says of its fit.
        metrics: Value of each metric; none where undefined.
        measured: Digest of the metrics' declarations, to know values of other metrics; empty if one raised.
        notes: What the solver did that it should not have.
    """

    people: pa.Table
    timings: Mapping[str, float]
    metrics: Mapping[str, float | None]
    measured: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why there is nothing.

    Arguments:
        outcome: `failed`, `timed_out`, or `skipped` where the solver is not meant for it.
        reason: Why.
        traceback: Where in the plugin's code an error was raised, if one was.
        plugin: Name of the plugin at fault, if it is a solver's.
    """

    outcome: Outcome
    reason: str
    traceback: str = ""
    plugin: str = ""

    @classmethod
    def of(cls, error: Exception, module: str = "", plugin: str = "") -> Failure:
        """Return the failure that an error means.

        Arguments:
            error: The error, of a plugin or of the suite.
            module: Name of the module whose fault it is.
            plugin: Name of the plugin that a solver at fault comes from.
        """
        if isinstance(error, NotApplicable):
            return cls(Outcome.SKIPPED, str(error))
        reason = str(error) if isinstance(error, ArenaError) else f"{type(error).__name__}: {error}"
        return cls(Outcome.FAILED, reason, own_traceback(error, module), plugin)


Answer = Modelled | Fitted | Judged | Failure
