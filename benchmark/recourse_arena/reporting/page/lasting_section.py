"""What the page says of advice under changed decision models, for runs that keep what these decided."""

from __future__ import annotations

__all__ = ["kept_lasting", "lasting_section"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.reporting.lasting.words import asked_in_words, changes_in_words, model_in_words
from recourse_arena.reporting.leaderboard.best import shown_number
from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.storage.lasting_table import LASTING, kept_redecided
from recourse_arena.storage.run_files import RunFiles

if TYPE_CHECKING:
    from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

_TO = "\N{EN DASH}"
_MATCHED = "matched"
_SINGLE = ("all ", "mean of ", "worst of ")

Row = Mapping[str, Any]
Table = Mapping[str, Any]


def kept_lasting(board: Leaderboard) -> list[tuple[str, Lasting]]:
    """Return what becomes of the advice of each run that keeps it, with the run's name where there are several."""
    found = []
    for name, result in zip(board.names, board.results, strict=True):
        if result.path is None or not (result.path / LASTING).exists():
            continue
        run = RunFiles.read(result.path)  # solvers as its files call them, whoever else is on the page
        kept = kept_redecided(run)
        if kept is not None and len(kept.rows):
            found.append((name if len(board.results) > 1 else "", Lasting(kept, run)))
    return found


def lasting_section(kept: Sequence[tuple[str, Lasting]]) -> list[dict[str, Any]]:
    """Return for each run and dataset its title and tables; a cell is a value in words and its interval.

    Arguments:
        kept: What becomes of the advice of each run (:func:`kept_lasting`).
    """
    return [
        {
            "title": ", ".join(filter(None, (str(dataset), run))),
            "seeds": int(models["seeds"].max()),
            "tables": [table for table in _tables(lasting, str(dataset), models) if table["groups"]],
        }
        for run, lasting in kept
        for dataset, models in lasting.models.groupby("dataset", sort=False)
    ]


def _tables(lasting: Lasting, dataset: str, models: pd.DataFrame) -> Iterator[Table]:
    words = changes_in_words(zip(models["change"], models["model"], strict=True))
    yield _models(models, words)
    advice, solvers, anew, price, margins = (
        frame[(frame["dataset"] == dataset) & ~frame["scenario"].map(asks_validation).astype(bool)]
        if len(frame) else pd.DataFrame(columns=["scenario", "solver", "model", "change", "threshold"])
        for frame in (lasting.advice, lasting.solvers, lasting.anew, lasting.price, lasting.margins)
    )  # fmt: skip
    yield _solvers(solvers, words)
    yield _drops(advice, words)
    yield _anew(anew, words)
    yield _price(price, words)
    yield _margins(margins, words)


def _models(models: pd.DataFrame, words: Mapping[str, str]) -> Table:
    heads = ["decision model", "accuracy", "accepts", "decides alike", "refuses anew", "logit", "bits"]
    first = models.iloc[0]
    rows = [[("as it was", ""), _share(first["accuracy_before"]), _share(first["acceptance_before"]), *[("-", "")] * 4]]
    for row in _records(models):
        gap = ("-", "") if pd.isna(row["gap"]) else (f"{row['gap']:+.2f}", f"sd {row['gap_sd']:.2f}")
        said = [_share(row[name]) for name in ("accuracy", "acceptance", "agreement", "lost")]
        rows.append([(_model(row, words), _full(row, words)), *said, gap, _share(row["bits"], f"{row['bits']:.2f}")])
    return _table("models", heads, [("", rows)])


def _solvers(solvers: pd.DataFrame, words: Mapping[str, str]) -> Table:
    changes = [str(name) for name in solvers if str(name).startswith("lasts ") and solvers[name].notna().any()]
    heads = ["solver", "attain.", *(f"lasts under {_change(name.removeprefix('lasts '), words)}" for name in changes)]

    def line(row: Row) -> list[tuple[str, str]]:
        return [_solver(row["solver"], words), *(_share(row[name]) for name in ("attainability", *changes))]

    return _table("solvers", heads, _grouped(solvers, line))


def _drops(advice: pd.DataFrame, words: Mapping[str, str]) -> Table:
    keys = ["scenario", "solver", "change", "model"]
    rows = _summed_up(advice)
    matched = {tuple(row[key] for key in keys): row for row in _records(rows[rows["threshold"] == _MATCHED])}

    def line(row: Row) -> list[tuple[str, str]]:
        other: Row = matched.get(tuple(row[key] for key in keys), {})
        shares = [_share(row["already"]), _share(row["early"])]
        bounded = [_bounded(row, "vd"), *shares, _bounded(other, "vd"), _bounded(row, "delivered")]
        return [(_model({**row, "threshold": ""}, words), ""), *bounded]

    heads = ["decided again by", "VD", "already", "early", "VD, matched", "delivered"]
    as_it_is = rows[rows["threshold"] != _MATCHED]
    return _table("drops", heads, _grouped(as_it_is, line, lambda row: _whose(row, words)))


def _anew(anew: pd.DataFrame, words: Mapping[str, str]) -> Table:
    heads = ["solver", "asked anew of", "people", "gap", "median", "direction", "same features", "none anew"]

    def line(row: Row) -> list[tuple[str, str]]:
        quartiles = _span(row["crg_low_quartile"], row["crg_high_quartile"])
        said = [_share(row[name]) for name in ("similarity", "overlap", "infeasible")]
        median = (_share(row["crg_median"])[0], quartiles)
        names = [_solver(row["solver"], words), (_model(row, words), "")]
        return [*names, (str(row["counted"]), ""), _bounded(row, "crg"), median, *said]

    return _table("anew", heads, _grouped(anew, line), names=2)


def _price(price: pd.DataFrame, words: Mapping[str, str]) -> Table:
    def line(row: Row) -> list[tuple[str, str]]:
        found = [_share(row["found"]), _share(row["lost"])]
        return [_solver(row["solver"], words), _bounded(row, "ratio"), (str(row["both"]), ""), *found]

    heads = ["solver", "costs", "people", "found", "lost"]
    return _table("price", heads, _grouped(price, line))


def _margins(margins: pd.DataFrame, words: Mapping[str, str]) -> Table:
    def line(row: Row) -> list[tuple[str, str]]:
        never = pd.isna(row["margin95"])
        margin: tuple[str, str] = ("none enough", "") if never else (f"{row['margin95']:.2f} sd", "")
        there = [_share(row["vd"]), _share(row["already"]), _bounded(row, "price95"), _share(row["lost95"])]
        return [_solver(row["solver"], words), (_model(row, words), ""), margin, *there]

    heads = ["solver", "for 95 % under", "margin", "VD there", "already", "costs", "lost"]
    return _table("margins", heads, _grouped(_summed_up(margins), line), names=2)


def _table(name: str, heads: list[str], groups: list[tuple[str, list[Any]]], *, names: int = 1) -> Table:
    return {"name": name, "heads": heads, "groups": groups, "names": names}


def _grouped(
    rows: pd.DataFrame, line: Callable[[Row], list[Any]], title: Callable[[Row], str] | None = None
) -> list[tuple[str, list[Any]]]:
    """Return lines below what they have in common; their scenario, unless there is another title."""
    found: dict[str, list[Any]] = {}
    for row in _records(rows):
        found.setdefault(title(row) if title else str(row["scenario"]), []).append(line(row))
    return [*found.items()]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _summed_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows without the single models of changes that have several."""
    summary = rows["model"].map(lambda name: str(name).startswith(_SINGLE)).astype(bool)
    several = set(rows["change"][summary])
    return rows[summary | ~rows["change"].isin(several)]


def _whose(row: Row, words: Mapping[str, str]) -> str:
    solver = asked_in_words(row["solver"], words)
    said = f"{solver} · {row['scenario']}: valid for {row['counted']} of {row['people']} who ask"
    if pd.isna(row["margin_sd"]):
        return said
    return f"{said}, ends {row['margin_sd']:.2f} sd beyond the boundary (median)"


def _solver(name: str, words: Mapping[str, str]) -> tuple[str, str]:
    return asked_in_words(name, words), ""


def _change(change: str, words: Mapping[str, str]) -> str:
    return words.get(change, change)


def _model(row: Row, words: Mapping[str, str]) -> str:
    name = model_in_words(str(row["change"]), str(row["model"]), words)
    return f"{name}, matched" if row["threshold"] == _MATCHED else name


def _full(row: Row, words: Mapping[str, str]) -> str:
    """Return the whole name of a change below a shorter one."""
    shorter = _model({**row, "threshold": ""}, words) != row["change"]
    return str(row["change"]) if shorter and row["threshold"] != _MATCHED else ""


def _share(value: Any, word: str = "") -> tuple[str, str]:
    known = value is not None and not pd.isna(value)
    return ((word or shown_number(value)) if known else "-"), ""


def _bounded(row: Row, name: str) -> tuple[str, str]:
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return _share(row.get(name))[0], "" if low is None or high is None else _span(low, high)


def _span(low: Any, high: Any) -> str:
    if pd.isna(low) or pd.isna(high):
        return ""
    return f"{shown_number(low)}{' to ' if low < 0 else _TO}{shown_number(high)}"  # a dash beside a minus is unreadable
