"""The menus of a run in words, each action with whom it works for and who picks it, by group."""

from __future__ import annotations

__all__ = ["actions_said", "move_in_words"]

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.features import Feature, Kind
from recourse_arena.people.wording import title, with_unit
from recourse_arena.reporting.menus.cells import Cell, MenuRun
from recourse_arena.reporting.menus.fairness import grouped_by_seed
from recourse_arena.reporting.menus.grouped import Grouped
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles

_MENUS = "menus.csv"
_WHERE = [*KEYS, "cluster", "action"]
_COLUMNS = (*_WHERE, "feature", "move", "amount")
_MOVES = ("add", "set", "at least", "at most")


def move_in_words(feature: Feature, move: str, amount: float) -> str:
    """Return what a shared action does to a feature, as one reads it on a menu.

    Arguments:
        feature: The feature.
        move: `add`, `set`, `at least` or `at most`.
        amount: How much, or the value.

    Example:
        >>> hours, school = Feature("hours-per-week", Kind.INTEGER, unit="hours"), Feature("schooling", Kind.INTEGER)
        >>> move_in_words(hours, "add", 10.0), move_in_words(hours, "add", -1.0)
        ('hours per week: 10 hours more', 'hours per week: 1 hour less')
        >>> town = Feature("town", Kind.CATEGORICAL, levels=("a", "b"))
        >>> move_in_words(school, "at least", 13.0), move_in_words(town, "set", 1.0)
        ('schooling: at least 13', 'town: b')
    """
    name = title(feature)
    if move == "add":
        return f"{name}: {with_unit(_plain(feature), abs(amount))} {'more' if amount > 0 else 'less'}"
    if move == "set":
        return f"{name}: {with_unit(feature, amount)}"
    return f"{name}: {move} {with_unit(feature, amount)}"


def _plain(feature: Feature) -> Feature:
    """Return a feature for amounts of it: they are no levels."""
    return Feature(feature.name, Kind.INTEGER if feature.whole else Kind.CONTINUOUS, unit=feature.unit)


def actions_said(found: MenuRun) -> pd.DataFrame:
    """Return a row for each action of each menu: the cell, `seed, cluster, action`, its `words`, how many `people` are
    in its cluster, and `works` and `picks`: by group the share (of the group in the cluster) that it works for, and
    that picks it. Groups that are not scored are in neither.

    Arguments:
        found: The run.

    Raises:
        ArenaError: If `menus.csv` is not what it should be. Without it actions have numbers and no words.
    """
    words: dict[tuple[Any, ...], str] = {}
    for run in reversed(found.runs):
        words |= _words(found, run)
    rows: list[dict[str, Any]] = []
    for cell in found.menus:
        for seed, one in grouped_by_seed(found, cell, found.attributes(cell)).items():
            rows += _of_seed(cell, seed, one, words)
    return pd.DataFrame(rows)


def _of_seed(cell: Cell, seed: int, one: Grouped, words: Mapping[tuple[Any, ...], str]) -> Iterator[dict[str, Any]]:
    offered = one.offered
    for cluster in np.unique(offered.cluster).tolist():
        inside = offered.cluster == cluster
        rooms = {name: inside & (one.code == place) for place, name in enumerate(one.names)}
        rooms = {name: who for name, who in rooms.items() if who.any()}
        for action in range(1, offered.works.shape[1] + 1):
            key = (*cell.key, seed, cluster, action)
            if words and key not in words:
                continue  # this cluster has fewer actions
            yield {
                **dict(zip(_WHERE, key, strict=True)),
                "words": words.get(key, f"action {action}"),
                "people": int(inside.sum()),
                "works": {name: float(offered.works[who, action - 1].mean()) for name, who in rooms.items()},
                "picks": {name: float((offered.pick[who] == action).mean()) for name, who in rooms.items()},
            }


def _words(found: MenuRun, run: RunFiles) -> dict[tuple[Any, ...], str]:
    """Return each action of each menu in words; empty where the run keeps no `menus.csv`."""
    path = run.table(_MENUS)
    if path is None:
        return {}
    try:
        names = {name: str for name in ("dataset", "scenario", "solver", "feature", "move")}
        whole = dict.fromkeys(("seed", "cluster", "action"), int)
        table = pd.read_csv(path, dtype={**names, **whole, "amount": str}, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ArenaError(f"cannot read {path}: {error}") from None
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise ArenaError(f"{path}: expected columns {', '.join(_COLUMNS)}; missing {', '.join(missing)}")
    features: dict[str, dict[str, Feature]] = {name: _features(found, name) for name in table["dataset"].unique()}
    said: dict[tuple[Any, ...], list[str]] = {}
    for row in table.to_dict("records"):
        parts = said.setdefault(tuple(row[name] for name in _WHERE), [])
        if row["move"] not in _MOVES:
            raise unknown(f"move in {path}", row["move"], _MOVES)
        feature = features[row["dataset"]].get(row["feature"], Feature(row["feature"] or "?"))
        amount = _amount(feature, row["amount"])
        if amount is None:
            raise ArenaError(
                f"{path}: amount of {row['feature']!r}: expected a number or a level, got {row['amount']!r}"
            )
        parts.append(move_in_words(feature, row["move"], amount))
    return {key: "; ".join(parts) for key, parts in said.items()}


def _amount(feature: Feature, text: str) -> float | None:
    """Return an amount, of a category the code of its level; none if it is none."""
    if text in feature.levels:
        return float(feature.levels.index(text))
    try:
        return float(text)
    except ValueError:
        return None


def _features(found: MenuRun, dataset: str) -> dict[str, Feature]:
    """Return what the run says of the features of a dataset, as far as words need it."""
    said = found.materials(dataset).get("features", [])
    return {one["name"]: _feature(one) for one in said if one["name"]}


def _feature(said: Mapping[str, Any]) -> Feature:
    levels = tuple(said.get("levels", ()))
    try:
        return Feature(said["name"], Kind(said["kind"]), levels=levels, unit=said.get("unit", ""))
    except (ArenaError, ValueError, KeyError):  # a sent folder may say anything of it
        return Feature(said["name"])
