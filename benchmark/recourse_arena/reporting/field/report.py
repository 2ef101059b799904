"""What individual constraints do to the field's methods, in Markdown."""

from __future__ import annotations

__all__ = ["field_report"]

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import stats

from recourse_arena.base.errors import ArenaError
from recourse_arena.planning.field_suites import LEVELS
from recourse_arena.reporting.field.constrained import ANYBODY, Constrained, Found
from recourse_arena.reporting.paper.markdown import code, interval, number, section, table
from recourse_arena.reporting.results.comparability import refuse_mixed
from recourse_arena.storage.run_files import RunFiles

_KINDS = {"relu": "networks", "forest": "forests", "logistic": "logistic regression"}

_READ = (
    "The same people are asked under each level, and what a person can act on under a stricter level they can act on "
    "under a wider one. A world is one dataset with one decision model; numbers are means over worlds, each counted "
    "alike, and 95 % intervals are of the bootstrap over people within worlds: they say nothing of other datasets. "
    "Solvers that cannot read a decision model are in fewer worlds, so that rows are compared within a kind of "
    "decision model below, rather than here. Cost ratios are geometric means over people with valid advice under both "
    "levels, so nobody whom the constraint leaves without advice is in them: read them beside validity. "
    f"*{ANYBODY}* is whoever got valid advice from at least one solver, at the least cost found: what is left to find."
)


def field_report(runs: Sequence[RunFiles]) -> str:
    """Return the report on runs of the suite `field`.

    Raises:
        ArenaError: If the runs cannot share a report, or asked no solver under every level of constraints.
    """
    refuse_mixed(runs)
    found = Constrained.of(runs)
    if not found.worlds:
        raise ArenaError(
            f"{runs[0].path} asks no solver under no, typical and strict constraints; `recourse-arena run field` "
            "makes such a run"
        )
    parts = [
        "# What individual constraints do to the field's methods",
        _READ,
        _levels(),
        section("In short", *_short(found)),
        section("All worlds", _table(found)),
        *_kinds(found),
        _order(found),
        _left_out(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _levels() -> str:
    datasets = list(next(iter(LEVELS.values())))
    rows = [[level, *(code(LEVELS[level][name]) for name in datasets)] for level in LEVELS]
    return table(rows, ["level", *datasets])


def _short(found: Constrained) -> Iterator[str]:
    solvers = found.solvers
    falls = [name for name in solvers if found.change("validity", name, "strict").falls]
    yield (
        f"{len(found.worlds)} worlds, {len(solvers)} solvers. Validity falls beyond doubt from none to strict for "
        f"{len(falls)} of them."
    )
    left = [found.share("validity", ANYBODY, level).estimate for level in LEVELS]
    yield (
        "Of those who ask, some solver of the run finds valid advice for "
        + ", ".join(f"{number(one.value)} {interval(one)} ({level})" for one, level in zip(left, LEVELS, strict=True))
        + ": what strict constraints take from everybody. What a solver loses beyond that is its own."
    )
    lost = {name: found.change("validity", name, "strict").estimate.value for name in solvers}
    own = sorted(solvers, key=lambda name: lost[name])
    yield (
        "Most lost: "
        + ", ".join(f"{code(name)} ({number(lost[name], sign=True)})" for name in own[:5])
        + ". Least: "
        + ", ".join(f"{code(name)} ({number(lost[name], sign=True)})" for name in own[:-6:-1])
        + "."
    )


def _table(found: Constrained) -> str:
    rows = [_row(found, name) for name in (*found.solvers, ANYBODY)]
    heads = [
        *("solver", "worlds", *(f"cover {level}" for level in LEVELS), *(f"valid {level}" for level in LEVELS)),
        *(
            "cover: strict - none",
            "valid: typical - none",
            "valid: strict - none",
            "cost: typical / none",
            "cost: strict / none",
        ),
        *("above cheapest, none", "above cheapest, strict"),
    ]
    return table(rows, heads, numbers=range(1, len(heads)))


def _row(found: Constrained, name: str) -> list[str]:
    shares = [found.share(metric, name, level) for metric in ("coverage", "validity") for level in LEVELS]
    changes = [
        found.change("coverage", name, "strict"),
        *(found.change("validity", name, level) for level in ("typical", "strict")),
    ]
    times = [found.times(name, level) for level in ("typical", "strict")]
    above = [found.above_cheapest(name, level) for level in ("none", "strict")]
    return [
        name if name == ANYBODY else code(name),
        str(shares[0].worlds),
        *(number(_known(one)) for one in shares),
        *(_with_interval(one, sign=True) for one in changes),
        *(_with_interval(one) for one in (*times, *above)),
    ]


def _known(found: Found) -> float | None:
    return found.estimate.value if np.isfinite(found.estimate.value) else None


def _with_interval(found: Found, *, sign: bool = False) -> str:
    if _known(found) is None:
        return "-"
    known = np.isfinite(found.estimate[1:3]).all()
    return number(found.estimate.value, sign=sign) + (f" {interval(found.estimate, sign=sign)}" if known else "")


def _kinds(found: Constrained) -> Iterator[str]:
    for decision in dict.fromkeys(world.decision for world in found.worlds):
        among = found.among(decision)
        names = ", ".join(code(world.name) for world in among.worlds)
        yield section(f"Decided by {_KINDS.get(decision, decision)}", f"Worlds: {names}.", _table(among))


def _order(found: Constrained) -> str:
    """Return whether the order of solvers changes, among those that are in all worlds of a kind."""
    rows = []
    for decision in dict.fromkeys(world.decision for world in found.worlds):
        among = found.among(decision)
        there = [name for name in among.solvers if all(name in world.solvers for world in among.worlds)]
        if len(there) < 3:
            continue
        row = [_KINDS.get(decision, decision), str(len(there))]
        for level in ("typical", "strict"):
            row += [_tau(among, there, level, metric) for metric in ("validity", "cost")]
        rows.append(row)
    heads = ["decided by", "solvers", *(f"{what}, {level}" for level in ("typical", "strict") for what in _ORDERED)]
    note = (
        "Kendall's tau between the order of solvers without constraints and with them, by validity and by cost above "
        "the cheapest: 1 is the same order, 0 none."
    )
    return section("Does the order of methods stay?", note, table(rows, heads, numbers=range(1, 6))) if rows else ""


_ORDERED = ("by validity", "by cost")


def _tau(found: Constrained, solvers: Sequence[str], level: str, metric: str) -> str:
    def values(at: str) -> list[float]:
        if metric == "validity":
            return [found.share(metric, name, at).estimate.value for name in solvers]
        return [found.above_cheapest(name, at).estimate.value for name in solvers]

    before, after = np.array(values("none")), np.array(values(level))
    known = np.isfinite(before) & np.isfinite(after)
    tau = float(stats.kendalltau(before[known], after[known]).statistic) if known.sum() > 2 else np.nan
    return number(tau if np.isfinite(tau) else None)


def _left_out(found: Constrained) -> str:
    """Return which cells nobody got advice in, with why; a solver is told once for each dataset and reason."""
    told = {(cell["dataset"], cell["solver"]): _why(cell) for cell in found.left_out}
    rows = [[code(dataset), code(solver), code(why)] for (dataset, solver), why in sorted(told.items())]
    text = "Every cell of the run has advice." if not rows else table(rows, ["dataset", "solver", "why"])
    return section("Left out", text)


def _why(cell: Mapping[str, str]) -> str:
    return f"{cell['outcome']}: {cell.get('reason', '')}"
