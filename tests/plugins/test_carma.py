"""CARMA and iCARMA: what they never do, and how good their advice is on Loan."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import torch
from frames import framed

from recourse_arena import Actionability, ArenaError, Outcome, Recommendation, Request, Scenario, Solver
from recourse_arena.people.box import Box
from recourse_arena.people.features import Kind
from recourse_arena_carma import Carma, ICarma
from recourse_arena_carma.advice import _Trial
from recourse_arena_carma.candidates import Candidates, pick
from recourse_arena_carma.people import Everybody
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings

QUICK = {"steps": 60, "batch": 128, "width": 16, "synthetic": 500}


@pytest.fixture(scope="module")
def tiny_materials():
    """A small dataset, one of whose actionable features holds whole numbers."""
    from tiny import Tiny

    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import Split
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    class Whole(Tiny):
        name = "whole"
        features = FeatureTable(
            tuple(replace(f, kind=Kind.INTEGER) if f.name == "effort" else f for f in Tiny.features)
        )

        def splits(self, *, seed, data):
            def rounded(people):
                x = people.x.clone()
                x[:, 1] = x[:, 1].round()
                return replace(people, x=x)

            splits = super().splits(seed=seed, data=data)
            return type(splits)(
                *(
                    Split(*(rounded(getattr(split, part)) for part in ("train", "validation", "test")))
                    for split in (splits.decision, splits.flow, splits.recourse)
                )
            )

    registry = discover()
    registry.datasets["whole"] = Whole
    return prepare("whole", seed=0, data=Path(), cache=ArtefactCache(None), registry=registry)


def fitted(kind: type[Solver], materials, *, seed: int = 0, **options) -> Solver:
    solver = kind(**(QUICK | options))
    problem = materials.problem_for(Scenario.parse("hard-random"))
    solver.fit(problem.seen_by(kind.knows), seed=seed)
    return solver


@pytest.fixture(scope="module")
def shared(tiny_materials):
    """Return a solver fitted with seed 0 and some options, for all tests that only ask it."""

    @cache
    def made(kind: type[Solver], **options) -> Solver:
        return fitted(kind, tiny_materials, **options)

    return made


@pytest.fixture(scope="module", params=[Carma, ICarma], ids=lambda kind: kind.name)
def solver(request, shared):
    return shared(request.param)


@pytest.fixture(params=["hard-2", "hard-1", "hard-random+soft-linear", "soft-convex"])
def request_(request, tiny_materials):
    return tiny_materials.request(Scenario.parse(request.param))


def same(one: Recommendation, other: Recommendation) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in ("mask", "values", "outcome"))


def test_importing_the_plugin_does_not_import_torch():
    code = "import recourse_arena_carma, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- what a solver owes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Carma, ICarma], ids=lambda kind: kind.name)
def test_the_same_seed_leads_to_the_same_model_whatever_the_global_random_state(kind, tiny_materials):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = fitted(kind, tiny_materials, steps=20).state()
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    again = fitted(kind, tiny_materials, steps=20).state()
    other = fitted(kind, tiny_materials, steps=20, seed=1).state()
    assert one.keys() == again.keys()
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_restored_model_gives_the_same_advice(solver, request_, tiny_materials):
    restored = type(solver)(**QUICK)
    problem = tiny_materials.problem_for(Scenario.parse("hard-random")).seen_by(solver.knows)
    restored.restore(problem, {name: tensor.clone() for name, tensor in solver.state().items()})
    assert same(restored.recommend(request_), solver.recommend(request_))


def test_no_constraint_is_ever_broken(solver, request_, tiny_materials):
    centre, width = request_.factual, solver.problem.cost.sd
    personal = solver.problem.request(
        request_.factual,
        request_.actionability,
        profile=request_.profile,
        box=Box(centre - 0.6 * width - 0.5, centre + 0.6 * width + 0.5),
    )
    for asked in (request_, personal):
        answer = solver.recommend(asked)
        assert (framed(tiny_materials.judge)(asked, answer)["violations"] == 0).all()
        assert not (answer.mask & ~asked.actionable).any()
        assert answer.mask[answer.solved].any(1).all()
        acted = answer.values[:, 1][answer.mask[:, 1]]
        assert torch.equal(acted, acted.round())


def test_advice_does_not_depend_on_who_else_asks_or_in_which_order(solver, request_):
    request_ = request_[:60]
    together = solver.recommend(request_)
    order = torch.randperm(len(request_), generator=torch.Generator().manual_seed(0))
    shuffled = solver.recommend(request_[order])
    alone = [solver.recommend(request_[i : i + 1]) for i in range(len(request_))]
    for mask, values, outcome in (
        (shuffled.mask[order.argsort()], shuffled.values[order.argsort()], shuffled.outcome[order.argsort()]),
        tuple(torch.cat([getattr(one, name) for one in alone]) for name in ("mask", "values", "outcome")),
    ):
        assert torch.equal(mask, together.mask)
        assert torch.equal(outcome, together.outcome)
        torch.testing.assert_close(values[mask], together.values[mask], atol=1e-4, rtol=1e-4)


def test_nobody_asking_gets_no_advice(solver, request_):
    assert len(solver.recommend(request_[:0])) == 0


def test_nothing_actionable_is_infeasible(solver, request_):
    answers = Actionability(torch.full_like(request_.actionability.scores, 3), levels=2)
    answer = solver.recommend(replace(request_, actionability=answers))
    assert set(answer.outcomes) == {"infeasible"}
    assert not answer.mask.any()


def test_the_request_is_left_as_it_was(solver, request_):
    before = request_.factual.clone(), request_.actionability.scores.clone(), request_.box.lower.clone()
    solver.recommend(request_)
    assert all(map(torch.equal, before, (request_.factual, request_.actionability.scores, request_.box.lower)))


def test_carma_refuses_what_a_person_cannot_do_or_drops_it(tiny_materials, shared):
    refusing = shared(Carma)
    dropping = Carma(**QUICK, constraints="drop")
    dropping.restore(refusing.problem, refusing.state())
    everything, half = (tiny_materials.request(Scenario.parse(name)) for name in ("hard-2", "hard-1"))
    proposed = refusing.recommend(everything)
    assert proposed.solved.all()
    assert same(proposed, dropping.recommend(everything))
    refused = refusing.recommend(half)
    forbidden = (proposed.mask & ~half.actionable).any(1)
    assert forbidden.any()
    assert (refused.outcome[forbidden] == Outcome.NOT_FOUND.code).all()
    assert torch.equal(refused.mask[~forbidden], proposed.mask[~forbidden])
    assert torch.equal(dropping.recommend(half).mask, proposed.mask & half.actionable)


@torch.no_grad()
def tried(solver: ICarma, request: Request) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return each nonempty set of actionable features, what it leads to by the flow, and how likely it is.

    One after the other, with the answer of a solver that can do nothing else.
    """
    flow, features = solver.problem.flow, len(request.features)
    preferences = Preferences.of(request, solver.settings)
    seen = solver.policy.seen(Everybody.of(solver.problem, request.factual).described, preferences)
    odds = solver.settings.trust * solver.policy.log_odds(seen) + (1 - solver.settings.trust) * preferences.prior_odds
    sets, valid, plausible, likely = [], [], [], []
    for chosen in itertools.product([False, True], repeat=features):
        mask = torch.tensor(chosen).expand(len(request), -1)
        u = flow.abduct(request.factual) + mask * solver.policy.shift(seen, mask.float())
        after, _, _ = flow.latent_intervention_with_density(request.factual, u, mask, request.snap)
        probability = torch.where(mask, odds.sigmoid(), 1 - odds.sigmoid())
        possible = (~mask | request.actionable).all(1) & mask.any(1)
        sets.append(mask)
        valid.append(possible & (solver.problem.classifier.logit(after) >= solver.settings.assured_logit))
        plausible.append(possible & (flow.log_density(after) >= flow.log_density(request.factual)))
        logs = torch.where(request.actionable, probability.log(), 0.0).sum(1)
        likely.append(torch.where(possible, logs, -torch.inf))
    return torch.stack(sets), torch.stack(valid), torch.stack(plausible), torch.stack(likely)


