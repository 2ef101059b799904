"""Published numbers beside ours, in Markdown."""

from __future__ import annotations

__all__ = ["compared", "reproduction_report"]

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.reporting.paper.markdown import code, interval, number, section, table
from recourse_arena.reporting.reproduction.beside import Beside, Verdict
from recourse_arena.reporting.reproduction.measured import MEASURES, measured_people
from recourse_arena.reporting.reproduction.published import Published, published
from recourse_arena.storage.run_files import RunFiles

_RULE = (
    "A number is held if our 95 % interval over people and seeds, widened by half of the last printed digit, holds the "
    "published one. Settings that are not public are readings, and each row says which: a miss there says that papers "
    "say too little, or that the method here is another one, and which of both is not known. Nothing was fitted to the "
    "published numbers: other readings stand beside the first, whether they fit or not. Counterfactuals are measured "
    "as the papers do it, without people's constraints, by the run's own decision models."
)


def reproduction_report(run: RunFiles, *, data: Path | None = None, cache: Path | None = None) -> str:
    """Return the report on a run of the suite `reproduction`.

    Arguments:
        run: The run.
        data: Data directory; by default as for runs.
        cache: Artefact cache, where the run's models are; by default as for runs.

    Raises:
        ArenaError: If the run holds none of the cells that are published, or rests on other models than those here.
    """
    found, notes = compared(run, data=data, cache=cache)
    parts = [
        "# Published beside ours",
        _RULE,
        *_short(found),
        *_methods(found),
        section("Measures", table([[name, words] for name, words in MEASURES.items()], ["measure", "what"])),
        section("Not measured", "\n".join(f"- {code(note)}" for note in notes)) if notes else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def compared(
    run: RunFiles, *, data: Path | None = None, cache: Path | None = None
) -> tuple[tuple[Beside, ...], tuple[str, ...]]:
    """Return every published number beside ours, and what could not be measured."""
    asked = {(cell["dataset"], cell["solver"]) for cell in run.info["cells"] if cell["outcome"] == "solved"}
    cells = dict.fromkeys((one.world, one.solver) for one in published() if one.ours)
    if not asked & set(cells):
        raise ArenaError(
            f"{run.path} asks no solver that something is published of; `recourse-arena run reproduction` makes such a "
            "run"
        )
    rows: dict[tuple[str, str], pd.DataFrame] = {}
    notes: list[str] = []
    for cell in cells:
        if cell in asked:
            rows[cell], more = _measured(run, cell, data, cache)
            notes += more
    found = [
        Beside.of(one, rows[one.world, one.solver]) if one.ours and (one.world, one.solver) in rows else Beside(one)
        for one in published()
    ]
    return tuple(found), tuple(dict.fromkeys(notes))


def _measured(
    run: RunFiles, cell: tuple[str, str], data: Path | None, cache: Path | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    wanted = [one for one in published() if (one.world, one.solver) == cell]
    measures = dict.fromkeys(name for one in wanted for name in (one.ours, *one.others))
    if set(measures) == {"impossible"}:
        people = run.people
        people = people[(people["dataset"] == cell[0]) & (people["solver"] == cell[1])]
        stuck = people["outcome"].astype(str).eq("infeasible").astype(float)
        return people[["seed", "person"]].assign(impossible=stuck).reset_index(drop=True), ()
    found = measured_people(
        run,
        *cell,
        registry=discover(),
        data=data_folder(data),
        cache=ArtefactCache(cache_folder(cache)),
        changes=tuple(name for name in measures if name and name not in MEASURES),
    )
    return found.rows, found.notes


def _short(found: Sequence[Beside]) -> Iterator[str]:
    measured = [one for one in found if one.verdict is not Verdict.OPEN]
    for public, words in ((True, "settings are public"), (False, "something is a reading")):
        some = [one for one in measured if one.published.public is public]
        held = sum(one.verdict is Verdict.HELD for one in some)
        yield f"Where {words}: {held} of {len(some)} held."
    otherwise = sum(bool(one.held_otherwise) for one in measured)
    yield (
        f"Of the {sum(one.verdict is Verdict.MISSED for one in measured)} missed, {otherwise} are held in another "
        f"reading that is told beside it. {len(found) - len(measured)} are not measured."
    )


def _methods(found: Sequence[Beside]) -> Iterator[str]:
    for method in dict.fromkeys(one.published.method for one in found):
        some = [one for one in found if one.published.method == method]
        heads = [
            "dataset",
            "model",
            "measure",
            "published",
            "ours",
            "people",
            "seeds",
            "",
            "other readings",
            "settings",
        ]
        rows = [_row(one) for one in some]
        said = dict.fromkeys(one.published.said for one in some)
        places = {words: str(place + 1) for place, words in enumerate(said)}
        rows = [[*row[:-1], places[row[-1]]] for row in rows]
        notes = "\n".join(f"{place}. {words}." for words, place in places.items())
        missed = [one.published for one in some if one.verdict is Verdict.MISSED]
        looked = "\n".join(f"- {words}." for words in dict.fromkeys(one.looked for one in missed) if words)
        title = f"{method} (arXiv {some[0].published.source})"
        into = f"What was looked into:\n\n{looked}" if looked else ""
        yield section(title, table(rows, heads, numbers=(3, 4, 5, 6)), notes, into)


def _row(one: Beside) -> list[str]:
    known: Published = one.published
    ours = "-" if one.ours is None else f"{number(one.ours.value)} {interval(one.ours)}"
    verdict = f"**{one.verdict}**" if one.verdict is Verdict.MISSED else str(one.verdict)
    fits = set(one.held_otherwise)
    others = "; ".join(
        f"{name} {number(other.value)}{' (held)' * (name in fits)}" for name, other in (one.others or {}).items()
    )
    measure = f"{known.measure} ({known.ours})" if known.ours and known.ours != known.measure else known.measure
    return [
        *(known.dataset, known.decision, measure, known.value, ours),
        *(str(one.ours.people) if one.ours else "-", str(one.seeds) if one.seeds else "-"),
        *(f"{verdict}{', public' * known.public}", others or "-", known.said),
    ]
