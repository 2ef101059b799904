"""What a run says of advice that lasts and of quantized models: each claim, met or missed, with its number."""

from __future__ import annotations

__all__ = ["lasting_report"]

from collections.abc import Iterator

from tabulate import tabulate

from recourse_arena.base.errors import ArenaError
from recourse_arena.planning.lasting_suites import QUANTIZED_DATASETS, SPARSE
from recourse_arena.reporting.lasting.claims import PARTS
from recourse_arena.reporting.lasting.evidence import Line, Said, Verdict
from recourse_arena.reporting.lasting.table import SAID_FIRST, Lasting
from recourse_arena.reporting.leaderboard.escaping import for_markdown
from recourse_arena.storage.lasting_table import kept_redecided
from recourse_arena.storage.run_files import RunFiles

_SOLVER = "projected"


def lasting_report(run: RunFiles) -> str:
    """Return the report of a run of the suite `quantization`, in Markdown.

    Raises:
        ArenaError: If the run keeps nothing of changed models, or asked nobody that the suite asks.
    """
    kept = kept_redecided(run)
    if kept is None:
        raise ArenaError(
            f"{run.path} keeps nothing of changed models; `recourse-arena run quantization` makes such a run"
        )
    found = Lasting(kept, run)
    there = {name: said for name in QUANTIZED_DATASETS if (said := _said(found, name)) is not None}
    if not there:
        raise ArenaError(f"{run.path} holds no cell of the suite quantization")
    parts = [_table(title, lines) for title, lines in _weighed(there)]
    counts = [line.verdict for _, lines in _weighed(there) for _, line in lines]
    in_all = ", ".join(f"{counts.count(one)} {one}" for one in Verdict)
    return (
        "\n\n".join(["# Does advice last? (arXiv 2605.17160)", SAID_FIRST, _READING, f"In all: {in_all}.", *parts])
        + "\n"
    )


_READING = (
    "A line is met or missed by its number, over all seeds; the 95 % interval over people beside it says how sure that "
    "is. VD is the share of valid advice that the changed model refuses. `matched`: the changed model's threshold is "
    "moved, on validation people, until it accepts as many as the model before. Margins and CFQ's eta are chosen on "
    "validation people alone."
)


def _said(found: Lasting, name: str) -> Said | None:
    """Return what a run says of a table; none if it asked nobody there."""
    dataset, scenario = QUANTIZED_DATASETS[name], f"{SPARSE[name]}!no-plausibility"
    cells = found.advice[["dataset", "scenario", "solver"]].drop_duplicates().itertuples(index=False)
    return (
        Said(found, dataset, scenario, _SOLVER) if (dataset, scenario, _SOLVER) in {tuple(c) for c in cells} else None
    )


def _weighed(there: dict[str, Said]) -> Iterator[tuple[str, list[tuple[str, Line]]]]:
    for part in PARTS:
        yield part.title, [(name, line) for name, said in there.items() for line in part.lines(name, said)]


def _table(title: str, lines: list[tuple[str, Line]]) -> str:
    rows = [
        [
            name,
            *map(for_markdown, (line.what, line.asked, line.value)),
            f"**{line.verdict}**" * (line.verdict is Verdict.MISSED) or str(line.verdict),
        ]
        for name, line in lines
    ]
    heads = ["table", "what", "asked", "value", "verdict"]
    return f"## {title}\n\n{tabulate(rows, heads, tablefmt='pipe', disable_numparse=True)}"
