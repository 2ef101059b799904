"""What one person says of each feature, from a JSON or CSV file or from Python; nothing unsaid is taken for a no."""

from __future__ import annotations

__all__ = [
    "UNFINISHED",
    "WHOSE",
    "answers_in",
    "check_columns",
    "check_keys",
    "gathered",
    "read_wishes",
    "row_said",
    "scheme_said",
]

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import written
from recourse_arena.base.table_file import TableFile, TableRow
from recourse_arena.base.text_file import holds_json, read_json
from recourse_arena.elicitation.interviews.said import Said, Scale
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.people.features import Feature, FeatureTable, Role

if TYPE_CHECKING:
    from recourse_arena.elicitation.interviews.person import Person

UNFINISHED = "unfinished"
"""The key under which an interview that was broken off says what it has still to ask."""

WHOSE = "person"
"""The key of :attr:`~recourse_arena.elicitation.interviews.person.Person.mark`."""

_KEYS = ("scheme", "answers", WHOSE, UNFINISHED)
_PARTS = ("answer", "at_least", "at_most", "by_at_most")
_ENDS = {"at_least": "min", "at_most": "max"}
"""What columns of bounds end in: `income_min`."""


def read_wishes(
    source: object,
    features: FeatureTable,
    elicitor: Elicitor,
    person: Person | None,
    *,
    labels: Sequence[str] = (),
    scheme: str = "",
) -> Wishes:
    """Return what one person says of every feature that people can act upon.

    Arguments:
        source: The path of a JSON file, or a mapping: `{"scheme": "likert", "answers": {"income": 1, "savings":
            {"answer": "easy", "at_most": 3200}, "duration": "no"}}`, or the answers alone; or the path of a CSV file
            with one row and the columns of :func:`~recourse_arena.elicitation.answers.read_answers`. An answer is a
            level, its word, or `no`; bounds are `at_least`, `at_most` (numbers in the feature's unit, or names of
            levels) and `by_at_most` (so far both ways, a number or a percentage as in `"10 %"`).
        features: The features.
        elicitor: The scheme.
        person: The person, to whom bounds must leave something; none if nothing is known of them.
        labels: Words for the levels, in place of the scheme's.
        scheme: Name of the scheme with options, if the elicitor does not say it itself.

    Raises:
        ArenaError: With the file, the line and column or the key, what was expected and what came.
    """
    scale, scheme = Scale.of(elicitor, features, labels), scheme or elicitor.scheme
    if isinstance(source, (str, os.PathLike)) and not holds_json(Path(source), "readable answers"):
        row = _only_row(Path(source), features)
        where, said = f"{row.path}:{row.line}", row_said(row, features)
    else:
        where, answers = _answers(source, scheme, scale.levels)
        check_keys(where, answers, features)
        said = answers_in(where, answers, features)
    return Wishes(
        scheme, scale.levels, elicitor.ordered, gathered(where, said, scale, person.values if person else None)
    )


