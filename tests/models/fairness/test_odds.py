"""The equalised-odds difference, against a plain loop and against cases worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from recourse_arena.base.randomness import generator
from recourse_arena.models.fairness.odds import odds_gap


def by_hand(accepted, y, groups):
    """Return the larger difference of shares of accepted people, one person after the other."""
    counts = {}
    for yes, label, group in zip(accepted.tolist(), y.tolist(), groups.tolist(), strict=True):
        counts.setdefault((label, group), []).append(yes)
    gaps = [0.0]
    for label in (0, 1):
        shares = [sum(found) / len(found) for (of, _), found in counts.items() if of == label and len(found) >= 20]
        gaps.append(max(shares) - min(shares) if len(shares) > 1 else 0.0)
    return max(gaps)


@pytest.mark.parametrize("levels", [2, 4])
def test_it_is_the_larger_difference_between_groups_of_one_label(levels):
    draws = generator(levels, "odds")
    groups = torch.randint(levels, (900,), generator=draws)
    y = torch.randint(2, (900,), generator=draws)
    accepted = torch.rand(900, generator=draws) < 0.3 + 0.4 * y + 0.1 * groups
    assert odds_gap(accepted, y, groups) == pytest.approx(by_hand(accepted, y, groups))


def test_few_people_say_nothing():
    groups = torch.tensor([0] * 60 + [1] * 60 + [2] * 19)
    y = torch.ones(139)
    accepted = groups < 2
    assert odds_gap(accepted, y, groups) == 0.0
    assert (
        odds_gap(torch.cat([accepted, torch.tensor([False])]), torch.ones(140), torch.cat([groups, groups[-1:]])) == 1
    )
    assert math.isnan(odds_gap(accepted[60:], y[60:], torch.cat([groups[60:120] * 0, groups[120:]])))
