"""What tests share: the Loan population and its fitted models, made once and only if a test asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("arena", derandomize=True, deadline=None, max_examples=30)
settings.load_profile("arena")


@pytest.fixture(scope="session")
def loan():
    from recourse_arena_loan import Loan

    return Loan()


@pytest.fixture(scope="session")
def loan_scm(loan):
    return loan.scm()


@pytest.fixture(scope="session")
def loan_splits(loan):
    return loan.splits(seed=0, data=Path())


@pytest.fixture(scope="session")
def loan_classifier(loan, loan_splits):
    """The default decision model; about ten seconds."""
    from recourse_arena.decision.fitting import fit_classifier

    return fit_classifier(loan.decision, loan_splits.decision.train, seed=0)


@pytest.fixture(scope="session")
def loan_flow(loan, loan_splits):
    """The default flow; about five seconds."""
    from recourse_arena.causal.fitting import fit_flow

    return fit_flow(loan.features, loan.graph, loan.flow, loan_splits.flow, seed=0)
