"""Who of a batch a solver raises for, found by asking about ever smaller halves of it."""

from __future__ import annotations

__all__ = ["Bisected", "bisected"]

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from recourse_arena.base.errors import NotApplicable, described
from recourse_arena.execution.guard.isolated_inputs import copied
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

_ALONE = 32
"""If it raises for so many people, each asked alone, and nobody has an answer yet, it raises for everybody."""

_SECONDS = 30.0
"""Longest time for the retries of one request. Who is in a half not asked by then counts as failed."""

_Piece = tuple[Request, Recommendation | None]


@dataclass(frozen=True)
class Bisected:
    """What is left of a request for which a solver raised.

    Arguments:
        recommendation: Everybody's recommendation; `failed` where it raises.
        people: How many failed.
        error: The first error of somebody asked alone, else that of everybody together.
        text: What happened, in a line.
    """

    recommendation: Recommendation
    people: int
    error: Exception
    text: str


def bisected(
    ask: Callable[[Request], Recommendation], request: Request, error: Exception, *, seconds: float = _SECONDS
) -> Bisected:
    """Ask about both halves of a request, and of each half for which the solver raises, down to single people.

    Arguments:
        ask: Asks the solver.
        request: The request for which it raised.
        error: What it raised.
        seconds: Longest time for all of it.

    Raises:
        NotApplicable: If the solver says of a part that it is not meant for it.
        Exception: What the solver raises, if it raises for everybody.
    """
    if len(request) <= 1:
        raise error
    pieces, alone, first = _pieces(ask, request, error, time.monotonic() + seconds)
    if all(answer is None for _, answer in pieces):
        raise first
    failed = sum(len(some) for some, answer in pieces if answer is None)
    text = f"recommend raised for {failed} of {len(request)} people: {described(first)}"
    if failed == 0:
        text = f"recommend raised for {len(request)} people together, but not for parts of them: {described(first)}"
    elif failed > alone:
        text += f"; {failed - alone} of them were not asked alone, for the retries took {seconds:g} s"
    return Bisected(_joined(pieces), failed, first, text)


def _pieces(
    ask: Callable[[Request], Recommendation], request: Request, error: Exception, until: float
) -> tuple[list[_Piece], int, Exception]:
    """Return the pieces in the order of people, how many people failed alone, and the first error to tell of."""
    pieces: list[_Piece] = []
    alone, answered, first = 0, False, error
    waiting = _halves(request)
    while waiting:
        some = waiting.pop()
        if time.monotonic() > until or (alone >= _ALONE and not answered):
            pieces.append((some, None))
            continue
        try:
            pieces.append((some, _kept(ask(some))))
            answered = True
        except NotApplicable:
            raise
        except Exception as raised:
            if len(some) > 1:
                waiting += _halves(some)
                continue
            first = raised if alone == 0 else first
            alone += 1
            pieces.append((some, None))
    return pieces, alone, first


def _halves(request: Request) -> list[Request]:
    """Return both halves, the first one last."""
    middle = len(request) // 2
    return [request[middle:], request[:middle]]


def _kept(answer: Recommendation) -> Recommendation:
    """Return a copy: the solver may fill the same tensors again for the next part."""
    return copied(answer)


def _joined(pieces: list[_Piece]) -> Recommendation:
    answers = [_nothing(some) if answer is None else answer for some, answer in pieces]
    bounds = [answer.lower_bound for answer in answers]
    proved = any(bound is not None for bound in bounds)
    unknown = [torch.full((len(answer),), torch.nan) for answer in answers]
    menu = next((answer.menu for answer in answers if answer.menu is not None), None)
    nobody = [torch.full((len(answer),), -1) for answer in answers]
    return Recommendation(
        torch.cat([answer.mask for answer in answers]),
        torch.cat([answer.values for answer in answers]),
        torch.cat([answer.outcome for answer in answers]),
        torch.cat([u if b is None else b for b, u in zip(bounds, unknown, strict=True)]) if proved else None,
        menu,
        None
        if menu is None
        else torch.cat([no if a.pick is None else a.pick for a, no in zip(answers, nobody, strict=True)]),
    )


def _nothing(request: Request) -> Recommendation:
    nobody = torch.zeros(len(request), dtype=torch.bool)
    return Recommendation.do(request.actionable, request.factual, found=nobody, otherwise=Outcome.FAILED)
