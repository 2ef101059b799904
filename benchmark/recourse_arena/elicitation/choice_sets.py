"""Asking people which of two actions they would rather do: a Bayesian policy after PEAR."""

from __future__ import annotations

__all__ = ["ChoiceSets", "ChoiceSetsAndPostHoc"]

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.arguments import Options
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.policy import Belief, Policy, Reaction, Reactions, Respondents

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.problem.recommendation import Recommendation

_LEVELS = 7
_PARTICLES = 512
_EFFORTS = (1.0, 2.0, 4.0)
"""Efforts of the actions that are compared, in multiples of moving by half a standard deviation."""
_STEP = 0.5
_SHARPNESS = 4.0
"""Who weighs an action at half the cost of another picks it with odds of 2 to the power of this."""
_LAPSE = 0.05
"""Share of answers that say nothing: limits on how far somebody would go are no part of the belief."""
_UNLIKELY = 1e-6


class ChoiceSets(Policy):
    """Shows pairs of actions, asks which one is preferred, and holds a belief about weights as particles.

    After PEAR (De Toni et al., Personalized Algorithmic Recourse with Preference Elicitation, arXiv 2205.13743): choice
    sets of two, a logistic response model, a Bayesian update after each answer. Unlike there, an action is a move of
    one feature rather than an intervention of the solver, since a policy sees no solver; "neither is possible" is an
    answer; a particle is a score of each feature, from easy to hard or not possible, each as likely as any other; and
    the next question is the one with the greatest mutual information between its answer and the belief, a proxy of
    the expected utility of selection, which among actions of equal effort asks about what is cheap anyhow.

    Arguments:
        questions: How many pairs each person is shown, 1 to 100.
    """

    name: ClassVar[str] = "choice-sets"
    summary: ClassVar[str] = "shows pairs of actions before advice and asks which is preferred (after PEAR)"

    def __init__(self, *, questions: int = 5) -> None:
        self._questions = Options(self.name).whole("questions", questions, 1, 100)

    def begin(self, people: Respondents) -> Belief:
        """Return what choices say: a feature is possible if that is likelier than not, and as hard as its mean."""
        import torch

        pairs = _Pairs.of(people)
        share = torch.full((len(people), _PARTICLES), 1 / _PARTICLES, dtype=torch.double)
        shown = torch.zeros(len(people), len(pairs.first), dtype=torch.bool)
        for _ in range(self._questions if len(pairs.first) else 0):
            gain = torch.where(shown, -torch.inf, pairs.informative(share))
            place = gain.sort(dim=1, descending=True, stable=True).indices[:, 0]
            shown = shown.scatter(1, place[:, None], True)
            share = pairs.updated(share, place, pairs.ask(people, place))
        return pairs.belief(share)


class ChoiceSetsAndPostHoc(ChoiceSets):
    """Asks as `choice-sets` does, and learns one thing of each refusal: particles against it become unlikely.

    Arguments:
        questions: How many pairs each person is shown, 1 to 100.
    """

    name: ClassVar[str] = "choice-sets-and-post-hoc"
    summary: ClassVar[str] = "asks as choice-sets does, and learns one thing of each refusal"

    def after(self, belief: Belief, people: Respondents, advice: Recommendation, reactions: Reactions) -> Belief:
        """Return the belief with what was said, and what else follows from it of the particles."""
        import torch

        pairs = _Pairs.of(people)
        share = pairs.told(belief.memory["share"], reactions)
        told = replace(pairs.belief(share), box=belief.box).taking_up(reactions)
        about = reactions.feature.clamp(min=0)[:, None]
        scored = (reactions.said == Reaction.NOT_POSSIBLE) | (reactions.said == Reaction.HARDER)
        said = belief.memory["said"].scatter(1, about, told.actionability.scores.gather(1, about))
        said = torch.where(scored[:, None], said, belief.memory["said"])  # what was said once is not forgotten
        scores = torch.where(said > 0, said, told.actionability.scores)
        return replace(
            told, actionability=replace(told.actionability, scores=scores), memory={"share": share, "said": said}
        )


