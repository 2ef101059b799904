"""Whether advice that somebody kept still holds: seals, models, and all it says judged anew, without a solver."""

from __future__ import annotations

__all__ = ["Verifier"]

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import torch
from torch import Tensor

from recourse_arena.advice.advising.adviser import Adviser
from recourse_arena.advice.advising.alternatives import Action
from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.relaxations import Relaxation
from recourse_arena.advice.content.order import Question
from recourse_arena.advice.content.seals import PARTS, broken_seals
from recourse_arena.advice.content.told import Alternative, GivenUp, Move, Status, Told
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.version import PROTOCOL
from recourse_arena.elicitation.interviews.wishes import Wishes
from recourse_arena.people.wording import title

_RELATIVE, _ABSOLUTE = 1e-4, 2e-4
"""How far numbers may be apart: other processors round otherwise."""

_MODELS = {
    "file": "the data file",
    "classifier": "the decision model",
    "decision": "the kind of decision model",
    "flow": "the model of what follows and what is likely",
    "heldout": "the model that solvers are not shown",
    "version": "the version of the dataset",
    "effects": "what is taken to follow from actions",
    "cost": "the cost of actions",
}
"""What of the models must be the same, in words."""


@dataclass(frozen=True)
class Verifier:
    """Verifies advice about people of one dataset, decision model and seed.

    Arguments:
        adviser: Has the models and the judge; none of its solvers is asked.
    """

    adviser: Adviser

    def findings(self, told: Told) -> list[str]:
        """Return what does not hold, a sentence each; nothing if everything does."""
        found = [f"{words}: changed after it was written" for words in broken_seals(told)]
        found += self._models(told)
        if told.certificate.protocol != PROTOCOL:
            found.append(f"it was judged by protocol {told.certificate.protocol}; here it is {PROTOCOL}")
        try:
            question = self._question(told)
            case = self.adviser.case(question)
        except (ArenaError, KeyError, TypeError, ValueError) as error:
            return [*found, f"the certificate's person or answers cannot be read: {error}"]
        return [*found, *dict.fromkeys(self._differences(told, question, case))]

    def _models(self, told: Told) -> Iterator[str]:
        said, here = told.certificate.models, self.adviser.fitted.identity
        other = [key for key in _MODELS if said.get(key) != here.get(key)]
        for key in other:
            yield f"{_MODELS[key]} is not the one here: {said.get(key)!r} there, {here.get(key)!r} here"
        there, ours = told.certificate.arithmetic, self.adviser.arithmetic
        if other and there != ours:
            yield f"models were fitted with arithmetic {there!r} there, {ours!r} here, so they cannot be the same"

    def _question(self, told: Told) -> Question:
        certificate = told.certificate
        said = {
            "person": certificate.person,
            "wishes": certificate.answers,
            "plausibility": certificate.plausibility,
            "alternatives": certificate.alternatives,
            "answered": told.answered,
        }
        return Question.read(said)

    def _differences(self, told: Told, question: Question, case: Case) -> Iterator[str]:
        """Yield what is another thing when it is worked out here."""
        refused = not bool(self.adviser.problem.decisions.accepts(case.factual[None])[0])
        if refused == (told.status is Status.ACCEPTED):
            yield f"the person is {'refused' if refused else 'accepted'} as they are, and the answer says otherwise"
            return
        actions = self._judged(case, told.alternatives)
        yield from self._contradictions(told, question, actions)
        for number, one in enumerate(told.openings, 1):
            if not self._opens(question, one.given_up, one.way):
                yield f"opening {number} does not lead to a yes, or gives up something else than it says"
        if all(one.valid for one in actions):
            yield from self._compared(told, self.adviser.retold(question, case, told.status, actions))

    def _contradictions(self, told: Told, question: Question, actions: Sequence[Action]) -> Iterator[str]:
        """Yield where the answer says something else than its alternatives."""
        for number, action in enumerate(actions, 1):
            if not action.valid:
                yield f"alternative {number} does not lead to a yes, or breaks a constraint"
            elif not action.plausible and told.status is Status.ADVICE and question.plausibility:
                yield f"alternative {number} leads to a person who is less likely than they are now"
        if told.status is Status.UNLIKELY and any(action.plausible for action in actions):
            yield "it says that all ways are unlikely, and shows one that is not"
        if actions and told.status in (Status.NOT_FOUND, Status.IMPOSSIBLE):
            yield "it says that there is no way, and shows one"
        if not actions and told.status in (Status.ADVICE, Status.UNLIKELY):
            yield "it says that there is a way, and shows none"
        if told.status is Status.IMPOSSIBLE and not self._provable(told, question):
            yield "it says that nothing is possible, and what it names as a proof is none"

    def _compared(self, told: Told, anew: Told) -> Iterator[str]:
        for part in ("features", "person", "limits", "closed", "alternatives", "reasons", "score", "needed", "usual"):
            said, here = (msgspec.to_builtins(getattr(one, part)) for one in (told, anew))
            for path, one, other in _unlike(said, here, ()):
                yield f"{PARTS[part]}{_where(path)}: {one!r} there, {other!r} here"

    def _judged(self, case: Case, ways: Sequence[Alternative]) -> list[Action]:
        """Return alternatives as the judge sees them now."""
        if not ways:
            return []
        masks, values = zip(*(self._action(case.factual, one.moves) for one in ways), strict=True)
        request = case.repeated(len(ways))
        solvers = [one.solver for one in ways]
        return self.adviser.candidates.exactly(request, torch.stack(masks), torch.stack(values), solvers)

    def _action(self, factual: Tensor, moves: Sequence[Move]) -> tuple[Tensor, Tensor]:
        features = self.adviser.problem.features
        mask, values = torch.zeros(len(features), dtype=torch.bool), factual.clone()
        for move in moves:
            j = features.index(move.feature)
            levels = features.features[j].levels
            mask[j] = True
            values[j] = float(levels.index(move.then)) if isinstance(move.then, str) else move.then
        return mask, values

    def _opens(self, question: Question, given_up: Sequence[GivenUp], way: Alternative) -> bool:
        """Return whether a way is one once some constraints are given up."""
        wishes: Wishes = question.wishes
        for one in given_up:
            wishes = Relaxation(one.feature, one.what).applied(wishes)
        case = self.adviser.case(Question(question.person, wishes, question.plausibility))
        return all(action.valid for action in self._judged(case, [way]))

    def _provable(self, told: Told, question: Question) -> bool:
        """Return whether what is named as a proof can be one; what a solver proved is its word, and is not repeated."""
        if told.certificate.proof.startswith("solver "):
            return True
        return bool(told.certificate.proof) and self.adviser.proof_without_solvers(question) == told.certificate.proof


def _unlike(said: Any, here: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield where two values of JSON differ, and both."""
    if isinstance(said, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys((*said, *here)):
            yield from _unlike(said.get(key), here.get(key), (*path, str(key)))
    elif isinstance(said, (list, tuple)) and isinstance(here, (list, tuple)):
        if len(said) != len(here):
            yield path, f"{len(said)} of them", f"{len(here)} of them"
            return
        for number, (one, other) in enumerate(zip(said, here, strict=True), 1):
            yield from _unlike(one, other, (*path, str(number)))
    elif _is_number(said) and _is_number(here):
        if not math.isclose(said, here, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE):
            yield path, said, here
    elif said != here:
        yield path, said, here


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _where(path: tuple[str, ...]) -> str:
    return f" ({', '.join(title(part) for part in path)})" if path else ""
