"""Everything that is plugged in keeps the laws of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from recourse_arena.base.folders import data_folder
from recourse_arena.registry.discovery import discover
from recourse_arena.testing.parametrization import parametrize_with_laws

REGISTRY = discover()

# Training and long searches on a small budget: the laws are about what advice may be, not how good it is.
SMALL = {
    "carma": "steps=20&batch=128&width=16&synthetic=300",
    "certified": "gap=0.1",
    "convex": "iterations=2&starts=1&subsets=2",
    "dice": "samples=20&counterfactuals=1",
    "fair-sac": "steps=320&update_every=64",
    "growing-spheres": "samples=50&layers=5",
    "icarma": "steps=20&batch=128&width=16&synthetic=300",
    "climb": "menus=100&people=60&rungs=6",
    "individual": "rungs=8",
    "menu": "coarse=20&people=60&rungs=6",
    "ares": "bins=3&people=60",
    "cet": "coarse=20&people=60&rungs=6",
    "globe-ce": "directions=4&scalars=4&people=60&rungs=6",
    "projected": "steps=20&restarts=2",
    "wachter": "rounds=2&steps=4",
}


def configured(name: str) -> str:
    return f"{name}?{SMALL[name]}" if name in SMALL else name


@parametrize_with_laws(*(REGISTRY.solver(configured(name)) for name in sorted(REGISTRY.solvers)))
def test_every_solver_keeps_its_laws(law):
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
    assert set(SMALL) <= set(REGISTRY.solvers)


def test_datasets_are_skipped_only_where_their_file_is_missing():
    missing = [name for name in REGISTRY.datasets if REGISTRY.dataset(name).unavailable(data_folder(None))]
    assert "loan" not in missing
    assert "german" not in missing
    if missing:
        pytest.skip(f"no file of {', '.join(missing)} in {Path(data_folder(None))}")