@dataclass(frozen=True)
class _Pairs:
    """The pairs of actions that can be shown, and what particles say to them.

    Arguments:
        people: Who is asked.
        columns: The features that can be acted upon, int64 `(features,)`.
        first: Place among `columns` and effort of the first action of each pair, `(pairs, 2)`.
        second: Those of the second one.
        grades: How hard each feature is for each particle, from 0 to 1, 2 where it is not possible,
            `(particles, features)`.
    """

    people: Respondents
    columns: Tensor
    first: Tensor
    second: Tensor
    grades: Tensor

    @classmethod
    def of(cls, people: Respondents) -> _Pairs:
        """Return every pair of features, each at equal efforts and at one greater than the other."""
        import torch

        columns = people.features.actionable.nonzero()[:, 0]
        draws = generator(0, "choice-sets", "particles", str(len(columns)))
        scores = torch.randint(0, _LEVELS + 1, (_PARTICLES, len(columns)), generator=draws).double()
        grades = torch.where(scores == _LEVELS, 2.0, scores / (_LEVELS - 1))
        pairs = [
            ((a, one), (b, 1.0))
            for a, b in permutations(range(len(columns)), 2)
            for one in _EFFORTS
            if one > 1 or a < b
        ]
        first, second = (torch.tensor([pair[i] for pair in pairs]).reshape(-1, 2).double() for i in (0, 1))
        return cls(people, columns, first, second, grades)

    @cached_property
    def answers(self) -> Tensor:
        """Probability of each answer (first, second, neither) by pair and particle, `(pairs, 3, particles)`."""
        import torch

        profile, costs = self.people.profile, []
        weights = profile.alpha_min + (profile.alpha_max - profile.alpha_min) * _grade(profile.gamma, self.grades)
        for side in (self.first, self.second):
            place = side[:, 0].long()
            costs.append(torch.where(self.grades.T[place] > 1, torch.inf, side[:, 1:] * weights.T[place]))
        odds = -_SHARPNESS * torch.stack(costs, 1).log()
        neither = odds.isinf().all(1, keepdim=True)
        picked = torch.where(neither, 0.0, odds).softmax(1)
        answers = torch.cat([torch.where(neither, 0.0, picked), neither.double()], 1)
        return (1 - _LAPSE) * answers + _LAPSE / 3

    def informative(self, share: Tensor) -> Tensor:
        """Return the mutual information of each answer and the particles, `(people, pairs)`."""
        expected = (share @ self.answers.flatten(0, 1).T).unflatten(1, self.answers.shape[:2])
        doubt = -(self.answers * self.answers.log()).sum(1)
        return -(expected * expected.log()).sum(2) - share @ doubt.T

    def ask(self, people: Respondents, place: Tensor) -> Tensor:
        """Return which action of a pair each person picks, int64 `(people,)`: 0, 1, or 2 for neither."""
        import torch

        acts, values = [], []
        for side in (self.first, self.second):
            column, effort = self.columns[side[place, 0].long()], side[place, 1]
            acts.append(torch.zeros(people.factual.shape, dtype=torch.bool).scatter(1, column[:, None], True))
            values.append(_moved(people, effort))
        return people.choice(torch.stack(acts, 1), torch.stack(values, 1))

    def updated(self, share: Tensor, place: Tensor, picked: Tensor) -> Tensor:
        """Return the share of each particle after an answer, `(people, particles)`."""
        share = share * self.answers[place, picked]
        return share / share.sum(1, keepdim=True)

    def told(self, share: Tensor, reactions: Reactions) -> Tensor:
        """Return the share of each particle after a refusal: of those against it hardly anything is left."""
        import torch

        place = (self.columns == reactions.feature[:, None]).int().argmax(1)
        grade, said = self.grades.T[place], reactions.said[:, None]
        near = (grade - reactions.value[:, None]).abs() <= 0.5 / (_LEVELS - 1)
        possible = grade <= 1
        fits = torch.where(
            said == Reaction.NOT_POSSIBLE, ~possible, torch.where(said == Reaction.HARDER, near, possible)
        )
        share = share * torch.where(fits, 1.0, _UNLIKELY)
        return share / share.sum(1, keepdim=True)

    def belief(self, share: Tensor) -> Belief:
        """Return what the particles say of each feature."""
        import torch

        possible = self.grades <= 1
        likely = share @ possible.double()
        mean = share @ torch.where(possible, self.grades, 0.0) / likely.clamp(min=1e-12)
        level = 1 + (mean.clamp(0, 1) * (_LEVELS - 1) + 0.5).floor().long()
        scores = torch.full(self.people.factual.shape, _LEVELS + 1)
        scores[:, self.columns] = torch.where(likely > 0.5, level, _LEVELS + 1)
        said = torch.zeros_like(scores)
        return replace(Belief.of(scores, _LEVELS), memory={"share": share, "said": said})


def _grade(gamma: float | None, grades: Tensor) -> Tensor:
    """Return how much of the greatest weight a profile gives to how hard something is."""
    return grades * 0.0 if gamma is None else grades.clamp(0, 1) ** gamma


def _moved(people: Respondents, effort: Tensor) -> Tensor:
    """Return each feature moved by an effort `(people,)`, towards where there is more room, `(people, features)`."""
    import torch

    cost, x, box = people.unit_cost, people.factual, people.box
    up = (box.upper - x) >= (x - box.lower)
    far = _STEP * cost.sd * effort[:, None].to(x.dtype) ** (1 / cost.power)
    moved = box.snap(torch.where(up, x + far, x - far), people.features.whole)
    if not people.features.mixed:
        return moved
    counts = x.new_tensor([max(len(feature.levels), 1) for feature in people.features])
    return torch.where(people.features.categorical, (x + 1) % counts, moved)
