"""What `run.json` of a finished run holds, as far as anybody reads it: one declaration, held against every file."""

from __future__ import annotations

__all__ = ["checked_record"]

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from recourse_arena.base.arguments import LARGEST
from recourse_arena.base.errors import ArenaError
from recourse_arena.registry.offers import COLUMNS_OF_TABLES

_Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class _Suite(msgspec.Struct):
    name: str
    version: str


class _Solver(msgspec.Struct):
    version: str
    knows: list[str] = []
    summary: str = ""
    trained: bool | None = None
    needs: list[str] = []


class _Metric(msgspec.Struct):
    name: str
    direction: Literal["higher", "lower", "none"]
    unit: str = ""
    population: str = ""
    definition: str = ""
    title: str = ""
    version: str = "1"
    average: str = ""
    shown: str = ""

    def __post_init__(self) -> None:
        if self.name in COLUMNS_OF_TABLES:
            raise ValueError(f"Expected another name of a metric than {self.name!r}, which is a column of every table")


class _Note(msgspec.Struct):
    kind: str
    text: str
    plugin: str = ""
    people: _Whole | None = None
    traceback: str = ""


class _Cell(msgspec.Struct):
    dataset: str
    scenario: str
    solver: str
    seed: _Whole
    outcome: str
    people: _Whole = 0
    outcomes: dict[str, _Whole] = {}
    fit_seconds: float = 0.0
    solve_seconds: float = 0.0
    alone_seconds: float = 0.0
    validation_score: float = 0.0
    reason: str = ""
    traceback: str = ""
    plugin: str = ""
    key: str = ""
    notes: list[_Note] = []


class _Feature(msgspec.Struct):
    name: str
    kind: str = ""
    role: str = ""
    levels: list[str] = []
    description: str = ""
    unit: str = ""
    sd: float = 0.0


class _Materials(msgspec.Struct):
    dataset: str
    seed: _Whole
    version: str
    file: str
    asking: _Whole
    classifier: str | None = None
    flow: str | None = None
    decision: str | None = None
    accuracy: float | None = None
    effects: str | None = None
    cost: str | None = None
    change: str = ""
    protected: dict[str, list[str]] = {}
    odds_gap: dict[str, float] = {}
    features: list[_Feature] = []

    def __post_init__(self) -> None:
        lacking = [name for name in ("accuracy", "effects", "cost") if getattr(self, name) is None]
        if self.decision is not None and lacking:
            raise ValueError(f"Object missing required field `{lacking[0]}`, which goes with `decision`")


class _Alarm(msgspec.Struct):
    dataset: str
    scenario: str
    seed: _Whole
    solver: str
    certifier: str
    kind: str
    people: _Whole
    persons: list[_Whole]


class _Provenance(msgspec.Struct):
    started: str = ""
    ended: str = ""
    command: list[str] = []
    python: str = ""
    platform: str = ""
    processor: str = ""
    packages: dict[str, str] = {}
    git: dict[str, str] = {}


class _Record(msgspec.Struct):
    protocol: _Whole
    suite: _Suite
    solvers: dict[str, Any]
    metrics: list[_Metric]
    cells: list[_Cell]
    provenance: _Provenance
    materials: list[_Materials] = []
    alarms: list[_Alarm] = []
    tables: dict[str, str] = {}


_UNIQUE = {"cells": ("dataset", "scenario", "solver", "seed"), "metrics": ("name",), "materials": ("dataset", "seed")}
"""Lists whose entries are known by these keys."""


def checked_record(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a finished run, or refuse what is none.

    Metrics and solvers have all that is read of them then, and metrics nothing else.

    Raises:
        ArenaError: With the key, what was expected there and what came.
    """
    _check(info, _Record)
    for name, solver in info["solvers"].items():
        _check(solver, _Solver, f"solvers.{name[:80]!r}")
    for part, keys in _UNIQUE.items():
        seen: set[tuple[Any, ...]] = set()
        for place, entry in enumerate(info.get(part, [])):
            key = tuple(entry[name] for name in keys)
            if key in seen:
                raise ArenaError(f"{part}[{place}]: expected a {' and '.join(keys)} that no entry before it has")
            seen.add(key)
    known = _Metric.__struct_fields__
    blank = {**dict.fromkeys(("unit", "population", "definition"), "")}
    metrics = [
        {**blank, "title": metric["name"], **{name: value for name, value in metric.items() if name in known}}
        for metric in info["metrics"]
    ]
    solvers = {name: {"knows": [], "summary": "", **solver} for name, solver in info["solvers"].items()}
    return {**info, "metrics": metrics, "solvers": solvers}


def _check(value: object, kind: type[msgspec.Struct], place: str = "") -> None:
    try:
        msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:  # `Expected `int`, got `str` - at `$.cells[3].seed``
        said, _, inner = str(error).partition(" - at `$")
        where = f"{place}{inner.rstrip('`')}".removeprefix(".") or "all of it"
        raise ArenaError(f"{where}: {said[:1].lower()}{said[1:]}".replace("`", "")) from None
