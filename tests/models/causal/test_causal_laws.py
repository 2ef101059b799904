"""Laws that every causal model keeps, known or learnt."""

from __future__ import annotations

import pytest
import torch
from causal_cases import MODELS, case_called
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recourse_arena.problem.model_protocols import CausalModel

questions = st.data()


def asked(law):
    """Try a law on a dozen questions of up to five people each, for each of the models."""
    return settings(max_examples=12)(given(data=questions)(law))


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    return case_called(request.param, request)


def test_a_causal_model_has_every_method_of_the_protocol(case):
    assert isinstance(case.model, CausalModel)


def test_prediction_undoes_abduction(case):
    case.close(case.model.predict(case.model.abduct(case.people)), case.people)


def test_abduction_undoes_prediction(case):
    noise = case.model.abduct(case.people).flip(0)
    case.close(case.model.abduct(case.model.predict(noise)), noise)


def test_abduction_has_one_noise_per_feature_that_only_the_feature_and_its_parents_decide(case):
    noise = case.model.abduct(case.people[:1])
    for j, name in enumerate(case.graph.names):
        moved = case.people[:1].clone()
        moved[0, j] += 0.01
        changed = {case.graph.names[i] for i in (case.model.abduct(moved) != noise)[0].nonzero().flatten()}
        children = {child for child, parents in case.graph.parents.items() if name in parents}
        assert name in changed <= children | {name}


@asked
def test_an_empty_intervention_changes_nothing_at_all(case, data):
    x, mask, values = data.draw(case.interventions())
    assert torch.equal(case.model.counterfactual(x, torch.zeros_like(mask), values), x)


@asked
def test_an_intervened_feature_has_exactly_its_value(case, data):
    x, mask, values = data.draw(case.interventions())
    assert torch.equal(case.model.counterfactual(x, mask, values)[mask], values[mask])


@asked
def test_what_is_not_caused_by_the_intervention_does_not_move_at_all(case, data):
    x, mask, values = data.draw(case.interventions())
    after = case.model.counterfactual(x, mask, values)
    for row, acted in enumerate(mask.tolist()):
        moving = case.effects(name for name, hit in zip(case.graph.names, acted, strict=True) if hit)
        still = torch.tensor([name not in moving for name in case.graph.names])
        assert torch.equal(after[row, still], x[row, still])


def test_every_edge_of_the_graph_carries_an_effect(case):
    for cause in case.graph.names:
        acted = torch.tensor([name == cause for name in case.graph.names])
        moved = (case.model.counterfactual(case.people, acted, case.people + 0.5) != case.people).any(0)
        assert {name for name, hit in zip(case.graph.names, moved, strict=True) if hit} == case.effects([cause])


@asked
def test_values_outside_the_mask_are_not_read(case, data):
    x, mask, values = data.draw(case.interventions())
    blank = torch.where(mask, values, torch.nan)
    assert torch.equal(case.model.counterfactual(x, mask, blank), case.model.counterfactual(x, mask, values))


@asked
def test_arguments_are_left_as_they_were(case, data):
    question = data.draw(case.interventions())
    before = [tensor.clone() for tensor in question]
    case.model.counterfactual(*question)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(question, before, strict=True))


@asked
def test_a_batch_is_answered_as_its_people_one_by_one(case, data):
    x, mask, values = data.draw(case.interventions())
    alone = [case.model.counterfactual(*(t[i : i + 1] for t in (x, mask, values))) for i in range(len(x))]
    case.close(case.model.counterfactual(x, mask, values), torch.cat(alone))


@asked
def test_a_person_may_come_without_a_batch(case, data):
    x, mask, values = data.draw(case.interventions())
    case.close(case.model.counterfactual(x[0], mask[0], values[0]), case.model.counterfactual(x, mask, values)[0])
    case.close(case.model.log_density(x[0]), case.model.log_density(x)[0])


@asked
def test_the_order_of_people_does_not_matter(case, data):
    x, mask, values = data.draw(case.interventions())
    order = torch.tensor(data.draw(st.permutations(range(len(x)))))
    case.close(
        case.model.counterfactual(x[order], mask[order], values[order]),
        case.model.counterfactual(x, mask, values)[order],
    )


@asked
def test_one_factual_meets_many_interventions_as_in_a_loop(case, data):
    x, mask, values = data.draw(case.interventions())
    grid = case.model.counterfactual(x[:, None], mask, values)
    assert grid.shape == (len(x), len(x), x.shape[1])
    for i in range(len(x)):
        case.close(grid[i], case.model.counterfactual(x[i].expand_as(values), mask, values))
        case.close(grid[i], case.model.counterfactual(x[i], mask, values))


