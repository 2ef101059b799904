"""Fresh noise against a loop over people and draws, written down from the definition."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tiny
import torch
from frames import framed
from test_judge import BOTH, FEATURES, SCM, THE_JUDGE, Sum, act, ask

from recourse_arena import ArenaError, CausalGraph, FeatureTable, Kind
from recourse_arena.base.randomness import generator
from recourse_arena.judging.fresh_noise import DRAWS, FreshNoise
from recourse_arena.models.causal.no_effects import NoEffects

TRAINING = SCM.sample(300, generator(0, "training"))
NO_CELLS = torch.zeros(4)
GRAPH = tiny.Tiny.graph


def fresh(model=SCM, graph=GRAPH, cells=NO_CELLS, **how):
    return FreshNoise.of(model, graph, TRAINING, cells, seed=0, dataset="tiny", **how)


def some(people=40):
    """People who act on effort, on income, on both, or on nothing."""
    factual = SCM.sample(people, generator(0, "asking"))
    mask = torch.zeros(people, 4, dtype=torch.bool)
    mask[0::4, 1] = mask[1::4, 2] = mask[2::4, 1] = mask[2::4, 2] = True
    return torch.arange(people), factual, mask, factual + 1.0


def test_it_is_a_loop_over_draws_and_people_in_which_what_follows_gets_somebodys_noise():
    noise, (person, factual, mask, values) = fresh(), some()
    pool = SCM.abduct(TRAINING).sort(0).values
    shares = []
    for i in person.tolist():
        yes = 0
        for draw in range(DRAWS):
            sex, effort, income, savings = factual[i].tolist()
            new = [float(pool[int(noise.uniform[i, draw, j] * 300), j]) for j in range(4)]
            follows = bool(mask[i, 1] and not mask[i, 2])
            effort = effort + 1 if mask[i, 1] else effort
            income = income + 1 if mask[i, 2] else sex + effort + new[2] if follows else income
            savings = 0.5 * income + new[3] if mask[i].any() else savings
            yes += income + savings > 1
        shares.append(yes / DRAWS)
    found = noise.accepted(Sum(), FEATURES, person, factual, mask, values)
    assert found.tolist() == pytest.approx(shares)
    assert len(set(shares)) > 5


def test_what_does_not_follow_stays_as_observed_and_what_is_acted_upon_is_set():
    person, factual, mask, values = some()
    after = fresh().counterfactuals(person, factual, mask, values)
    assert after.shape == (DRAWS, 40, 4)
    still = ~mask & (torch.arange(4) < 2)
    assert torch.equal(after[:, still], factual[still].expand(DRAWS, -1))
    assert torch.equal(after[:, mask], values[mask].expand(DRAWS, -1))
    assert torch.equal(after[:, 3::4], factual[3::4].expand(DRAWS, -1, -1))


def test_noise_is_between_that_of_the_person_and_that_of_anybody_as_its_stability_says():
    person, factual, _, values = some(200)
    mask = torch.zeros(200, 4, dtype=torch.bool)
    mask[:, 1] = True
    own = SCM.abduct(factual)[:, 2]
    alike = {}
    for stability in (0.0, 0.5, 1.0):
        after = fresh(stability=stability).counterfactuals(person, factual, mask, values)
        noise = SCM.abduct(after)[..., 2]
        assert abs(float(noise.std()) - 1) < 0.15  # its distribution is that of people in every case
        alike[stability] = float(torch.corrcoef(torch.stack([noise.flatten(), own.repeat(DRAWS)]))[0, 1])
    assert alike[0.0] == pytest.approx(0, abs=0.1)
    assert alike[0.5] == pytest.approx(0.5, abs=0.1)
    assert alike[1.0] == pytest.approx(1)
    with pytest.raises(ArenaError, match="stability: expected a number from 0 to 1, got 2"):
        fresh(stability=2)


def test_counts_have_their_place_in_the_cell_drawn_and_are_decided_on_as_whole_numbers():
    kinds = [replace(f, kind=Kind.INTEGER) if f.name == "income" else f for f in FEATURES]
    features, cells = FeatureTable(tuple(kinds)), torch.tensor([0.0, 0, 1, 0])
    person, factual, _, values = some(100)
    factual[:, 2] = factual[:, 2].round()
    mask = torch.zeros(100, 4, dtype=torch.bool)
    mask[:, 1] = True
    noise = fresh(cells=cells, stability=1.0)
    moved = noise.counterfactuals(person, factual, mask, values)[..., 2] - factual[:, 2] - 1
    assert float(moved.abs().max()) == pytest.approx(0.5, abs=0.01)

    class Whole(Sum):
        def accepts(self, x):
            assert torch.equal(x[..., 2], x[..., 2].round())
            return super().accepts(x)

    noise.accepted(Whole(), features, person, factual, mask, values)


def test_a_person_meets_the_same_draws_whoever_else_asks():
    noise, people = fresh(), some()
    everybody = noise.accepted(Sum(), FEATURES, *people)
    few = noise.accepted(Sum(), FEATURES, *(part[10:20] for part in people))
    assert torch.equal(everybody[10:20], few)
    outsider = noise.accepted(Sum(), FEATURES, torch.tensor([-1]), *(part[:1] for part in people[1:]))
    assert outsider.shape == (1,)
    assert len(noise.accepted(Sum(), FEATURES, *(part[:0] for part in people))) == 0


def test_where_nothing_follows_it_is_validity():
    request = ask([[0.0, 0.0, i / 10, 0.2] for i in range(20)], [BOTH] * 20)
    actions = act(*((i, 2, 0.1 * i) for i in range(20)), people=20)
    none = fresh(NoEffects(), CausalGraph(FEATURES.names, {}))
    rows = framed(replace(THE_JUDGE, reference=NoEffects(), fresh=none))(request, actions)
    assert rows["redrawn"].tolist() == rows["valid"].astype(float).tolist()
    assert 0 < rows["valid"].sum() < 20


def test_who_is_not_helped_has_nothing_and_who_is_not_asked_about_no_value():
    request = ask([[0.0, 0.0, 0.0, 0.0]] * 3, [BOTH] * 3)
    actions = act((0, 2, 4.0), (1, 2, 0.1), (2, 2, 9.0), people=3)
    rows = framed(replace(THE_JUDGE, fresh=fresh()))(request, actions)
    assert rows["valid"].tolist() == [True, False, False]
    assert rows["redrawn"].tolist()[1:] == [0, 0]
    assert 0 < rows["redrawn"][0] <= 1
    assert framed(THE_JUDGE)(request, actions)["redrawn"].isna().all()
