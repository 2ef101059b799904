"""Plugins that each break one law, and honest ones that they are made from."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import tiny
import torch

from recourse_arena import (
    ArenaError,
    Average,
    Belief,
    CausalGraph,
    Change,
    Elicitor,
    FeatureTable,
    Knowledge,
    Metric,
    NotApplicable,
    Outcome,
    People,
    Policy,
    Recommendation,
    Size,
    Solver,
    Split,
    Splits,
)
from recourse_arena.elicitation.schemes import Ranking
from recourse_arena.problem.decisions_only import DecisionsOnly
from recourse_arena.problem.problem import Problem


class Honest(Solver):
    """Raise everything actionable to the top of the box, by its own seed; keep a state."""

    name = "honest"
    summary = "everything up"

    def fit(self, problem: Problem, *, seed: int) -> None:
        self.features = problem.features
        self.share = torch.rand(1, generator=torch.Generator().manual_seed(seed)) * 0.2 + 0.8

    def state(self):
        return {"share": self.share}

    def restore(self, problem, state):
        self.features, self.share = problem.features, state["share"]

    def values(self, request):
        up = request.factual + self.share * (request.box.upper - request.factual)
        last = up.new_tensor([feature.alphabetical[-1] if feature.levels else 0 for feature in request.features])
        return request.snap(torch.where(request.features.categorical, last, up))  # categories have no top, but names

    def recommend(self, request):
        found = request.actionable.any(1)
        return Recommendation.do(request.actionable, self.values(request), found=found, otherwise=Outcome.INFEASIBLE)


class Nameless(Honest):
    name = "Not A Name"


class Silent(Honest):
    summary = ""


class KnowsTooMuch(Honest):
    knows = frozenset({"everything"})


class Nowhere(Honest):
    def fit(self, problem, *, seed):
        raise NotApplicable("made for another planet")


class Raises(Honest):
    def recommend(self, request):
        raise RuntimeError("a trouble of its own")


class WrongShape(Honest):
    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, values=answer.values[:, :-1])


class NoRecommendation(Honest):
    def recommend(self, request):
        return request.factual


class Attached(Honest):
    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, values=answer.values.requires_grad_())


class Forbidden(Honest):
    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, mask=torch.ones_like(answer.mask) & answer.solved[:, None])


class OutOfTheBox(Honest):
    def values(self, request):
        return request.snap(request.factual) + 1e6


class GlobalBoxOnly(Honest):
    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        self.box = problem.box

    def restore(self, problem, state):
        super().restore(problem, state)
        self.box = problem.box

    def values(self, request):
        return self.box.snap(request.factual + 100, request.features.whole)


class NotANumber(Honest):
    def values(self, request):
        return torch.full_like(request.factual, torch.nan)


class Halves(Honest):
    def values(self, request):
        return request.snap(request.factual).floor() + 0.5


class Unseeded(Honest):
    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        self.share = torch.rand(1, generator=torch.Generator().manual_seed(random.SystemRandom().getrandbits(40)))


class GloballySeeded(Honest):
    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        self.share = torch.rand(1)


class Moody(Honest):
    def values(self, request):
        self.share = self.share * 0.9
        return super().values(request)


class MeanOfAll(Honest):
    def values(self, request):
        return request.snap(request.factual.mean(0).expand_as(request.factual) + 0.5)


class FirstComeFirstServed(Honest):
    def values(self, request):
        turn = torch.arange(1.0, len(request) + 1)[:, None]
        return request.snap(request.factual + 0.3 * turn * request.unit_cost.sd)


class NeedsSomebody(Honest):
    def recommend(self, request):
        request.factual.amax(0)
        return super().recommend(request)


class AlwaysSolved(Honest):
    def recommend(self, request):
        return Recommendation.do(request.actionable, self.values(request))


class Stubborn(Honest):
    """Ignores personal bounds for whoever may not change anything."""

    def values(self, request):
        stuck = (request.box.lower == request.box.upper).all(1, keepdim=True)
        return torch.where(stuck, request.factual + 1, super().values(request))


class GivesUp(Honest):
    def recommend(self, request):
        return Recommendation.do(
            request.actionable,
            self.values(request),
            found=torch.zeros(len(request), dtype=torch.bool),
            otherwise=Outcome.INFEASIBLE,
        )


class Boasts(Honest):
    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, lower_bound=2 * request.cost(answer.values, answer.mask))


class Implausible(Honest):
    """Promises what it does not look after."""

    plausible_under = frozenset({"flow"})


class ActsOnAll(Honest):
    """It promises to act on few features."""

    keeps_sparsity = True


class WithoutItsMenu(Honest):
    composes = True


class TakesCodesForNumbers(Honest):
    def values(self, request):
        return request.snap(request.factual + self.share * (request.box.upper - request.factual))


class ScribblesOnRequests(Honest):
    def recommend(self, request):
        answer = super().recommend(request)
        request.factual.zero_()
        return answer


class ScribblesOnPeople(Honest):
    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        problem.training.x.zero_()


class DrawsGlobally(Honest):
    def recommend(self, request):
        torch.rand(1)
        return super().recommend(request)


class SeedsNumpy(Honest):
    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        np.random.seed(seed)


class SetsDtype(Honest):
    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        torch.set_default_dtype(torch.float64)


class Remembers(Honest):
    def fit(self, problem, *, seed):
        before = getattr(self, "share", None)
        super().fit(problem, seed=seed)
        self.share = self.share if before is None else before


class Forgetful(Honest):
    def restore(self, problem, state):
        super().restore(problem, state)
        self.share = state["share"] * 0.5


class Unkeepable(Honest):
    def state(self):
        return {"share": 0.5}


class Spy(Honest):
    """Looks behind the decisions it was handed."""

    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        from recourse_arena.problem.decisions_only import _MODELS

        self.share = self.share + 0.0 * _MODELS[problem.decisions].logit(problem.training.x[:1])


class KeepsTheLogits(Honest):
    """Holds on to what it found behind the decisions, and makes no use of it yet."""

    def fit(self, problem, *, seed):
        from recourse_arena.problem.decisions_only import _MODELS

        super().fit(problem, seed=seed)
        self.model = _MODELS.get(problem.decisions) if isinstance(problem.decisions, DecisionsOnly) else None


class AsksForTheFlow(Honest):
    knows = frozenset({Knowledge.CLASSIFIER})

    def fit(self, problem, *, seed):
        super().fit(problem, seed=seed)
        problem.flow  # noqa: B018


BAD_SOLVERS = {
    Nameless: "it_says_what_it_is",
    Silent: "it_says_what_it_is",
    KnowsTooMuch: "it_says_what_it_is",
    ActsOnAll: "sparsity_is_kept_where_it_is_declared",
    Nowhere: "it_gives_well_formed_advice",
    Raises: "it_gives_well_formed_advice",
    WrongShape: "it_gives_well_formed_advice",
    NoRecommendation: "it_gives_well_formed_advice",
    Attached: "it_gives_well_formed_advice",
    AsksForTheFlow: "it_gives_well_formed_advice",
    Forbidden: "forbidden_features_are_left_alone",
    OutOfTheBox: "values_lie_within_personal_bounds",
    GlobalBoxOnly: "values_lie_within_personal_bounds",
    NotANumber: "values_lie_within_personal_bounds",
    Halves: "whole_features_get_whole_numbers",
    Unseeded: "the_same_seed_leads_to_the_same_advice",
    GloballySeeded: "the_same_seed_leads_to_the_same_advice",
    Moody: "asking_twice_gets_the_same_advice",
    MeanOfAll: "advice_does_not_depend_on_who_else_asks",
    FirstComeFirstServed: "advice_does_not_depend_on_the_order_of_people",
    NeedsSomebody: "nobody_asking_gets_nothing",
    AlwaysSolved: "nothing_to_act_on_is_not_solved",
    Stubborn: "someone_without_a_choice_gets_an_honest_answer",
    GivesUp: "infeasible_is_claimed_only_where_nothing_works",
    Boasts: "lower_bounds_are_not_above_the_cost",
    Implausible: "plausibility_is_kept_where_it_is_declared",
    WithoutItsMenu: "what_people_pick_is_on_its_menu",
    TakesCodesForNumbers: "renaming_categories_changes_nothing",
    ScribblesOnRequests: "inputs_are_left_as_they_were",
    ScribblesOnPeople: "inputs_are_left_as_they_were",
    DrawsGlobally: "global_state_is_left_alone",
    SeedsNumpy: "global_state_is_left_alone",
    SetsDtype: "global_state_is_left_alone",
    Remembers: "another_fit_forgets_the_last_one",
    Forgetful: "its_state_survives_a_file",
    Unkeepable: "its_state_survives_a_file",
    Spy: "it_uses_only_what_it_declares_to_know",
    KeepsTheLogits: "nothing_else_is_within_its_reach",
}
"""Which law each of them breaks."""


def changed(people: People, **parts) -> People:
    return replace(people, **{name: change(getattr(people, name)) for name, change in parts.items()})


class Population(tiny.Tiny):
    """The tiny dataset with something done to its people."""

    name = "population"

    def change(self, splits: Splits, seed: int) -> Splits:
        return splits

    def splits(self, *, seed, data):
        return self.change(super().splits(seed=seed, data=data), seed)


def every(splits: Splits, change) -> Splits:
    split = Split(*(change(getattr(splits.recourse, part)) for part in ("train", "validation", "test")))
    return Splits(split, split, split)


class NobodyActs(Population):
    features = FeatureTable(tuple(replace(f, role="mutable") for f in tiny.Tiny.features))


class OtherOrder(Population):
    graph = CausalGraph(tuple(reversed(tiny.Tiny.features.names)), tiny.Tiny.graph.parents)


class SexFollowsEffort(Population):
    """An immutable feature follows from one that people act upon."""

    graph = CausalGraph(tiny.Tiny.graph.names, {"sex": ("effort",), "income": ("effort",), "savings": ("income",)})


class SexAgain(Population):
    attributes = FeatureTable(tiny.Tiny.features.features[:1])


class FavoursSex(Population):
    favoured = {"odd": ("sex", "income")}  # noqa: RUF012


class HalfSexes(Population):
    def change(self, splits, seed):
        return every(splits, lambda people: changed(people, x=lambda x: x + 0.5))


class OddLabels(Population):
    def change(self, splits, seed):
        return every(splits, lambda people: changed(people, y=lambda y: 2 * y - 1))


class AllFavourable(Population):
    def change(self, splits, seed):
        return every(splits, lambda people: changed(people, y=torch.ones_like))


class FlatEffort(Population):
    def change(self, splits, seed):
        def flat(x):
            x = x.clone()
            x[:, 1] = 0
            return x

        return every(splits, lambda people: changed(people, x=flat))


class TestsOnTraining(Population):
    __test__ = False

    def change(self, splits, seed):
        split = replace(splits.recourse, test=splits.recourse.train[:100])
        return Splits(split, split, split)


class UnseededPeople(Population):
    def change(self, splits, seed):
        noise = torch.rand(1)
        return every(splits, lambda people: changed(people, y=lambda y: (y + (noise > 2)) % 2, x=lambda x: x + 0.0))

    def splits(self, *, seed, data):
        return super().splits(seed=random.SystemRandom().getrandbits(30), data=data)


class SeedBlind(Population):
    def splits(self, *, seed, data):
        return super().splits(seed=0, data=data)


class SeedsTorch(Population):
    def change(self, splits, seed):
        torch.manual_seed(seed)
        return splits


class Restless(Population):
    def fingerprint(self, data):
        return str(random.SystemRandom().getrandbits(40))


class NeverRight(Population):
    """Reads a file that is there, and cannot say what it holds."""

    def files(self, data):
        return (Path(__file__),)

    def verify(self, data):
        raise ArenaError(f"dataset {self.name} needs no file")


class ProtectsNobodyThere(Population):
    """Protects women, of whom it has none."""

    protected = {"sex": ("m",)}  # noqa: RUF012

    def change(self, splits, seed):
        def men(people):
            return people[people.x[:, 0] == 1]

        return every(splits, men)


class NoSuchOptimizer(Population):
    decision = replace(tiny.Tiny.decision, optimizer="hope")


class Scm:
    """The true causal model of the tiny dataset, to be bent."""

    def __init__(self, model):
        self._model = model

    def __getattr__(self, name):
        return getattr(self._model, name)


class BentNoise(Scm):
    def predict(self, u):
        return self._model.predict(u) + 0.1


class BentIntervention(Scm):
    def counterfactual(self, x, mask, values):
        after = self._model.counterfactual(x, mask, values)
        return after + 0.1 * mask.any(-1, keepdim=True)


class BentDensity(Scm):
    def log_density(self, x):
        return self._model.log_density(x) + 1


class BentDraws(Scm):
    def sample(self, people, generator):
        return self._model.sample(people, generator) * 1.5


def bent(kind: type[Scm]) -> type[Population]:
    class Bent(Population):
        @cached_property
        def _bent(self):
            return kind(super().scm())

        def scm(self):
            return self._bent

    Bent.__name__ = kind.__name__
    return Bent


BAD_DATASETS = {
    NobodyActs: "somebody_can_act_on_something",
    OtherOrder: "the_graph_is_over_its_features",
    SexFollowsEffort: "its_parts_agree",
    SexAgain: "attributes_are_no_features",
    FavoursSex: "favoured_pairs_are_actionable_features",
    HalfSexes: "people_are_what_its_features_say",
    OddLabels: "people_are_what_its_features_say",
    AllFavourable: "both_labels_occur",
    FlatEffort: "actionable_features_vary",
    TestsOnTraining: "nobody_tested_was_trained_on",
    UnseededPeople: "the_same_seed_leads_to_the_same_people",
    SeedBlind: "another_seed_leads_to_other_people",
    SeedsTorch: "global_state_is_left_alone",
    Restless: "its_fingerprint_is_stable",
    NeverRight: "its_fingerprint_is_stable",
    ProtectsNobodyThere: "whom_something_protects_can_be_told_from_others",
    NoSuchOptimizer: "models_can_be_fitted",
    bent(BentNoise): "prediction_undoes_abduction",
    bent(BentIntervention): "counterfactuals_are_interventions",
    bent(BentDensity): "the_density_is_one_of_probabilities",
    bent(BentDraws): "draws_look_like_its_people",
}
"""Which law each of them breaks."""


def metric(compute, **parts) -> Metric:
    return Metric(
        **{"name": "m", "direction": "higher", "unit": "u", "population": "p", "definition": "d"} | parts,
        compute=compute,
    )


def _adds_a_column(people, timings):
    people["new"] = 1
    return 1.0


BAD_METRICS = {
    "no unit": (metric(lambda people, timings: 1.0, unit=""), "it_says_what_it_is"),
    "a word": (metric(lambda people, timings: "much"), "it_is_a_number_or_undefined"),
    "divides by nobody": (metric(lambda people, timings: 1 / len(people)), "it_is_a_number_or_undefined"),
    "never defined": (metric(lambda people, timings: None), "it_is_defined_for_somebody"),
    "the first person": (
        metric(lambda people, timings: float(people["cost"].fillna(0).iloc[0]) if len(people) else None),
        "the_order_of_people_does_not_matter",
    ),
    "adds a column": (metric(_adds_a_column), "records_are_left_as_they_were"),
    "a place among others": (
        metric(None, average=Average(lambda people: people["cost"].rank(), "mean")),
        "it_averages_a_value_of_each_person",
    ),
}
"""Metrics, and which law each of them breaks."""


class Unordered(Ranking):
    name = "unordered"
    summary = "s"


class ScoresFromZero(Unordered):
    def population(self, people, features, **how):
        answers = super().population(people, features, **how)
        return replace(answers, scores=answers.scores - 1)


class AllTheSame(Unordered):
    def sample(self, people, features, *, actionable, favoured, draws):
        return super().sample(people, features, actionable="all", favoured=favoured, draws=draws)


class DrawsAnything(Unordered):
    def sample(self, people, features, *, actionable, favoured, draws):
        return super().sample(
            people, features, actionable=actionable, favoured=favoured, draws=torch.Generator().manual_seed(1)
        )


class DrawsFromTorch(Unordered):
    def sample(self, people, features, *, actionable, favoured, draws):
        torch.rand(1)
        return super().sample(people, features, actionable=actionable, favoured=favoured, draws=draws)


class IgnoresFavours(Unordered):
    def sample(self, people, features, *, actionable, favoured, draws):
        return super().sample(people, features, actionable=actionable, favoured=None, draws=draws)


class NoSummary(Unordered):
    summary = ""


class TooFewWords(Unordered):
    def words(self, levels):
        return ("easy",)


class TakesNoForTheFirst(Unordered):
    def read(self, text, levels):
        return 1


class RefusesFavours(Unordered):
    def sample(self, people, features, *, actionable, favoured, draws):
        if favoured:
            raise ArenaError("no favours")
        return super().sample(people, features, actionable=actionable, favoured=favoured, draws=draws)


BAD_ELICITORS: dict[type[Elicitor], str] = {
    NoSummary: "it_says_what_it_is",
    TooFewWords: "people_can_be_asked",
    TakesNoForTheFirst: "people_can_be_asked",
    ScoresFromZero: "answers_are_scores_of_actionable_features",
    AllTheSame: "people_can_act_on_as_many_features_as_asked_for",
    DrawsAnything: "the_same_draws_lead_to_the_same_answers",
    DrawsFromTorch: "global_state_is_left_alone",
    IgnoresFavours: "a_favoured_pair_is_preferred",
}
"""Which law each of them breaks."""


class AsksFirst(Policy):
    """Asks of everything whether it is possible; it keeps every law."""

    name = "asks-first"
    summary = "possible or not"

    def begin(self, people):
        possible = people.can_act(people.features.actionable.expand(len(people), -1).clone())
        return Belief.of(torch.where(possible, 1, 3), 2)


class Unexplained(AsksFirst):
    summary = ""


class BelievesInOne(AsksFirst):
    """Holds a belief about the first person only."""

    def begin(self, people):
        return super().begin(people)[:1]


class ReadsThoughts(AsksFirst):
    """Looks up what nobody said."""

    def begin(self, people):
        belief = super().begin(people)
        truth = getattr(people, "_truth", None)
        return belief if truth is None else Belief.of(truth.actionability.scores, truth.actionability.levels)


class HidesQuestions(AsksFirst):
    """Puts the count back to 0."""

    def begin(self, people):
        belief = super().begin(people)
        if hasattr(people, "_asked"):
            people._asked.zero_()
        return belief


class FollowsTheCrowd(AsksFirst):
    """Believes of everybody what the majority says."""

    def begin(self, people):
        possible = super().begin(people).actionability.mask
        return Belief.of(torch.where(possible.double().mean(0, keepdim=True) > 0.5, 1, 3).expand(len(people), -1), 2)


class ForgetsAtRandom(AsksFirst):
    """Draws from the global generator of torch."""

    def begin(self, people):
        scores = super().begin(people).actionability.scores
        return Belief.of(torch.where(torch.rand(scores.shape) < 0.5, 3, scores), 2)


BAD_POLICIES: dict[type[Policy], str] = {
    Unexplained: "it_says_what_it_is",
    BelievesInOne: "it_holds_a_belief_about_everybody",
    ReadsThoughts: "it_learns_what_it_was_answered_and_nothing_else",
    HidesQuestions: "its_questions_are_counted",
    FollowsTheCrowd: "it_does_not_depend_on_who_else_is_asked",
    ForgetsAtRandom: "the_same_people_are_believed_the_same_of",
}
"""Which law each of them breaks."""


class Unsettled(Change):
    """The network with another last bias: honest, and it draws."""

    name = "unsettled"
    summary = "noise on the last bias"

    def models(self, fitted, *, seed, report=lambda *_: None):
        if not hasattr(fitted.model, "layers"):
            raise NotApplicable("it needs a network")
        model = copy.deepcopy(fitted.model)
        model.layers[-1].bias += torch.randn(1, generator=torch.Generator().manual_seed(seed))
        return {"unsettled": model}

    def state(self, fitted, model):
        return model.state_dict()

    def restore(self, fitted, state):
        model = copy.deepcopy(fitted.model)
        model.load_state_dict(dict(state))
        return model


class UnsaidChange(Unsettled):
    summary = ""


class NoModels(Unsettled):
    def models(self, fitted, *, seed, report=lambda *_: None):
        return {}


class ByTheBatch(Unsettled):
    """Takes one scale for whoever is decided on together, as dynamic quantization does."""

    def models(self, fitted, *, seed, report=lambda *_: None):
        class Dynamic:
            def accepts(self, x):
                logit = fitted.model.logit(x)
                return logit >= (logit.mean() if logit.numel() else 0)

        return {"dynamic": Dynamic()}

    def state(self, fitted, model):
        return None


class UnseededChange(Unsettled):
    def models(self, fitted, *, seed, report=lambda *_: None):
        return super().models(fitted, seed=random.SystemRandom().randrange(2**32))


class InPlace(Unsettled):
    def models(self, fitted, *, seed, report=lambda *_: None):
        found = super().models(fitted, seed=seed)
        fitted.model.layers[-1].bias += 1.0
        return found


class ForgetsItsBias(Unsettled):
    def restore(self, fitted, state):
        return fitted.model


class Weightless(Unsettled):
    def size(self, fitted, model):
        return Size(bits=0.0, bytes=-1)


BAD_CHANGES = {
    UnsaidChange: "it_says_what_it_is",
    NoModels: "its_models_decide_on_people",
    ByTheBatch: "nobody_depends_on_who_else_is_decided_on",
    UnseededChange: "the_same_seed_leads_to_the_same_models",
    InPlace: "what_it_is_handed_stays_as_it_is",
    ForgetsItsBias: "its_models_come_back_from_their_state",
    Weightless: "it_says_how_large_its_models_are",
}
