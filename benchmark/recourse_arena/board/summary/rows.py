"""The one table that everything a board says is read from: a row per entry, dataset, scenario, solver and seed."""

from __future__ import annotations

__all__ = ["COLUMNS", "METRICS", "Met", "board_rows"]

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.base.errors import ArenaError
from recourse_arena.board.summary.pools import pool_of
from recourse_arena.problem.outcome import Outcome

METRICS = ("attainability", "attainability_truth", "attainability_heldout", "validity", "coverage", "cost_mean")
"""Numbers of a cell that re-judging finds anew."""

_TIMES = ("fit_seconds", "solve_seconds")
_BADGES = ("rejudged", "rerun", "proved")

COLUMNS = (
    *("entry", "name", "solver", "version", "pool", "knows", "dataset", "scenario", "seed", "outcome", "people"),
    *("attainability", "validity", "coverage", "cost_mean", *_TIMES, "ms", *_BADGES, "protocol", "suite"),
    *("attainability_truth", "attainability_heldout", "reason", "digest", "question", "met"),
)
"""Those of the table. `met` holds, by metric, for whom of the people it is true; it is empty where only averages are
known. `rejudged` and `rerun` are shares, 0 where a badge is not given; `proved` is the share of claimed optima that
were checked again, nan where none are claimed. `question` is the same where the same people were asked about under the
same models and protocol."""

Met = Mapping[str, NDArray[np.bool_]]
"""For whom it is true, by metric: `(people,)`, in the order in which they were asked about."""

_MOST = 100_000
"""Cells of one verdict."""


class _Proof(msgspec.Struct):
    optima: int = 0
    infeasible: int = 0
    held: int = 0
    refuted: int = 0

    @property
    def share(self) -> float:
        """Of all that is claimed to be proved, what could have been refuted and was not."""
        claimed = self.optima + self.infeasible
        return max(self.held - self.refuted, 0) / claimed if claimed else float("nan")


class _Cell(msgspec.Struct):
    dataset: str
    scenario: str
    solver: str
    seed: int
    outcome: str
    people: int = 0
    reason: str | None = None
    attainability: float | None = None
    attainability_truth: float | None = None
    attainability_heldout: float | None = None
    validity: float | None = None
    coverage: float | None = None
    cost_mean: float | None = None
    fit_seconds: float | None = None
    solve_seconds: float | None = None
    rejudged: bool | float | None = None
    rerun: bool | float | None = None
    proved: _Proof | bool | float | None = None
    metrics: dict[str, float | None] = {}


class _Rerun(msgspec.Struct):
    same: bool = False


class _Badges(msgspec.Struct, rename={"rerun": "re-run"}):
    rerun: _Rerun | None = None


class _Verdict(msgspec.Struct):
    cells: list[_Cell]
    name: str | None = None
    entry: str | None = None
    protocol: int | None = None
    badges: _Badges | None = None
    solvers: dict[str, Any] = {}
    suite: Any = None


