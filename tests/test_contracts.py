"""Everything that is plugged in keeps the laws of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_budgets import ROBUST, SMALL, configured

from recourse_arena.base.folders import data_folder
from recourse_arena.registry.discovery import discover
from recourse_arena.testing import worlds
from recourse_arena.testing.parametrization import parametrize_with_laws

REGISTRY = discover()

EVERYWHERE = sorted({*REGISTRY.solvers} - {*ROBUST})


@parametrize_with_laws(*(REGISTRY.solver(configured(name)) for name in EVERYWHERE))
def test_every_solver_keeps_its_laws(law):
    law()


def robust(*names: str) -> list[object]:
    return [REGISTRY.solver(configured(name)) for name in names]


@parametrize_with_laws(*robust(*ROBUST), worlds=worlds()[3:])
def test_every_robust_solver_keeps_its_laws_on_a_table(law):
    law()


@parametrize_with_laws(*robust("arar", "probe"), worlds=worlds()[:1])
def test_robust_solvers_keep_their_laws_where_equations_are_known(law):
    law()


@parametrize_with_laws(*(REGISTRY.dataset(name) for name in sorted(REGISTRY.datasets)))
def test_every_dataset_keeps_its_laws(law):
    law()


@parametrize_with_laws(*(REGISTRY.decision(name) for name in sorted(REGISTRY.decisions) if name != "onnx"))
def test_every_kind_of_decision_model_keeps_its_laws(law):
    law()


@parametrize_with_laws(
    *(REGISTRY.elicitor(name) for name in sorted(REGISTRY.elicitors)),
    *(REGISTRY.policy(name) for name in sorted(REGISTRY.policies)),
    *(REGISTRY.metrics[name] for name in sorted(REGISTRY.metrics)),
    *(REGISTRY.suites[name] for name in sorted(REGISTRY.suites)),
)
def test_every_elicitor_policy_metric_and_suite_keeps_its_laws(law):
    law()


def test_a_small_budget_is_given_to_solvers_that_exist():
    assert {*SMALL, *ROBUST} <= set(REGISTRY.solvers)


def test_datasets_are_skipped_only_where_their_file_is_missing():
    missing = [name for name in REGISTRY.datasets if REGISTRY.dataset(name).unavailable(data_folder(None))]
    assert "loan" not in missing
    assert "german" not in missing
    if missing:
        pytest.skip(f"no file of {', '.join(missing)} in {Path(data_folder(None))}")
