"""The plan of a run: its cells, checked before anything is computed."""

from __future__ import annotations

__all__ = ["Cell", "Plan", "Selection", "make_plan"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import spell, variant
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.solver import Solver
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.registry import Registry


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
        people: How many people are asked about.
        seeds: Seeds instead of the suite's.
        person_timeout: Seconds that a solver may spend on a person, where it has an option that says so and its name
            does not set it: it becomes part of its name.
        metrics: Names of metrics of plugins, beside those of the suite.
    """

    datasets: tuple[str, ...] = ()
    solvers: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    people: int | None = None
    seeds: tuple[int, ...] = ()
    person_timeout: float | None = None
    metrics: tuple[str, ...] = ()

    @classmethod
    def checked(
        cls,
        datasets: Sequence[str] | str = (),
        scenarios: Sequence[str] | str = (),
        people: int | None = None,
        seeds: Sequence[int] = (),
        person_timeout: float | None = None,
        metrics: Sequence[str] | str = (),
    ) -> Selection:
        """Return what was chosen, whoever says it; a single name is one name.

        Raises:
            ArenaError: If something is not of the type it should be, or out of range.
        """
        if people is not None and (type(people) is not int or people < 1):
            raise ArenaError(f"people: expected a whole number from 1, got {people!r}")
        if isinstance(seeds, (str, int)) or not all(type(seed) is int and 0 <= seed < 2**63 for seed in seeds):
            raise ArenaError(
                f"seeds: expected a list of whole numbers from 0, below 2 to the power of 63, got {seeds!r}"
            )
        if person_timeout is not None and (
            type(person_timeout) not in (int, float) or not 0 < person_timeout < float("inf")
        ):
            raise ArenaError(f"person timeout: expected seconds above 0, got {person_timeout!r}")
        names = _names("datasets", datasets), _names("scenarios", scenarios)
        return cls(names[0], (), names[1], people, tuple(seeds), person_timeout, _names("metrics", metrics))


def _names(what: str, given: Sequence[str] | str) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else tuple(given)
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
        solvers: The solvers handed over as objects, by name.
    """

    suite: Suite
    cells: tuple[Cell, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    solvers: Mapping[str, Solver] = field(default_factory=dict)

    def solver(self, name: str, registry: Registry) -> Solver:
        """Return a solver ready to be fitted: the one handed over, or a new one."""
        return self.solvers[name] if name in self.solvers else registry.solver(name)

    def plugin(self, name: str, registry: Registry) -> str:
        """Return the name of the plugin that a solver comes from; empty for one handed over."""
        return "" if name in self.solvers else registry.owner("solvers", variant(name)[0])


def make_plan(
    suite: Suite,
    registry: Registry,
    *,
    data: Path,
    choice: Selection | None = None,
    solvers: Mapping[str, Solver] | None = None,
) -> Plan:
    """Return the plan of a suite, or raise what is wrong with it before anything runs.

    Unknown names, options and impossible scenarios are errors; so is a dataset whose file is missing or broken,
    unless the suite holds it as optional and nobody asked for it by name: then its cells are skipped.
    """
    choice = choice or Selection()
    choice = replace(choice, datasets=tuple(map(registry.named, choice.datasets)))
    handed = dict(solvers or {})
    blocks = [_chosen(_named(block, registry), choice) for block in suite.blocks]
    blocks = [block for block in _with_datasets(blocks, choice, registry) if block.scenarios]
    if not blocks:
        names = sorted({scenario.name for block in suite.blocks for scenario in block.scenarios})
        raise ArenaError(f"nothing is left of suite {suite.name!r}: its scenarios are {', '.join(names)}")
    skipped: dict[str, str] = {}
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
    wanted = dict.fromkeys(name for block in blocks for name in block.solvers)  # each made once, however many cells
    named = {name: name if name in handed else _limited(name, registry, choice.person_timeout) for name in wanted}
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
    return Plan(suite, tuple(dict.fromkeys(cells)), skipped, handed)


def _beyond(scenario: Scenario, dataset: str, choice: Selection, registry: Registry) -> bool:
    """Return whether a suite's scenario asks for more features than one's own dataset has: it is left out there."""
    if choice.scenarios or variant(dataset)[0] not in registry.handed or not scenario.actionable.isdecimal():
        return False
    return int(scenario.actionable) > registry.dataset(dataset).features.count_actionable


def _limited(name: str, registry: Registry, seconds: float | None) -> str:
    """Return the variant of a solver that spends at most so many seconds on a person, if it has an option for it."""
    option = registry.solver(name).time_option
    base, options = variant(name)
    if seconds is None or not option or option in options:
        return name
    if not 0 < seconds < float("inf"):
        raise ArenaError(f"person timeout: expected seconds above 0, got {seconds}")
    return spell(base, {**options, option: int(seconds) if seconds == int(seconds) else seconds})


def _named(block: Block, registry: Registry) -> Block:
    return replace(block, datasets=tuple(map(registry.named, block.datasets)))


def _chosen(block: Block, choice: Selection) -> Block:
    if choice.people is not None and choice.people < 1:
        raise ArenaError(f"people: expected a number from 1, got {choice.people}")
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


def _check(scenario: Scenario, dataset: Dataset, name: str, registry: Registry) -> None:
    elicitor = registry.elicitor(scenario.scheme)
    if scenario.answers is not None:
        from recourse_arena.elicitation.answers import read_answers

        read_answers(Path(scenario.answers), dataset.features, elicitor.levels(dataset.features))
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


def _missing(dataset: Dataset, data: Path, *, optional: bool) -> str:
    """Return why a dataset is left out, empty if it is not; a file that is there but broken is an error."""
    reason = dataset.unavailable(data)
    if reason and not optional:
        raise ArenaError(reason)
    if not reason and dataset.files(data):
        dataset.verify(data)
    return reason or ""
