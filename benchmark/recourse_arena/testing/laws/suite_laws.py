"""What every suite keeps."""

from __future__ import annotations

__all__ = ["SUITE_LAWS", "Planned"]

import json
from dataclasses import dataclass

from recourse_arena.base.names import variant
from recourse_arena.interfaces.suite import Suite
from recourse_arena.registry.registry import Registry
from recourse_arena.testing.laws.law import Law, expect


@dataclass(frozen=True)
class Planned:
    """A suite, and everything that is plugged in.

    Arguments:
        suite: The suite.
        registry: Where its datasets and solvers are looked up.
    """

    suite: Suite
    registry: Registry


def it_says_what_it_is(planned: Planned) -> None:
    """Name, version, summary and seeds are declared, and can be written to a file."""
    suite = planned.suite
    expect(isinstance(suite, Suite), f"expected a Suite, got {type(suite).__name__}")
    for part in ("name", "version", "summary"):
        value = getattr(suite, part)
        expect(value and isinstance(value, str), f"{part}: expected a string, got {value!r}")
    right = suite.seeds and all(type(seed) is int and seed >= 0 for seed in suite.seeds)
    expect(right, f"seeds: expected whole numbers from 0, got {suite.seeds!r}")
    expect(json.loads(json.dumps(suite.identity())) == suite.identity(), "its identity cannot be written as JSON")


def it_runs_something(planned: Planned) -> None:
    """Every block has a dataset, a scenario and a solver, and asks about somebody."""
    expect(planned.suite.blocks, "expected a block, got none")
    for number, block in enumerate(planned.suite.blocks):
        for part in ("datasets", "scenarios", "solvers"):
            expect(getattr(block, part), f"block {number}: {part}: expected some, got none")
        expect(block.people is None or block.people > 0, f"block {number}: people: got {block.people}")


def what_it_names_is_plugged_in(planned: Planned) -> None:
    """Its datasets, solvers, schemes and distributions exist, and take the options it gives them."""
    for block in planned.suite.blocks:
        for name in block.solvers:
            planned.registry.solver(name)
        datasets = [planned.registry.dataset(name) for name in block.datasets]
        for scenario in block.scenarios:
            planned.registry.elicitor(scenario.scheme)
            for dataset in datasets:
                known = scenario.distribution in dataset.distributions
                expect(known, f"{scenario.name}: {dataset.name} has no distribution {scenario.distribution!r}")
    names = {variant(name)[0] for block in planned.suite.blocks for name in block.datasets}
    strangers = {variant(name)[0] for name in planned.suite.optional} - names
    expect(not strangers, f"optional: {', '.join(sorted(strangers))} is none of its datasets")


def scenarios_are_what_their_names_say(planned: Planned) -> None:
    """A scenario with sampled preferences is the one that its name stands for on the command line."""
    for block in planned.suite.blocks:
        for scenario in block.scenarios:
            same = scenario.answers is not None or planned.registry.scenario(scenario.name) == scenario
            expect(same, f"scenario {scenario.name!r} is not what this name stands for")


SUITE_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    it_runs_something,
    what_it_names_is_plugged_in,
    scenarios_are_what_their_names_say,
)
