"""Actionability scores and personal bounds that real people gave, read from a file; a wrong row costs its person."""

from __future__ import annotations

__all__ = ["Answers", "read_answers"]

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from recourse_arena.base.arguments import LARGEST, as_whole_number, parsed_whole_number
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.table_file import TableFile, TableRow
from recourse_arena.base.text_file import holds_json, read_json
from recourse_arena.elicitation.interviews.said import Scale
from recourse_arena.elicitation.interviews.wishes import Wish
from recourse_arena.elicitation.interviews.wishes_file import answers_in, check_columns, check_keys, gathered, row_said
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.people.box import Box
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.actionability import Actionability


@dataclass(frozen=True)
class Answers:
    """The answers of some people.

    Arguments:
        people: Their numbers among those asking, as in `people.parquet`, `(answered,)`.
        actionability: Their scores.
        box: Their personal bounds; infinite where they gave none.
        places: Where each of them stands in the file, for messages: `answers.csv:3: column 'person'`.
        left_out: What is wrong with each row of somebody who is left out, with the place.
    """

    people: Tensor
    actionability: Actionability
    box: Box
    places: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def existing(self, count: int, whom: str) -> Answers:
        """Return the answers of those who exist: whose numbers are below `count`; the others are left out.

        Raises:
            ArenaError: If nobody is left, with file, line, column, and how many people there are, in words that begin
                with `whom`.
        """
        there = self.people < count
        wrong = tuple(
            f"{place}: person {person} does not exist: {count} {whom}, counted from 0"
            for place, person in zip(self.places, self.people.tolist(), strict=True)
            if person >= count
        )
        if not wrong:
            return self
        left_out = (*self.left_out, *wrong)
        if not there.any():
            raise _nobody(left_out)
        places = tuple(place for place, kept in zip(self.places, there.tolist(), strict=True) if kept)
        box = Box(self.box.lower[there], self.box.upper[there])
        return replace(
            self,
            people=self.people[there],
            actionability=self.actionability[there],
            box=box,
            places=places,
            left_out=left_out,
        )


@dataclass(frozen=True)
class _Row:
    """What one row says: of whom, and what they wish, or what is wrong with it."""

    place: str
    person: int | None
    wishes: Mapping[str, Wish]
    problem: str = ""


def read_answers(path: Path, features: FeatureTable, elicitor: Elicitor, labels: Sequence[str] = ()) -> Answers:
    """Return the answers in a CSV file with a header, of any encoding and separator that a table may have, or in JSON.

    Columns: `person` (optional; otherwise rows are people 0, 1, ...), one per globally actionable feature with a
    level of the scheme, its number (`1.0` is 1) or its word, or `no` for "not possible" (`x` and `never` say the same;
    an empty cell says nothing and is wrong), and optionally `FEATURE_min`, `FEATURE_max` (empty: none). In JSON it is a
    list of objects with these keys, or with answers as
    :func:`~recourse_arena.elicitation.interviews.wishes_file.read_wishes` has them.

    A row that is wrong costs the person it is about, and nobody else; so do two rows about one person.

    Arguments:
        path: The file.
        features: The features.
        elicitor: The scheme.
        labels: Words for the levels, from the first, which may stand instead of numbers; case does not count.

    Raises:
        ArenaError: With file, line, column and what was expected: of the file, its header, or of all rows.
    """
    scale = Scale.of(elicitor, features, labels)
    entries = holds_json(path, "a readable CSV file of actionability scores")
    rows = [*(_entries(path, features, scale) if entries else _rows(path, features, scale))]
    if not rows:
        raise ArenaError(f"{path}: expected at least one person{'' if entries else ' below the header'}, got none")
    rows = _once(rows)
    kept, left_out = [row for row in rows if not row.problem], tuple(row.problem for row in rows if row.problem)
    if not kept:
        raise _nobody(left_out)
    levels, free = scale.levels, Wish(scale.levels + 1)
    said = [[row.wishes.get(feature.name, free) for feature in features] for row in kept]
    scores = torch.tensor([[wish.level for wish in row] for row in said])
    actionability = Actionability.validated(scores, levels, features, ordered=elicitor.ordered)
    lower, upper = ([[getattr(wish, end) for wish in row] for row in said] for end in ("at_least", "at_most"))
    box = Box(torch.tensor(lower), torch.tensor(upper))
    people = torch.tensor([row.person for row in kept])
    return Answers(people, actionability, box, tuple(row.place for row in kept), left_out)


def _nobody(left_out: Sequence[str]) -> ArenaError:
    more = f"\n(each of {len(left_out):,} rows is wrong; this is the first)" if len(left_out) > 1 else ""
    return ArenaError(f"{left_out[0]}{more}")


def _rows(path: Path, features: FeatureTable, scale: Scale) -> Iterator[_Row]:
    table = TableFile.read(path, "actionability scores", ragged=True)
    check_columns(table, features)
    named = "person" in table.columns
    for number, row in enumerate(table.rows):
        place = f"{path}:{row.line}" + (": column 'person'" if named else "")
        person: int | None = None if named else number
        try:
            if row.problem:
                raise ArenaError(row.problem)
            person = _person(row) if named else number
            yield _Row(place, person, gathered(f"{path}:{row.line}", row_said(row, features), scale))
        except ArenaError as error:
            yield _Row(place, person, {}, str(error))


def _entries(path: Path, features: FeatureTable, scale: Scale) -> Iterator[_Row]:
    said = read_json(path, "a readable list of actionability scores")
    if not isinstance(said, list):
        raise ArenaError(f'{path}: expected a list of people, as in [{{"person": 0, "income": 1}}]; got one object')
    for number, entry in enumerate(said):
        where = f"{path}: entry {number + 1}"
        person: int | None = None
        try:
            if not isinstance(entry, Mapping):
                raise ArenaError(
                    f"{where}: expected an object with an answer for each feature, got {str(entry)[:80]!r}"
                )
            person = as_whole_number(f"{where}: 'person'", entry["person"]) if "person" in entry else number
            check_keys(where, entry, features, also=("person",))
            yield _Row(where, person, gathered(where, answers_in(where, entry, features), scale))
        except ArenaError as error:
            yield _Row(where, person, {}, str(error))


def _person(row: TableRow) -> int:
    number = parsed_whole_number(row.cells["person"])
    if number is None:
        long = row.cells["person"].isdecimal()
        raise row.error("person", f"a whole number from 0{f' to {LARGEST}' if long else ''}")
    return number


def _once(rows: Sequence[_Row]) -> list[_Row]:
    """Return the rows, those of somebody with several as wrong ones: nobody knows which is meant."""
    first: dict[int, _Row] = {}
    repeated: dict[int, str] = {}
    for row in rows:
        if row.person is not None and row.person in first:
            earlier = first[row.person]
            repeated[row.person] = f"{row.place}: person {row.person} answers more than once, first at {earlier.place}"
        elif row.person is not None:
            first[row.person] = row
    found, told = [], set()
    for row in rows:
        if row.person in repeated:
            if row.person not in told:
                found.append(replace(row, problem=repeated[row.person]))
            told.add(row.person)
        else:
            found.append(row)
    return found
