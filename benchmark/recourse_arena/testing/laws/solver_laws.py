"""What every solver keeps, in any of the small problems that it is meant for."""

from __future__ import annotations

__all__ = ["SOLVER_LAWS"]

import re
from dataclasses import replace

import torch
from torch import Tensor

from recourse_arena.interfaces.solver import Solver
from recourse_arena.judging.menus import breaks_menu
from recourse_arena.menus.asked import MenuAsked
from recourse_arena.people.box import Box
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.problem.scenario import Scenario
from recourse_arena.testing.laws.candidate import Candidate
from recourse_arena.testing.laws.comparing import expect_same_advice
from recourse_arena.testing.laws.knowledge_laws import (
    it_uses_only_what_it_declares_to_know,
    nothing_else_is_within_its_reach,
)
from recourse_arena.testing.laws.law import Law, NotRun, expect, expect_untouched
from recourse_arena.testing.problems.attempt import working_action
from recourse_arena.testing.problems.renaming import Renaming

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NATS = 1e-4
"""Log-density that may be lost to rounding."""


def it_says_what_it_is(candidate: Candidate) -> None:
    """Name, version, summary, what it knows and what its fit depends on are declared, and can be read."""
    solver = candidate.make()
    expect(isinstance(solver, Solver), f"expected a recourse_arena.Solver, got {type(solver).__name__}")
    name = getattr(solver, "name", "")
    expect(_NAME.fullmatch(name), f"name: expected lower-case words joined by hyphens, as in 'my-solver'; got {name!r}")
    expect(solver.version and isinstance(solver.version, str), f"version: expected a string, got {solver.version!r}")
    expect(solver.summary, "summary: expected one line for people, got none")
    strangers = set(solver.knows) - set(Knowledge)
    expect(not strangers, f"knows: expected some of {', '.join(Knowledge)}; got {', '.join(map(str, strangers))}")
    expect(solver.needs <= solver.knows, f"needs: expected a part of knows, got {', '.join(sorted(solver.needs))}")
    parts, known = set(solver.fit_depends_on), Scenario.TRAINING_PARTS
    expect(parts <= {*known}, f"fit_depends_on: expected some of {', '.join(known)}; got {', '.join(sorted(parts))}")


def it_gives_well_formed_advice(candidate: Candidate) -> None:
    """Where it is meant for the problem, it answers with tensors of the right shapes and dtypes, without gradients."""
    for name, answer in candidate.advice.items():
        for part in ("mask", "values", "outcome", "lower_bound"):
            tensor = getattr(answer, part)
            expect(tensor is None or not tensor.requires_grad, f"request {name!r}: {part} carries gradients; detach it")
        expect(Outcome.SKIPPED not in answer.outcomes, f"request {name!r}: a person cannot be 'skipped'")


def forbidden_features_are_left_alone(candidate: Candidate) -> None:
    """Nobody is told to act on what they cannot act on."""
    for name, request, answer in _answered(candidate):
        _expect_none(name, request, _acted(answer) & ~request.actionable, answer, "is not actionable for this person")


def values_lie_within_personal_bounds(candidate: Candidate) -> None:
    """Every value to be set is finite and lies in the person's own box."""
    for name, request, answer in _answered(candidate):
        values = answer.values.to(request.factual.dtype)
        outside = ~(values.isfinite() & request.box.contains(values, request.features.whole))
        _expect_none(name, request, _acted(answer) & outside, answer, "is outside the person's box")


def whole_features_get_whole_numbers(candidate: Candidate) -> None:
    """Features of every kind but `continuous` are set to whole numbers."""
    for name, request, answer in _answered(candidate):
        broken = request.features.whole & (answer.values != answer.values.round())
        _expect_none(name, request, _acted(answer) & broken, answer, "is not a whole number")


def the_same_seed_leads_to_the_same_advice(candidate: Candidate) -> None:
    """Fitting anew with the same seed changes nothing, whatever the global random state."""
    request, first = candidate.request, candidate.first
    expect_same_advice(request, first, candidate.again.answer, "after another fit with the same seed")


def asking_twice_gets_the_same_advice(candidate: Candidate) -> None:
    """A fitted solver answers the same request alike, whatever it was asked in between."""
    request, first = candidate.request, candidate.first
    again = candidate.ask(candidate.solver, request)
    expect_same_advice(request, first, again, "when asked again")


def advice_does_not_depend_on_who_else_asks(candidate: Candidate) -> None:
    """A batch is answered as its people one by one."""
    request, first = candidate.request, candidate.first
    alone = [candidate.ask(candidate.solver, request[i : i + 1]) for i in range(len(request))]
    expect_same_advice(request, first, _joined(alone), "when asking alone")


def advice_does_not_depend_on_the_order_of_people(candidate: Candidate) -> None:
    """People in another order get the same advice."""
    request, first = candidate.request, candidate.first
    order = torch.arange(len(request) - 1, -1, -1)
    turned = candidate.ask(candidate.solver, request[order])
    expect_same_advice(request, first, turned[order], "when the order of people is reversed")


