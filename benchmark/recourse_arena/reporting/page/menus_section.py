"""What the page says of menus: whom they help, by group, and each action in words with whom it works for.

Who was levelled down stands before PD, so that no narrow screen shows PD alone.
"""

from __future__ import annotations

__all__ = ["kept_menus", "menus_document", "menus_section"]

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse_arena.reporting.leaderboard.best import shown_number
from recourse_arena.reporting.menus.asked import named_menu
from recourse_arena.reporting.menus.curves import effectiveness_curves, sharing_curves
from recourse_arena.reporting.menus.prices import KINDS
from recourse_arena.reporting.menus.table import Menus, records
from recourse_arena.storage.run_files import RunFiles

if TYPE_CHECKING:
    from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

_TO = "\N{EN DASH}"

Row = Mapping[str, Any]
Cell = tuple[str, str]
Table = Mapping[str, Any]


def kept_menus(board: Leaderboard) -> list[tuple[str, Menus]]:
    """Return the menus of each run that offers any, with the run's name where there are several."""
    found = []
    for name, result in zip(board.names, board.results, strict=True):
        if result.path is None or not any(named_menu(str(cell["scenario"])) for cell in result.info["cells"]):
            continue
        menus = Menus.of(RunFiles.read(result.path))  # solvers as its files call them, whoever else is on the page
        if menus.found.menus:
            found.append((name if len(board.results) > 1 else "", menus))
    return found


def menus_section(kept: Sequence[tuple[str, Menus]]) -> list[dict[str, Any]]:
    """Return for each run and dataset its title, tables, and menus in words; a cell is words and what is small below.

    Arguments:
        kept: The menus of each run (:func:`kept_menus`).
    """
    found = []
    for run, menus in kept:
        fairness = menus.fairness
        for dataset in dict.fromkeys(cell.dataset for cell in menus.found.menus):
            own = fairness[fairness["dataset"] == dataset]
            tables = [table for table in _tables(menus, dataset) if table["groups"]]
            small = dict.fromkeys(row["small"] for row in records(own) if row["small"])
            found.append(
                {
                    "title": ", ".join(filter(None, (str(dataset), run))),
                    "seeds": int(own["seeds"].max()),
                    "tables": tables,
                    "menus": _in_words(menus, dataset),
                    "small": "; ".join(small),
                }
            )
    return found


def _tables(menus: Menus, dataset: str) -> Iterator[Table]:
    fairness, groups, across, prices = (
        records(frame[frame["dataset"] == dataset]) if len(frame) else []
        for frame in (menus.fairness, menus.groups, menus.across, menus.prices)
    )
    yield _fairness(fairness)
    yield _groups(groups)
    yield _across(across)
    yield _prices(prices)


def _fairness(rows: Sequence[Row]) -> Table:
    heads = {"sr": "SR", "levelled": "levelled", "pd": "PD", "left_out": "left out", "cost_gap": "cost gap",
             "unavoidable": "unavoidable", "cost": "cost", "macro_sr": "SR macro", "kappa_low": "kappa",
             "cluster_pd": "worst cluster"}  # fmt: skip
    shown = {n: h for n, h in heads.items() if n in ("pd", "levelled") or any(row[n] is not None for row in rows)}

    def line(row: Row) -> list[Cell]:
        return [(row["solver"], ""), *(_bounded(row, name) for name in shown)]

    return _table("fairness", ["solver", *shown.values()], _grouped(rows, line, _asked))


def _groups(rows: Sequence[Row]) -> Table:
    heads = {"share": "helped", "macro": "by one action", "kappa": "kappa", "burden": "cost", "available": "may take",
             "choices": "choices", "levelled": "levelled"}  # fmt: skip

    def line(row: Row) -> list[Cell]:
        counts = [(shown_number(row[name]) if row[name] is not None else "-", "") for name in heads]
        return [(row["solver"], ""), (row["group"], f"{row['people']} people"), *counts]

    return _table("groups", ["solver", "group", *heads.values()], _grouped(rows, line, _asked), names=2)


def _across(rows: Sequence[Row]) -> Table:
    def line(row: Row) -> list[Cell]:
        shares = [_share(row[name]) for name in ("sr", "levelled", "pd")]
        return [(row["solver"], ""), (row["by"], ""), *shares, (row["worst"], ""), _share(row["share"])]

    heads = ["solver", "by", "SR", "levelled", "PD", "worst group", "helped there"]
    told = [row for row in rows if len({other["by"] for other in rows}) > 1]
    return _table("across", heads, _grouped(told, line, lambda row: str(row["scenario"])), names=2)


