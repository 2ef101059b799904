"""The interview of one person: what is asked, what was answered, and where to go on; whoever shows it is another's."""

from __future__ import annotations

__all__ = ["Interview"]

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.elicitation.interviews.questions import (
    HELP,
    Subject,
    limits_said,
    order_said,
    scale_text,
    split_answer,
)
from recourse_arena.elicitation.interviews.said import Bounds, Said, Scale
from recourse_arena.elicitation.interviews.wishes import Wish, Wishes
from recourse_arena.elicitation.interviews.wishes_file import UNFINISHED, WHOSE, answers_in, check_keys, gathered
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.people.features import FeatureTable, Role
from recourse_arena.people.wording import title, with_unit

if TYPE_CHECKING:
    from recourse_arena.elicitation.interviews.person import Person

_ORDER, _LIMITS = "order", "limits"
"""What is asked of all features at once."""

_EXAMPLES = 4
"""Most features that an example of an answer names."""


class Interview:
    """Asks one person what they could change: one question after the other, each with one answer.

    Schemes that ask for each feature take the bounds with its answer; those that ask for all at once (rankings) have
    one more question for all bounds.

    Arguments:
        features: The features.
        elicitor: The scheme.
        person: The person.
        feasible: The least and greatest value of features that come into question, by name, as far as they are known.
        labels: Words for the levels, in place of the scheme's.
        scheme: Name of the scheme with options, if the elicitor does not say it itself.

    Raises:
        ArenaError: If nobody can act on any feature.

    Example:
        >>> from recourse_arena.elicitation.interviews.person import Person
        >>> from recourse_arena.elicitation.schemes import Likert
        >>> from recourse_arena.people.features import Feature
        >>> table = FeatureTable((Feature("income", role=Role.ACTIONABLE, unit="dollars"),))
        >>> interview = Interview(table, Likert(), Person({"income": 1200.0}))
        >>> print(interview.question)
        [1 of 1] income
          now: 1,200 dollars
        How easily could you change this? 1 easy, 2 possible, 3 hard, 4 very hard, or no
        >>> interview.answer("hard, at most 1,500"), interview.done
        ('income: 3 hard, at most 1,500 dollars', True)
    """

    def __init__(
        self,
        features: FeatureTable,
        elicitor: Elicitor,
        person: Person,
        feasible: Mapping[str, Bounds] | None = None,
        *,
        labels: Sequence[str] = (),
        scheme: str = "",
    ) -> None:
        self._features, self._elicitor, self._person = features, elicitor, person
        self._feasible = feasible or {}
        self._scale, self._scheme = Scale.of(elicitor, features, labels), scheme or elicitor.scheme
        self._subjects = {
            feature.name: Subject(feature, person.values[feature.name], self._feasible.get(feature.name))
            for feature in features
            if feature.role is Role.ACTIONABLE
        }
        if not self._subjects:
            raise ArenaError("expected features that people can act on; there is none to ask about")
        self._said: dict[str, Wish] = {}
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether everything is answered."""
        return self._at >= len(self._steps)

    @property
    def question(self) -> str:
        """What is asked now: the feature and its value now, where it may go, and what can be answered.

        Raises:
            ArenaError: If nothing is left to ask.
        """
        step = self._step()
        head = f"[{self._at + 1} of {len(self._steps)}] "
        if step == _LIMITS:
            return f"{head}{self._limits_question()}"
        if step == _ORDER:
            return f"{head}{self._order_question()}"
        subject = self._subjects[step]
        question = self._elicitor.question(subject.feature)
        return f"{head}{subject.text()}\n{question} {scale_text(self._scale)}"

    @property
    def help(self) -> str:
        """What can be answered beside."""
        return HELP

    def answer(self, text: str) -> str:
        """Take an answer and go on to the next question; `back` goes to the one before, `?` stays.

        Returns:
            What to tell the person: how the answer was understood, or the help.

        Raises:
            ArenaError: With what was expected; the question stays.
        """
        words = text.strip().lower()
        step = self._step() if words != "back" else ""
        if words == "back":
            return self._back()
        if words in ("?", "help"):
            return HELP
        if not words and step != _LIMITS:
            raise ArenaError("expected an answer, no for what is not possible; ? tells more")
        if step == _LIMITS:
            wishes = self._with_limits(text)
        elif step == _ORDER:
            levels = order_said(text, [subject.feature for subject in self._subjects.values()])
            wishes = self._wishes({name: {"answer": level} for name, level in levels.items()})
        else:
            wishes = self._wishes({step: split_answer(text)})
        self._check({**self._said, **wishes})
        self._said |= wishes
        self._at += 1
        if step == _LIMITS:
            limited = [name for name, wish in wishes.items() if wish != Wish(wish.level)]
            return "\n".join(map(self._told, limited)) or "no limits"
        return "\n".join(self._told(name) for name in wishes)

    @property
    def wishes(self) -> Wishes:
        """What the person said.

        Raises:
            ArenaError: If something is not answered yet.
        """
        if not self.done:
            raise ArenaError(f"the interview is not over; not asked yet: {', '.join(self._left)}")
        said = {name: self._said[name] for name in self._subjects}
        return Wishes(self._scheme, self._scale.levels, self._elicitor.ordered, said)

    @property
    def answered(self) -> dict[str, Any]:
        """What was answered so far, as JSON; of an interview that is over it is what `read_wishes` reads."""
        said = {name: self._said[name] for name in self._subjects if name in self._said}
        known = Wishes(self._scheme, self._scale.levels, self._elicitor.ordered, said).as_json(self._features)
        found = {WHOSE: self._person.mark, **known}
        return found if self.done else {**found, UNFINISHED: self._left}

    def take_up(self, answered: Mapping[str, Any], where: str = "answers") -> None:
        """Go on from what was answered earlier, as :attr:`answered` says it.

        Arguments:
            answered: That.
            where: Where it was kept, for messages.

        Raises:
            ArenaError: If these are no answers of this scheme and these features, or those of another person.
        """
        said, left = answered.get("answers"), answered.get(UNFINISHED, [])
        if not isinstance(said, Mapping) or not isinstance(left, list):
            raise ArenaError(f"{where}: expected the answers of an interview, as it keeps them")
        if answered.get(WHOSE, self._person.mark) != self._person.mark:
            raise ArenaError(
                f"{where}: these are answers of somebody else, or from before their values changed; keep the new ones "
                f"in another file (--save), or take these as they are (--answers)"
            )
        if answered.get("scheme", self._scheme) != self._scheme:
            raise ArenaError(f"{where}: expected answers of {self._scheme!r}, got those of {answered['scheme']!r}")
        check_keys(where, said, self._features, partial=True)
        parts = answers_in(where, said, self._features)
        wishes = gathered(where, parts, self._scale, self._person.values, self._feasible)
        self._said, self._at = wishes, 0
        steps = self._steps
        self._at = next((i for i, step in enumerate(steps) if not self._known(step, left)), len(steps))

    def _known(self, step: str, left: Sequence[Any]) -> bool:
        if step == _LIMITS:
            return _LIMITS not in left
        return step not in left and all(n in self._said for n in (self._subjects if step == _ORDER else (step,)))

    @property
    def _steps(self) -> list[str]:
        """What is asked, in this order: features by name, or all at once."""
        if not self._elicitor.together:
            return [*self._subjects]
        return [_ORDER, _LIMITS] if not self._said or self._limitable() else [_ORDER]

    @property
    def _left(self) -> list[str]:
        return self._steps[self._at :]

    def _step(self) -> str:
        if self.done:
            raise ArenaError("the interview is over: nothing is left to ask")
        return self._steps[self._at]

    def _back(self) -> str:
        if not self._at:
            raise ArenaError("expected an answer: this is the first question")
        self._at -= 1
        return ""

    def _limitable(self) -> dict[str, Subject]:
        """Return of which features limits can be said."""
        possible = {name for name, wish in self._said.items() if wish.level <= self._scale.levels}
        return {name: subject for name, subject in self._subjects.items() if subject.limited and name in possible}

    def _wishes(self, parts: Mapping[str, Mapping[str, object]]) -> dict[str, Wish]:
        said = [Said(self._subjects[name].feature, given) for name, given in parts.items()]
        return gathered("", said, self._scale, self._person.values, self._feasible)

    def _check(self, said: Mapping[str, Wish]) -> None:
        """Raise that what is said of several features does not go together."""
        levels = {name: wish.level for name, wish in said.items()}
        if wrong := self._elicitor.contradiction(levels, self._scale.levels):
            raise ArenaError(wrong)

    def _with_limits(self, text: str) -> dict[str, Wish]:
        """Return the wishes with what is said of limits, and with no others."""
        subjects = self._limitable()
        given = limits_said(text, subjects)
        return self._wishes({name: {"answer": str(self._said[name].level), **given.get(name, {})} for name in subjects})

    def _told(self, name: str) -> str:
        """Return how an answer was understood."""
        feature, wish, words = self._subjects[name].feature, self._said[name], self._scale.words
        if wish.level > self._scale.levels:
            return f"{title(feature)}: not possible"
        word = words[wish.level - 1] or ("" if self._scale.levels > 1 else "1")
        number = str(wish.level) if self._scale.levels > 1 else ""
        number = f"place {number}" if self._elicitor.together else number
        level = " ".join(part for part in (number, word) if part)
        ends = {"at least": wish.at_least, "at most": wish.at_most}
        bounds = [f"{way} {with_unit(feature, end)}" for way, end in ends.items() if abs(end) != float("inf")]
        return f"{title(feature)}: {', '.join([level, *bounds])}"

    def _order_question(self) -> str:
        subjects = list(self._subjects.values())
        lines = [subject.text() for subject in subjects]
        more = ", ..." if len(subjects) > _EXAMPLES else ""
        places = ", ".join(map(str, range(len(subjects), 0, -1)[:_EXAMPLES])) + more
        names = ", ".join(title(subject.feature) for subject in subjects[::-1][:_EXAMPLES]) + more
        return "\n".join(
            [
                self._elicitor.question(subjects[0].feature),
                *lines,
                f'Give each its place in the order above ("{places}"), 1 for what you would change first, x for what',
                f'is not possible; or their names in your order ("{names}"), those that are not possible behind "not:"',
            ]
        )

    def _limits_question(self) -> str:
        subjects = self._limitable()
        some = next(iter(subjects.values())).feature
        return (
            f'Are there limits to how far you could go? none, or for example "{title(some)} at most '
            f'{with_unit(some, self._subjects[some.name].now)}"\n'
            f"({', '.join(title(subject.feature) for subject in subjects.values())}; at least, at most or by at most, "
            f"with ; between features)"
        )
