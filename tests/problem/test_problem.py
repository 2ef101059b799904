"""A problem shows a solver what it declared, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, product

import pytest
import torch
from applicants import line_problem, three_favourites
from small_tables import table_problem, table_request

from recourse_arena import Actionability, ArenaError, Asking, Groups, Knowledge, NotApplicable
from recourse_arena.problem.model_protocols import Classifier

SHOWN = [what for what in Knowledge if what is not Knowledge.CHANGE]
"""What a problem hands out by name; changed models are seen through the decision model alone."""

EVERY_SET = [frozenset(s) for s in chain.from_iterable(combinations(SHOWN, size) for size in range(len(SHOWN) + 1))]


@pytest.fixture(scope="module")
def problem(loan):
    found = line_problem(loan)
    return replace(found, protected=Groups(("everybody",), torch.zeros(len(found.training), dtype=torch.int64)))


@pytest.mark.parametrize("knows", EVERY_SET, ids=lambda s: "+".join(sorted(s)) or "nothing")
def test_a_solver_gets_what_it_declared_and_an_error_for_the_rest(problem, knows):
    seen = problem.seen_by(knows)
    for what in SHOWN:
        if what in knows and what in (Knowledge.SCORES, Knowledge.STRUCTURE):
            with pytest.raises(NotApplicable, match="the decision model of loan"):  # this one has neither
                getattr(seen, what.value)
        elif what in knows:
            assert getattr(seen, what.value) is getattr(problem, what.value)
        else:
            with pytest.raises(ArenaError, match=f"asked for '{what.value}' but declares to know only") as error:
                getattr(seen, what.value)
            assert str(error.value).endswith(", ".join(sorted(knows)) or "nothing")


@pytest.mark.parametrize("knows", EVERY_SET, ids=lambda s: "+".join(sorted(s)) or "nothing")
def test_the_causal_model_is_the_best_that_was_declared(problem, knows):
    seen = problem.seen_by(knows)
    if Knowledge.SCM in knows:
        assert seen.causal_model is problem.true_scm
    elif Knowledge.FLOW in knows:
        assert seen.causal_model is problem.causal_flow
    else:
        with pytest.raises(ArenaError, match="'flow'"):
            _ = seen.causal_model


def test_a_black_box_says_yes_and_no_and_no_more(problem):
    seen = problem.seen_by(frozenset())
    assert torch.equal(seen.decisions.accepts(problem.training.x), problem.decisions.accepts(problem.training.x))
    assert not hasattr(seen.decisions, "logit")
    assert not isinstance(seen.decisions, Classifier)
    assert seen.true_scm is None
    assert seen.causal_flow is None


def test_what_was_withheld_once_does_not_come_back(problem):
    seen = problem.seen_by(frozenset()).seen_by(frozenset(Knowledge))
    with pytest.raises(ArenaError):
        _ = seen.classifier
    with pytest.raises(ArenaError):
        _ = seen.flow
    assert seen.true_scm is None


def test_whatever_is_declared_everybody_sees_the_people_cost_and_box(problem):
    seen = problem.seen_by(frozenset())
    for part in ("dataset", "features", "graph", "cost", "box", "training", "validation", "profile", "draw"):
        assert getattr(seen, part) is getattr(problem, part)


def test_those_who_were_refused_ask(problem):
    asking = problem.asking(problem.validation)
    refused = [person for person in problem.validation.x if not problem.classifier.accepts(person[None])]
    assert 0 < len(asking) < len(problem.validation)
    assert torch.equal(asking, torch.stack(refused))
    assert torch.equal(problem.seen_by(frozenset()).asking(problem.validation), asking)


def test_noise_bounds_are_whole_numbers_just_around_the_training_noise(problem):
    box, noise = problem.noise_bounds(problem.scm), problem.scm.abduct(problem.training.x)
    assert box.contains(noise, tolerance=0).all()
    for bound in (box.lower, box.upper):
        assert torch.equal(bound, bound.round())
    assert ((noise.amin(0) - box.lower) < 1).all()
    assert ((box.upper - noise.amax(0)) < 1).all()


@pytest.mark.parametrize("knows", EVERY_SET, ids=lambda s: "+".join(sorted(s)) or "nothing")
@pytest.mark.parametrize("density", ["flow", "scm"])
def test_the_density_that_counts_is_the_one_the_request_names_if_it_was_declared(problem, knows, density):
    request = ask(problem, density)
    seen = problem.seen_by(knows)
    if density in knows:
        assert seen.density(request) is getattr(problem, density)
        assert seen.density(request[:1]) is getattr(problem, density)
    else:
        with pytest.raises(ArenaError, match=f"asked for '{density}' but declares to know only"):
            seen.density(request)


def test_where_no_true_model_is_known_its_density_cannot_count(problem):
    with pytest.raises(ArenaError, match="but loan has none;\nask without !scm-plausibility"):
        replace(problem, true_scm=None).density(ask(problem, "scm"))


def ask(problem, density):
    factual = problem.asking(problem.validation)[:2]
    scores = torch.where(problem.features.actionable, 1, 2).expand(2, -1)
    return problem.request(factual, Actionability(scores, levels=1), density=density)


@pytest.mark.parametrize("causal", [True, False])
def test_what_comes_of_actions_is_what_comes_of_each_alone(problem, causal):
    request = three_favourites(problem)[:6]
    asking = Asking(problem, request, causal=causal)
    values = request.factual + torch.randn(20, *request.factual.shape, generator=torch.Generator().manual_seed(0)).abs()
    values[0] = request.factual
    mask, reached = asking.changed(values), asking.reaches(values)
    after = asking.after(mask, values)
    assert 0 < reached.float().mean() < 1
    assert not reached[0].any()
    for k, i in product(range(20), range(6)):
        one = asking[torch.tensor([i])]
        acted = request.actionable[i] & (values[k, i] != request.factual[i])
        alone = one.after(acted[None], values[k, i][None])[0]
        torch.testing.assert_close(after[k, i], alone)
        if not causal:
            assert torch.equal(alone, torch.where(acted, values[k, i], request.factual[i]))
        assert bool(reached[k, i]) == (bool(problem.decisions.accepts(alone[None])) and bool(acted.any()))


def test_actions_that_break_rules_are_not_accepted():
    problem = table_problem(2)
    request = table_request(problem, 8, most=7)
    asking, values = Asking(problem, request), problem.training.x[:50, None].expand(-1, 8, -1)
    mask = asking.changed(values)
    after = torch.where(mask, values, request.factual)
    broken = problem.features.broken_rules(request.factual.expand_as(after), after).any(-1)
    assert torch.equal(asking.accepts(mask, values), problem.decisions.accepts(after) & ~broken)
    assert (problem.decisions.accepts(after) & broken).any()
    inside = request.box.contains(values, problem.features.whole)
    assert torch.equal(asking.inside(values), inside & request.actionable)
