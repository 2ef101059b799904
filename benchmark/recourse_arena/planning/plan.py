"""The plan of a run: its cells, checked before anything is computed."""

from __future__ import annotations

__all__ = ["Cell", "Plan", "Selection", "make_plan"]

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse_arena.base.arguments import LARGEST, as_seconds, as_several, as_whole_number
from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import spell, variant, written
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.people.groups import check_named
from recourse_arena.planning.solver_card import Describe, SolverCard, cards_of
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.registry import Registry

if TYPE_CHECKING:
    from recourse_arena.elicitation.answers import Answers


@dataclass(frozen=True)
class Cell:
    """One solver under one scenario on one dataset with one seed."""

    dataset: str
    seed: int
    solver: str
    scenario: Scenario
    people: int | None

    @property
    def label(self) -> dict[str, str | int]:
        """Return the key columns of its rows in every file."""
        return {
            "dataset": self.dataset,
            "scenario": self.scenario.name,
            "solver": self.solver,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Selection:
    """What a user chose out of a suite; empty means everything.

    Arguments:
        datasets: Names of datasets of the suite; a variant such as `loan?decision=adam` replaces its dataset.
        solvers: Names of any registered solvers; they replace the suite's.
        scenarios: Patterns over the suite's scenarios, or names of others.
        people: How many people are asked about, drawn by seed from all who ask.
        seeds: Seeds instead of the suite's.
        person_timeout: Seconds that a solver may spend on a person, where it has an option that says so and its name
            does not set it: it becomes part of its name.
        metrics: Names of metrics of plugins, beside those of the suite.
        changes: Names of changes of decision models, with options, instead of the suite's.
    """

    datasets: tuple[str, ...] = ()
    solvers: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    people: int | None = None
    seeds: tuple[int, ...] = ()
    person_timeout: float | None = None
    metrics: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @classmethod
    def checked(
        cls,
        datasets: Sequence[str] | str | None = (),
        scenarios: Sequence[str] | str | None = (),
        people: int | None = None,
        seeds: Sequence[int] | None = (),
        person_timeout: float | None = None,
        metrics: Sequence[str] | str | None = (),
        changes: Sequence[str] | str | None = (),
    ) -> Selection:
        """Return what was chosen, whoever says it; a single name is one name.

        Raises:
            ArenaError: If something is not of the type it should be, or out of range.
        """
        try:
            numbers = tuple(as_whole_number("seed", seed) for seed in as_several("seeds", seeds))
        except ArenaError:
            raise ArenaError(f"seeds: expected a list of whole numbers from 0 to {LARGEST}, got {seeds!r}") from None
        return cls(
            datasets=_names("datasets", datasets),
            scenarios=_names("scenarios", scenarios),
            people=None if people is None else as_whole_number("people", people, least=1),
            seeds=numbers,
            person_timeout=as_seconds("person timeout", person_timeout),
            metrics=_names("metrics", metrics),
            changes=_names("changes", changes),
        )


def _names(what: str, given: Sequence[str] | str | None) -> tuple[str, ...]:
    found = as_several(what, given)
    for name in found:
        if not isinstance(name, str):
            raise ArenaError(f"{what}: expected names, got {name!r}")
    return found


@dataclass(frozen=True)
class Plan:
    """The cells of a run.

    Arguments:
        suite: The suite they come from.
        cells: What is run, by dataset, seed and solver.
        skipped: Reason for each dataset that is left out.
        solvers: What its solvers declare, by name with options.
        handed: Names of those that were handed over as objects.
        notes: Who of files of answers is left out and why, a line each.
        changes: Names of changes of decision models, with options.
    """

    suite: Suite
    cells: tuple[Cell, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    solvers: Mapping[str, SolverCard] = field(default_factory=dict)
    handed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def make_plan(
    suite: Suite,
    registry: Registry,
    *,
    data: Path,
    choice: Selection | None = None,
    describe: Describe | None = None,
    handed: Collection[str] = (),
) -> Plan:
    """Return the plan of a suite, or raise what is wrong with it before anything runs.

    Unknown names, options and impossible scenarios are errors; so is a dataset whose file is missing or broken,
    unless the suite holds it as optional and nobody asked for it by name: then its cells are skipped.

    Arguments:
        suite: The suite.
        registry: What is plugged in.
        data: Data directory.
        choice: What a user chose out of it.
        describe: Returns what solvers declare; by default they are imported here.
        handed: Names of the solvers that were handed over as objects.
    """
    _check_suite(suite)
    describe, choice = describe or cards_of(registry), choice or Selection()
    choice = replace(choice, datasets=tuple(map(registry.named, choice.datasets)))
    blocks = [_chosen(_named(block, registry), choice) for block in suite.blocks]
    blocks = [block for block in _with_datasets(blocks, choice, registry) if block.scenarios]
    if not blocks:
        names = sorted({scenario.name for block in suite.blocks for scenario in block.scenarios})
        raise ArenaError(f"nothing is left of suite {suite.name!r}: its scenarios are {', '.join(names)}")
    skipped: dict[str, str] = {}
    notes: list[str] = []
    for block in blocks:
        for name in block.datasets:
            dataset = registry.dataset(name)
            for scenario in block.scenarios:
                if _beyond(scenario, name, choice, registry):
                    continue
                _check(scenario, dataset, name, registry)
            reason = _missing(dataset, data, optional=name in suite.optional and name not in choice.datasets)
            if reason:
                skipped[name] = reason
                continue
            for file in {scenario.answers: scenario for scenario in block.scenarios if scenario.answers}.values():
                notes += _check_people(file, dataset, name, data, choice.seeds or suite.seeds, registry)
    wanted = dict.fromkeys(name for block in blocks for name in block.solvers)  # each made once, however many cells
    cards = dict(describe([*wanted]))
    limit = choice.person_timeout
    named = {name: name if name in handed else _limited(name, cards[name], limit) for name in wanted}
    cards |= describe([name for name in named.values() if name not in cards])
    cells = [
        Cell(dataset, seed, named[solver], scenario, choice.people or block.people)
        for seed in choice.seeds or suite.seeds
        for block in blocks
        for dataset in block.datasets
        for solver in block.solvers
        for scenario in block.scenarios
        if not _beyond(scenario, dataset, choice, registry)
    ]
    registry.want_metrics((*suite.metrics, *choice.metrics))
    _check_ranking(suite, registry)
    used = {name: cards[name] for name in named.values()}
    told = tuple(dict.fromkeys(notes))
    changes = tuple(dict.fromkeys(choice.changes or _several("changes", suite.changes)))
    for asked in (*changes, *(card.demand.lasting for card in used.values())):
        if asked:
            registry.change(asked)  # an unknown one is an error here, before anything runs
    return Plan(suite, tuple(dict.fromkeys(cells)), skipped, used, frozenset(handed), told, changes)


def _check_ranking(suite: Suite, registry: Registry) -> None:
    """Refuse a suite that wants solvers ranked by what no solver can be ranked by."""
    if not suite.ranked_by:
        return
    able = [m.name for m in registry.measured.values() if m.average is not None and m.direction != "none"]
    if suite.ranked_by not in able:
        raise unknown(f"metric in ranked_by of suite {suite.name!r}", suite.ranked_by, able)


def _check_suite(suite: Suite) -> None:
    """Raise what somebody wrote into a suite that is of another type."""
    for seed in _several("seeds", suite.seeds):
        as_whole_number(f"suite {suite.name!r}: seed", seed)
    for block in _several("blocks", suite.blocks):
        if not isinstance(block, Block):
            raise ArenaError(f"suite {suite.name!r}: blocks: expected Block objects, got {block!r}")
        for what in ("datasets", "solvers"):
            for name in _several(what, getattr(block, what)):
                if not isinstance(name, str):
                    raise ArenaError(f"suite {suite.name!r}: {what}: expected names, got {name!r}")
        for scenario in _several("scenarios", block.scenarios):
            if not isinstance(scenario, Scenario):
                raise ArenaError(
                    f"suite {suite.name!r}: scenarios: expected Scenario.parse('hard-2'), got {scenario!r}"
                )
        if block.people is not None:
            as_whole_number(f"suite {suite.name!r}: people", block.people, least=1)


def _several(what: str, given: object) -> tuple[Any, ...]:
    """Return what is several already: a suite holds no single one instead."""
    if isinstance(given, str):
        raise ArenaError(f"{what}: expected a tuple, got {given!r}")
    return as_several(what, given)


def _beyond(scenario: Scenario, dataset: str, choice: Selection, registry: Registry) -> bool:
    """Return whether a suite's scenario asks for more features than one's own dataset has: it is left out there."""
    if choice.scenarios or variant(dataset)[0] not in registry.handed or not scenario.actionable.isdecimal():
        return False
    return int(scenario.actionable) > registry.dataset(dataset).features.count_actionable


def _limited(name: str, card: SolverCard, seconds: float | None) -> str:
    """Return the variant of a solver that spends at most so many seconds on a person, if it has an option for it."""
    option = card.time_option
    base, options = written(name)
    if seconds is None or not option or option in options:
        return name
    return spell(base, {**options, option: int(seconds) if seconds == int(seconds) else seconds})


def _named(block: Block, registry: Registry) -> Block:
    return replace(block, datasets=tuple(map(registry.named, block.datasets)))


def _chosen(block: Block, choice: Selection) -> Block:
    return replace(block, solvers=choice.solvers or block.solvers)


def _with_datasets(blocks: list[Block], choice: Selection, registry: Registry) -> list[Block]:
    if choice.datasets:
        offered = {name for block in blocks for name in block.datasets}
        bases = {variant(name)[0] for name in offered}
        own = {name for name in choice.datasets if variant(name)[0] in registry.handed}
        for name in choice.datasets:
            if name not in offered and variant(name)[0] not in bases and name not in own:
                raise unknown("dataset in this suite", name, offered)
        blocks = [replace(block, datasets=_matching(block.datasets, choice.datasets, own)) for block in blocks]
        blocks = [block for block in blocks if block.datasets]
    if choice.scenarios:
        offered = {scenario.name for block in blocks for scenario in block.scenarios}
        extra = tuple(_other(pattern, offered, registry) for pattern in choice.scenarios if not _hits(pattern, offered))
        blocks = [replace(block, scenarios=_selected(block, choice.scenarios) + extra) for block in blocks]
    return blocks


def _matching(offered: tuple[str, ...], wanted: tuple[str, ...], own: set[str]) -> tuple[str, ...]:
    """Return which of the wanted datasets take the place of those offered: some of them, variants, or one's own."""
    bases = {variant(name)[0] for name in offered}
    return tuple(
        name for name in wanted if name in own or name in offered or ("?" in name and variant(name)[0] in bases)
    )


def _hits(pattern: str, names: set[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def _selected(block: Block, patterns: tuple[str, ...]) -> tuple[Scenario, ...]:
    return tuple(s for s in block.scenarios if any(fnmatchcase(s.name, pattern) for pattern in patterns))


def _other(pattern: str, offered: set[str], registry: Registry) -> Scenario:
    try:
        return registry.scenario(pattern)
    except ArenaError:
        if _readable(pattern.partition("!")[0], registry):
            raise  # its switches are wrong, and the error says how
        raise unknown("scenario", pattern, offered) from None


def _readable(name: str, registry: Registry) -> bool:
    try:
        registry.scenario(name)
    except ArenaError:
        return False
    return True


def _answers(scenario: Scenario, dataset: Dataset, registry: Registry) -> Answers:
    from recourse_arena.elicitation.answers import read_answers

    elicitor = registry.elicitor(scenario.scheme)
    return read_answers(Path(str(scenario.answers)), dataset.features, elicitor, scenario.labels)


def _check_people(
    scenario: Scenario, dataset: Dataset, name: str, data: Path, seeds: Sequence[int], registry: Registry
) -> tuple[str, ...]:
    """Return what is wrong with rows of a file of answers, or refuse it if all are: who is in them is left out.

    Who of the test people asks, only a decision model knows.
    """
    answers = _answers(scenario, dataset, registry)
    wrong = [answers.left_out]
    for seed in seeds:
        try:
            count = len(dataset.splits(seed=seed, data=data).recourse.test)
        except Exception:  # of a plugin: its cells fail with what it raises, and the others go on
            break
        wrong.append(answers.existing(count, f"test people at most of {name} (seed {seed}) ask for recourse").left_out)
    return tuple(f"left out: {text}" for text in dict.fromkeys(text for texts in wrong for text in texts))


def _check(scenario: Scenario, dataset: Dataset, name: str, registry: Registry) -> None:
    registry.elicitor(scenario.scheme)
    if scenario.policy is not None:
        registry.policy(scenario.policy)
    if scenario.answers is not None:
        _answers(scenario, dataset, registry)
    count = dataset.features.count_actionable
    if scenario.actionable.isdecimal() and not 1 <= int(scenario.actionable) <= count:
        raise ArenaError(f"scenario {scenario.name!r} is impossible on {name}: it has 1 to {count} actionable features")
    if scenario.density == "scm" and dataset.scm() is None:
        raise ArenaError(
            f"scenario {scenario.name!r} is impossible on {name}: no true causal model of it is known, under which\n"
            f"counterfactuals could be plausible; choose datasets with --dataset, or ask without !scm-plausibility"
        )
    if scenario.distribution not in dataset.distributions:
        raise unknown(f"distribution of preferences on {name}", scenario.distribution, dataset.distributions)
    if scenario.menu is not None and scenario.menu.by:
        check_named(scenario.menu.by, (*dataset.features, *dataset.attributes))


def _missing(dataset: Dataset, data: Path, *, optional: bool) -> str:
    """Return why a dataset is left out, empty if it is not; a file that is there but broken is an error."""
    reason = dataset.unavailable(data)
    if reason and not optional:
        raise ArenaError(reason)
    if not reason and dataset.files(data):
        dataset.verify(data)
    return reason or ""
