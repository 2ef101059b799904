"""The structural equations and the label of Loan (Karimi et al., NeurIPS 2020, appendix)."""

from __future__ import annotations

__all__ = ["draw_splits", "favourable", "race", "structural_equations"]

import torch
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Gamma
from torch.distributions.transforms import AffineTransform, ComposeTransform, SigmoidTransform

from recourse_arena import (
    CausalGraph,
    Mechanism,
    Parents,
    People,
    PiecewiseLinear,
    Split,
    Splits,
    StructuralCausalModel,
    generator,
)

_AGE_SHAPE, _AGE_SCALE = 10, 3.5


def structural_equations(graph: CausalGraph) -> StructuralCausalModel:
    """Return the structural causal model of Loan."""
    return StructuralCausalModel(
        graph,
        {
            "gender": Mechanism(Bernoulli(torch.tensor(0.5), validate_args=False), _coin),
            "age": Mechanism(
                Gamma(torch.tensor(float(_AGE_SHAPE)), torch.tensor(1 / _AGE_SCALE), validate_args=False),
                _years,
                lambda parents: -35.0,
            ),
            "education": Mechanism.normal(
                0.5,
                shift=lambda p: -1 + 0.5 * p["gender"] + torch.sigmoid(0.1 * p["age"]),
                transform=ComposeTransform([SigmoidTransform(), AffineTransform(-0.5, 1.0)]),
            ),
            "loan_amount": Mechanism.normal(
                2.0,
                shift=lambda p: 1 + 0.01 * (p["age"] - 5) * (5 - p["age"]) + (1 - p["gender"]),
            ),
            "duration": Mechanism.normal(
                3.0,
                shift=lambda p: -1 + 0.1 * p["age"] + 2 * (1 - p["gender"]),
                piecewise=PiecewiseLinear(slopes={"loan_amount": 1.0}),
            ),
            "income": Mechanism.normal(2.0, shift=_income),
            "savings": Mechanism.normal(5.0, shift=lambda p: -4.0, piecewise=PiecewiseLinear(hinges={"income": 1.5})),
        },
    )


def favourable(x: Tensor) -> Tensor:
    """Return the true label of people `x` `(people, features)`, 1.0 is favourable."""
    loan, duration, income, savings = x[:, 3:].unbind(1)
    sign = torch.where((income >= 0) & (savings >= 0), 1.0, -1.0)
    return (torch.sigmoid(0.3 * (-loan - duration + income + savings + sign * income * savings)) >= 0.5).to(x.dtype)


def race(gender: Tensor, draws: Generator) -> Tensor:
    """Return race `(people,)`, 1.0 is white: a random half of each gender, otherwise independent of everything.

    Equal cells of gender and race are asked for by the fairness case of arXiv 2604.08030; genders come as the
    equations draw them, so the cells of one gender differ by at most one person, and so do the races altogether.

    Example:
        >>> gender = torch.tensor([0.0, 1, 1, 0, 1, 1])
        >>> white = race(gender, torch.Generator().manual_seed(0)) == 1
        >>> int(white[gender == 0].sum()), int(white[gender == 1].sum())
        (1, 2)
    """
    shuffled = (gender + torch.rand(len(gender), generator=draws, dtype=torch.float64)).argsort()
    turn = torch.randint(2, (1,), generator=draws)
    return torch.empty_like(gender).scatter_(0, shuffled, ((torch.arange(len(gender)) + turn) % 2).to(gender))


def draw_splits(scm: StructuralCausalModel, *, seed: int) -> Splits:
    """Return independent draws for each model and split; race has a generator of its own and moves nothing else."""

    def people(purpose: str, part: str, count: int) -> People:
        x = scm.sample(count, generator(seed, "loan", purpose, part))
        return People(x, favourable(x), race(x[:, 0], generator(seed, "loan", purpose, part, "race"))[:, None])

    def split(purpose: str, *counts: int) -> Split:
        parts = zip(("train", "validation", "test"), counts, strict=True)
        return Split(*(people(purpose, part, count) for part, count in parts))

    return Splits(
        decision=split("decision", 10_000, 5_000, 5_000),
        flow=split("flow", 20_000, 2_500, 2_500),
        recourse=split("recourse", 10_000, 5_000, 5_000),
    )


def _income(p: Parents) -> Tensor:
    return -4 + 0.1 * (p["age"] + 35) + 2 * p["gender"] + p["gender"] * p["education"]


def _coin(people: int, draws: Generator) -> Tensor:
    return (torch.rand(people, generator=draws) < 0.5).float()


def _years(people: int, draws: Generator) -> Tensor:
    """Draw a Gamma variable with whole shape as a sum of exponentials."""
    uniform = torch.rand(people, _AGE_SHAPE, generator=draws, dtype=torch.float64)
    return (-_AGE_SCALE * torch.log1p(-uniform).sum(1)).float()
