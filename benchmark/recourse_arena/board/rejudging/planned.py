"""The plan that an entry says it has, made anew from its suite: no solver's code is imported for it."""

from __future__ import annotations

__all__ = ["Planned", "asks_more", "planned"]

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import variant, written
from recourse_arena.base.version import PROTOCOL
from recourse_arena.board.entries.shape import CellSaid, Said, SolverSaid
from recourse_arena.interfaces.suite import Suite
from recourse_arena.judging.metrics import recourse_metrics
from recourse_arena.people.features import Kind
from recourse_arena.planning.plan import Plan, Selection, make_plan
from recourse_arena.planning.solver_card import Describe, SolverCard
from recourse_arena.planning.suite_file import read_suite
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.demands import DEMANDS
from recourse_arena.registry.registry import Registry


@dataclass(frozen=True)
class Planned:
    """What an entry was asked to do.

    Arguments:
        plan: Its cells are those of the entry, in the same order.
        choice: What was chosen out of the suite.
    """

    plan: Plan
    choice: Selection

    @property
    def whole(self) -> bool:
        """Whether that is all of the suite for its solvers, rather than a part that somebody chose."""
        choice = self.choice
        return not (choice.datasets or choice.scenarios or choice.seeds or choice.people)


def planned(said: Said, registry: Registry, *, data: Path, suites: Path | None = None) -> Planned:
    """Return the plan of an entry's suite that has exactly the entry's cells.

    Arguments:
        said: What the entry says.
        registry: What is plugged in.
        data: Data directory.
        suites: Folder of suites that are no plugin's, as TOML files.

    Raises:
        ArenaError: If the entry is of another protocol, or its cells are not those of its suite as it is here.
    """
    if said.protocol != PROTOCOL:
        newer = said.protocol > PROTOCOL
        what = "update recourse-arena here" if newer else "run the suite again, and submit that"
        age = "newer" if newer else "earlier"
        raise ArenaError(f"it is judged by protocol {said.protocol}, {age} than {PROTOCOL} of this version; {what}")
    suite = _suite(said, registry, suites)
    _refuse_foreign(said, suite, registry)
    wanted = [_place(cell) for cell in said.cells]
    nearest: list[tuple[object, ...]] = []
    trouble = ""
    for choice in _choices(said):
        try:
            plan = make_plan(suite, registry, data=data, choice=choice, describe=_described(said.solvers))
        except ArenaError as error:
            trouble = trouble or str(error)
            continue
        found: list[tuple[object, ...]] = [(*cell.label.values(), cell.people) for cell in plan.cells]
        if found == wanted:
            _refuse_absent(plan, said.cells)
            return Planned(plan, choice)
        nearest = nearest or found
    raise ArenaError(_not_of(said, suite, wanted, nearest, trouble))


def _place(cell: CellSaid) -> tuple[object, ...]:
    return *cell.key, cell.asked


def _suite(said: Said, registry: Registry, suites: Path | None) -> Suite:
    """Return the suite of an entry: a plugin's, or the board's own.

    Raises:
        ArenaError: If there is none, or one of another version.
    """
    name = said.suite.name
    if name in registry.suites:
        suite = registry.suites[name]
    else:
        files = sorted(suites.glob("*.toml")) if suites is not None and suites.is_dir() else []
        own = [found for file in files if (found := read_suite(file, registry.scenario)).name == name]
        if not own:
            raise ArenaError(
                f"there is no suite {name!r} here: plug in who has it, or put its TOML file into suites/ of the board"
            )
        suite = own[0]
    if suite.version != said.suite.version:
        raise ArenaError(f"it is of suite {name!r}, version {said.suite.version}; here that is {suite.version}")
    return suite