def nobody_asking_gets_nothing(candidate: Candidate) -> None:
    """An empty request gets an empty recommendation."""
    request = candidate.request[:0]
    expect(len(candidate.ask(candidate.solver, request)) == 0, "expected no advice")


def nothing_to_act_on_is_not_solved(candidate: Candidate) -> None:
    """Whoever cannot act on anything is told so: `infeasible`, `not_found` or `timed_out`."""
    request = candidate.request
    levels = request.actionability.levels
    scores = request.actionability.scores.clone()
    scores[0] = levels + 1
    stuck = replace(request, actionability=Actionability(scores, levels, request.actionability.ordered))
    answer = candidate.ask(candidate.solver, stuck)
    honest = {Outcome.INFEASIBLE.value, Outcome.NOT_FOUND.value, Outcome.TIMED_OUT.value}
    expect(answer.outcomes[0] in honest, f"someone who cannot act on anything is {answer.outcomes[0]!r}")
    expect_same_advice(request[1:], candidate.first[1:], answer[1:], "beside them")


def someone_without_a_choice_gets_an_honest_answer(candidate: Candidate) -> None:
    """Whoever must stay as they are, because personal bounds leave nothing else, is told nothing else."""
    request = candidate.request
    lower, upper = request.box.lower.clone(), request.box.upper.clone()
    lower[0], upper[0] = request.factual[0], request.factual[0]
    answer = candidate.ask(candidate.solver, replace(request, box=Box(lower, upper)))
    if answer.outcomes[0] == Outcome.SOLVED:
        moved = _acted(answer)[0] & (answer.values[0] != request.factual[0])
        expect(not moved.any(), "someone who may not change anything is told to change something")


def infeasible_is_claimed_only_where_nothing_works(candidate: Candidate) -> None:
    """Random actions find none that works for a person said to be `infeasible`.

    Proofs count where no plausibility is asked for, or that under the true causal model (`Scenario.certifiable`).
    """
    said = False
    certifiable = [found for found in _answered(candidate) if not found[1].plausibility or found[1].density == "scm"]
    for name, request, answer in certifiable:
        for i in (answer.outcome == Outcome.INFEASIBLE.code).nonzero().flatten().tolist():
            said = True
            found = working_action(candidate.world.problem, request[i : i + 1])
            expect(found is None, f"request {name!r}: person {i} is said to be infeasible, but this works: {found}")
    if not said:
        raise NotRun("nobody is said to be infeasible")


def lower_bounds_are_not_above_the_cost(candidate: Candidate) -> None:
    """No action costs less than what its solver proves to be the least possible cost."""
    said = False
    for name, request, answer in _answered(candidate):
        if answer.lower_bound is None:
            continue
        said = True
        cost = request.cost(answer.values.to(request.factual.dtype), _acted(answer))
        above = (answer.solved & (answer.lower_bound > cost * (1 + 1e-4) + 1e-7)).nonzero().flatten().tolist()
        expect(not above, f"request {name!r}: its own actions cost less than its lower bounds: people {above}")
    if not said:
        raise NotRun("it proves no lower bounds")


def plausibility_is_kept_where_it_is_declared(candidate: Candidate) -> None:
    """Under a notion of `plausible_under`, whoever asks for it is led to where people are plausible by it."""
    solver, problem, declared = candidate.make(), candidate.world.problem, False
    through = problem.causal_flow if Knowledge.FLOW in solver.knows and Knowledge.SCM not in solver.knows else None
    for name, request, answer in _answered(candidate):
        if not request.plausibility or request.density not in solver.plausible_under:
            continue
        declared = True
        acted, values = _acted(answer), answer.values.to(request.factual.dtype)
        values = torch.where(acted, values, request.factual)
        after = (through or problem.causal_model).counterfactual(request.factual, acted, values)
        notion = problem.plausible(request)
        lost = notion.least(request.factual) - notion.score(after)
        less = (answer.solved & (lost > _NATS)).nonzero().flatten().tolist()
        expect(not less, f"request {name!r}: people {less} are led to where people are less likely")
    if not declared:
        raise NotRun("it declares no notion under which its advice is plausible")


def sparsity_is_kept_where_it_is_declared(candidate: Candidate) -> None:
    """With `keeps_sparsity`, nobody is told to act on more features than the request says."""
    declared = False
    for name, request, answer in _answered(candidate):
        if request.sparsity is None:
            continue
        declared = True
        more = (_acted(answer).sum(1) > request.sparsity).nonzero().flatten().tolist()
        expect(not more, f"request {name!r}: people {more} are told to act on more than {request.sparsity} features")
    if not declared:
        raise NotRun("it does not declare to keep to a number of features")


def what_people_pick_is_on_its_menu(candidate: Candidate) -> None:
    """A solver that composes a menu hands it over, no longer than asked for, and advises nothing that is not on it."""
    solver = candidate.make()
    if not solver.composes:
        expect(all(answer.menu is None for answer in candidate.advice.values()), "it hands over a menu; say `composes`")
        raise NotRun("it composes no menu")
    for name, request, answer in _answered(candidate):
        asked = replace(request, menu=candidate.world.problem.menu or MenuAsked())
        off = breaks_menu(asked, answer, request.cost(answer.values.to(request.factual.dtype), _acted(answer)))
        whom = int(off.nonzero()[0]) if off.any() else 0
        expect(
            not off.any(), f"request {name!r}: person {whom} is advised what is not on the menu, or the menu is longer"
        )


