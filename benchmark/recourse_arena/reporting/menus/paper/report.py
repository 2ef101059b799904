"""What a run of menus says of *Fair Recourse for All* (arXiv 2601.20449): each line met or missed, with its number."""

from __future__ import annotations

__all__ = ["menus_report"]

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import written
from recourse_arena.reporting.lasting.evidence import Line, Verdict
from recourse_arena.reporting.leaderboard.escaping import for_markdown
from recourse_arena.reporting.menus.paper.claims import PARTS
from recourse_arena.reporting.menus.paper.published import OBJECTIVES, published
from recourse_arena.reporting.menus.paper.said import Said, measured
from recourse_arena.reporting.menus.table import SAID_FIRST, Menus, records
from recourse_arena.reporting.results.comparability import refuse_mixed
from recourse_arena.storage.run_files import RunFiles

_READING = (
    "A line is met or missed by its number, a mean over the run's seeds; the 95 % interval over people beside it says "
    "how sure that is. SR is the mean over groups of the share with a working action (macro: the group's own best "
    "one), PD the largest such share less the smallest, unrounded, Gower the mean cost of people with recourse. Held "
    "out: menus are composed on refused people of the recourse training part and scored on test people; in-sample, the "
    "published protocol, scores them on the very people they were composed on."
)
_REAL_TIME = (
    "A menu is composed once; a person waits for as many decisions as there are actions on it, and new people need no "
    "new search: held-out SR says what becomes of them."
)
_BIASED = (
    "Per decision model: how far it is from equalised odds, what no menu can mend (the gap of everybody's own cheapest "
    "action), and what menus do on top of it. A menu that withholds help closes PD too: that is what levelled says."
)
_INTERSECTIONS = (
    "The same menus, told by one protected attribute and by cells of two: PD over cells with at least 20 people. A gap "
    "that one attribute hides is the difference between its row and that of the cells."
)

_OTHERS = (
    "FACTS (arXiv 2306.14978) on Adult by sex, of refused people of 26 to 34 who work full time: women 10.6 % covered, "
    "three actions work for 7.7, 4.0 and 5.4 %; men 13.8 %, and 19.7, 10.6 and 13.4 %. Its code says how columns are "
    "cut (age in fifths, hours at 25, 39, 40 and 55), the model (logistic regression, a column for each level) and the "
    "share of the split (70/30); which rows the figures are of, and which three actions, is not known. Those that come "
    "closest are age 41 to 50 with 41 to 55 hours, age 41 to 50, and age 34 to 41 with 41 to 55 hours. Over 13 splits "
    "they come to, mean and standard deviation: women 11.1 (0.4) % covered, 6.4 (1.1), 3.8 (0.9) and 4.3 (0.9) %; men "
    "13.4 (0.3) %, 18.6 (1.3), 10.4 (0.8) and 13.5 (1.3) %; accuracy 0.851 (0.003), published 0.8516. Each published "
    "figure lies between the least and the greatest of these splits; which split has them all is not known.\n\n"
    "GLOBE-CE (arXiv 2305.17021) and its AReS on German: 95.0 % covered at cost 1.09, and 81.7 % at 1.10. Their model "
    "is kept as weights that are not read here, and how directions were drawn is not known. Fitted anew on the same "
    "800 rows it is right on 0.791 of them and on 0.735 of the others (theirs 0.789 and 0.755) and refuses 182 (theirs "
    "180); to have no current account alone helps 83.0 % of these, at cost 1. So the figures are not reproduced. "
    "`tests/reporting/menus/paper/test_published_elsewhere.py` works both out."
)


