"""Advisers that tests share, on models that are fitted once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _adviser(dataset, scheme, tmp_path_factory, solvers):
    from recourse_arena.advice.advising.adviser import Adviser
    from recourse_arena.advice.content.order import AdviceOrder, prepared_for
    from recourse_arena.execution.engines.progress import Progress

    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    scenario = prepared_for(scheme, "linear", ordered=True)
    order = AdviceOrder(dataset, scenario, Path(), shared / "artefacts", solvers=solvers)
    return Adviser.of(order, Progress())


@pytest.fixture(scope="session")
def german(tmp_path_factory):
    """An adviser on German: features of all kinds, no effects."""
    return _adviser("german", "likert", tmp_path_factory, ("growing-spheres",))


@pytest.fixture(scope="session")
def loan_adviser(loan_materials, tmp_path_factory):
    """An adviser on Loan: numbers, with effects by known equations."""
    return _adviser("loan", "likert", tmp_path_factory, ("convex",))


@pytest.fixture(scope="session")
def refused():
    """Return the first so many refused test people of an adviser, as values by name."""

    def people(adviser, count):
        names = adviser.problem.features.names
        return [dict(zip(names, row, strict=True)) for row in adviser.fitted.requests.applicants.x[:count].tolist()]

    return people
