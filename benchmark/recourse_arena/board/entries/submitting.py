"""A run folder becomes an entry: its rows as they are, and of the rest what may travel."""

from __future__ import annotations

__all__ = ["entry_of", "submit"]

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.keys import content_key
from recourse_arena.base.names import variant
from recourse_arena.board.entries.card import card_of, read_card
from recourse_arena.board.entries.entry import packed_entry
from recourse_arena.board.entries.local import refuse_local_names, travelling_text, travelling_words
from recourse_arena.board.entries.menus import menus_of
from recourse_arena.board.entries.shape import FORMAT, MethodCard, Said, read_said
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.files import write_atomically
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles

_OF_MATERIALS = (
    *("dataset", "seed", "version", "file", "asking", "classifier", "flow", "heldout", "decision", "effects", "cost"),
    "change",
)
_OF_PROVENANCE = ("started", "ended", "python", "platform", "processor", "arithmetic", "jobs", "packages")
_OF_NOTES = ("kind", "text", "plugin", "people")
_TIMINGS = ("fit_seconds", "solve_seconds", "validation_score", "alone_seconds")


def submit(run: Path, out: Path, registry: Registry, *, card: Path | None = None) -> MethodCard:
    """Write the entry of a finished run, and return the card that it carries.

    Arguments:
        run: The run folder.
        out: The file.
        registry: What is plugged in; asked about the suite of runs that do not say how many people they asked.
        card: The method card, a TOML file.

    Raises:
        ArenaError: If the run cannot become an entry, with what to do.
    """
    said, people = entry_of(RunFiles.read(run), registry, None if card is None else read_card(card))
    if not out.absolute().parent.is_dir():
        raise ArenaError(f"cannot write {out}: there is no such folder")
    write_atomically(out, packed_entry(said, people))
    return said.card


def entry_of(run: RunFiles, registry: Registry, card: MethodCard | None = None) -> tuple[Said, pa.Table]:
    """Return what an entry of a run says, and its rows.

    Raises:
        ArenaError: If the run cannot become an entry.
    """
    info, cells = run.info, run.info["cells"]
    refuse_local_names(name for cell in cells for name in (cell["dataset"], cell["solver"]))
    people = _people(run)
    if talked := [cell for cell in cells if "!asked-" in cell["scenario"]]:
        raise ArenaError(
            f"{run.path}: scenario {talked[0]['scenario']!r} is a conversation, of which a run keeps the end alone: "
            "nobody could judge it again"
        )
    asked = _asked(info, registry)
    menus = menus_of(run, people)
    averages = _averages(run)
    said = {
        "format": FORMAT,
        "protocol": info["protocol"],
        "card": vars_of(card or card_of(_called(info))),
        "suite": {name: info["suite"][name] for name in ("name", "version", "ranked_by") if info["suite"].get(name)},
        "solvers": {name: _solver(name, said, info) for name, said in info["solvers"].items()},
        "metrics": [{"name": m["name"], "version": m.get("version", "1")} for m in info["metrics"]],
        "materials": [_kept(m, _OF_MATERIALS) for m in info.get("materials", [])],
        "cells": [
            _cell(cell, count, averages.get(_key(cell), {}), menus.get(_key(cell)))
            for cell, count in zip(cells, asked, strict=True)
        ],
        "provenance": {
            **_kept(info["provenance"], _OF_PROVENANCE),
            "command": travelling_words(info["provenance"].get("command", [])),
        },
    }
    import msgspec

    try:
        return read_said(msgspec.json.encode(said)), people
    except ArenaError as error:
        raise ArenaError(f"{run.path} cannot become an entry: {error}") from None