def menus_report(*runs: RunFiles) -> str:
    """Return the report of runs of the suites of fair recourse, in Markdown.

    Arguments:
        runs: The runs; where two hold the same cell and seed, the first counts.

    Raises:
        ArenaError: If they cannot share a report, or offer no menus.
    """
    refuse_mixed(runs)
    menus = Menus.of(*runs)
    if not menus.found.menus:
        raise ArenaError(f"{runs[0].path} offers no menus; `recourse-arena run fair-recourse` makes such a run")
    said = Said(menus)
    weighed = [(part.title, list(part.lines(said))) for part in PARTS]
    counts = [line.verdict for _, lines in weighed for _, line in lines]
    parts = [
        "# Fair recourse for all (arXiv 2601.20449)",
        SAID_FIRST,
        _READING,
        "\n".join(f"- {for_markdown(f'{short} is {name}')}." for name, short in menus.short.items() if short != name),
        "In all: " + ", ".join(f"{counts.count(one)} {one}" for one in Verdict) + ".",
        *(_lines(title, lines) for title, lines in weighed if lines),
        _beside_published(said),
        f"## Other published figures\n\n{_OTHERS}",
        *_open_questions(said),
        "## 5. Everything that is counted",
        menus.markdown(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(title: str, lines: Sequence[tuple[str, Line]]) -> str:
    rows = [
        [
            name,
            line.what,
            line.asked,
            line.value,
            f"**{line.verdict}**" * (line.verdict is Verdict.MISSED) or line.verdict,
        ]
        for name, line in lines
    ]
    return _section(title, ["table", "what", "asked", "value", "verdict"], rows, marked=(4,))


def _beside_published(said: Said) -> str:
    rows = []
    for known in published().to_dict("records"):
        objective, clusters = str(known["objective"]), int(known["clusters"])
        if known["solver"] == "dice":
            continue
        row = said.cell(known["dataset"], objective, clusters=clusters, in_sample=True, solver="fair-sac")
        other = said.cell(known["dataset"], objective, clusters=clusters, in_sample=True)
        for name, words in (("sr", "SR"), ("pd", "PD"), ("cost", "Gower")):
            ours = [None if found is None else measured(found, name, objective) for found in (row, other)]
            cell = [known["dataset"], OBJECTIVES[objective], "3 clusters" if clusters > 1 else "whole", words]
            taken = "-" if name != "pd" or row is None else _number(row["levelled"])
            rows.append([*cell, f"{known[name]:.3f}", *map(_number, ours), taken])
    heads = ["table", "objective", "menu", "measure", "published", "fair-sac here", "menu here", "levelled"]
    note = "Published values are recomputed from the released files: four actions, in-sample."
    return _section("Published cells beside ours", heads, rows, note)


def _open_questions(said: Said) -> Iterator[str]:
    yield "## The paper's open questions"
    heads = ["dataset", "scenario", "solver", "composed in (s)", "ms a person", "SR", "PD", "levelled"]
    rows = [
        [
            *(said.menus.short[row["dataset"]], row["scenario"], row["solver"]),
            *(_number(said.seconds(row, "fit_seconds")), _number(said.each(row))),
            *_shares(row),
        ]
        for row, menu in said.rows
        if menu is not None and not menu.asked.in_sample
    ]
    yield _section("Real time", heads, rows, _REAL_TIME, level=3) if rows else ""
    yield _section("Biased models", *_models(said), _BIASED, level=3)
    across = records(said.menus.across)
    heads = ["dataset", "scenario", "solver", "by", "SR", "PD", "levelled", "worst cell", "helped there"]
    rows = [
        [said.menus.short[row["dataset"]], *(row[name] for name in ("scenario", "solver", "by")),
         *_shares(row, bare=True), row["worst"], _number(row["share"])]
        for row in across
    ]  # fmt: skip
    yield _section("Intersections", heads, rows, _INTERSECTIONS, level=3) if rows else ""


def _models(said: Said) -> tuple[list[str], list[list[str]]]:
    """Return what is said of each decision model and menu."""
    rows = []
    order = sorted(said.rows, key=lambda pair: (written(pair[0]["dataset"])[0], pair[0]["dataset"]))
    for row, _ in order:
        model = said.menus.found.materials(row["dataset"])
        odds = ", ".join(f"{name} {value:.3f}" for name, value in model.get("odds_gap", {}).items()) or "-"
        gap = _bounded(row, "unavoidable")
        short = said.menus.short[row["dataset"]]
        rows.append([short, _number(model.get("accuracy")), odds, row["scenario"], row["solver"], gap, *_shares(row)])
    return ["dataset", "accuracy", "equalised odds", "scenario", "solver", "unavoidable", "SR", "PD", "levelled"], rows


def _shares(row: Mapping[str, Any], *, bare: bool = False) -> list[str]:
    return [_number(row[name]) if bare else _bounded(row, name) for name in ("sr", "pd", "levelled")]


def _bounded(row: Mapping[str, Any], name: str) -> str:
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    ends = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{_number(row.get(name))}{ends}"


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}"


def _section(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: str = "", *, level: int = 2,
    marked: Sequence[int] = (),
) -> str:  # fmt: skip
    """Return a title, a note and a table; cells of columns in `marked` are Markdown, others text."""
    cells = [[str(cell) if i in marked else for_markdown(cell) for i, cell in enumerate(row)] for row in rows]
    shown = tabulate(cells, heads, tablefmt="pipe", disable_numparse=True)
    return "\n\n".join(part for part in (f"{'#' * level} {title}", note, shown) if part)