def _refuse_foreign(said: Said, suite: Suite, registry: Registry) -> None:
    """Refuse datasets, scenarios and seeds that a suite does not have: with them, it is another plan.

    One can run them under its name; on a board, everybody could then choose what suits them.
    """
    offered: dict[str, set[Any]] = {
        "dataset": {registry.named(name) for block in suite.blocks for name in block.datasets},
        "scenario": {scenario.name for block in suite.blocks for scenario in block.scenarios},
        "seed": set(suite.seeds),
    }
    for cell in said.cells:
        for name, known in offered.items():
            if getattr(cell, name) not in known:
                raise ArenaError(
                    f"its cells are not those of suite {suite.name!r}, version {suite.version}: that has no {name} "
                    f"{getattr(cell, name)!r}"
                )


def _choices(said: Said) -> Iterator[Selection]:
    """Yield what a user may have chosen out of a suite that led to an entry's cells: at first nothing but solvers."""

    def all_of(name: str) -> tuple[object, ...]:
        return tuple(dict.fromkeys(getattr(cell, name) for cell in said.cells))

    ours = {metric.name for metric in recourse_metrics()}
    metrics = tuple(metric.name for metric in said.metrics if metric.name not in ours)
    asked = [people for people in all_of("asked") if people is not None]
    parts = (
        ((), all_of("dataset")),
        ((), all_of("scenario")),
        ((), all_of("seed")),
        (None, *asked[:1]) if len(asked) == 1 else (None,),
        (all_of("solver"), ()),
    )
    for chosen in sorted(product(*parts), key=lambda one: sum(bool(part) for part in one[:4])):
        datasets, scenarios, seeds, people, solvers = chosen
        yield Selection(datasets, solvers, scenarios, people, seeds, metrics=metrics)  # type: ignore[arg-type]


def _described(solvers: Mapping[str, SolverSaid]) -> Describe:
    """Return what describes solvers by what an entry says of them; of others nothing is known, nor asked."""

    def describe(names: Sequence[str]) -> dict[str, SolverCard]:
        return {name: _card(name, solvers.get(name, SolverSaid(version=""))) for name in names}

    return describe


def _card(name: str, said: SolverSaid) -> SolverCard:
    nothing: frozenset[str] = frozenset()
    return SolverCard(
        variant(name)[0], said.version, said.summary, frozenset(said.knows), frozenset(said.needs), nothing,
        frozenset(Kind), True, True, True, nothing, nothing, nothing, bool(said.trained), "", {}, "",
    )  # fmt: skip


def asks_more(solver: str) -> bool:
    """Return whether a solver's name asks for more than today's decision; see :mod:`recourse_arena.registry.demands`.

    That is read from the name alone, for the solver itself is not here.
    """
    return any(option in DEMANDS or option.startswith("lasting.") for option in written(solver)[1])


def _refuse_absent(plan: Plan, cells: Sequence[CellSaid]) -> None:
    for cell in cells:
        if cell.outcome == Outcome.SOLVED and cell.dataset in plan.skipped:
            raise ArenaError(f"{cell.words}: it cannot be judged here: {plan.skipped[cell.dataset]}")


def _not_of(
    said: Said, suite: Suite, wanted: list[tuple[object, ...]], nearest: list[tuple[object, ...]], trouble: str
) -> str:
    """Return in words that an entry's cells are not those of its suite, and the first one that is not."""
    what = f"its cells are not those of suite {suite.name!r}, version {suite.version}"
    strange = next((cell for cell in said.cells if _place(cell) not in nearest), None)
    if trouble and not nearest:
        return f"{what}: {trouble}"
    if strange is not None:
        asked = "all people" if strange.asked is None else f"{strange.asked} people"
        told = f": {trouble}" if trouble else ""
        return f"{what}, nor a part of it that one can choose: it does not ask {asked} of {strange.words}{told}"
    lacking = next((place for place in nearest if place not in wanted), None)
    if lacking is not None:
        return f"{what}: {', '.join(map(str, lacking[:3]))}, seed {lacking[3]}, is left out"
    return f"{what}: they are in another order"