@asked
def test_many_factuals_meet_one_mask_as_in_a_loop(case, data):
    x, mask, values = data.draw(case.interventions())
    every = case.model.counterfactual(x, mask[0], values)
    case.close(every, case.model.counterfactual(x, mask[:1].expand_as(mask), values))


def test_nobody_gets_nothing(case):
    nobody = case.people[:0]
    assert case.model.counterfactual(nobody, nobody.bool(), nobody).shape == nobody.shape
    assert case.model.log_density(nobody).shape == (0,)


@asked
def test_intervening_on_everything_gives_the_values(case, data):
    x, mask, values = data.draw(case.interventions())
    assert torch.equal(case.model.counterfactual(x, torch.ones_like(mask), values), values)


@asked
def test_setting_one_feature_to_its_factual_value_changes_nothing(case, data):
    x, mask, _ = data.draw(case.interventions())
    for j in range(x.shape[1]):
        only = torch.zeros_like(mask)
        only[:, j] = True
        case.close(case.model.counterfactual(x, only, x), x)


@asked
def test_the_noise_of_what_is_not_acted_upon_is_kept(case, data):
    x, mask, values = data.draw(case.interventions())
    after = case.model.abduct(case.model.counterfactual(x, mask, values))
    case.close(after[~mask], case.model.abduct(x)[~mask])


@asked
def test_an_intervention_is_an_edit_of_the_noise_in_causal_order(case, data):
    """Javaloy et al., NeurIPS 2023, algorithm 2: abduct, set the feature, abduct its new noise, predict."""
    x, mask, values = data.draw(case.interventions())
    noise = case.model.abduct(x)
    for j in map(case.graph.names.index, case.graph.order):
        current = case.model.predict(noise)
        current[:, j] = torch.where(mask[:, j], values[:, j], current[:, j])
        noise[:, j] = torch.where(mask[:, j], case.model.abduct(current)[:, j], noise[:, j])
    case.close(case.model.counterfactual(x, mask, values), case.model.predict(noise))


@asked
def test_repeating_an_intervention_inside_a_larger_one_adds_nothing(case, data):
    x, mask, values = data.draw(case.interventions())
    first = mask & torch.tensor([True, False, True, False, True, False, True])[: mask.shape[1]]
    between = case.model.counterfactual(x, first, values)
    case.close(case.model.counterfactual(between, mask, values), case.model.counterfactual(x, mask, values))


@asked
def test_gradients_reach_the_values_that_are_set_and_no_others(case, data):
    x, mask, values = data.draw(case.interventions())
    assume(mask.any())
    values.requires_grad_()
    (slope,) = torch.autograd.grad(case.model.counterfactual(x, mask, values).sum(), values)
    assert slope.isfinite().all()
    assert (slope[~mask] == 0).all()


def test_gradients_are_those_of_finite_differences(case):
    x, values = case.people[:4], case.people[4:8].clone().requires_grad_()
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(2)) < 0.4
    assert mask.any()
    assert torch.autograd.gradcheck(lambda v: case.model.counterfactual(x, mask, v), values)


def test_the_density_of_a_person_does_not_depend_on_the_others(case):
    together = case.model.log_density(case.people)
    assert together.shape == (len(case.people),)
    case.close(together[:5], torch.cat([case.model.log_density(person[None]) for person in case.people[:5]]))
    case.close(case.model.log_density(case.people.reshape(2, 100, -1)).flatten(), together)


def test_draws_depend_on_their_generator_only(case):
    torch.manual_seed(1)
    one = case.model.sample(50, torch.Generator().manual_seed(3))
    torch.manual_seed(2)
    same, other = (case.model.sample(50, torch.Generator().manual_seed(seed)) for seed in (3, 4))
    assert one.shape == (50, len(case.graph.names))
    assert torch.equal(one, same)
    assert not (one == other).all(1).any()


def test_draws_have_independent_noise(case):
    """Causal sufficiency; correlations of 4,000 independent draws have a standard deviation of 0.016."""
    noise = case.model.abduct(case.model.sample(4000, torch.Generator().manual_seed(5)))
    correlation = torch.corrcoef(noise.T).fill_diagonal_(0)
    assert correlation.abs().max() < 0.08