@pytest.mark.parametrize("plausibility", [True, False])
@pytest.mark.parametrize("options", [{}, {"patience": 0.3}, {"trust": 1.0}, {"trust": 0.0, "patience": 9.0}])
def test_the_likeliest_set_that_attains_recourse_is_advised(tiny_materials, shared, options, plausibility):
    model = shared(ICarma, **options)
    request = replace(tiny_materials.request(Scenario.parse("hard-random+soft-linear")), plausibility=plausibility)
    sets, valid, plausible, likely = tried(model, request)
    if not plausibility:
        plausible = likely.isfinite()
    near = likely >= likely.max(0).values - model.settings.patience
    grade = torch.where(valid & plausible & near, 3, torch.where(valid, 2, plausible.long()))
    first = likely.argmax(0)
    best = (grade * 1e4 + likely.clamp(min=-1e3)).argmax(0)
    answer = model.recommend(request)
    assert torch.equal(answer.mask, sets[best, torch.arange(len(request))])
    if plausibility:
        assert (best != first).any()


@pytest.mark.parametrize("nearer", [1, 2])
def test_of_equally_good_sets_the_likeliest_is_advised_however_close_they_are(nearer):
    class Told(_Trial):
        def _carry_out(self, rows, mask):
            return mask.float(), 2 + mask.any(1).long()  # only the first set, which is empty here, is not plausible

    masks = torch.tensor([[[False, False], [True, False], [False, True]]])
    lost = torch.tensor([[0.0, 0.30, 0.30]])
    lost[0, nearer] -= 0.01
    trial = Told(None, None, range(1), None, None, Settings())
    assert torch.equal(trial.best_of(Candidates(masks, lost))[0], masks[:, nearer])


