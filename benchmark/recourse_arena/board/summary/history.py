"""What changed from one state of a board to another: entries, re-runs, protocols, and ranks."""

from __future__ import annotations

__all__ = ["Changes", "changes", "events_in_words", "place_in_words"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from recourse_arena.base.names import plain
from recourse_arena.board.summary.state import Board, digest_of

_WORDS = {"added": "added", "replaced": "replaced", "removed": "removed", "re-run": "re-run"}


@dataclass(frozen=True)
class Changes:
    """What changed between two states of a board.

    Arguments:
        new: Names of entries that were not there before.
        removed: Names of those that are not there any more.
        replaced: Names of those whose file is another one.
        rerun: Names of those re-run since, in whole or in part.
        protocols: By name of an entry, the protocol that it was judged under before and after.
        versions: By entry and solver, the version before and after.
        ranks: A row per dataset, scenario and solver of both states that may have other ranks: `dataset`, `scenario`,
            `name`, `before`, `after`, in words; those that moved most, as shares of all ranks, first.
        means: A row per solver of both states with another mean rank: `name`, `before`, `after`; in that order, too.
    """

    new: Sequence[str]
    removed: Sequence[str]
    replaced: Sequence[str]
    rerun: Sequence[str]
    protocols: Mapping[str, tuple[str, str]]
    versions: Mapping[tuple[str, str], tuple[str, str]]
    ranks: pd.DataFrame
    means: pd.DataFrame

    def lines(self, *, most: int = 20) -> list[str]:
        """Return it in words, a line each; of mean ranks and of ranks no more than `most` each, and how many more."""
        found = [f"new: {plain(name)}" for name in self.new]
        found += [f"removed: {plain(name)}" for name in self.removed]
        found += [f"replaced: {plain(name)}" for name in self.replaced]
        found += [f"re-run: {plain(name)}" for name in self.rerun]
        found += [f"protocol of {plain(name)}: {a} before, {b} now" for name, (a, b) in self.protocols.items()]
        found += [
            f"version of {plain(s)} in {plain(e)}: {a} before, {b} now" for (e, s), (a, b) in self.versions.items()
        ]
        for row in self.means.head(most).to_dict("records"):
            found.append(f"mean rank of {plain(row['name'])}: {row['before']} before, {row['after']} now")
        if len(self.means) > most:
            found.append(f"and {len(self.means) - most} more mean ranks changed")
        for row in self.ranks.head(most).to_dict("records"):
            where = f"{plain(row['dataset'])}, {plain(row['scenario'])}"
            found.append(f"rank of {plain(row['name'])} on {where}: {row['before']} before, {row['after']} now")
        if len(self.ranks) > most:
            found.append(f"and {len(self.ranks) - most} more ranks changed")
        return found


def changes(before: Board, after: Board) -> Changes:
    """Return what changed from one state of a board to another."""
    old, new = _entries(before.rows), _entries(after.rows)
    both = [name for name in new.index if name in old.index]
    versions = _versions(before.rows), _versions(after.rows)
    return Changes(
        new=[name for name in new.index if name not in old.index],
        removed=[name for name in old.index if name not in new.index],
        replaced=[name for name in both if old.loc[name, "digest"] != new.loc[name, "digest"]],
        rerun=[name for name in both if new.loc[name, "rerun"] > old.loc[name, "rerun"]],
        protocols={
            name: (old.loc[name, "protocol"], new.loc[name, "protocol"])
            for name in both
            if old.loc[name, "protocol"] != new.loc[name, "protocol"]
        },
        versions={
            key: (versions[0][key], version)
            for key, version in versions[1].items()
            if key in versions[0] and versions[0][key] != version
        },
        ranks=_differing(_places(before), _places(after), ["dataset", "scenario", "name"]),
        means=_differing(_means(before), _means(after), ["name"]),
    )


def _entries(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows.groupby("entry", sort=True)
    found = groups["digest"].agg(lambda digests: " ".join(sorted(set(digests)))).to_frame()
    found["protocol"] = groups["protocol"].agg(lambda numbers: ", ".join(sorted({str(number) for number in numbers})))
    found["rerun"] = groups["rerun"].mean()
    return found


def _versions(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {
        (str(entry), str(solver)): str(version)
        for entry, solver, version in rows[["entry", "solver", "version"]].drop_duplicates().itertuples(index=False)
    }


def _places(board: Board) -> pd.DataFrame:
    rows = []
    for contest in board.summary.contests:
        ends = (contest.table[name] for name in ("first", "last", "of"))
        for name, first, last, of in zip(contest.table.index, *ends, strict=True):
            said = place_in_words(first, last, of)
            rows.append([contest.dataset, contest.scenario, name, said, _share((first + last) / 2, of)])
    return pd.DataFrame(rows, columns=["dataset", "scenario", "name", "said", "at"])


def _means(board: Board) -> pd.DataFrame:
    solvers = board.summary.solvers
    rows = [
        [name, f"{mean:.1f} of {of:.0f}" if mean == mean else "none", _share(mean, of)]
        for name, mean, of in zip(solvers.index, solvers["mean"], solvers["of"], strict=True)
    ]
    return pd.DataFrame(rows, columns=["name", "said", "at"])


def _share(rank: float, of: float) -> float:
    """Return where a rank is between the first (0) and the last (1)."""
    return (rank - 1) / max(of - 1, 1)


def _differing(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    found = before.merge(after, on=keys, suffixes=("_before", "_after"), how="inner")
    found = found[found["said_before"] != found["said_after"]]
    moved = (found["at_after"] - found["at_before"]).abs().fillna(1.0)  # from or to no rank at all
    found = found.assign(moved=-moved).sort_values(["moved", *keys], kind="stable", ignore_index=True)
    return found.rename(columns={"said_before": "before", "said_after": "after"})[[*keys, "before", "after"]]


def place_in_words(first: float, last: float, of: float) -> str:
    """Return the ranks that a solver may have; `none` without any.

    Example:
        >>> place_in_words(1, 3, 7), place_in_words(2, 2, 7)
        ('1-3 of 7', '2 of 7')
    """
    if first != first:
        return "none"
    return f"{first:.0f}{f'-{last:.0f}' if last > first else ''} of {of:.0f}"


def events_in_words(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what happened to a board, a line an event, the newest first.

    Example:
        >>> events_in_words([{"date": "2026-11-28", "event": "added", "name": "mine", "protocol": 1}])
        ['2026-11-28: added mine, protocol 1']
    """
    return [_event(event) for event in reversed(history)]


def _event(event: Mapping[str, Any]) -> str:
    words = (
        f"{plain(event.get('date', 'no date'))}: {_WORDS.get(str(event.get('event')), plain(event.get('event', '')))}"
    )
    parts = [f"{words} {plain(event.get('name') or digest_of(event)[:12])}".rstrip()]
    if event.get("same") is False:
        parts[0] += ": other rows"
    solvers = event.get("solvers")
    if isinstance(solvers, Mapping) and solvers:
        parts.append(", ".join(f"{plain(name)} {plain(_version(said))}".rstrip() for name, said in solvers.items()))
    if event.get("protocol") is not None:
        parts.append(f"protocol {plain(event['protocol'])}")
    return ", ".join(parts)


def _version(said: Any) -> str:
    return str(said.get("version", "")) if isinstance(said, Mapping) else str(said)
