"""Why runs cannot stand on one leaderboard."""

from __future__ import annotations

__all__ = ["differences", "refuse_incomparable"]

from collections.abc import Iterator, Sequence
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.result import Result


def refuse_incomparable(results: Sequence[Result]) -> None:
    """Refuse runs whose numbers do not mean the same.

    Raises:
        ArenaError: With the first reasons.
    """
    found = differences(results)
    if found:
        raise ArenaError(
            "these runs are not comparable: "
            + "; ".join(found[:2])
            + (f"; and {len(found) - 2} more reasons" if len(found) > 2 else "")
            + ".\nRun them again with the same version, or show them side by side all the same with --mix"
        )


def differences(results: Sequence[Result]) -> list[str]:
    """Return in words what differs between runs that their numbers depend on; nothing if they are comparable."""
    known: dict[str, tuple[Any, Result]] = {}
    found: dict[str, None] = {}
    for result in results:
        for what, value in _said(result):
            before, where = known.setdefault(what, (value, result))
            if before != value and where is not result:
                values = f" ({before} and {value})" if isinstance(value, (int, str)) else ""
                found.setdefault(f"{where.path} and {result.path} differ in {what}{values}")
    return list(found)


def _said(result: Result) -> Iterator[tuple[str, Any]]:
    """Yield what a run says that others must say as well, if they say anything of it."""
    info = result.info
    yield "the judging protocol", info["protocol"]
    yield f"the version of suite {info['suite']['name']}", info["suite"]["version"]
    for name, solver in info["solvers"].items():
        yield f"the version of solver {name}", solver["version"]
    for metric in info["metrics"]:
        yield f"what metric {metric['name']} means", metric
    for models in info.get("materials", []):
        where = f"{models['dataset']}, seed {models['seed']}"
        for part, words in (
            ("version", "dataset"),
            ("file", "data file"),
            ("classifier", "decision model"),
            ("flow", "causal flow"),
        ):
            yield f"the {words} of {where}", models.get(part)
    for cell in info["cells"]:
        if cell["outcome"] == Outcome.SOLVED:
            where = f"{cell['dataset']}, seed {cell['seed']}"
            yield f"how many people of {where}, are asked under {cell['scenario']}", cell.get("people")