def test_without_flips_the_mask_network_decides_alone(tiny_materials, shared):
    model = shared(ICarma, trust=1.0, flips=0)
    request = tiny_materials.request(Scenario.parse("soft-linear"))
    with torch.no_grad():
        seen = model.policy.seen(
            Everybody.of(model.problem, request.factual).described, Preferences.of(request, model.settings)
        )
        expected = pick(model.policy.log_odds(seen), request.actionable)
    assert torch.equal(model.recommend(request).mask, expected)


@pytest.mark.parametrize("features", [1, 3, 4, 6])
@pytest.mark.parametrize("flips", [0, 2, 4])
def test_candidates_are_the_sets_that_differ_in_the_least_certain_choices(features, flips):
    draws = torch.Generator().manual_seed(features)
    odds = 3 * torch.randn(60, features, generator=draws)
    mask = torch.rand(60, features, generator=draws) < 0.7
    found = Candidates.of(odds, mask, flips)
    for i in range(60):
        log = {
            chosen: sum(
                float(torch.nn.functional.logsigmoid(o if c else -o))
                for o, c, m in zip(odds[i], chosen, mask[i], strict=True)
                if m
            )
            for chosen in itertools.product([False, True], repeat=features)
            if any(chosen) and not (torch.tensor(chosen) & ~mask[i]).any()
        }
        kept = found.lost[i].isfinite()
        rows = [tuple(row.tolist()) for row in found.masks[i][kept]]
        if not log:
            assert rows == [(False,) * features]
            continue
        best = max(log, key=log.get)
        assert rows[0] == best
        assert len(set(rows)) == len(rows)
        for row, lost in zip(rows, found.lost[i][kept].tolist(), strict=True):
            assert lost == pytest.approx(log[best] - log[row], abs=1e-4)
        certain = odds[i].abs().where(mask[i], torch.inf).argsort()[flips:].tolist()
        likeliest = mask[i] & (odds[i] > 0)
        reachable = {c for c in log if all(c[j] == likeliest[j] for j in certain)} | {best}
        assert set(rows) == reachable


def test_a_training_seed_of_its_own_is_independent_of_the_run(tiny_materials):
    one, other = (fitted(ICarma, tiny_materials, seed=seed, training_seed=1000, steps=5).state() for seed in (0, 1))
    derived = fitted(ICarma, tiny_materials, seed=0, steps=5).state()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(not torch.equal(one[name], derived[name]) for name in one)