def vars_of(card: MethodCard) -> dict[str, Any]:
    """Return a card as plain values."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(card)
    return found


def _key(cell: Mapping[Any, Any]) -> tuple[str, str, str, int]:
    return cell["dataset"], cell["scenario"], cell["solver"], int(cell["seed"])


def _kept(of: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: of[name] for name in names if of.get(name) is not None}


def _called(info: Mapping[str, Any]) -> str:
    """Return what an entry without a card is called: its solver, or its suite where there are several."""
    names = list(info["solvers"])
    return str(names[0] if len(names) == 1 else f"suite {info['suite']['name']}")


def _solver(name: str, said: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, Any]:
    known = _kept(said, ("version", "knows", "needs", "summary", "trained"))
    found = said.get("distribution") or _distribution(name, info)
    return known if found is None else {**known, "distribution": list(found)}


def _distribution(name: str, info: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return distribution and version of a solver by what a run of before it was recorded says of plugins."""
    if any("distribution" in solver for solver in info["solvers"].values()):
        return None  # it was handed over as an object
    plugins = [p for p in info.get("plugins", []) if "recourse_solvers" in p.get("hooks", ()) and p["distribution"]]
    found = {(p["distribution"], p["version"]) for p in plugins}
    named = {(p["distribution"], p["version"]) for p in plugins if p["name"] == variant(name)[0]}
    return next(iter(named or found)) if len(named or found) == 1 else None


def _cell(
    cell: Mapping[str, Any], asked: int | None, averages: Mapping[str, float | None], menu: Mapping[str, Any] | None
) -> dict[str, Any]:
    solved = cell["outcome"] == Outcome.SOLVED
    notes = [{**_kept(note, _OF_NOTES), "text": travelling_text(note["text"])} for note in cell.get("notes", [])]
    said = {
        **_kept(cell, (*KEYS, "outcome")),
        "asked": asked,
        "people": cell.get("people", 0) if solved else 0,
        "reason": travelling_text(cell.get("reason", "")),
        "timings": _kept(cell, _TIMINGS) if solved else {},
        "averages": dict(averages) if solved else {},
        "notes": notes,
    }
    return said if menu is None else {**said, "menu": dict(menu)}


def _people(run: RunFiles) -> pa.Table:
    path = run.table("people.parquet")
    if path is None:
        raise ArenaError(f"{run.path} keeps no people.parquet; run the suite again")
    try:
        people = pq.read_table(path, use_threads=False).replace_schema_metadata(None).combine_chunks()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ArenaError(f"cannot read {path}: {error}") from None
    return people


def _averages(run: RunFiles) -> dict[tuple[str, str, str, int], dict[str, float | None]]:
    names = [metric["name"] for metric in run.info["metrics"] if metric["name"] in run.summary]
    found = {}
    for row in run.summary.to_dict("records"):
        values = {name: float(row[name]) for name in names}
        found[_key(row)] = {name: None if math.isnan(value) else value for name, value in values.items()}
    return found


def _asked(info: Mapping[str, Any], registry: Registry) -> list[int | None]:
    """Return how many people were drawn for each cell; none for all.

    A run of before it was recorded says only what plan it had, by a digest.
    """
    cells = info["cells"]
    if "plan" not in info or any("asked" in cell for cell in cells):
        return [cell.get("asked") for cell in cells]
    for counts in _candidates(info, registry):
        if content_key(cells=[[*_key(cell), count] for cell, count in zip(cells, counts, strict=True)]) == info["plan"]:
            return counts
    raise ArenaError("the run does not say how many people it asked about; the same `recourse-arena run` command does")


def _candidates(info: Mapping[str, Any], registry: Registry) -> Iterator[list[int | None]]:
    cells = info["cells"]
    yield [None] * len(cells)
    yield [max((cell.get("people", 0) for cell in cells), default=0)] * len(cells)
    if info["suite"]["name"] in registry.suites:
        blocks = registry.suites[info["suite"]["name"]].blocks
        by_place = {(d, s.name, solver): b.people for b in blocks for d in b.datasets for s in b.scenarios
                    for solver in (*b.solvers, None)}  # fmt: skip
        yield [
            by_place.get((c["dataset"], c["scenario"], c["solver"]), by_place.get((c["dataset"], c["scenario"], None)))
            for c in cells
        ]
