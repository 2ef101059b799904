"""Actionability scores and personal bounds that real people gave, read from a CSV file."""

from __future__ import annotations

__all__ = ["Answers", "read_answers"]

import csv
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.box import Box
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.actionability import Actionability

_NEVER = ("", "x", "no", "never")


@dataclass(frozen=True)
class Answers:
    """The answers of some people.

    Arguments:
        people: Their numbers among those asking, as in `people.parquet`, `(answered,)`.
        actionability: Their scores.
        box: Their personal bounds; infinite where they gave none.
    """

    people: Tensor
    actionability: Actionability
    box: Box


def read_answers(path: Path, features: FeatureTable, levels: int, *, ordered: bool = True) -> Answers:
    """Return the answers in a CSV file with a header.

    Columns: `person` (optional; otherwise rows are people 0, 1, ...), one per globally actionable feature with a
    score from 1 to `levels` or `x` for non-actionable, and optionally `FEATURE_min`, `FEATURE_max` (empty: none).

    Raises:
        ArenaError: With file, line and what was expected.
    """
    rows = _rows(path)
    header = [cell.strip() for cell in rows[0][1]]
    _check_header(path, header, features)
    people: list[int] = []
    scores, lower, upper = [], [], []
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise ArenaError(f"{path}:{line}: expected {len(header)} cells as in the header, got {len(cells)}")
        row = _Row(path, line, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        people.append(row.whole("person", 0, None) if "person" in header else len(people))
        scores.append([row.score(f.name, levels) if f.name in header else levels + 1 for f in features])
        lower.append([row.bound(f"{f.name}_min", -torch.inf) for f in features])
        upper.append([row.bound(f"{f.name}_max", torch.inf) for f in features])
    if not people:
        raise ArenaError(f"{path}: expected at least one person below the header, got none")
    if len(set(people)) < len(people):
        raise ArenaError(f"{path}: person {max(people, key=people.count)} answers more than once")
    answers = Actionability.validated(torch.tensor(scores), levels, features, ordered=ordered)
    return Answers(torch.tensor(people), answers, Box(torch.tensor(lower), torch.tensor(upper)))


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArenaError(f"{path}: expected a readable CSV file of actionability scores: {error}") from None
    if not rows:
        raise ArenaError(f"{path}: expected a CSV file with a header, got an empty file")
    return rows


def _check_header(path: Path, header: list[str], features: FeatureTable) -> None:
    actionable = [feature.name for feature, yes in zip(features, features.actionable.tolist(), strict=True) if yes]
    bounds = [f"{name}_{end}" for name in actionable for end in ("min", "max")]
    for name in header:
        if name not in ("person", *actionable, *bounds):
            error = unknown("column", name, ["person", *actionable, *bounds])
            raise ArenaError(f"{path}:1: {error}")
    for name in actionable:
        if name not in header:
            raise ArenaError(f"{path}:1: expected a column for each actionable feature; {name!r} is missing")


@dataclass(frozen=True)
class _Row:
    path: Path
    line: int
    cells: dict[str, str]

    def whole(self, column: str, low: int, high: int | None) -> int:
        cell = self.cells[column]
        if not cell.isdecimal() or int(cell) < low or (high is not None and int(cell) > high):
            scale = f"a whole number from {low}" + (f" to {high}, or x for non-actionable" if high else "")
            raise ArenaError(f"{self.path}:{self.line}: column {column!r}: expected {scale}; got {cell!r}")
        return int(cell)

    def score(self, column: str, levels: int) -> int:
        return levels + 1 if self.cells[column].lower() in _NEVER else self.whole(column, 1, levels)

    def bound(self, column: str, missing: float) -> float:
        cell = self.cells.get(column, "")
        try:
            return float(cell) if cell else missing
        except ValueError:
            raise ArenaError(f"{self.path}:{self.line}: column {column!r}: expected a number; got {cell!r}") from None
