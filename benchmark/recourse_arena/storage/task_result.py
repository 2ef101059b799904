"""What comes of a node: how models compare with data, the seconds of a fit, the records of a cell, or a failure."""

from __future__ import annotations

__all__ = [
    "AdviceResult",
    "AutoencoderResult",
    "CellResult",
    "ChangeResult",
    "Failure",
    "FitResult",
    "ModelsResult",
    "Note",
    "TaskResult",
    "own_traceback",
]

import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from recourse_arena.base.errors import ArenaError, NotApplicable
from recourse_arena.judging.advice_table import check_advice
from recourse_arena.judging.records import check_records
from recourse_arena.menus.menu import MENU_COLUMNS
from recourse_arena.problem.outcome import Outcome

_HARNESS = str(Path(__file__).parent.parent)
_FRAMES = 4
"""Most frames of a traceback that are kept, the innermost ones."""


@dataclass(frozen=True)
class Note:
    """One thing worth knowing of a cell: what its solver did that it should not have, or whom it could not help.

    Arguments:
        kind: `raised`, `violations`, `inputs`, `global state`, `metric`, `bounds` of people that leave them
            nothing, or `answers` that are wrong, of people who are left out.
        plugin: The plugin at fault; empty for a solver that was handed over as an object, or where nobody is.
        text: What it did, in a line.
        people: How many people it is about; none where that means nothing.
        traceback: Where, if it raised.
    """

    kind: str
    plugin: str
    text: str
    people: int | None = None
    traceback: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return what `run.json` says about it."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Note:
        """Return the note that :meth:`as_dict` says, or raise KeyError, TypeError or ValueError if it is none."""
        people = said.get("people")
        words = {name: str(said.get(name, "")) for name in ("plugin", "traceback")}
        return cls(str(said["kind"]), text=str(said["text"]), people=None if people is None else int(people), **words)


def own_traceback(error: BaseException, module: str) -> str:
    """Return the traceback of an error without the harness: frames of `module`'s package, else all that is not ours.

    Arguments:
        error: The error.
        module: Name of the module whose fault it is.
    """
    root = module.partition(".")[0]
    frames = [frame for link in _links(error) for frame in _frames(link.__traceback__)]
    own = [summary for name, summary in frames if name.partition(".")[0] == root]
    foreign = [summary for _, summary in frames if not summary.filename.startswith(_HARNESS)]
    shown = (own or foreign or [summary for _, summary in frames])[-_FRAMES:]
    last = traceback.format_exception_only(error)
    return "".join(["Traceback (most recent call last):\n", *traceback.format_list(shown), *last])


def _links(error: BaseException) -> list[BaseException]:
    """Return what an error was raised from, outermost cause first, and the error itself."""
    links = [error]
    while (cause := links[0].__cause__) is not None and cause not in links:
        links.insert(0, cause)
    return links


def _frames(tb: TracebackType | None) -> list[tuple[str, traceback.FrameSummary]]:
    names = [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(tb)]
    return list(zip(names, traceback.extract_tb(tb), strict=True))


@dataclass(frozen=True)
class ModelsResult:
    """Models are there.

    Arguments:
        identity: What tells them from others, as the worker's `FittedDataset` says.
        marginals: How the flow compares with the data: values by column.
    """

    identity: Mapping[str, Any]
    marginals: Mapping[str, list[Any]]


@dataclass(frozen=True)
class ChangeResult:
    """Changed models are there, and lie in the cache if they can be kept.

    Arguments:
        models: Their names.
    """

    models: tuple[str, ...]


@dataclass(frozen=True)
class AutoencoderResult:
    """An autoencoder is there, and lies in the cache."""


@dataclass(frozen=True)
class FitResult:
    """A solver is prepared; what it learnt, if it keeps it, lies in the cache.

    Arguments:
        seconds: The time that took.
        notes: What the solver did on the way that it should not have: its cells say so, wherever they are worked on.
    """

    seconds: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class AdviceResult:
    """A solver gave its advice.

    Arguments:
        advice: A row per person, as :mod:`~recourse_arena.judging.advice_table` keeps it.
        timings: `fit_seconds`, `solve_seconds` and what else the solver says of its fit.
        notes: What the solver did that it should not have.
        menu: The menu that people picked from, as :meth:`Menu.said` says it; none if there is none.
    """

    advice: pa.Table
    timings: Mapping[str, float]
    notes: tuple[Note, ...] = ()
    menu: Mapping[str, Any] | None = None

    @property
    def table(self) -> pa.Table:
        """Its rows."""
        return self.advice

    def said(self) -> dict[str, Any]:
        """Return what it says beside its rows."""
        said = {"timings": dict(self.timings), "notes": [note.as_dict() for note in self.notes]}
        return said if self.menu is None else {**said, "menu": dict(self.menu)}

    @classmethod
    def of(cls, table: pa.Table, said: Mapping[str, Any]) -> AdviceResult:
        """Return it from rows and what it said, or raise what is wrong with them."""
        check_advice(table.schema)
        menu = said.get("menu")
        return cls(table, *_timings_and_notes(said), None if menu is None else dict(menu))


@dataclass(frozen=True)
class CellResult:
    """Advice is judged: a cell is solved.

    Arguments:
        people: A row per person, as the judge records it.
        timings: `fit_seconds`, `solve_seconds` and what else the solver says of its fit.
        metrics: Value of each metric; none where undefined.
        measured: Digest of the metrics' declarations, to know values of other metrics; empty if one raised.
        notes: What the solver did that it should not have.
        menu: The moves of the menu that people picked from, as :meth:`Menu.rows` returns them.
    """

    people: pa.Table
    timings: Mapping[str, float]
    metrics: Mapping[str, float | None]
    measured: str
    notes: tuple[Note, ...] = ()
    menu: tuple[Mapping[str, Any], ...] = ()

    @property
    def table(self) -> pa.Table:
        """Its rows."""
        return self.people

    def said(self) -> dict[str, Any]:
        """Return what it says beside its rows."""
        said = {
            "timings": dict(self.timings),
            "metrics": dict(self.metrics),
            "measured": self.measured,
            "notes": [note.as_dict() for note in self.notes],
        }
        return {**said, "menu": [*map(dict, self.menu)]} if self.menu else said

    @classmethod
    def of(cls, table: pa.Table, said: Mapping[str, Any]) -> CellResult:
        """Return it from rows and what it said, or raise what is wrong with them."""
        check_records(table.schema)
        timings, notes = _timings_and_notes(said)
        metrics = {str(name): None if value is None else float(value) for name, value in said["metrics"].items()}
        menu = tuple({name: row[name] for name in MENU_COLUMNS} for row in said.get("menu", []))
        return cls(table, timings, metrics, str(said["measured"]), notes, menu)


def _timings_and_notes(said: Mapping[str, Any]) -> tuple[dict[str, float], tuple[Note, ...]]:
    timings = {str(name): float(value) for name, value in said["timings"].items()}
    return timings, tuple(Note.read(note) for note in said["notes"])


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


TaskResult = ModelsResult | ChangeResult | AutoencoderResult | FitResult | AdviceResult | CellResult | Failure
