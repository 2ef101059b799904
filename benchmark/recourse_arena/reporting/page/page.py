"""The leaderboard as one self-contained page that opens offline and asks no network for anything."""

from __future__ import annotations

__all__ = ["page", "plotting_library"]

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from recourse_arena.reporting.leaderboard.best import shown_number
from recourse_arena.reporting.leaderboard.group_table import SMALL
from recourse_arena.reporting.leaderboard.standings import METHOD, Standing
from recourse_arena.reporting.page.embedded import as_json, as_script, script_hash
from recourse_arena.reporting.page.interaction_section import interaction_section
from recourse_arena.reporting.page.lasting_section import kept_lasting, lasting_section
from recourse_arena.reporting.page.menus_section import kept_menus, menus_document, menus_section
from recourse_arena.reporting.page.page_data import document, looks
from recourse_arena.reporting.results.palette import COLOURS, DARK_COLOURS

if TYPE_CHECKING:
    from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.leaderboard.worlds import datasets_in_words, scenarios_in_words, worlds_in_words

_SCRIPTS = ("words", "choice", "standings", "overview", "plots", "lasting", "menus", "print", "groups", "start")
_SHAPES = (
    "circle()",
    "polygon(50% 4%, 100% 96%, 0 96%)",
    "inset(6%)",
    "polygon(50% 0, 100% 50%, 50% 100%, 0 50%)",
    "polygon(0 4%, 100% 4%, 50% 96%)",
    "polygon(34% 0, 66% 0, 66% 34%, 100% 34%, 100% 66%, 66% 66%, 66% 100%, 34% 100%, 34% 66%, 0 66%, 0 34%, 34% 34%)",
    "polygon(20% 0, 50% 30%, 80% 0, 100% 20%, 70% 50%, 100% 80%, 80% 100%, 50% 70%, 20% 100%, 0 80%, 30% 50%, 0 20%)",
    "polygon(4% 50%, 96% 0, 96% 100%)",
    "polygon(96% 50%, 4% 0, 4% 100%)",
)
"""Of the marks beside names, as the plots draw them."""
_LOOKS = len(COLOURS) * len(_SHAPES)
_MAIN = (
    *("attainability", "lasts", "attainability_truth", "attainability_heldout", "ruler_gap", "redrawn"),
    *("coverage", "validity", "plausibility", "cost_mean", "hap", "violations", "actions_mean"),
)
_OF_VALIDATION = (
    "solver",
    "people",
    "coverage",
    "validity",
    "plausibility",
    "attainability",
    "lasts",
    "cost_mean",
    "hap",
)
"""What is said of validation people."""
_TO = "\N{EN DASH}"
_FILES = ("summary.csv", "people.parquet", "run.json")
_KNOWS = {"scm": "SCM"}


def page(leaderboard: Leaderboard, *, at: Path | None = None, fairness: Mapping[str, Any] | None = None) -> str:
    """Return the page; every name from a plugin or a file is escaped, and the browser runs no script but its own.

    Arguments:
        leaderboard: What it shows.
        at: Where the page will lie, so that it can link to the files of the runs.
        fairness: What its section on the fairness case says, as
            :func:`~recourse_arena.reporting.paper.fairness.page_section` returns it; none without such a section.
    """
    environment = _environment()
    style = environment.get_template("style.css").render(
        light=COLOURS, dark=DARK_COLOURS, shapes=[Markup(_SHAPES[i % len(_SHAPES)]) for i in range(_LOOKS)]
    )
    library, script, kept = plotting_library(), _script(), kept_lasting(leaderboard)
    columns, menus = _columns(leaderboard), kept_menus(leaderboard)
    data = {**document(leaderboard, [lasting for _, lasting in kept]), "menus": menus_document(menus)}
    return environment.get_template("leaderboard.html").render(
        title=", ".join(dict.fromkeys(run["suite"]["name"] for run in leaderboard.runs)),
        style=Markup(style),
        script=Markup(script),
        library=Markup(library),
        script_hashes=Markup(" ".join(script_hash(text) for text in (library, script) if text)),
        document=Markup(as_json(data)),
        columns=columns,
        tables=list(_tables(leaderboard, columns)),
        several=len(leaderboard.runs) > 1,
        troubles=_troubles(leaderboard),
        runs=[_run(*pair, at) for pair in zip(leaderboard.names, leaderboard.results, strict=True)],
        alarms=leaderboard.alarms(),
        warnings=leaderboard.warnings(),
        ranked=leaderboard.ranked_in_words(),
        metrics=leaderboard.metrics,
        solvers=leaderboard.solvers,
        datasets=_datasets(leaderboard),
        scenarios=scenarios_in_words(leaderboard.rows["scenario"], leaderboard.runs),
        interaction=interaction_section(leaderboard),
        lasting=lasting_section(kept),
        menus=menus_section(menus),
        validation=_validation(leaderboard),
        fairness=fairness or {"cases": []},
        method=METHOD,
        small=SMALL,
    )