def _prices(rows: Sequence[Row]) -> Table:
    def line(row: Row) -> list[Cell]:
        names = [(row["solver"], row["scenario"]), (row["other"], row["other_scenario"])]
        sr, pd = ((f"{row[name]:+.3f}" if row[name] is not None else "-", "") for name in ("sr", "pd"))
        return [*names, _bounded(row, "ratio"), (str(row["both"] or "-"), ""), sr, _share(row["levelled"]), pd]

    heads = ["solver", "beside", "costs", "people", "SR more", "levelled", "PD more"]
    return _table("prices", heads, _grouped(rows, line, lambda row: KINDS[row["kind"]].replace("`", "")), names=2)


def _in_words(menus: Menus, dataset: str) -> list[dict[str, Any]]:
    """Return each scenario's menus of its first seed, one below the other, with a column for each group."""
    actions = menus.actions
    rows = records(actions[actions["dataset"] == dataset]) if len(actions) else []
    seeds: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["scenario"], row["solver"])
        seeds[key] = min(row["seed"], seeds.get(key, row["seed"]))
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["seed"] == seeds[row["scenario"], row["solver"]]:
            found.setdefault(row["scenario"], []).append(row)
    return [{"scenario": scenario, "table": _menu(part)} for scenario, part in found.items()]


def _menu(rows: Sequence[Row]) -> Table:
    groups = list(dict.fromkeys(name for row in rows for name in row["works"]))
    clusters = {(row["solver"], row["cluster"]) for row in rows}
    several = len(clusters) > len({solver for solver, _ in clusters})

    def line(row: Row) -> list[Cell]:
        shares = [_works(row["works"].get(name), row["picks"].get(name)) for name in groups]
        return [(f"{row['action']}. {row['words']}", ""), *shares]

    def whose(row: Row) -> str:
        cluster = f", cluster {row['cluster']}: {row['people']} people" if several else f": {row['people']} people"
        return f"{row['solver']}, seed {row['seed']}{cluster}"

    heads = ["shared action", *(f"works for {name}" for name in groups)]
    return _table("menu", heads, _grouped(rows, line, whose))


def _works(share: float | None, picks: float | None) -> Cell:
    return ("-", "") if share is None or picks is None else (shown_number(share), f"{shown_number(picks)} pick it")


def _asked(row: Row) -> str:
    return f"{row['scenario']}, by {row['by']}" if row["by"] else str(row["scenario"])


def _table(name: str, heads: list[str], groups: list[tuple[str, list[Any]]], *, names: int = 1) -> Table:
    return {"name": name, "heads": heads, "groups": groups, "names": names}


def _grouped(rows: Iterable[Row], line: Callable[[Row], list[Cell]], title: Callable[[Row], str]) -> list[Any]:
    """Return lines below what they have in common."""
    found: dict[str, list[list[Cell]]] = {}
    for row in rows:
        found.setdefault(title(row), []).append(line(row))
    return [*found.items()]


def _share(value: float | None) -> Cell:
    return ("-" if value is None else shown_number(value)), ""


def _bounded(row: Row, name: str) -> Cell:
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    span = "" if low is None or high is None else f"{shown_number(low)}{_TO}{shown_number(high)}"
    return _share(row.get(name))[0], span


def menus_document(kept: Sequence[tuple[str, Menus]]) -> dict[str, Any]:
    """Return what the page's scripts draw of menus: cost against the number of actions, and curves by group.

    Arguments:
        kept: The menus of each run (:func:`kept_menus`).
    """
    sharing, curves = [], []
    for _, menus in kept:
        for one in sharing_curves(menus.fairness):
            names = {"dataset": one.dataset, "scenario": one.scenario, "solver": one.solver}
            alone = None if pd.isna(one.alone) else round(one.alone, 5)
            points = [{name: _rounded(value) for name, value in row.items()} for row in records(one.points)]
            sharing.append({**names, "points": points, "alone": alone})
        for curve in effectiveness_curves(menus.found):
            names = {"dataset": curve.dataset, "scenario": curve.scenario, "solver": curve.solver, "by": curve.by}
            shares = {name: [round(float(x), 4) for x in share] for name, share in curve.groups.items()}
            curves.append({**names, "cost": [float(f"{x:.5g}") for x in curve.cost], "groups": shares})
    return {"sharing": sharing, "curves": curves}


def _rounded(value: Any) -> Any:
    return None if value is None else float(f"{value:.5g}")
