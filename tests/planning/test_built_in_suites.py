"""The built-in suites hold what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from recourse_arena.base.names import written
from recourse_arena.planning.field_suites import FIELD, LEVELS, NOT_IN_FIELD
from recourse_arena.planning.plan import make_plan
from recourse_arena.registry.discovery import discover
from recourse_arena.reporting.paper.published import TABLES, published


@pytest.fixture(scope="module")
def registry():
    return discover()


def cells(registry, name):
    """Return dataset, scenario and solver of each cell of a suite, and its seeds."""
    plan = make_plan(registry.suites[name], registry, data=Path("nowhere"))
    return {(cell.dataset, cell.scenario.name, cell.solver) for cell in plan.cells}, {cell.seed for cell in plan.cells}


def test_the_paper_suite_holds_every_published_cell(registry):
    tables = published().query("table in @tables", local_dict={"tables": list(TABLES)})
    wanted = set(tables[["dataset", "scenario", "solver"]].itertuples(index=False, name=None))
    assert len(wanted) == 70
    assert wanted <= cells(registry, "paper")[0]


def test_the_paper_suite_is_all_its_tables(registry):
    names = ("table-1", "table-2", "table-3", "table-5", "table-6", "fairness")
    parts = set().union(*(cells(registry, name)[0] for name in names))
    assert parts == {cell for cell in cells(registry, "paper")[0] if cell[0] == "loan"}


def test_gmsc_alone_needs_its_file_and_the_paper_goes_on_without(registry):
    plan = make_plan(registry.suites["paper"], registry, data=Path("nowhere"))
    assert set(plan.skipped) == {"gmsc"}
    with pytest.raises(Exception, match="dataset gmsc"):
        make_plan(registry.suites["gmsc"], registry, data=Path("nowhere"))


def test_the_oracle_suite_runs_every_published_cell_of_the_oracle_over_five_seeds(registry):
    found, seeds = cells(registry, "oracle")
    tables = published().query("solver == 'grid' and table in ['1', '2', '5', '6']")
    assert set(tables[["dataset", "scenario", "solver"]].itertuples(index=False, name=None)) <= found
    assert seeds == {0, 1, 2, 3, 4}


def test_training_seeds_are_those_of_the_paper(registry):
    found, _ = cells(registry, "training-seeds")
    assert {solver for _, _, solver in found} == {f"icarma?training_seed={seed}" for seed in range(1000, 10001, 1000)}


def test_the_structures_suite_runs_every_graph_in_both_forms_on_a_sample_of_the_people(registry):
    found, seeds = cells(registry, "structures")
    assert len(found) == 6 * 4 * 3
    assert {dataset for dataset, _, _ in found} == {
        f"{graph}{form}" for graph in ("chain", "collider", "triangle") for form in ("", "?equations=nonlinear")
    }
    assert {block.people for block in registry.suites["structures"].blocks} == {500}
    assert seeds == {0}


def test_every_solver_of_single_actions_is_in_the_suite_field_or_has_a_reason_not_to_be(registry):
    names = {name for block in FIELD.blocks for solver in block.solvers for name, _ in [written(solver)]}
    alone = {name for name in registry.solvers if not registry.solver(name).composes}
    assert names == alone - set(NOT_IN_FIELD)
    assert all(NOT_IN_FIELD.values())


def test_the_field_is_asked_under_three_levels_on_five_tables_by_three_kinds_of_decision_model(registry):
    worlds = {name for block in FIELD.blocks for name in block.datasets}
    tables, decided = zip(*(written(name) for name in worlds), strict=True)
    assert set(tables) == {"german", "adult", "compas", "gmsc", "loan"}
    assert len(worlds) == 15
    assert {options.get("decision", "relu") for options in decided} == {"relu", "forest", "logistic"}
    for block in FIELD.blocks:
        dataset = written(block.datasets[0])[0]
        assert [one.name for one in block.scenarios] == [where[dataset] for where in LEVELS.values()]
    assert {block.people for block in FIELD.blocks} == {100}
    assert {solver for _, _, solver in cells(registry, "field")[0]} >= {"nice", "certified?time_limit=2"}


def test_the_smoke_suite_needs_no_file_and_no_training_of_a_solver(registry):
    plan = make_plan(registry.suites["smoke"], registry, data=Path("nowhere"))
    assert not plan.skipped
    assert {cell.dataset for cell in plan.cells} == {"german", "chain"}
    assert not any(registry.solver(name).trained for name in {cell.solver for cell in plan.cells})
    assert {(cell.people, cell.seed) for cell in plan.cells} == {(50, 0)}
    assert len({cell.scenario for cell in plan.cells}) == 2