def renaming_categories_changes_nothing(candidate: Candidate) -> None:
    """Fitted where the codes of categories are given out anew, it advises the same by the names of levels."""
    features = candidate.world.problem.features
    if not features.mixed:
        raise NotRun("no feature is categorical")
    answered, renaming = _answered(candidate), Renaming(features)
    elsewhere = Candidate(candidate.make, renaming.world(candidate.world))
    solver = elsewhere.fit()
    for name, request, answer in answered:
        again = renaming.advice(elsewhere.ask(solver, elsewhere.world.requests[name]))
        when = f"when the codes of categories are given out anew (request {name!r})"
        expect_same_advice(request, answer, again, when)


def inputs_are_left_as_they_were(candidate: Candidate) -> None:
    """Neither fitting nor recommending changes the problem or the request it was handed."""
    before, fitted, asked = candidate.again.problem
    _expect_unchanged(before, fitted, "fit changes the problem")
    _expect_unchanged(*candidate.again.request, "recommend changes the request")
    _expect_unchanged(before, asked, "recommend changes the problem")


def global_state_is_left_alone(candidate: Candidate) -> None:
    """Random states of torch, numpy and random, and torch's global settings, are as they were."""
    for during, around in candidate.again.touched.items():
        expect_untouched(around, during)


def another_fit_forgets_the_last_one(candidate: Candidate) -> None:
    """A solver fitted again, to other people with another seed in between, advises as if it were new."""
    request, first = candidate.request, candidate.first
    solver = candidate.make()
    problem = candidate.handed(solver)
    candidate.fit(solver, replace(problem, training=problem.training[::2]), seed=1)
    candidate.fit(solver)
    expect_same_advice(request, first, candidate.ask(solver, request), "when fitted to other people before")


def its_state_survives_a_file(candidate: Candidate) -> None:
    """What `state` returns can be kept as safetensors, and restoring it gives the same advice."""
    from safetensors.torch import load, save

    request, first, state = candidate.request, candidate.first, candidate.solver.state()
    if state is None:
        raise NotRun("it keeps no state")
    for name, tensor in state.items():
        expect(isinstance(tensor, Tensor), f"state {name!r}: expected a tensor, got {type(tensor).__name__}")
    kept = load(save({name: tensor.contiguous() for name, tensor in state.items()}))
    restored = candidate.make()
    restored.restore(candidate.handed(restored), kept)
    expect_same_advice(request, first, candidate.ask(restored, request), "when restored from its state")


SOLVER_LAWS: tuple[Law, ...] = (
    it_says_what_it_is,
    it_gives_well_formed_advice,
    forbidden_features_are_left_alone,
    values_lie_within_personal_bounds,
    whole_features_get_whole_numbers,
    the_same_seed_leads_to_the_same_advice,
    asking_twice_gets_the_same_advice,
    advice_does_not_depend_on_who_else_asks,
    advice_does_not_depend_on_the_order_of_people,
    nobody_asking_gets_nothing,
    nothing_to_act_on_is_not_solved,
    someone_without_a_choice_gets_an_honest_answer,
    infeasible_is_claimed_only_where_nothing_works,
    lower_bounds_are_not_above_the_cost,
    plausibility_is_kept_where_it_is_declared,
    sparsity_is_kept_where_it_is_declared,
    what_people_pick_is_on_its_menu,
    renaming_categories_changes_nothing,
    inputs_are_left_as_they_were,
    global_state_is_left_alone,
    another_fit_forgets_the_last_one,
    its_state_survives_a_file,
    it_uses_only_what_it_declares_to_know,
    nothing_else_is_within_its_reach,
)


def _answered(candidate: Candidate) -> list[tuple[str, Request, Recommendation]]:
    return [(name, candidate.world.requests[name], answer) for name, answer in candidate.advice.items()]


def _acted(answer: Recommendation) -> Tensor:
    return answer.mask & answer.solved[:, None]


def _joined(answers: list[Recommendation]) -> Recommendation:
    mask, values, outcome = (torch.cat([getattr(a, part) for a in answers]) for part in ("mask", "values", "outcome"))
    return Recommendation(mask, values, outcome)


def _expect_none(name: str, request: Request, bad: Tensor, answer: Recommendation, what: str) -> None:
    if bad.any():
        i, j = bad.nonzero()[0].tolist()
        value = f"{answer.values[i, j]:g}"
        expect(False, f"request {name!r}, person {i}: {request.features.names[j]!r} set to {value} {what}")


def _expect_unchanged(before: dict[str, Tensor], after: dict[str, Tensor], what: str) -> None:
    for name, tensor in before.items():
        same = name in after and torch.equal(tensor.nan_to_num(), after[name].nan_to_num())
        expect(same, f"{what}: {name}")
