"""What constraints do to methods, by the report, is what plain sums over the same people say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from boards import EVIL, Draft
from click.testing import CliRunner

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli import main
from recourse_arena.planning.field_suites import LEVELS
from recourse_arena.reporting.field.constrained import ANYBODY, Constrained
from recourse_arena.reporting.field.report import field_report

WORLDS = ("german", "german?decision=logistic", "compas", "adult?decision=forest")
SHARES = {"none": 0.9, "typical": 0.7, "strict": 0.4}
DEARER = {"none": 1.0, "typical": 1.5, "strict": 3.0}


def scenario(world, level):
    return LEVELS[level][world.partition("?")[0]]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    draft = Draft(people=120)
    for place, world in enumerate(WORLDS):
        for level, share in SHARES.items():
            draft.solve(scenario(world, level), "steady", 0.8, dataset=world, luck=place)
            draft.solve(scenario(world, level), "weak", share, dataset=world, luck=10 + place, cost=DEARER[level])
            if "forest" in world:
                draft.end(scenario(world, level), "gradual", "skipped", f"{EVIL} has no | gradients", dataset=world)
            else:
                draft.solve(scenario(world, level), "gradual", 1.0, dataset=world, cost=2.0)
    draft.solve(scenario("german", "none"), "once", 1.0, dataset="german")
    draft.solve("hard-2", "steady", 0.1, dataset="town")
    return draft.write(tmp_path_factory.mktemp("field") / "run")


@pytest.fixture(scope="module")
def found(run):
    return Constrained.of([run])


def plain(run, solver, level, column):
    """Return a column of each world's people under a level, by person."""
    people = run.people
    for world in WORLDS:
        asked = (people["dataset"] == world) & (people["scenario"] == scenario(world, level))
        rows = people[asked & (people["solver"] == solver)].sort_values("person")
        if len(rows):
            yield pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def test_only_worlds_and_solvers_that_are_asked_under_every_level_count(found):
    assert {world.name for world in found.worlds} == set(WORLDS)
    assert set(found.solvers) == {"steady", "weak", "gradual"}
    assert found.share("validity", "gradual", "none").worlds == 3
    assert found.among("logistic").share("validity", "weak", "none").worlds == 1
    assert not np.isfinite(found.among("forest").share("validity", "gradual", "none").estimate.value)


@pytest.mark.parametrize("level", ["none", "typical", "strict"])
def test_shares_and_cost_ratios_are_means_over_worlds_of_sums_over_the_same_people(run, found, level):
    valid, before = (np.stack(list(plain(run, "weak", at, "valid"))) for at in (level, "none"))
    assert found.share("validity", "weak", level).estimate.value == pytest.approx(valid.mean(1).mean())
    change = found.change("validity", "weak", level).estimate
    assert change.value == pytest.approx((valid - before).mean(1).mean())
    costs, free = (np.stack(list(plain(run, "weak", at, "cost"))) for at in (level, "none"))
    ratio = np.exp(np.nanmean(np.log(costs / free), axis=1).mean())
    assert found.times("weak", level).estimate.value == pytest.approx(ratio, rel=1e-5)
    assert ratio == pytest.approx(DEARER[level], rel=1e-5)
    assert found.times("weak", level).estimate.people == int(np.isfinite(costs / free).sum())


def test_a_bootstrap_by_hand_gives_about_the_same_interval(run, found):
    strict, free = (plain(run, "weak", at, "valid") for at in ("strict", "none"))
    off = [after - before for after, before in zip(strict, free, strict=True)]
    draws = np.random.default_rng(1)
    means = [np.mean([one[draws.integers(0, len(one), len(one))].mean() for one in off]) for _ in range(1000)]
    estimate = found.change("validity", "weak", "strict").estimate
    assert [estimate.low, estimate.high] == pytest.approx(list(np.quantile(means, (0.025, 0.975))), abs=0.012)
    assert found.change("validity", "weak", "strict").falls
    assert not found.change("validity", "steady", "strict").falls


def test_anybody_is_who_some_solver_helps_at_the_least_cost(run, found):
    names = ("steady", "weak")
    forest = found.among("forest").worlds[0]
    valid = np.stack([list(plain(run, name, "strict", "valid"))[-1] for name in names])
    costs = np.stack([list(plain(run, name, "strict", "cost"))[-1] for name in names])
    assert forest.values("validity", ANYBODY, "strict").tolist() == valid.max(0).tolist()
    least = forest.values("cost", ANYBODY, "strict")
    np.testing.assert_allclose(least, np.where(valid.any(0), np.nanmin(np.where(valid, costs, np.inf), 0), np.nan))
    assert found.above_cheapest(ANYBODY, "strict").estimate.value == pytest.approx(1.0)
    assert found.above_cheapest("gradual", "none").estimate.value > 1.4


def test_the_report_says_the_levels_the_numbers_and_what_is_left_out(run, found, tmp_path):
    out = tmp_path / "report.md"
    said = CliRunner().invoke(main, ["report", str(run.path), "--about", "field", "--out", str(out)])
    assert said.exit_code == 0, said.output
    text = out.read_text()
    assert text == field_report([run])
    change = found.change("validity", "weak", "strict").estimate
    assert f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]" in text
    assert "falls beyond doubt from none to strict for 1 of them" in text
    assert f"`skipped: {EVIL} has no ¦ gradients`" in text
    places = [text.index(part) for part in ("# What individual", "## In short", "## All worlds", "## Left out")]
    assert all(before < after for before, after in pairwise(places))


def test_a_run_of_something_else_is_refused(tmp_path):
    other = Draft(people=10).solve("hard-2", "steady", 0.5).write(tmp_path / "other")
    with pytest.raises(ArenaError, match="`recourse-arena run field` makes such a run"):
        field_report([other])
