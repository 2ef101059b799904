"""From a request to recommendations: sets, starts, searches, whole numbers, and the last polish."""

from __future__ import annotations

__all__ = ["Incumbents", "Search", "eased"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from recourse_arena import Outcome, Recommendation, Request
from recourse_arena_frontier.descent import Descent, Found, leading, paid
from recourse_arena_frontier.models.world import World
from recourse_arena_frontier.rounding import distinct, moves, roundings
from recourse_arena_frontier.rows import Rows, padded
from recourse_arena_frontier.starting import Starts
from recourse_arena_frontier.subsets import candidate_sets

_PEOPLE = 4096
"""People looked at together."""

_ROWS, _LEAST = 32_768, 32
"""About how many rows are searched side by side, to bound memory; and of how many people at least."""

_ROUNDED = 6
"""Most relaxed solutions per person whose whole-number features are rounded."""

_FIRST = 2
"""How many of them come first: the others only where they may still be cheaper."""

_INSISTED = 12
"""The same of those who have no action after the first attempt."""

_NEAR = 16
"""How many accepted people of a group are looked at where there are whole numbers: those cheapest to become."""

_MORE, _MORE_OF_WHOLE = 7, 15
"""How many accepted people those start at, and where there are whole numbers, which leave less to find."""

_SHORT = ((5e-4, True), (5e-3, True), (5e-3, False))
"""Nats that are asked for in turn of those who end a rounding short of what they need, for some splines are steep; and
whether near what they were told."""

_EASED = (0.5, 0.25, 0.0)
"""Shares of the margin that are asked for in turn of those who cannot leave more."""

EXPLORE, RELAX = Descent(), Descent(best=((5, 16), (10, 8)))
INSIST = Descent(16, penalty=300.0, best=((5, 10), (9, 5)))
INSIST_WHOLE = replace(INSIST, iterations=12, best=((4, 10), (7, 5)))
HOLD, HOLD_INSISTED = Descent(10, best=((4, 6), (6, 3))), Descent(6, best=((3, 6),))
POLISH = Descent(12, radius=0.05, aim=1e-5, negligible=1e-6)
POLISH_WHOLE = replace(POLISH, iterations=6)


@dataclass
class Incumbents:
    """The cheapest feasible action of each person that was seen so far.

    Arguments:
        cost: Weighted cost, `(people,)`; infinite while there is none.
        acted: Features acted upon, bool `(actionable, people)`.
        y: Their changes, `(actionable, people)`.
    """

    cost: Tensor
    acted: Tensor
    y: Tensor

    @classmethod
    def none(cls, people: int, like: Tensor) -> Incumbents:
        """Return no action for anybody."""
        cost, y = like.new_full((people,), torch.inf), like.new_zeros(len(like), people)
        return cls(cost, torch.zeros_like(y, dtype=torch.bool), y)

    @property
    def found(self) -> Tensor:
        """Indices of those who have an action."""
        return self.cost.isfinite().nonzero()[:, 0]

    def offer(self, rows: Rows, found: Found) -> None:
        """Take up what rows found that is cheaper; the first of equally cheap ones."""
        person, none = rows.person, len(rows)
        cheapest = self.cost.scatter_reduce(0, person, found.cost, "amin")
        better = (found.cost < self.cost[person]) & (found.cost == cheapest[person])
        place = torch.where(better, torch.arange(none, device=person.device), none)
        first = torch.full_like(self.cost, none, dtype=torch.long).scatter_reduce(0, person, place, "amin")
        whom = (first < none).nonzero()[:, 0]
        row = first[whom]
        self.cost[whom] = found.cost[row]
        self.acted[:, whom], self.y[:, whom] = rows.acted[:, row], found.y[:, row]


class _Held(NamedTuple):
    """Points whose whole numbers stay as they are.

    Arguments:
        person: Whose they are, `(points,)`.
        acted: Features acted upon, bool `(actionable, points)`.
        y: The points, `(actionable, points)`.
    """

    person: Tensor
    acted: Tensor
    y: Tensor

    @classmethod
    def of(cls, rows: Rows, which: Tensor, y: Tensor) -> _Held:
        """Return points `y` of some rows, by their indices."""
        return cls(rows.person[which], rows.acted[:, which], y)


@dataclass(frozen=True)
class Search:
    """The whole search, ready for requests.

    Arguments:
        world: The models.
        starts: Where searches start.
        subsets: Most sets of features per person.
        careful: Whether everybody's searches start at accepted people too.
    """

    world: World
    starts: Starts
    subsets: int
    careful: bool

    @torch.no_grad()
    def __call__(self, request: Request) -> Recommendation:
        """Return the cheapest action found for each person; it is to do nothing for who is accepted already."""
        accepted = self.world.problem.decisions.accepts(request.factual)
        mask, values = torch.zeros_like(request.actionable), request.factual.clone()
        solved = accepted.clone()
        for people in (~accepted & request.actionable.any(1)).nonzero()[:, 0].split(_PEOPLE):
            acted, set_to, found = self._answer(request[people], self.best)
            mask[people], values[people], solved[people] = acted, set_to, found
        outcome = torch.where(solved, Outcome.SOLVED.code, Outcome.NOT_FOUND.code)
        outcome[~solved & ~request.actionable.any(1)] = Outcome.INFEASIBLE.code
        answer = Recommendation(mask, values, outcome.to(torch.int8))
        return answer if self.world.margin or not request.plausibility else self._mended(request, answer)

    def leaving(self, margin: float) -> Search:
        """Return the same search for actions that leave a margin of so many nats."""
        world = replace(self.world, margin=margin)
        return replace(self, world=world, starts=replace(self.starts, world=world))

    def _mended(self, request: Request, answer: Recommendation) -> Recommendation:
        """Return an answer in which nobody falls short of the factual's density for want of a digit.

        The density that is searched with is rounded otherwise than the model's own, by which that is told. They are
        searched for again near by, and if that does not help from the beginning.
        """
        mask, values = answer.mask, answer.values
        for margin, near in _SHORT:
            left = self._short(request, answer).nonzero()[:, 0]
            if not len(left):
                break
            search, more = self.leaving(margin), (mask[left], values[left])
            best = partial(search.around, advised=more) if near else search.best
            acted, set_to, found = search._answer(request[left], best)
            mask[left[found]], values[left[found]] = acted[found], set_to[found]
        return answer

    def _short(self, request: Request, answer: Recommendation) -> Tensor:
        """Return whose action leads to somebody less likely than they are, by the model itself, bool `(people,)`."""
        problem, some = self.world.problem, (answer.solved & answer.mask.any(1)).nonzero()[:, 0]
        short = torch.zeros_like(answer.solved)
        asked, judge = request[some], problem.plausible(request)
        after = problem.causal_model.counterfactual(asked.factual, answer.mask[some], answer.values[some])
        short[some] = judge.score(after) < judge.least(asked.factual)
        return short

    def _answer(self, request: Request, search: Callable[[Rows, int], Incumbents]) -> tuple[Tensor, Tensor, Tensor]:
        """Return who acts on what, to which values, `(people, features)`, and who has an action `(people,)`."""
        count, columns = len(request), self.world.actionable
        mask, values = torch.zeros_like(request.actionable), request.factual.clone()
        by_hand = self.world.by_hand(request)  # which reads the models, outside: what is kept is for any use
        with torch.inference_mode(by_hand):
            everybody = Rows.of(self.world, request[padded(torch.arange(count, device=request.factual.device))])
            best = search(everybody, count)
            rows = everybody[torch.arange(count, device=columns.device)].acting(best.acted)
            rows = rows.holding(best.y) if bool(self.world.whole.any()) else rows
            acted, set_to, found = best.acted, rows.values(best.y), best.cost.isfinite()
        mask[:, columns] = acted.T & found[:, None]
        values[:, columns] = torch.where(found, set_to, rows.factual).T
        after = self.world.problem.causal_model.counterfactual(request.factual, mask, values)
        return mask, values, found & self.world.problem.decisions.accepts(after)

    def best(self, everybody: Rows, count: int) -> Incumbents:
        """Return the best action of each of the first `count` people, of whom there is a row each."""
        best, whole = Incumbents.none(count, everybody.factual), bool(self.world.whole.any())
        donated, explore = 2 if self.careful else int(whole), RELAX if whole else EXPLORE
        near = _NEAR if whole else None
        for rows in self._parts(everybody, torch.arange(count, device=everybody.person.device), 2 + donated):
            first = self.starts.first(rows)
            first = torch.cat([first, self.starts.donated(rows, explore, donated, near)]) if donated else first
            self._attempt(everybody, rows, first, explore, best, _ROUNDED, HOLD)
        donated, insist = (_MORE_OF_WHOLE, INSIST_WHOLE) if whole else (_MORE, INSIST)
        for rows in self._parts(everybody, best.cost.isinf().nonzero()[:, 0], 2 + donated):
            first = torch.cat([self.starts.first(rows), self.starts.donated(rows, insist, donated, near)])
            self._attempt(everybody, rows, first, insist, best, _INSISTED, HOLD_INSISTED)
        self._polish(everybody, best)
        return best

    def around(self, everybody: Rows, count: int, advised: tuple[Tensor, Tensor]) -> Incumbents:
        """Return the best near what is advised: on the same features, with the same whole numbers.

        Arguments:
            everybody: The people, a row each.
            count: How many of them there are.
            advised: Who acts on what, to which values, `(people, features)` each.
        """
        best = Incumbents.none(count, everybody.factual)
        mask, values = (part.T[self.world.actionable] for part in advised)
        rows = everybody[torch.arange(count, device=everybody.person.device)].acting(mask)
        y = rows.points(values)
        rows = rows.holding(y) if bool(self.world.whole.any()) else rows
        best.offer(rows, POLISH(rows, y))
        return best

    def targets(self, everybody: Rows, count: int, starts: int) -> tuple[Rows, Found]:
        """Return the best that was found for each set of each person, from donors: what starts are learnt from."""
        rows = self._sets(everybody, torch.arange(count, device=everybody.person.device))
        if not len(rows):
            return rows, Found(rows.logit, rows.lower, rows.logit, rows.lower)
        first = torch.cat([torch.zeros_like(rows.lower)[None], self.starts.donated(rows, EXPLORE, starts - 1)])
        many = _repeated(len(rows), len(first), rows.person)
        found = EXPLORE(rows[many], first.transpose(0, 1).flatten(1))
        relaxed = rows.relaxed.repeat(len(first))
        cost, y = torch.where(relaxed, found.merit, found.cost), torch.where(relaxed, found.end, found.y)
        place = cost.unflatten(0, (len(first), -1)).argmin(0) * len(rows) + many[: len(rows)]
        return rows, Found(cost[place], y[:, place], found.merit[place], found.end[:, place])

    def _parts(self, everybody: Rows, people: Tensor, starts: int) -> Iterator[Rows]:
        """Yield a row for each set worth searching of some people, of so many at once that memory is bounded."""
        if not len(people):
            return
        each = len(self._candidates(everybody, people)[0]) * starts / len(people)
        for some in people.split(max(_LEAST, int(_ROWS / max(each, 1.0)))):
            rows = self._sets(everybody, some)
            if len(rows):
                yield rows

    def _sets(self, everybody: Rows, people: Tensor) -> Rows:
        """Return a row for each set worth searching of some people."""
        person, acted = self._candidates(everybody, people)
        return everybody[people[person]].acting(acted)

    def _candidates(self, everybody: Rows, people: Tensor) -> tuple[Tensor, Tensor]:
        acted, standing = everybody.acted[:, people], everybody.factual[:, people]
        inside = torch.minimum(torch.maximum(standing, everybody.box[0][:, people]), everybody.box[1][:, people])
        resting = torch.where(self.world.whole, inside.round(), inside) == standing
        reach = self.world.moving.after[:, self.world.moving.acted]
        return candidate_sets(acted, resting, reach, self.subsets)

    def _attempt(
        self, everybody: Rows, rows: Rows, starts: Tensor, descent: Descent, best: Incumbents, most: int, hold: Descent
    ) -> None:
        """Search from several starting points of each row, `(starts, actionable, rows)`."""
        rows = rows[_repeated(len(rows), len(starts), rows.person)]
        found = descent(rows, starts.transpose(0, 1).flatten(1))
        best.offer(rows, found)
        if bool(rows.whole.any()):
            self._round(everybody, rows, found, best, most, hold)

    def _round(self, everybody: Rows, rows: Rows, found: Found, best: Incumbents, most: int, hold: Descent) -> None:
        """Search again with whole-number features held at whole numbers around the relaxed solutions.

        The best relaxed solutions come first. Then come the others, as far as they may still be cheaper, together with
        moves along one whole number from the best action so far, or for whoever has none from the nearest miss.
        """
        some = rows.relaxed.nonzero()[:, 0]
        if not len(some):
            return
        some = some[distinct(rows[some], found.end[:, some], found.merit[some], most)]
        first = leading(rows.person[some], found.merit[some], _FIRST).sort().values
        later = torch.ones_like(some, dtype=torch.bool).index_fill(0, first, False).nonzero()[:, 0]
        here, tried = self._hold(everybody, [self._rounded(rows, found, some[first], best)], best, hold)
        whom = torch.zeros_like(best.cost, dtype=torch.bool).index_fill(0, rows.person[some], True)
        people = (whom & best.cost.isfinite()).nonzero()[:, 0]
        acting = everybody[people].acting(best.acted[:, people])
        again = [self._rounded(rows, found, some[later], best), _Held.of(acting, *moves(acting, best.y[:, people]))]
        lost = best.cost.isinf()[here.person].nonzero()[:, 0]
        if len(lost):
            nearest = lost[leading(here.person[lost], tried.merit[lost], 1)]
            missed = everybody[here.person[nearest]].acting(here.acted[:, nearest])
            again.append(_Held.of(missed, *moves(missed, tried.end[:, nearest])))
        self._hold(everybody, again, best, hold)

    def _rounded(self, rows: Rows, found: Found, some: Tensor, best: Incumbents) -> _Held:
        """Return whole numbers around some relaxed solutions, which cost no more than what they are rounded to."""
        some = some[found.merit[some] < best.cost[rows.person[some]]]
        here = rows[some]
        return _Held.of(here, *roundings(here, found.end[:, some]))

    def _hold(self, everybody: Rows, parts: list[_Held], best: Incumbents, hold: Descent) -> tuple[_Held, Found]:
        """Search from points whose whole numbers stay as they are, unless those alone cost too much already.

        Returns:
            What was searched, and what was found.
        """
        held = _Held(*(torch.cat(each, -1) for each in zip(*parts, strict=True)))
        fixed = paid(torch.where(self.world.whole, held.y, 0.0))
        left = (fixed < best.cost[held.person]).nonzero()[:, 0]
        held = _Held(held.person[left], held.acted[:, left], held.y[:, left])
        if not len(left):
            return held, Found(fixed[left], held.y, fixed[left], held.y)
        rows = everybody[held.person].acting(held.acted).holding(held.y)
        found = hold(rows, held.y)
        best.offer(rows, found)
        return held, found

    def _polish(self, everybody: Rows, best: Incumbents) -> None:
        people = best.found
        if not len(people):
            return
        rows = everybody[people].acting(best.acted[:, people])
        y = best.y[:, people]
        whole = bool(self.world.whole.any())
        rows = rows.holding(y) if whole else rows
        best.offer(rows, (POLISH_WHOLE if whole else POLISH)(rows, y))


def _repeated(rows: int, times: int, like: Tensor) -> Tensor:
    """Return the indices of rows, so many times one after the other."""
    return torch.arange(rows, device=like.device).repeat(times)


def eased(search: Search, request: Request) -> Recommendation:
    """Return the cheapest action found for each person that leaves the margin, or half, a quarter or none of it.

    Whoever finds an action with more of it is not asked about less.
    """
    answer = search(request)
    if not (search.world.margin and request.plausibility):
        return answer
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    for share in _EASED:
        left = (outcome == Outcome.NOT_FOUND.code).nonzero()[:, 0]
        if not len(left):
            break
        found = search.leaving(share * search.world.margin)(request[left])
        mask[left], values[left], outcome[left] = found.mask, found.values, found.outcome
    return answer
