"""What an entry says beside its rows: one declaration, held against every file before anything of it is believed."""

from __future__ import annotations

__all__ = ["FORMAT", "CellSaid", "MaterialSaid", "MethodCard", "Said", "SolverSaid", "read_said", "written_said"]

import math
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from recourse_arena.base.arguments import LARGEST
from recourse_arena.base.errors import ArenaError
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.outcome import Outcome

FORMAT = 1
"""Version of the layout of an entry."""

_Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
_Word = Annotated[str, msgspec.Meta(max_length=300)]
_Distribution = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,200}[A-Za-z0-9])?\Z")]
_Version = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.+!_-]{0,100}\Z")]
"""A distribution and its version become words of a command where an entry is run again: nothing else may."""
_Text = Annotated[str, msgspec.Meta(max_length=4000)]
_Words = Annotated[list[_Word], msgspec.Meta(max_length=200)]
_Seconds = Annotated[float, msgspec.Meta(ge=0)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of an entry: a key that is not declared is a mistake."""


class MethodCard(_Part, frozen=True, kw_only=True):
    """What the authors of a method say of it; nothing of it can be checked by judging.

    Arguments:
        name: What the entry is called on the board.
        authors: Who they are.
        paper: Where it is published.
        code: Where its code is.
        licence: Under which licence.
        saw_test_people: Whether the method, or whoever made it, saw the people who are asked about.
        hardware: What it ran on.
        text: Anything else.
        lacking: What the card does not say, of what it should.
    """

    name: _Name
    authors: _Words = []
    paper: _Word = ""
    code: _Word = ""
    licence: _Word = ""
    saw_test_people: bool | None = None
    hardware: _Word = ""
    text: _Text = ""
    lacking: _Words = []


class SuiteSaid(_Part, frozen=True, kw_only=True):
    """The suite of a run."""

    name: _Name
    version: _Name
    ranked_by: _Word = ""


class SolverSaid(_Part, frozen=True, kw_only=True):
    """A solver, as its plugin declares it.

    Arguments:
        version: Its version.
        knows: What it may know.
        needs: What of it it cannot do without.
        summary: One line for people.
        trained: Whether what it learns is kept.
        distribution: The distribution it comes from, with its version; none if it was handed over as an object.
    """

    version: _Word
    knows: list[Knowledge] = []
    needs: list[Knowledge] = []
    summary: _Text = ""
    trained: bool | None = None
    distribution: tuple[_Distribution, _Version] | None = None


class MetricSaid(_Part, frozen=True, kw_only=True):
    """A metric whose values the entry claims."""

    name: _Name
    version: _Word = "1"


class MaterialSaid(_Part, frozen=True, kw_only=True):
    """People and models that the cells of a dataset and seed rest on."""

    dataset: _Name
    seed: _Whole
    version: _Word
    file: _Word
    asking: _Whole
    classifier: _Word = ""
    flow: _Word = ""
    heldout: str | None = None
    decision: _Word = ""
    effects: _Word = ""
    cost: _Word = ""
    change: _Word = ""


class NoteSaid(_Part, frozen=True, kw_only=True):
    """One thing worth knowing of a cell."""

    kind: _Word
    text: _Text
    plugin: _Word = ""
    people: _Whole | None = None


class CellSaid(_Part, frozen=True, kw_only=True):
    """How a cell ended, and the averages that are claimed of it.

    Arguments:
        dataset: The dataset.
        scenario: The scenario.
        solver: The solver.
        seed: The seed.
        asked: How many people were drawn to be asked about; none for all.
        outcome: `solved`, `failed`, `timed_out` or `skipped`.
        people: How many rows it has.
        reason: Why it has none.
        timings: `fit_seconds`, `solve_seconds`, and what else the solver says of its fit.
        averages: Value of each metric, as `summary.csv` writes it; none where undefined.
        notes: What the solver did that it should not have.
        menu: The menu that people picked from, as :meth:`~recourse_arena.menus.menu.Menu.said` says it.
    """

    dataset: _Name
    scenario: _Name
    solver: _Name
    seed: _Whole
    asked: Annotated[int, msgspec.Meta(ge=1, le=LARGEST)] | None = None
    outcome: _Name
    people: _Whole = 0
    reason: _Text = ""
    timings: dict[_Word, float] = {}
    averages: dict[_Word, float | None] = {}
    notes: list[NoteSaid] = []
    menu: dict[_Word, Any] | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Dataset, scenario, solver and seed."""
        return self.dataset, self.scenario, self.solver, self.seed

    @property
    def words(self) -> str:
        """What it is called in messages: `loan, hard-2, grid, seed 0`."""
        return f"{self.dataset}, {self.scenario}, {self.solver}, seed {self.seed}"


class ProvenanceSaid(_Part, frozen=True, kw_only=True):
    """Where and when the run was made, as far as it may travel."""

    started: _Word = ""
    ended: _Word = ""
    command: _Words = []
    python: _Word = ""
    platform: _Word = ""
    processor: _Word = ""
    arithmetic: _Word = ""
    jobs: _Whole = 1
    packages: dict[_Word, _Word] = {}


class Said(_Part, frozen=True, kw_only=True):
    """Everything that an entry says beside its rows."""

    format: int
    protocol: _Whole
    card: MethodCard
    suite: SuiteSaid
    solvers: dict[_Name, SolverSaid]
    metrics: list[MetricSaid]
    materials: list[MaterialSaid]
    cells: Annotated[list[CellSaid], msgspec.Meta(min_length=1, max_length=20_000)]
    provenance: ProvenanceSaid


def written_said(said: Said) -> bytes:
    """Return it as JSON, the same bytes for the same content."""
    return msgspec.json.encode(said, order="deterministic")


def read_said(content: bytes) -> Said:
    """Return what an entry says.

    Raises:
        ArenaError: With the key, what was expected there and what came.
    """
    try:
        head = msgspec.json.decode(content, type=dict[str, Any])
        if type(head.get("format")) is int and head["format"] > FORMAT:
            raise ArenaError(f"format: it is of format {head['format']}, made by a newer version; this reads {FORMAT}")
        said = msgspec.json.decode(content, type=Said)
        "".join(_all_words(head)).encode()  # half of a character can be written nowhere
    except msgspec.DecodeError as error:
        raise ArenaError(_in_words(str(error))) from None
    except (RecursionError, UnicodeError):
        raise ArenaError("it is JSON, but not of an entry") from None
    _check(said)
    return said


def _in_words(message: str) -> str:
    told, _, place = message.partition(" - at `$")
    where = place.rstrip("`").removeprefix(".") or "all of it"
    return f"{where}: {told[:1].lower()}{told[1:]}".replace("`", "")


def _all_words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _all_words(part)
    elif isinstance(value, list):
        for part in value:
            yield from _all_words(part)


def _check(said: Said) -> None:
    """Raise what in an entry contradicts something else in it."""
    worlds = [(m.dataset, m.seed) for m in said.materials]
    for place, (dataset, seed) in enumerate(worlds):
        if (dataset, seed) in worlds[:place]:
            raise ArenaError(f"materials[{place}]: {dataset}, seed {seed} is there twice")
    seen = set[tuple[str, str, str, int]]()
    for place, cell in enumerate(said.cells):
        where = f"cells[{place}] ({cell.words})"
        if cell.key in seen:
            raise ArenaError(f"{where}: it is there twice")
        seen.add(cell.key)
        if cell.solver not in said.solvers:
            raise ArenaError(f"{where}: solvers says nothing of {cell.solver!r}")
        if cell.outcome == Outcome.SOLVED and (cell.dataset, cell.seed) not in worlds:
            raise ArenaError(f"{where}: materials says nothing of {cell.dataset}, seed {cell.seed}")
        _check_cell(cell, where)


def _check_cell(cell: CellSaid, where: str) -> None:
    if cell.outcome not in (Outcome.SOLVED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.SKIPPED):
        raise ArenaError(f"{where}: expected outcome solved, failed, timed_out or skipped, got {cell.outcome!r}")
    if cell.outcome != Outcome.SOLVED and cell.people:
        raise ArenaError(f"{where}: it is {cell.outcome}, but has rows of {cell.people} people")
    for name in ("fit_seconds", "solve_seconds") if cell.outcome == Outcome.SOLVED else ():
        if not cell.timings.get(name, -1.0) >= 0:
            raise ArenaError(f"{where}: timings: expected {name}, a number from 0")
    for name, value in {**cell.timings, **cell.averages}.items():
        if value is not None and not math.isfinite(value):
            raise ArenaError(f"{where}: {name}: expected a finite number")