def board_rows(
    verdicts: Mapping[str, Mapping[str, Any]],
    records: Mapping[str, Mapping[str, Any]] | None = None,
    met: Mapping[str, Mapping[tuple[str, str, str, int], tuple[str, Met]]] | None = None,
    *,
    together: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return the table of a board (:data:`COLUMNS`): what re-judging found, never what an entry says of its results.

    Only times and why a cell has no people are the entry's own words, for nobody can judge them anew.

    Arguments:
        verdicts: What re-judging found, by the digest of the entry: `name` (or `entry`), `protocol` and `cells`, a
            mapping each with the columns of this table; other averages may lie in its `metrics`, and `badges` may say
            that the entry was re-run.
        records: The entries' own records, by digest: `suite`, `solvers` with `version` and `knows`, and `materials`.
        met: By digest and then by dataset, scenario, solver and seed: a digest of who was asked, and for whom of them
            which metric is true.
        together: Digests of entries that whoever keeps the board says are parts of one, by what that is called: runs of
            several suites, say. A part that has a cell of an earlier one keeps its own name.

    Raises:
        ArenaError: If a verdict has other keys or types, a number is infinite, or a cell is there twice.

    Example:
        >>> cell = {"dataset": "loan", "scenario": "hard-2", "solver": "grid", "seed": 0, "outcome": "solved"}
        >>> rows = board_rows({"c0ffee": {"name": "mine", "cells": [{**cell, "people": 50, "attainability": 0.5}]}})
        >>> rows[["entry", "name", "pool", "attainability"]].values.tolist()
        [['mine', 'grid', 'decisions', 0.5]]
    """
    read = {digest: _read(digest, verdict) for digest, verdict in sorted(verdicts.items())}
    called = {**_entry_names(read), **_joined(read, together or {})}
    rows: list[dict[str, Any]] = []
    for digest, verdict in read.items():
        record = (records or {}).get(digest, {})
        rows += _of_entry(called[digest], digest, verdict, record, (met or {}).get(digest, {}))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if table.empty:
        return table
    keys = ["entry", "dataset", "scenario", "solver", "seed"]
    twice = table[table.duplicated(keys)]
    if len(twice):
        raise ArenaError(f"a cell is there twice: {', '.join(map(str, twice[keys].iloc[0]))}")
    numbers = [*METRICS, *_TIMES, "ms"]
    table[numbers] = table[numbers].astype(float)
    return table.assign(name=_shown(table)).sort_values(
        ["dataset", "scenario", "name", "seed"], kind="stable", ignore_index=True
    )


def _read(digest: str, verdict: Mapping[str, Any]) -> _Verdict:
    try:
        found = msgspec.convert(verdict, _Verdict)
    except msgspec.ValidationError as error:
        raise ArenaError(f"the verdict on entry {digest[:12]} cannot be read: {error}") from None
    if len(found.cells) > _MOST:
        raise ArenaError(
            f"the verdict on entry {digest[:12]} has {len(found.cells):,} cells; expected at most {_MOST:,}"
        )
    for cell in found.cells:
        for name in (*METRICS, *_TIMES):
            value = _value(cell, name)
            if value is not None and not math.isfinite(value):
                where = f"{cell.dataset}, {cell.scenario}, {cell.solver}, seed {cell.seed}"
                raise ArenaError(f"the verdict on entry {digest[:12]}: {where}: expected a finite {name}, got {value}")
    return found


def _value(cell: _Cell, name: str) -> float | None:
    found: float | None = getattr(cell, name)
    return cell.metrics.get(name) if found is None else found


def _entry_names(verdicts: Mapping[str, _Verdict]) -> dict[str, str]:
    """Return what each entry is called, by digest: two of one name are told apart by the beginning of their digests."""
    own = {digest: verdict.name or verdict.entry or digest[:12] for digest, verdict in verdicts.items()}
    counts = pd.Series(list(own.values()), dtype=object).value_counts()
    return {digest: f"{name}~{digest[:8]}" if counts[name] > 1 else name for digest, name in own.items()}


def _joined(verdicts: Mapping[str, _Verdict], together: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what entries are called that are parts of one."""
    found: dict[str, str] = {}
    for label, digests in together.items():
        taken: set[tuple[str, str, str, int]] = set()
        for digest in dict.fromkeys(digests):
            cells = verdicts[digest].cells if digest in verdicts and digest not in found else []
            keys = {(cell.dataset, cell.scenario, cell.solver, cell.seed) for cell in cells}
            if keys and not keys & taken:
                found[digest] = label
                taken |= keys
    return found


def _of_entry(
    name: str,
    digest: str,
    verdict: _Verdict,
    record: Mapping[str, Any],
    met: Mapping[tuple[str, str, str, int], tuple[str, Met]],
) -> list[dict[str, Any]]:
    solvers = _mapping(record.get("solvers")) or verdict.solvers
    materials = _materials(record.get("materials"))
    rerun = verdict.badges is not None and verdict.badges.rerun is not None and verdict.badges.rerun.same
    rows = []
    for cell in verdict.cells:
        said = _mapping(solvers.get(cell.solver))
        knows = tuple(map(str, said.get("knows") or ()))
        asked, true_for = met.get((cell.dataset, cell.scenario, cell.solver, cell.seed), ("", {}))
        material = materials.get((cell.dataset, cell.seed), "")
        known = {key: getattr(cell, key) for key in _Cell.__struct_fields__ if key != "metrics"}
        rows.append(
            {
                **known,
                **{name: _value(cell, name) for name in METRICS},
                **{"rejudged": float(cell.rejudged or 0), "rerun": float(cell.rerun or rerun), "proved": _proved(cell)},
                **{
                    "entry": name,
                    "digest": digest,
                    "reason": cell.reason or "",
                    "suite": _suite(record.get("suite") or verdict.suite),
                },
                **{"version": str(said.get("version", "")), "knows": knows, "pool": pool_of(knows)},
                "protocol": verdict.protocol,
                "ms": _milliseconds(cell),
                "question": _digest([verdict.protocol, material, cell.seed, cell.people, asked]),
                "met": dict(true_for),
            }
        )
    return rows


def _milliseconds(cell: _Cell) -> float | None:
    if cell.solve_seconds is None or cell.people < 1 or cell.outcome != Outcome.SOLVED:
        return None
    return 1000 * cell.solve_seconds / cell.people


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _proved(cell: _Cell) -> float:
    if cell.proved is None:
        return float("nan")
    return cell.proved.share if isinstance(cell.proved, _Proof) else float(cell.proved)


def _suite(said: Any) -> str:
    return str(said.get("name", "")) if isinstance(said, Mapping) else str(said or "")


def _materials(said: Any) -> dict[tuple[str, int], str]:
    """Return a digest of data and models by dataset and seed: other ones are another question."""
    found = {}
    for material in said if isinstance(said, Sequence) and not isinstance(said, str) else ():
        part = _mapping(material)
        keys = ("version", "file", "classifier", "flow", "heldout", "change")
        found[str(part.get("dataset")), part.get("seed", -1)] = _digest([str(part.get(key) or "") for key in keys])
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _shown(table: pd.DataFrame) -> pd.Series:
    """Return what each row's solver is called on the board: by its entry and version, too, where that is not all."""
    name = table["solver"]
    for more in (" (" + table["entry"] + ")", " " + table["version"], " [" + table["digest"].str[:8] + "]"):
        owners = (table["entry"] + "\n" + table["solver"] + "\n" + table["version"]).groupby(name).nunique()
        name = name.where(name.map(owners) == 1, name + more)
    return name