def test_a_fit_says_how_good_it_is_on_validation_people_and_keeps_that(tiny_materials, shared):
    model = shared(ICarma)
    validating = tiny_materials.validating()
    request = validating.request(Scenario.parse("hard-random"))
    people = framed(replace(validating.judge, reference=model.problem.flow))(request, model.recommend(request))
    attained = float((people["valid"] & people["plausible"]).mean())
    assert model.validation_score == pytest.approx(attained, abs=0.1)  # other preferences, otherwise the same
    restored = ICarma(**QUICK)
    restored.restore(model.problem, model.state())
    assert restored.validation_score == pytest.approx(model.validation_score)


def test_what_was_tuned_for_a_dataset_gives_way_to_what_is_asked_for(tiny_materials):
    problem = replace(tiny_materials.problem_for(Scenario.parse("hard-random")), dataset="gmsc?some=option")
    plain, asked = ICarma(**{**QUICK, "steps": 1}), ICarma(**{**QUICK, "steps": 1}, trust=0.7)
    for solver in (plain, asked):
        solver.fit(problem.seen_by(solver.knows), seed=0)
    tuned = ICarma.tuned["gmsc"]
    assert plain.settings.trust == tuned["trust"] != Settings().trust
    assert asked.settings.trust == 0.7
    assert asked.settings.plausibility == plain.settings.plausibility == tuned["plausibility"]
    assert plain.settings.batch == QUICK["batch"]


def test_carma_does_not_see_preferences_and_icarma_does(tiny_materials, shared):
    linear, constant = (tiny_materials.request(Scenario.parse(f"soft-{name}")) for name in ("linear", "constant"))
    carma, icarma = shared(Carma), shared(ICarma)
    assert same(carma.recommend(linear), carma.recommend(constant))
    assert not same(icarma.recommend(linear), icarma.recommend(constant))


@pytest.mark.parametrize(
    "options", [{"steps": 0}, {"steps": 1.5}, {"learning_rate": 0}, {"reach": -1}, {"width": "wide"}, {"prior_max": 1}]
)
def test_an_option_that_makes_no_sense_is_refused(options):
    with pytest.raises(ArenaError, match=next(iter(options))):
        ICarma(**options)


def test_a_rule_for_constraints_that_does_not_exist_is_refused():
    with pytest.raises(ArenaError, match="'refuse' or 'drop'"):
        Carma(constraints="ignore")


@pytest.mark.parametrize("option", [{"flips": 4}, {"trust": 0.5}, {"preferences": "scenario"}, {"prior_min": 0.1}])
def test_an_option_without_effect_on_carma_is_refused(option):
    with pytest.raises(ArenaError, match=f"{next(iter(option))}.*no effect on carma"):
        Carma(**option)


def test_trust_may_be_all_but_not_more():
    assert ICarma(trust=1).settings.trust == 1
    with pytest.raises(ArenaError, match="up to 1"):
        ICarma(trust=2)


def test_options_are_known_to_the_registry():
    from recourse_arena.registry.discovery import discover

    registry = discover()
    assert registry.solver("icarma?steps=7&kl=0.5").settings == Settings(steps=7, kl=0.5)
    with pytest.raises(ArenaError, match="learning_rate"):
        registry.solver("icarma?learning_rat=1")


# --- how good the advice is ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def icarma_on_loan(loan_materials):
    """The model for rankings, after a tenth of its steps."""
    solver = ICarma(steps=600)
    solver.fit(loan_materials.problem_for(Scenario.parse("hard-random")).seen_by(solver.knows), seed=0)
    return solver


def judged(materials, solver: Solver, scenario: str) -> pd.DataFrame:
    request: Request = materials.request(Scenario.parse(scenario))
    return framed(materials.judge)(request, solver.recommend(request))


def test_icarma_gives_valid_and_plausible_advice_on_loan(loan_materials, icarma_on_loan):
    four, three, two = (judged(loan_materials, icarma_on_loan, f"hard-{count}") for count in (4, 3, 2))
    assert min(four["valid"].mean(), three["valid"].mean(), two["valid"].mean()) >= 0.98
    assert four["plausible"].mean() >= 0.85


def test_icarma_spares_the_least_preferred_feature_if_it_is_dear(loan_materials, icarma_on_loan):
    constant, linear = (judged(loan_materials, icarma_on_loan, f"soft-{name}") for name in ("constant", "linear"))

    def hap(people: pd.DataFrame) -> float:
        return float(people.loc[people["valid"], "hard_action"].mean())

    assert hap(linear) <= hap(constant) / 2