@lru_cache(maxsize=1)
def plotting_library() -> str:
    """Return Vega-Embed with Vega and Vega-Lite in it as one script; nothing if vl-convert-python is not installed."""
    if find_spec("vl_convert") is None:
        return ""
    import vl_convert

    return as_script(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return what reads the templates, which are compiled once."""
    return Environment(
        loader=PackageLoader("recourse_arena.reporting.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _script() -> str:
    folder = files("recourse_arena.reporting.page") / "templates" / "script"
    parts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    return as_script("\n".join([f'"use strict";\n(() => {{\nconst LOOKS = {_LOOKS};', *parts, "})();"]))


def _columns(board: Leaderboard) -> list[dict[str, Any]]:
    arrows = {"higher": " ↑", "lower": " ↓", "none": ""}
    known = {metric["name"]: metric for metric in board.metrics if metric["name"] in board.rows}
    order = [*(name for name in _MAIN if name in known), *(name for name in known if name not in _MAIN)]
    columns = [
        {
            "name": name,
            "heading": known[name]["title"] + arrows[known[name]["direction"]],
            "direction": known[name]["direction"],
            "more": not known[name].get("shown")
            and name not in (*_MAIN, *(("optimality_gap", "optimality_people") if _certified(board) else ())),
        }
        for name in order
        if board.rows[name].notna().any()
    ]
    times = [("ms_per_person", "ms each ↓", "lower")]
    return [*columns, *({"name": n, "heading": h, "direction": d, "more": False} for n, h, d in times)]


def _datasets(board: Leaderboard) -> dict[str, list[str]]:
    """Return what each dataset is and what decides there, as far as its run says."""
    what, worlds = datasets_in_words(board.runs), worlds_in_words(board.runs)
    names = dict.fromkeys(board.rows["dataset"])
    found = {name: [words for said in (what, worlds) if (words := said.get(name))] for name in names}
    return {name: words for name, words in found.items() if words}


def _certified(board: Leaderboard) -> bool:
    return "optimality_gap" in board.rows and bool(board.rows["optimality_gap"].notna().any())


def _tables(board: Leaderboard, columns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of each dataset and scenario."""
    look, standings = looks(board), board.standings.by_cell()
    place = {key: rank for key, (rank, _) in board.ranked().items()}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in board.rows.to_dict("records"):
        dataset, scenario, solver = (str(row[name]) for name in ("dataset", "scenario", "solver"))
        found = standings.get((dataset, scenario, solver), {})
        knows = board.solvers.get(solver, {}).get("knows", [])
        groups.setdefault((dataset, scenario), []).append(
            {
                "solver": solver,
                "look": look[dataset, solver] % _LOOKS,
                "knows": [_KNOWS.get(word, word) for word in knows] or ["black box"],
                "rank": place.get((dataset, scenario, solver), "-"),
                "cells": [
                    _cell(
                        column,
                        row[column["name"]],
                        found.get(column["name"]),
                        (dataset, scenario, solver, column["name"]) in board.best,
                    )
                    for column in columns
                ],
                "empty": "" if row["people"] else row["note"] or "nobody was asked",
                "run": row["run"],
            }
        )
    for (dataset, scenario), rows in groups.items():
        yield {"dataset": dataset, "scenario": scenario, "rows": rows}


def _validation(board: Leaderboard) -> dict[str, Any]:
    """Return what validation people got, as the leaderboard says it elsewhere; nothing where none were asked."""
    heads = {name: head for name, head in board.headings().items() if name in _OF_VALIDATION}
    if board.validation.empty:
        return {}
    groups: dict[str, list[list[str]]] = {}
    lines = board.cells(board.validation, headings=heads)
    for (dataset, scenario), line in zip(board.validation[["dataset", "scenario"]].to_numpy(), lines, strict=True):
        groups.setdefault(f"{dataset} · {scenario}", []).append(line)
    return {"heads": [*heads.values()], "groups": [*groups.items()]}


def _cell(column: Mapping[str, Any], value: float, standing: Standing | None, best: bool) -> dict[str, Any]:
    """Return one value in words, with what sorts, ranks and draws it."""
    known = not pd.isna(value)
    bounded = known and standing is not None and np.isfinite([standing.low, standing.high]).all()
    low, high = (standing.low, standing.high) if standing is not None and bounded else (value, value)
    return {
        "metric": column["name"],
        "word": _word(column["name"], value) if known else "-",
        "value": f"{value:.6g}" if known else None,
        "interval": f"{_word('', low)}{_TO}{_word('', high)}" if bounded else "",
        "rank": standing.place if known and standing is not None else "",
        "best": known and best,
        "more": column["more"],
        "bar": [f"{part:.4f}" for part in (value, low, high)]
        if bounded and column["name"] == "attainability"
        else None,
    }


def _word(name: str, value: float) -> str:
    if name in ("optimality_people",):
        return str(int(value))
    if name in ("ms_per_person", "fit_seconds", "solve_seconds"):
        return f"{value:.3g}"
    return shown_number(value) if abs(value) < 100 else f"{value:.1f}"


def _troubles(board: Leaderboard) -> list[dict[str, Any]]:
    """Return what failed, was skipped or asked nobody: a line per dataset, solver and reason."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in board.rows.to_dict("records"):
        reason = row["note"] or ("" if row["people"] else "nobody was asked")
        if reason:
            found.setdefault((row["dataset"], row["solver"], reason), []).append(row["scenario"])
    return [{"dataset": d, "solver": s, "reason": r, "scenarios": names} for (d, s, r), names in found.items()]


def _run(name: str, result: Any, at: Path | None) -> dict[str, Any]:
    """Return what is said of a run: who ran what, when, where and with which software."""
    info = result.info
    facts = info["provenance"]
    when = str(facts.get("started", "")).replace("T", " ").replace("+00:00", " UTC")
    words = f"{name}: suite {info['suite']['name']}, version {info['suite']['version']}"
    shown = [(key.replace("_", " "), _fact(value)) for key, value in facts.items()]
    return {
        "words": f"{words}{f', {when}' if when else ''}",
        "facts": [("judged under", f"protocol {info['protocol']}"), *shown],
        "files": list(_links(result.path, at)) if result.path is not None and at is not None else [],
    }


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _links(folder: Path, at: Path) -> Iterator[tuple[str, str]]:
    for name in _FILES:
        if (folder / name).exists():
            yield name, quote(os.path.relpath(folder / name, at.resolve().parent).replace(os.sep, "/"))
