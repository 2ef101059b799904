"""Told in sentences, without a code, an internal name or a number that is not explained: text and page share them."""

from __future__ import annotations

__all__ = ["Words"]

from collections.abc import Sequence
from dataclasses import dataclass

from recourse_arena.advice.content.told import Alternative, GivenUp, Move, Opening, Reason, Status, Told, Value, Works
from recourse_arena.people.wording import title, value, with_unit

_STRENGTHS = {
    "easiest": "takes the least effort",
    "fewest": "changes the fewest things",
    "likeliest": "makes you the most usual applicant",
    "safest": "depends least on chance",
    "kindest": "spares what is hardest for you",
}
_HOW = {"certified": "proved", "all values": "every value tried"}
_REASONS = 4
"""How many features are told of as reasons."""


@dataclass(frozen=True)
class Words:
    """Says what advice holds.

    Arguments:
        advice: The advice.
    """

    advice: Told

    @property
    def answer(self) -> str:
        """The answer, in a sentence or two."""
        advice = self.advice
        if advice.status is Status.ACCEPTED:
            return f"There is nothing to do: as things stand, the answer is yes{self._score_now}."
        no = f"As things stand, the answer is no{self._score_now}."
        if advice.status is Status.IMPOSSIBLE:
            return f"{no} Nothing that you can change makes it yes: that is proved, {self._proof}."
        if advice.status is Status.NOT_FOUND:
            return (
                f"{no} No change was found that makes it yes, within what you can change. "
                "That is no proof that there is none."
            )
        count = len(advice.alternatives)
        ways = "this change" if count == 1 else f"any one of these {_number(count)} ways"
        if advice.status is Status.UNLIKELY:
            return (
                f"{no} It would be yes with {ways}. But fewer people are like you would be then than are like you "
                "now: that may be hard to reach."
            )
        return f"{no} It would be yes with {ways}."

    @property
    def follows_title(self) -> str:
        """The heading of what follows from an action."""
        return "What follows from that:"

    def title(self, name: str) -> str:
        """Return the name of a feature in words."""
        return title(name)

    def value(self, name: str, given: Value) -> str:
        """Return a value with its unit, with as many digits as it needs."""
        if isinstance(given, str):
            return given
        step = self.advice.step(name)
        fine = next((step / 10**digits for digits in range(3) if _is_multiple(given, step / 10**digits)), 0.0)
        return with_unit(self.advice.named(name), given, fine)

    def about(self, name: str, given: Value) -> str:
        """Return a value with its unit, as finely as is worth telling."""
        return given if isinstance(given, str) else with_unit(self.advice.named(name), given, self.advice.step(name))

    def move(self, move: Move) -> str:
        """Return where a feature goes, with how far that is where it is a number."""
        then = self.value(move.feature, move.then) if move.effort else self.about(move.feature, move.then)
        if isinstance(move.now, str) or isinstance(move.then, str):
            return then
        step = self.advice.step(move.feature)
        change = value(self.advice.named(move.feature), move.then - move.now, step)
        return f"{then}   ({change if change.startswith('-') else '+' + change})"

    def heading(self, alternative: Alternative) -> str:
        """Return what an alternative is best at, as a heading; empty where there is no other one."""
        said = [_STRENGTHS[word] for word in alternative.strengths]
        if len(self.advice.alternatives) < 2:
            return ""
        return _sentence(_listed(said)) if said else "Another way"

    def facts(self, alternative: Alternative) -> list[str]:
        """Return what is worth knowing of an alternative, in sentences."""
        advice, said = self.advice, []
        if alternative.score is not None and advice.score is not None:
            scores = [self._score(score) for score in (advice.score, alternative.score)]
            said.append(f"Your score would go from {scores[0]} to {scores[1]}{self._needed}.")
        if effort := self._effort(alternative):
            said.append(effort)
        if alternative.usual is not None and advice.usual is not None:
            then, now = (round(100 * share) for share in (alternative.usual, advice.usual))
            said.append(f"Of 100 people known, {then} are less usual than you would be then; now it is {now}.")
        if alternative.holds is not None and alternative.follows:
            draws = round(alternative.holds * advice.draws)
            said.append(
                f"What follows is not certain: in {draws} of {advice.draws} ways tried in which it could turn out, the "
                "answer is yes."
            )
        return said

    def keeps_working(self, alternative: Alternative) -> list[str]:
        """Return within which values an alternative keeps working, in a sentence."""
        parts = [self._works(one) for one in alternative.works]
        if not parts:
            return []
        rest = ", each with the rest as advised" if len(parts) > 1 else ""
        return [f"It keeps working as long as {_listed(parts)}{rest}."]

    def sections(self) -> list[tuple[str, list[str]]]:
        """Return what else is told: headings and their sentences."""
        if self.advice.status is Status.ACCEPTED:
            return []
        told = [
            ("What would open a way", [self.opening(one) for one in self.advice.openings]),
            ("What each thing can change on its own", self._reasons()),
            ("What was left alone", self._closed()),
            ("What this rests on", self._assumed()),
        ]
        return [(heading, lines) for heading, lines in told if lines]

    def opening(self, opening: Opening) -> str:
        """Return what would open a way, and that way, in a sentence."""
        if_ = _listed([self._given_up(one) for one in opening.given_up])
        moves = _listed([self._moved(move) for move in opening.way.moves])
        return f"If {if_}: {moves} would make it yes."

    @property
    def _score_now(self) -> str:
        score = self.advice.score
        needed = self._needed.strip(" ()")
        return "" if score is None else f" (score {self._score(score)}{', ' if needed else ''}{needed})"

    def _score(self, score: float) -> str:
        """Return a score with two digits, or with as many as tell it from the one that is needed."""
        needed = self.advice.needed
        digits = (2, 3, 4) if needed is not None and score != needed else (2,)
        told = [f"{score:.{count}f}" for count in digits]
        return next((text for text in told if needed is None or float(text) != needed), told[-1])

    @property
    def _needed(self) -> str:
        needed = self.advice.needed
        return "" if needed is None else f" ({needed:.2f} is needed)"

    @property
    def _proof(self) -> str:
        proof = self.advice.certificate.proof
        if proof == "every action tried":
            return "for every possible change was tried"
        return "for there is nothing that you can change" if proof.startswith("nothing") else "by an exact search"

    def _effort(self, alternative: Alternative) -> str:
        least = min((one.effort for one in self.advice.alternatives), default=0.0)
        parts = []
        if least > 0 and alternative.effort >= 1.05 * least:
            times = alternative.effort / least
            parts.append(f"It takes {times:,.{1 if times < 10 else 0}f} times the effort of the easiest way")
        if len(alternative.moves) > 1:
            shares = _listed([f"{self.title(move.feature)} {move.effort:.0%}" for move in alternative.moves])
            parts.append(f"{'of the effort' if parts else 'Of the effort'}, {shares.replace('%', ' %')}")
        return "; ".join(parts) + "." if parts else ""

    def _works(self, one: Works) -> str:
        name, how = self.title(one.feature), _HOW.get(one.how, f"checked on {one.checked:,} values")
        if one.levels:
            return f"{name} is {_listed([self._quoted(level, level) for level in one.levels], 'or')} ({how})"
        if one.low is None or one.high is None:
            return name
        low, high = (self._quoted(self.value(one.feature, end), end) for end in (one.low, one.high))
        if one.low == one.high:
            return f"{name} is exactly {low} ({how})"
        if one.high_is_limit and not one.low_is_limit:
            return f"{name} is at least {low} ({how}; up to {high} looked at)"
        if one.low_is_limit and not one.high_is_limit:
            return f"{name} is at most {high} ({how}; down to {low} looked at)"
        return f"{name} is from {low} to {high} ({how})"

    @staticmethod
    def _quoted(text: str, given: Value) -> str:
        """Return the name of a level in quotes, so that it does not run into the sentence."""
        return f'"{text}"' if isinstance(given, str) else text

    def _reasons(self) -> list[str]:
        able = [one for one in self.advice.reasons if one.share > 0]
        unable = [self.title(one.feature) for one in self.advice.reasons if one.share == 0]
        lines = [self._reason(one) for one in able[:_REASONS]]
        if unable:
            verb = "change" if len(unable) > 1 else "changes"
            lines.append(_sentence(f"{_listed(unable)} alone {verb} nothing, within what you can do."))
        if self.advice.alternatives and not self.advice.single:
            lines.append("No way with a single change was found.")
        return lines

    def _reason(self, one: Reason) -> str:
        how = _HOW.get(one.how, f"{one.checked:,} values tried")
        if one.share >= 1:
            share = "all"
        else:
            share = f"{100 * one.share:.0f} of 100" if one.share >= 0.005 else "fewer than 1 of 100"
        return _sentence(f"{self.title(one.feature)}: {share} of the values you could give it make it yes ({how}).")

    def _closed(self) -> list[str]:
        said = [self.title(name) for name, why in self.advice.closed.items() if why == "said"]
        limits = [self.title(name) for name, why in self.advice.closed.items() if why == "limits"]
        lines = [f"You said that you cannot change {_listed(said, 'or')}."] if said else []
        if limits:
            lines.append(f"Between your limits and what is possible at all nothing is left of {_listed(limits)}.")
        fixed = [self.title(one.name) for one in self.advice.features if one.role == "immutable"]
        if fixed:
            lines.append(f"Nobody can change {_listed(fixed, 'or')}.")
        if not self.advice.answered:
            lines.append(
                "You were not asked what you can change: whatever people can change counts as possible, and as "
                "equally easy."
            )
        return lines

    def _assumed(self) -> list[str]:
        effects = {
            "scm": "What follows from a change is worked out by equations that are known of these people.",
            "flow": "What follows from a change is estimated from data, along assumed causes.",
            "none": "Each thing is taken to change on its own: nothing is taken to follow from a change.",
        }
        lines = [effects.get(self.advice.effects, "")]
        if self.advice.alternatives:
            lines.append("Each way was judged on its own, apart from what found it.")
        lines.append("It is about the decision as it is made today; a changed one may answer differently.")
        return [line for line in lines if line]

    def _given_up(self, one: GivenUp) -> str:
        name = self.title(one.feature)
        return f"you could also change {name}" if one.what == "not possible" else f"your limit on {name} were wider"

    def _moved(self, move: Move) -> str:
        return f"{self.title(move.feature)} {self.about(move.feature, move.now)} -> {self.move(move).split('   ')[0]}"


def _listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence.

    Example:
        >>> _listed(["income"]), _listed(["income", "savings"]), _listed(["a", "b", "c"], "or")
        ('income', 'income and savings', 'a, b or c')
    """
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _number(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if count < len(words) else str(count)


def _is_multiple(value: float, step: float) -> bool:
    return step > 0 and abs(value / step - round(value / step)) < 1e-3
