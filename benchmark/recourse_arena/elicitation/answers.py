"""Actionability scores and personal bounds that real people gave, read from a CSV file."""

from __future__ import annotations

__all__ = ["Answers", "read_answers"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from recourse_arena.base.arguments import LARGEST, parsed_whole_number
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.table_file import TableFile, TableRow
from recourse_arena.people.box import Box
from recourse_arena.people.features import Feature, FeatureTable
from recourse_arena.problem.actionability import Actionability

_NEVER = ("x", "no", "never")


@dataclass(frozen=True)
class Answers:
    """The answers of some people.

    Arguments:
        people: Their numbers among those asking, as in `people.parquet`, `(answered,)`.
        actionability: Their scores.
        box: Their personal bounds; infinite where they gave none.
        places: Where each of them stands in the file, for messages: `answers.csv:3: column 'person'`.
    """

    people: Tensor
    actionability: Actionability
    box: Box
    places: tuple[str, ...] = ()

    def check_people(self, count: int, whom: str) -> None:
        """Raise that somebody does not exist, if somebody has a number of `count` or above.

        Raises:
            ArenaError: With file, line, column, and how many people there are, in words that begin with `whom`.
        """
        for place, person in zip(self.places, self.people.tolist(), strict=True):
            if person >= count:
                raise ArenaError(f"{place}: person {person} does not exist: {count} {whom}, counted from 0")


def read_answers(
    path: Path, features: FeatureTable, levels: int, *, ordered: bool = True, labels: Sequence[str] = ()
) -> Answers:
    """Return the answers in a CSV file with a header, of any encoding and separator that a table may have.

    Columns: `person` (optional; otherwise rows are people 0, 1, ...), one per globally actionable feature with a
    score from 1 to `levels` (`1.0` is 1) or `x` for "not possible" (`no` and `never` say the same; an empty cell says
    nothing and is refused), and optionally `FEATURE_min`, `FEATURE_max` (empty: none).

    Arguments:
        path: The file.
        features: The features.
        levels: The number of levels.
        ordered: Whether scores say which feature is preferred.
        labels: Words for the levels, from the first, which may stand instead of numbers; case does not count.

    Raises:
        ArenaError: With file, line, column and what was expected.
    """
    codes = _codes(labels, levels)
    table = TableFile.read(path, "actionability scores")
    _check_columns(table, features)
    people: list[int] = []
    places: list[str] = []
    scores, lower, upper = [], [], []
    for row in table.rows:
        places.append(f"{path}:{row.line}" + (": column 'person'" if "person" in table.columns else ""))
        people.append(_person(row) if "person" in table.columns else len(people))
        if people[-1] in people[:-1]:
            first = places[people.index(people[-1])]
            raise ArenaError(f"{places[-1]}: person {people[-1]} answers more than once, first at {first}")
        scores.append([_score(row, f.name, levels, codes) if f.name in table.columns else levels + 1 for f in features])
        bounds = [_bounds(row, feature) for feature in features]
        lower.append([low for low, _ in bounds])
        upper.append([high for _, high in bounds])
    if not people:
        raise ArenaError(f"{path}: expected at least one person below the header, got none")
    answers = Actionability.validated(torch.tensor(scores), levels, features, ordered=ordered)
    return Answers(torch.tensor(people), answers, Box(torch.tensor(lower), torch.tensor(upper)), tuple(places))


def _check_columns(table: TableFile, features: FeatureTable) -> None:
    actionable = [feature.name for feature, yes in zip(features, features.actionable.tolist(), strict=True) if yes]
    known = ["person", *actionable, *(f"{name}_{end}" for name in actionable for end in ("min", "max"))]
    for name in table.columns:
        if name not in known:
            raise ArenaError(f"{table.path}:{table.line}: {unknown('column', name, known)}")
    for name in actionable:
        if name not in table.columns:
            raise ArenaError(
                f"{table.path}:{table.line}: expected a column for each actionable feature; {name!r} is missing"
            )


def _person(row: TableRow) -> int:
    number = parsed_whole_number(row.cells["person"])
    if number is None:
        long = row.cells["person"].isdecimal()
        raise row.error("person", f"a whole number from 0{f' to {LARGEST}' if long else ''}")
    return number


def _codes(labels: Sequence[str], levels: int) -> dict[str, int]:
    """Return the level of each word for one.

    Raises:
        ArenaError: If there is not one for each level, or it says something else already.
    """
    if labels and len(labels) != levels:
        raise ArenaError(
            f"labels: expected {levels}, one for each level of the scheme, got {len(labels)}; "
            f"`scheme` says how many levels there are, as in 'likert?levels={len(labels)}'"
        )
    codes: dict[str, int] = {}
    for level, label in enumerate(labels, 1):
        word = label.strip().lower()
        if word in codes or word in _NEVER or not word or parsed_whole_number(word) not in (None, level):
            raise ArenaError(
                f"labels: expected different words for the levels, none of them x, no or never; got {label!r}"
            )
        codes[word] = level
    return codes


def _score(row: TableRow, name: str, levels: int, codes: Mapping[str, int]) -> int:
    cell = row.cells[name].lower()
    if cell in _NEVER:
        return levels + 1
    score = codes.get(cell) or parsed_whole_number(cell)
    if score is None or not 1 <= score <= levels:
        words = f"one of {', '.join(codes)}, " if codes else ""
        raise row.error(name, f"{words}a whole number from 1 to {levels}, or x for non-actionable")
    return score


def _bounds(row: TableRow, feature: Feature) -> tuple[float, float]:
    low, high = _bound(row, f"{feature.name}_min", -math.inf), _bound(row, f"{feature.name}_max", math.inf)
    if low > high:
        raise row.error(f"{feature.name}_max", f"at least {feature.name}_min, which is {low:g}")
    if feature.whole and math.isfinite(low) and math.isfinite(high) and math.ceil(low) > math.floor(high):
        raise row.error(f"{feature.name}_max", f"a bound that leaves a whole number from {feature.name}_min, {low:g}")
    return low, high


def _bound(row: TableRow, column: str, missing: float) -> float:
    cell = row.cells.get(column, "")
    try:
        bound = float(cell) if cell else missing
    except ValueError:
        bound = math.nan
    if math.isnan(bound) or bound == -missing:
        raise row.error(column, "a number")
    return bound
