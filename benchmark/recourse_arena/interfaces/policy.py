"""What an elicitation policy provides: whom it asks what, before advice and after somebody has refused it."""

from __future__ import annotations

__all__ = ["Belief", "Policy", "Reaction", "Reactions", "Respondents"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.errors import ArenaError

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.people.box import Box
    from recourse_arena.people.features import FeatureTable
    from recourse_arena.problem.actionability import Actionability
    from recourse_arena.problem.cost import Cost
    from recourse_arena.problem.profile import Profile
    from recourse_arena.problem.recommendation import Recommendation


class Reaction(IntEnum):
    """What somebody says to advice."""

    FINE = 0
    """I would do that."""
    SPEECHLESS = 1
    """There was no advice."""
    NOT_POSSIBLE = 2
    """I cannot act on this feature at all."""
    AT_MOST = 3
    """Not that far: at most to this value."""
    AT_LEAST = 4
    """Not that far: at least this value."""
    HARDER = 5
    """Possible, but harder than you thought: that hard."""


@dataclass(frozen=True)
class Reactions:
    """What people say to advice: one thing each.

    Arguments:
        said: Code of the :class:`Reaction` of each, int64 `(people,)`.
        feature: The feature that it is about, int64 `(people,)`; -1 where it is about none.
        value: The bound of `AT_MOST` and `AT_LEAST`, in the feature's unit; of `HARDER` how hard it is, from 0 (the
            easiest) to 1 (the hardest that is still possible); NaN otherwise, `(people,)`.
    """

    said: Tensor
    feature: Tensor
    value: Tensor

    def __len__(self) -> int:
        return len(self.said)

    def __getitem__(self, people: Tensor) -> Reactions:
        return Reactions(self.said[people], self.feature[people], self.value[people])

    @property
    def refused(self) -> Tensor:
        """Who refused advice, bool `(people,)`."""
        return self.said >= Reaction.NOT_POSSIBLE


@dataclass(frozen=True)
class Belief:
    """What a policy holds for true of some people; the next advice is asked for by it.

    Arguments:
        actionability: What each can act on, and how easily.
        box: Their own bounds, `(people, features)` each; infinite where none are known.
        memory: What else the policy wants back in the next round, by name: tensors with a row for each person.
    """

    actionability: Actionability
    box: Box
    memory: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: Tensor, levels: int, *, ordered: bool = True) -> Belief:
        """Return the belief of some actionability scores `(people, features)` without any bounds.

        Example:
            >>> import torch
            >>> Belief.of(torch.tensor([[1, 3]]), levels=2).actionability.mask.tolist()
            [[True, False]]
        """
        import torch

        from recourse_arena.people.box import Box
        from recourse_arena.problem.actionability import Actionability

        wide = torch.full(scores.shape, torch.inf)
        return cls(Actionability(scores, levels, ordered), Box(-wide, wide))

    def __len__(self) -> int:
        return len(self.actionability)

    def __getitem__(self, people: Tensor) -> Belief:
        box = type(self.box)(self.box.lower[people], self.box.upper[people])
        return Belief(self.actionability[people], box, {name: rows[people] for name, rows in self.memory.items()})

    def taking_up(self, reactions: Reactions) -> Belief:
        """Return the belief that takes up, word for word, what people say to advice.

        How hard something is becomes the nearest level, but one above what was believed at least.

        Example:
            >>> import torch
            >>> belief = Belief.of(torch.tensor([[1, 1]]), levels=3)
            >>> said = Reactions(torch.tensor([Reaction.NOT_POSSIBLE]), torch.tensor([1]), torch.tensor([torch.nan]))
            >>> belief.taking_up(said).actionability.scores.tolist()
            [[1, 4]]
        """
        import torch

        answers, column = self.actionability, reactions.feature.clamp(min=0)[:, None]
        about = torch.zeros_like(answers.scores, dtype=torch.bool).scatter(1, column, True)
        said, value = reactions.said[:, None], reactions.value[:, None]
        level = 1 + (value.nan_to_num() * (answers.levels - 1) + 0.5).floor().long()
        level = torch.maximum(level, answers.scores + 1).clamp(max=answers.levels)  # on a coarse scale, too
        scores = torch.where(about & (said == Reaction.NOT_POSSIBLE), answers.levels + 1, answers.scores)
        scores = torch.where(about & (said == Reaction.HARDER), level, scores)
        lower, upper = self.box.lower, self.box.upper
        lower = torch.where(about & (said == Reaction.AT_LEAST), torch.maximum(lower, value.to(lower.dtype)), lower)
        upper = torch.where(about & (said == Reaction.AT_MOST), torch.minimum(upper, value.to(upper.dtype)), upper)
        return replace(self, actionability=replace(answers, scores=scores), box=type(self.box)(lower, upper))

    def check(self, people: int, features: FeatureTable) -> None:
        """Raise what keeps it from being a belief about so many people.

        Raises:
            ArenaError: With what was expected, and what came.
        """
        from torch import Tensor

        from recourse_arena.people.box import Box
        from recourse_arena.problem.actionability import Actionability

        if not isinstance(self.actionability, Actionability) or not isinstance(self.box, Box):
            raise ArenaError("belief: expected an Actionability and a Box")
        shape = (people, len(features))
        for name, part in (
            ("actionability scores", self.actionability.scores),
            ("lower bounds", self.box.lower),
            ("upper bounds", self.box.upper),
        ):
            if not isinstance(part, Tensor) or tuple(part.shape) != shape:
                got = tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__
                raise ArenaError(f"belief: {name}: expected a tensor of shape {shape}, got {got}")
        Actionability.validated(self.actionability.scores, self.actionability.levels, features)
        if bool((self.box.lower.isnan() | self.box.upper.isnan()).any()):
            raise ArenaError("belief: a bound is not a number; infinity says that there is none")
        for name, rows in self.memory.items():
            if not isinstance(rows, Tensor) or rows.ndim == 0 or len(rows) != people:
                raise ArenaError(f"belief: memory {name!r}: expected a tensor with a row for each of {people} people")

    def differs(self, other: Belief) -> Tensor:
        """Return of whom another belief leads to another request, bool `(people,)`."""
        mine, theirs = self.actionability, other.actionability
        differs = (mine.scores != theirs.scores).any(1) | (mine.levels != theirs.levels)
        for one, two in ((self.box.lower, other.box.lower), (self.box.upper, other.box.upper)):
            differs = differs | (one != two).any(1)
        return differs