def scheme_said(source: object) -> str | None:
    """Return the scheme that a JSON file or mapping of answers names; none if it names none.

    Raises:
        ArenaError: If the file cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        if not holds_json(Path(source), "readable answers"):
            return None
        source = read_json(Path(source), "readable answers")
    if not isinstance(source, Mapping) or "answers" not in source:
        return None
    return source["scheme"] if isinstance(source.get("scheme"), str) else None


def gathered(
    where: str,
    said: Iterable[Said],
    scale: Scale,
    now: Mapping[str, float] | None = None,
    feasible: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Wish]:
    """Return the wish of each feature of which something is said, which contradict each other nowhere.

    Raises:
        ArenaError: With where it stands, what was expected and what came.
    """
    wishes = {
        one.feature.name: one.wish(scale, (now or {}).get(one.feature.name), (feasible or {}).get(one.feature.name))
        for one in said
    }
    levels = {name: wish.level for name, wish in wishes.items()}
    if wrong := scale.elicitor.contradiction(levels, scale.levels):
        raise ArenaError(f"{where}: {wrong}" if where else wrong)
    return wishes


def _answers(source: object, scheme: str, levels: int) -> tuple[str, Mapping[str, object]]:
    """Return where answers stand, and the answers."""
    where = "answers"
    if isinstance(source, (str, os.PathLike)):
        where, source = str(source), read_json(Path(source), "readable answers")
    if not isinstance(source, Mapping):
        raise ArenaError(f'{where}: expected answers by feature, as in {{"income": 1}}; got {str(source)[:80]!r}')
    said = {str(key): value for key, value in source.items()}
    if "answers" not in said:
        return where, said
    for key in said:
        if key not in _KEYS:
            raise ArenaError(f"{where}: {unknown('key', key[:80], _KEYS)}")
    if said.get(UNFINISHED):
        raise ArenaError(f"{where}: the interview was broken off; not asked yet: {_listed(said[UNFINISHED])}")
    _check_scheme(where, said.get("scheme", scheme), scheme, levels)
    answers = said.get("answers")
    if not isinstance(answers, Mapping):
        raise ArenaError(f"{where}: answers: expected an answer for each feature, got {str(answers)[:80]!r}")
    return where, {str(key): value for key, value in answers.items()}


def _check_scheme(where: str, said: object, scheme: str, levels: int) -> None:
    if not isinstance(said, str):
        raise ArenaError(f"{where}: scheme: expected the name of a scheme such as 'likert', got {said!r}")
    name, options = written(said)
    own = options.pop("levels", str(levels))
    others = {option: text for option, text in written(scheme)[1].items() if option != "levels"}
    if name != written(scheme)[0] or own != str(levels) or options != others:
        raise ArenaError(
            f"{where}: scheme: expected answers of {scheme!r}, with {levels} levels; got those of {said!r}"
        )


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) if isinstance(names, (list, tuple)) else str(names)


def check_keys(
    where: str,
    answers: Mapping[str, object],
    features: FeatureTable,
    also: Sequence[str] = (),
    *,
    partial: bool = False,
) -> None:
    """Raise that something is no feature that people can act upon, or one of them is missing.

    Arguments:
        where: Where the answers stand, for messages.
        answers: The answers by key.
        features: The features.
        also: What else may stand there.
        partial: Whether features may be missing.
    """
    names = _actionable(features)
    known = [*also, *names, *(column for name in names for column in _columns(name, names).values())]
    for key in answers:
        if key in features.names and key not in known:
            raise ArenaError(f"{where}: {key!r} is a feature that nobody can act on; leave it out")
        if key not in known:
            raise ArenaError(f"{where}: {unknown('feature that people can act on', key[:80], known)}")
    missing = [name for name in names if name not in answers]
    if missing and not partial:
        words = "are" if len(missing) > 1 else "is"
        raise ArenaError(
            f"{where}: expected an answer for each feature that people can act on; "
            f"{', '.join(map(repr, missing))} {words} missing"
        )


def answers_in(where: str, answers: Mapping[str, object], features: FeatureTable) -> list[Said]:
    """Return what answers by key say of each feature.

    Raises:
        ArenaError: If one of them says something beside an answer and bounds, or a bound twice.
    """
    names, found = _actionable(features), []
    for name in names:
        if name not in answers:
            continue
        given = answers[name]
        parts = {str(key): _plain(part) for key, part in given.items()} if isinstance(given, Mapping) else {}
        for part in parts:
            if part not in _PARTS:
                raise ArenaError(f"{where}: {name!r}: {unknown('key', part[:80], _PARTS)}")
        if not isinstance(given, Mapping):
            parts = {"answer": _plain(given)}
        for end, column in _columns(name, names).items():
            if column in answers and end in parts:
                raise ArenaError(f"{where}: {name!r} says {end}, and so does {column!r}; leave one out")
            if column in answers:
                parts[end] = _plain(answers[column])
        found.append(Said(features[name], parts, _key_place(where, name)))
    return found


def _key_place(where: str, name: str) -> Callable[[str], str]:
    return lambda part: f"{where}: {name!r}" + ("" if part == "answer" else f": {part}")


def _plain(given: Any) -> object:
    """Return a value of Python, of what may be a scalar of NumPy or pandas."""
    return given.item() if hasattr(given, "item") and getattr(given, "ndim", 0) == 0 else given


def row_said(row: TableRow, features: FeatureTable) -> list[Said]:
    """Return what a row of a CSV file says of each feature."""
    names = _actionable(features)
    return [_cells_said(row, features[name], _columns(name, names)) for name in names]


def _cells_said(row: TableRow, feature: Feature, ends: Mapping[str, str]) -> Said:
    columns = {"answer": feature.name, **ends}
    parts = {part: row.cells[column] for part, column in columns.items() if column in row.cells}
    return Said(feature, parts, lambda part: f"{row.path}:{row.line}: column {columns[part]!r}", columns)


def check_columns(table: TableFile, features: FeatureTable) -> None:
    """Raise that a column is none of answers, or one is missing."""
    names = _actionable(features)
    known = ["person", *names, *(column for name in names for column in _columns(name, names).values())]
    for name in table.columns:
        if name not in known:
            raise ArenaError(f"{table.path}:{table.line}: {unknown('column', name, known)}")
    for name in names:
        if name not in table.columns:
            raise ArenaError(
                f"{table.path}:{table.line}: expected a column for each actionable feature; {name!r} is missing"
            )


def _only_row(path: Path, features: FeatureTable) -> TableRow:
    table = TableFile.read(path, "answers")
    check_columns(table, features)
    if len(table.rows) != 1:
        raise ArenaError(f"{path}: expected the answers of one person below the header, got {len(table.rows):,} rows")
    return table.rows[0]


def _actionable(features: FeatureTable) -> list[str]:
    return [feature.name for feature in features if feature.role is Role.ACTIONABLE]


def _columns(name: str, names: Sequence[str]) -> dict[str, str]:
    """Return the columns of the bounds of a feature, but for those that are features themselves."""
    return {end: f"{name}_{word}" for end, word in _ENDS.items() if f"{name}_{word}" not in names}
