"""Everything that is plugged in keeps the laws of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from recourse_arena.base.folders import data_folder
from recourse_arena.registry.discovery import discover
from recourse_arena.testing import worlds
from recourse_arena.testing.parametrization import parametrize_with_laws

REGISTRY = discover()

# Training and long searches on a small budget: the laws are about what advice may be, not how good it is.
SMALL = {
    "cchvae": "samples=10&shells=3&steps=2&hidden=4&step=1",
    "cem": "iterations=3&rounds=1&steps=2&hidden=4",
    "carma": "steps=8&batch=64&width=8&synthetic=200",
    "certified": "gap=0.3",
    "cols": "functions=4&rounds=2&answers=3",
    "cfproto": "iterations=3&rounds=1&steps=2&hidden=4",
    "clue": "iterations=3&steps=2&hidden=4",
    "convex": "iterations=1&starts=1&subsets=1",
    "face": "people=100&neighbours=8",
    "frontier": "train=1&subsets=2",
    "dice": "samples=10&counterfactuals=1",
    "fair-sac": "steps=128&update_every=64",
    "growing-spheres": "samples=50&layers=5",
    "icarma": "steps=8&batch=64&width=8&synthetic=200",
    "climb": "menus=100&people=60&rungs=6",
    "individual": "rungs=8",
    "mcce": "samples=20&leaf=20",
    "menu": "coarse=20&people=60&rungs=6",
    "ares": "bins=3&people=60",
    "cet": "coarse=20&people=60&rungs=6",
    "globe-ce": "directions=4&scalars=4&people=60&rungs=6",
    "ppcef": "iterations=2&rounds=1&steps=2",
    "projected": "steps=8&restarts=1",
    "revise": "iterations=3&rounds=1&steps=2&hidden=4",
    "wachter": "rounds=2&steps=3",
}

# Meant for one kind of decision model, which the problems of laws do not have; see tests/plugins/test_field_methods.py.
ELSEWHERE = {"feature-tweak", "flipset"}

ROBUST = {
    "arar": "price=0&steps=4",
    "claproar": "price=0&steps=10",
    "ellice": "price=0&steps=4&loss=0.001",
    "gravitational": "price=0&steps=10&penalty=0.1",
    "probe": "price=0&steps=4&draws=20",
    "proplace": "price=0&steps=8&delta=0.002",
    "rbr": "steps=5&draws=20",
    "roar": "price=0&steps=4&delta=0.02",
    "trex": "price=0&steps=4&draws=32",
}
"""Solvers that share their search, on a small budget as well."""


def configured(name: str) -> str:
    return f"{name}?{SMALL[name]}" if name in SMALL else name


EVERYWHERE = sorted({*REGISTRY.solvers} - ELSEWHERE - {*ROBUST})


@parametrize_with_laws(*(REGISTRY.solver(configured(name)) for name in EVERYWHERE))
def test_every_solver_keeps_its_laws(law):
    law()


def robust(*names: str) -> list[object]:
    return [REGISTRY.solver(f"{name}?{ROBUST[name]}") for name in names]


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
    assert {*SMALL, *ELSEWHERE, *ROBUST} <= set(REGISTRY.solvers)


def test_datasets_are_skipped_only_where_their_file_is_missing():
    missing = [name for name in REGISTRY.datasets if REGISTRY.dataset(name).unavailable(data_folder(None))]
    assert "loan" not in missing
    assert "german" not in missing
    if missing:
        pytest.skip(f"no file of {', '.join(missing)} in {Path(data_folder(None))}")