class Respondents(ABC):
    """People whom a policy may ask. Every answer costs them a question, and they keep count.

    What everybody may know of them are these attributes:

    - `features`: the features, in column order;
    - `factual`: who they are now, `(people, features)`;
    - `box`: feasible values by the dataset, without their own bounds, `(people, features)` each;
    - `unit_cost`: what a change costs before anybody's weights;
    - `profile`: how what a person finds hard becomes a weight.
    """

    features: FeatureTable
    factual: Tensor
    box: Box
    unit_cost: Cost
    profile: Profile

    def __len__(self) -> int:
        return len(self.factual)

    @property
    @abstractmethod
    def questions(self) -> Tensor:
        """How many questions each was asked so far, int64 `(people,)`."""

    @abstractmethod
    def can_act(self, asked: Tensor) -> Tensor:
        """Ask who can act on a feature at all: bool `(people, features)`, false where nobody was asked.

        Arguments:
            asked: Who is asked about what, bool `(people, features)`: a question each.
        """

    @abstractmethod
    def hardness(self, asked: Tensor, levels: int) -> Tensor:
        """Ask how hard acting is, int64 `(people, features)`: from 1 to `levels`, `levels + 1` says "not possible".

        Arguments:
            asked: Who is asked about what, bool `(people, features)`: a question each; 0 where nobody was asked.
            levels: How many levels the scale has.
        """

    @abstractmethod
    def ranking(self) -> Tensor:
        """Ask everybody to rank what they can act on, int64 `(people, features)`: from 1, 0 says "not possible".

        It counts as one question, however many features there are.
        """

    @abstractmethod
    def limits(self, asked: Tensor) -> Box:
        """Ask how far somebody would go, as bounds `(people, features)`; infinite where there are none.

        Arguments:
            asked: Who is asked about what, bool `(people, features)`: a question each.
        """

    @abstractmethod
    def choice(self, mask: Tensor, values: Tensor) -> Tensor:
        """Ask which of some actions somebody would rather do: its place, or how many there are if none is possible.

        Arguments:
            mask: What each action acts upon, bool `(people, actions, features)`: a question a person.
            values: To what, `(people, actions, features)`.
        """


class Policy(ABC):
    """What is asked of whom before advice is given, and what is learnt of a refusal.

    Options of a variant arrive as keyword arguments: `likert?levels=7` is `Likert(levels=7)`. It knows what it asked
    and what people said to advice, and nothing else; what it does must not depend on who else is asked.
    """

    name: ClassVar[str]
    """Its name, as in the scenario `hard-2!asked-likert`."""
    version: ClassVar[str] = "1"
    """Changes whenever what it asks or believes may change; kept results of other versions are not reused."""
    summary: ClassVar[str] = ""
    """One line for people."""

    @abstractmethod
    def begin(self, people: Respondents) -> Belief:
        """Return what is believed before any advice; whatever was asked for it."""

    def after(self, belief: Belief, people: Respondents, advice: Recommendation, reactions: Reactions) -> Belief:
        """Return what is believed once these people have refused advice.

        Whose belief stays as it was is not advised again. By default nothing is learnt.

        Arguments:
            belief: What was believed, of those who refused alone.
            people: Those who refused: they may be asked again.
            advice: What they were advised.
            reactions: What they said to it.
        """
        return belief
