"""Elicitation policies of the suite: what is asked before advice, and what is learnt of a refusal."""

from __future__ import annotations

__all__ = [
    "Binary",
    "BinaryAndPostHoc",
    "Likert",
    "LikertAndPostHoc",
    "NoQuestions",
    "PostHoc",
    "Ranking",
    "recourse_policies",
]

from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.arguments import Options
from recourse_arena.elicitation.choice_sets import ChoiceSets, ChoiceSetsAndPostHoc
from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.interfaces.policy import Belief, Policy, Reactions, Respondents

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.problem.recommendation import Recommendation

_LEVELS = 7
"""Levels of beliefs about which nothing is known: the middle one is neither easy nor hard."""


class NoQuestions(Policy):
    """Everybody can act on everything that anybody can act on, all of it equally hard, and is asked nothing."""

    name: ClassVar[str] = "none"
    summary: ClassVar[str] = "asks nothing: everything is possible, and equally hard"

    def begin(self, people: Respondents) -> Belief:
        """Return the same belief about everybody."""
        return _equally_hard(_everything(people))


class Binary(Policy):
    """Asks of each feature whether it is possible (arXiv 2604.08030): a question a feature; all is equally hard."""

    name: ClassVar[str] = "binary"
    summary: ClassVar[str] = "asks before advice: possible or not, a question a feature"

    def begin(self, people: Respondents) -> Belief:
        """Return what people say is possible."""
        return _equally_hard(people.can_act(_everything(people)))


class Ranking(Policy):
    """Asks for a ranking of what is possible (arXiv 2604.08030): one question, however many features there are.

    A ranking says what is harder than what, but not by how much: its ranks are taken for equal steps.
    """

    name: ClassVar[str] = "ranking"
    summary: ClassVar[str] = "asks before advice for a ranking of what is possible: one question"

    def begin(self, people: Respondents) -> Belief:
        """Return ranks as scores, from 1 to the number of features that anybody can act on."""
        import torch

        ranks, levels = people.ranking(), people.features.count_actionable
        return Belief.of(torch.where(ranks > 0, ranks, levels + 1), levels)


class Likert(Policy):
    """Asks of each feature how hard it is, or whether it is not possible (arXiv 2604.08030): a question a feature.

    Arguments:
        levels: The number of levels, 2 to 100.
        limits: Whether people are also asked how far they would go with what is possible: another question a feature.
    """

    name: ClassVar[str] = "likert"
    summary: ClassVar[str] = "asks before advice: a score from easy to hard or not possible, a question a feature"

    def __init__(self, *, levels: int = 4, limits: bool = False) -> None:
        self._levels, self._limits = Options(self.name).whole("levels", levels, 2, 100), limits

    def begin(self, people: Respondents) -> Belief:
        """Return the scores that people give, and their limits if they are asked for them."""
        import torch

        asked = _everything(people)
        scores = torch.where(asked, people.hardness(asked, self._levels), self._levels + 1)
        belief = Belief.of(scores, self._levels)
        if not self._limits:
            return belief
        return Belief(belief.actionability, people.limits(belief.actionability.mask & ~people.features.categorical))


class _TakesUpRefusals(Policy):
    """Learns of each refusal the one thing that it says."""

    def after(self, belief: Belief, people: Respondents, advice: Recommendation, reactions: Reactions) -> Belief:
        """Return the belief that takes up what people say; nothing more is asked."""
        return belief.taking_up(reactions)


class PostHoc(_TakesUpRefusals, NoQuestions):
    """Asks nothing, and learns of each refusal one thing: not possible, not that far, or harder than thought."""

    name: ClassVar[str] = "post-hoc"
    summary: ClassVar[str] = "asks nothing before advice, and learns one thing of each refusal"


class LikertAndPostHoc(_TakesUpRefusals, Likert):
    """Asks as `likert` does, and learns of each refusal what was not asked for: how far somebody would go.

    Arguments:
        levels: The number of levels, 2 to 100.
        limits: Whether people are also asked how far they would go with what is possible: another question a feature.
    """

    name: ClassVar[str] = "likert-and-post-hoc"
    summary: ClassVar[str] = "asks as likert does, and learns one thing of each refusal"


class BinaryAndPostHoc(_TakesUpRefusals, Binary):
    """Asks as `binary` does, and learns of each refusal how far somebody would go, or that something is harder."""

    name: ClassVar[str] = "binary-and-post-hoc"
    summary: ClassVar[str] = "asks as binary does, and learns one thing of each refusal"


@hookimpl
def recourse_policies() -> list[type[Policy]]:
    """Return the policies of the suite."""
    return [
        NoQuestions,
        Binary,
        Ranking,
        Likert,
        PostHoc,
        BinaryAndPostHoc,
        LikertAndPostHoc,
        ChoiceSets,
        ChoiceSetsAndPostHoc,
    ]


def _everything(people: Respondents) -> Tensor:
    """Return everything that anybody can act on, of everybody, bool `(people, features)`."""
    return people.features.actionable.expand(len(people), -1).clone()


def _equally_hard(possible: Tensor) -> Belief:
    import torch

    return Belief.of(torch.where(possible, (_LEVELS + 1) // 2, _LEVELS + 1), _LEVELS, ordered=False)
