"""What a dataset's name may ask of a declared table: which features, who acts upon which, which rows, which split."""

from __future__ import annotations

__all__ = ["TABLE_OPTIONS", "asked_of"]

from collections.abc import Mapping

import msgspec

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.features import Direction, FeatureTable, Role
from recourse_arena.people.rules import Implies, Rule
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.tables.declaration import Column, Declaration
from recourse_arena.tables.table_file import once

TABLE_OPTIONS = ("split", "act", "bounds", "features", "rows")
"""Options of every dataset that is a table."""

_WORDS = {"rows": ("all", "complete"), "split": ("shared", "recourse", "everybody"), "bounds": ("refused", "declared")}
"""Options that take one of some words; the first is what is done without."""


def asked_of(said: Declaration, options: Mapping[str, str]) -> Declaration:
    """Return a declared table as the options of a name ask for it.

    Arguments:
        said: The table.
        options: Some of :data:`TABLE_OPTIONS`: `features`, names of those that stay, or of a declared set; `act`,
            names of those that people act upon, each perhaps with a direction behind a colon (`capital-gain:up`);
            `rows`, `complete` without rows that lack an answer or repeat another. `split` and `bounds` change nothing
            that is declared; they are checked alone.

    Raises:
        ArenaError: With the option, what was expected and what came.
    """
    for option, known in _WORDS.items():
        if options.get(option, known[0]) not in known:
            raise unknown(f"{option} of dataset {said.name!r}", options[option], known)
    if "features" in options:
        said = _with_features(said, options["features"])
    if options.get("rows") == "complete":
        said = _complete(said)
    if "act" in options:
        said = _with_actions(said, options["act"])
    return said


def _with_features(said: Declaration, text: str) -> Declaration:
    """Return a table with some of its features, in its own order."""
    kept = {column.name for column in _named(said, "features", text)}
    dropped = {column.name for column in said.columns} - kept
    for rule in said.features.rules:
        if lost := sorted({*rule.names} & dropped):
            raise ArenaError(f"dataset {said.name}: features: the rule {str(rule)!r} needs {lost[0]!r}, too")
    for child, parents in said.graph.parents.items():
        if parents and (lost := sorted({child, *parents} & dropped)):
            raise ArenaError(f"dataset {said.name}: features: the causal graph needs {lost[0]!r}, too")
    columns = tuple(column for column in said.columns if column.name in kept)
    names = [column.name for column in columns]
    return msgspec.structs.replace(
        _with_columns(said, columns),
        graph=CausalGraph(tuple(names), {child: said.graph.parents.get(child, ()) for child in names}),
        protected={name: first for name, first in said.protected.items() if name not in dropped},
    )


def _with_actions(said: Declaration, text: str) -> Declaration:
    """Return a table of which people act upon the named features, perhaps one way only, and upon no other."""
    directions: dict[str, str] = {}
    names = []
    for part in text.split(","):
        name, colon, direction = part.partition(":")
        if colon and direction not in [*Direction]:
            raise unknown(f"direction of {name!r} in act", direction, [*map(str, Direction)])
        names.append(name)
        if colon:
            directions[name] = direction
    acted = {column.name for column in _named(said, "act", ",".join(names))}
    ways = {_column(said, "act", name).name: direction for name, direction in directions.items()}
    columns = []
    for column in said.columns:
        if column.name in acted and column.role == "immutable":
            raise ArenaError(f"dataset {said.name}: act: {column.name!r} is immutable; nobody can act upon it")
        if column.name in acted:
            column = msgspec.structs.replace(
                column, role=str(Role.ACTIONABLE), direction=ways.get(column.name, column.direction)
            )
        elif column.role == "actionable":
            column = msgspec.structs.replace(column, role=str(Role.MUTABLE))
        columns.append(column)
    return _with_columns(said, tuple(columns))


def _complete(said: Declaration) -> Declaration:
    """Return a table without rows that lack an answer or repeat another: no answer is no level any more."""
    marks = said.table.unanswered
    table = msgspec.structs.replace(
        said.table,
        missing=(*said.table.missing, *(mark for mark in marks if mark not in said.table.missing)),
        rows_with_missing="drop",
        duplicates="drop",
    )
    columns = tuple(_answered(column, marks) for column in said.columns)
    attributes = tuple(_answered(column, marks) for column in said.attributes)
    return _with_columns(msgspec.structs.replace(said, table=table, attributes=attributes), columns)


def _answered(column: Column, marks: tuple[str, ...]) -> Column:
    kept = [k for k, level in enumerate(column.levels) if level not in marks]
    if len(kept) == len(column.levels):
        return column
    names = tuple(column.names[k] for k in kept) if column.names else ()
    return msgspec.structs.replace(column, levels=tuple(column.levels[k] for k in kept), names=names)


def _with_columns(said: Declaration, columns: tuple[Column, ...]) -> Declaration:
    levels = {column.name: column.levels for column in said.columns}, {column.name: column.levels for column in columns}
    rules = [_recoded(rule, *levels) for rule in said.features.rules]
    features = FeatureTable(tuple(column.feature for column in columns), tuple(filter(None, rules)))
    return msgspec.structs.replace(said, columns=columns, features=features)


def _recoded(rule: Rule, before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> Rule | None:
    """Return a rule for other codes of the same levels; none if no level asks for anything any more."""
    if not isinstance(rule, Implies) or all(before[name] == after[name] for name in rule.names):
        return rule
    asks, allowed = (
        tuple(after[name].index(level) for code in rule.levels_of(name) if (level := before[name][code]) in after[name])
        for name in rule.names
    )
    return Implies(rule.feature, asks, rule.other, allowed, str(rule)) if asks else None


def _named(said: Declaration, option: str, text: str) -> list[Column]:
    """Return the features that an option names, each by its name or that of its column, or as a declared set."""
    names = list(said.sets[text]) if text in said.sets else text.split(",")
    found = [_column(said, option, name) for name in names]
    once(f"dataset {said.name}: {option}", [column.name for column in found])
    return found


def _column(said: Declaration, option: str, name: str) -> Column:
    for column in said.columns:
        if name in (column.name, column.source):
            return column
    known = (*(column.name for column in said.columns), *said.sets)
    raise unknown(f"feature in {option} of dataset {said.name!r}", name, known)
