"""Optimizers lead where PyTorch's classes lead, to the bit."""

from __future__ import annotations

import pytest
import torch

from recourse_arena.models.optimizers import Adam, Descent

STEPS = 40


def network():
    """Return two layers in two precisions, as models have them."""
    draws = torch.Generator().manual_seed(0)
    shapes = [(4, 3), (4,), (1, 4)]
    weights = [torch.randn(shape, generator=draws) for shape in shapes]
    return [weights[0].double(), *weights[1:]]


def led(make, falling=None):
    """Return where an optimizer leads; the second weight gets no gradient in the first steps."""
    draws = torch.Generator().manual_seed(1)
    weights = [weight.clone().requires_grad_() for weight in network()]
    optimizer = make(weights)
    schedule = falling(optimizer) if falling else None
    for step in range(STEPS):
        x = torch.randn(8, 3, generator=draws, dtype=torch.float64)
        hidden = (x @ weights[0].T).float()
        optimizer.zero_grad()
        (
            (hidden + (weights[1] if step > 3 else 0)).tanh() @ weights[2].T - x.sum(1).sign().float()
        ).square().sum().backward()
        optimizer.step()
        if schedule:
            schedule.step()
    return [weight.detach() for weight in weights]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda w: Descent(w, 0.01), lambda w: torch.optim.SGD(w, lr=0.01, fused=True)),
        (lambda w: Adam(w, 0.1), lambda w: torch.optim.Adam(w, lr=0.1, fused=True)),
        (lambda w: Adam(w, 0.1, decay=0.1), lambda w: torch.optim.AdamW(w, lr=0.1, weight_decay=0.1, fused=True)),
    ],
    ids=["descent", "adam", "adam with decay"],
)
def test_each_leads_where_the_class_of_pytorch_leads(ours, theirs):
    found, expected = led(ours), led(theirs)
    assert all(map(torch.equal, found, expected))
    assert not any(map(torch.equal, found, network()))


def test_a_falling_rate_falls_as_that_of_pytorch():
    def falling(optimizer):
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)

    found = led(lambda w: Adam(w, 0.1, steps=STEPS))
    assert all(map(torch.equal, found, led(lambda w: torch.optim.Adam(w, lr=0.1, fused=True), falling)))
    assert not any(map(torch.equal, found, led(lambda w: Adam(w, 0.1))))


def test_a_rate_may_be_set_between_steps():
    def setting(optimizer):
        class Setting:
            def step(self):
                if hasattr(optimizer, "rate"):
                    optimizer.rate *= 0.9
                else:
                    optimizer.param_groups[0]["lr"] *= 0.9

        return Setting()

    expected = led(lambda w: torch.optim.Adam(w, lr=0.1, fused=True), setting)
    assert all(map(torch.equal, led(lambda w: Adam(w, 0.1), setting), expected))
