"""Advises one person: asks solvers about every set of features, has the judge look, and tells what holds."""

from __future__ import annotations

__all__ = ["Adviser"]

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recourse_arena.advice.advising.alternatives import Action, feature_sets, menu_of
from recourse_arena.advice.advising.candidates import Candidates, Found
from recourse_arena.advice.advising.likeliness import Likeliness
from recourse_arena.advice.advising.panel import Panel
from recourse_arena.advice.advising.telling import Telling
from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.exhaustive import try_everything
from recourse_arena.advice.analysis.ranges import ranges
from recourse_arena.advice.analysis.relaxations import ways_out
from recourse_arena.advice.analysis.responsiveness import responsiveness
from recourse_arena.advice.analysis.steps import Steps
from recourse_arena.advice.content.order import AdviceOrder, Question
from recourse_arena.advice.content.seals import sealed
from recourse_arena.advice.content.told import Alternative, Asked, Certificate, GivenUp, Opening, Reason, Status, Told
from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import written
from recourse_arena.base.version import PROTOCOL, __version__
from recourse_arena.elicitation.interviews.wishes import Wishes, everything_possible
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.solving.describing import described_apart
from recourse_arena.execution.solving.limits import Limits
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.execution.solving.solver_process import Apart
from recourse_arena.execution.worker.fitted_dataset import FittedDataset
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.judging.fresh_noise import DRAWS
from recourse_arena.people.box import Box
from recourse_arena.people.features import Kind, Role
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.planning.plan import make_plan
from recourse_arena.planning.solver_card import cards_of
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.planning.tasks import ModelsTask
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.profile import profile
from recourse_arena.problem.request import Request
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import Failure

_OUTSIDER = -1
"""The number of a person who is in no split."""

_PREPARING = 3600.0
"""Seconds that a solver in a process of its own may take to be prepared; see `Panel.ask` for what it is asked."""


class Adviser:
    """Advises people on one dataset, one decision model and one seed.

    Arguments:
        order: Which ones, and who is asked.
        fitted: The people and models.
        panel: The solvers.
        prover: Who is asked for a proof.
        arithmetic: How numbers are rounded here.
    """

    def __init__(self, order: AdviceOrder, fitted: FittedDataset, panel: Panel, prover: Panel, arithmetic: str) -> None:
        self.order, self.fitted, self.panel, self.prover, self.arithmetic = order, fitted, panel, prover, arithmetic
        self.problem, self.judge = fitted.problem, fitted.judge
        steps, likeliness = Steps.of(self.problem), Likeliness.of(self.problem, self.judge)
        self.telling = Telling(self.problem, steps, likeliness)
        self.candidates = Candidates(self.judge, steps, likeliness)

    @classmethod
    def of(cls, order: AdviceOrder, progress: Progress, nursery: Nursery | None = None) -> Adviser:
        """Return the adviser that an order asks for; models are fitted where they are not kept.

        Arguments:
            order: The order.
            progress: Hears of each step.
            nursery: Where processes of solvers come from; without one, they work in this process.

        Raises:
            ArenaError: If names, options or files are wrong, or nobody can be asked.
        """
        registry = discover(no_plugins=order.no_plugins)
        dataset = order.dataset
        name = registry.hand_over(dataset) if isinstance(dataset, Dataset) else registry.named(dataset)
        limits = Limits(timeout=_PREPARING)
        apart = None if nursery is None else Apart(nursery, limits, order.pickles, order.path, registry)
        describe = cards_of(registry, order.objects) if apart is None else described_apart(apart, registry)
        handed = {*order.objects, *order.pickles}
        plan = make_plan(order.suite(name), registry, data=order.data, describe=describe, handed=handed)
        arithmetic = arithmetic_of(os.environ)
        graph = TaskGraph.of(plan, registry, data=order.data, arithmetic=arithmetic)
        for error in graph.broken.values():
            raise error
        fits = {task.cell.solver: task.solve.fit for task in graph.cells}
        unfit = {cell.solver: reason for cell, reason in graph.unfit.items()}
        if order.solvers and not set(order.solvers) & set(fits):
            raise ArenaError(f"nobody can be asked: {'; '.join(unfit.values())}")
        ours = all(card.built_in for card in plan.solvers.values())
        cache = ArtefactCache(order.cache) if ours else ArtefactCache.believing(order.cache)
        worker = LocalWorker(registry, order.data, cache, order.objects, apart=apart, held=len(fits) + 1)
        keys = ModelKeys.of(name, seed=order.seed, data=order.data, registry=registry, arithmetic=arithmetic)
        fitted = _fitted(worker, ModelsTask(name, order.seed, keys), progress)
        prover = fits.pop(order.prover, None)
        panel = Panel(worker, fits, {one: why for one, why in unfit.items() if one != order.prover})
        return cls(order, fitted, panel, Panel(worker, {order.prover: prover} if prover else {}), arithmetic)

    def about(self, person: dict[str, float]) -> Told:
        """Return what is known of a person before they are asked: their score, their limits, whether they are refused.

        Of someone who is refused the status is `not_found`: nobody was asked yet.
        """
        row = self._row(person)
        accepted = bool(self.problem.decisions.accepts(row)[0])
        everything = everything_possible(self.problem.features)
        question = Question(person, everything)
        return self._advice(question, self.case(question), Status.ACCEPTED if accepted else Status.NOT_FOUND)

    def advise(self, question: Question) -> Told:
        """Return advice for one person."""
        case = self.case(question)
        if self.problem.decisions.accepts(case.factual[None])[0]:
            return self._advice(question, case, Status.ACCEPTED)
        asked: dict[str, Asked] = {}
        actions = self._found(case, asked)
        if question.plausibility and not any(action.plausible for action in actions):
            anyway = self.case(replace(question, plausibility=False))
            actions = [*actions, *self._found(anyway, asked)]
        if actions:
            return self._with_best(question, case, actions, asked)
        return self._with_openings(question, case, asked)

    def close(self) -> None:
        """Let go of models, and end the processes of solvers."""
        self.panel.worker.close()

    def retold(self, question: Question, case: Case, status: Status, actions: Sequence[Action]) -> Told:
        """Return what is told where these actions were found, whoever found them."""
        if actions:
            return self._with_menu(question, case, actions, status, {})
        return self._advice(question, case, status)

    def proof_without_solvers(self, question: Question) -> str:
        """Return what proves that nothing leads to a yes, likely or not, without asking anybody; empty if nothing."""
        case = self.case(replace(question, plausibility=False))
        if not case.request.actionable.any():
            return "nothing can be acted on"
        tried = try_everything(case)
        return "every action tried" if tried is not None and tried.impossible else ""

    def _row(self, person: dict[str, float]) -> Tensor:
        row = torch.tensor([[person[name] for name in self.problem.features.names]], dtype=torch.float32)
        return self.problem.features.validate(row, what="person")

    def case(self, question: Question) -> Case:
        """Return one person with what they ask, before the judge."""
        request = self._request(question, [question.wishes])
        return Case(self.problem, self.judge, request)

    def _request(self, question: Question, wishes: Sequence[Wishes]) -> Request:
        """Return the request of one person under several wishes, a row each."""
        features = self.problem.features
        own = [one.actionability(features) for one in wishes]
        boxes = [one.box(features) for one in wishes]
        return self.problem.request(
            self._row(dict(question.person)).expand(len(wishes), -1),
            replace(own[0], scores=torch.cat([one.scores for one in own])),
            profile=profile(self.order.scenario.profile),
            box=Box(torch.cat([one.lower for one in boxes]), torch.cat([one.upper for one in boxes])),
            person=torch.full((len(wishes),), _OUTSIDER),
            plausibility=question.plausibility,
        )

    def _found(self, case: Case, asked: dict[str, Asked]) -> list[Action]:
        """Return the judged actions of one person, each solver asked about every set of features."""
        sets = feature_sets(case.request.actionable[0])
        if not sets:
            return []
        rows = case.repeated(len(sets))
        closed = replace(rows, actionability=rows.actionability.without(~torch.stack(sets)))
        return [action for _, action in self._ask(self.panel, closed, rows, asked)]

    def _ask(
        self, panel: Panel, request: Request, wanted: Request, asked: dict[str, Asked]
    ) -> list[tuple[int, Action]]:
        """Ask solvers a request, and return what the judge finds valid under what is `wanted`, with rows."""
        actions: list[tuple[int, Action]] = []
        for solver, advice in panel.ask(request):
            found = [Found(i, solver, advice.mask[i], advice.values[i]) for i in advice.solved.nonzero()[:, 0].tolist()]
            good = self.candidates.judged(wanted, found)
            before = asked.get(solver, Asked(solver))
            rows = len({row for row, _ in good})
            asked[solver] = Asked(solver, before.found + rows, before.asked + len(request))
            actions += good
        return actions

    def _with_best(self, question: Question, case: Case, actions: Sequence[Action], asked: dict[str, Asked]) -> Told:
        """Return advice with those actions that are as likely as asked for; with all of them where none is."""
        likely = [action for action in actions if action.plausible or not question.plausibility]
        status = Status.ADVICE if likely else Status.UNLIKELY
        return self._with_menu(question, case, likely or actions, status, asked)

    def _with_menu(
        self, question: Question, case: Case, actions: Sequence[Action], status: Status, asked: dict[str, Asked]
    ) -> Told:
        """Return advice with the best of some actions."""
        menu = menu_of(actions, question.alternatives)
        alternatives = []
        for action, strengths in zip(menu.actions, menu.strengths, strict=True):
            keeps = ranges(case, action.mask, action.values, self.candidates.steps)
            alternatives.append(self.telling.alternative(case, action, keeps, strengths))
        single = any(len(action.features) == 1 for action in actions)
        return self._advice(question, case, status, asked, alternatives=tuple(alternatives), single=single)

    def _with_openings(self, question: Question, case: Case, asked: dict[str, Asked]) -> Told:
        """Return what is known where nobody found anything: whether that is proved, and what would open a way."""
        proof, actions = self._proof(question, asked)
        if actions:
            return self._with_best(question, case, actions, asked)
        ways: dict[str, Alternative] = {}

        def solve(wishes: Sequence[Wishes]) -> list[bool]:
            request = self._request(question, wishes)
            best: dict[int, Action] = {}
            for row, action in self._ask(self.panel, request, request, {}):
                good = action.plausible or not question.plausibility
                if good and (row not in best or action.effort < best[row].effort):
                    best[row] = action
            for row, action in best.items():
                own = Case(self.problem, self.judge, request[row : row + 1])
                ways[str(wishes[row])] = self.telling.alternative(own, action)
            return [row in best for row in range(len(wishes))]

        row = self._row(dict(question.person))
        feasible = self.problem.box.directed(row, self.problem.features)
        opened = ways_out(question.wishes, feasible, self.problem.features, solve)
        openings = [
            Opening(tuple(GivenUp(one.feature, one.gives_up) for one in way.relaxations), ways[str(way.wishes)])
            for way in opened.ways
        ]
        status = Status.IMPOSSIBLE if proof else Status.NOT_FOUND
        return self._advice(question, case, status, asked, openings=tuple(openings), proof=proof)

    def _proof(self, question: Question, asked: dict[str, Asked]) -> tuple[str, list[Action]]:
        """Return what proves that nothing leads to a yes, likely or not; or the actions found on the way."""
        case = self.case(replace(question, plausibility=False))
        if proof := self.proof_without_solvers(question):
            return proof, []
        if (tried := try_everything(case)) is not None:
            assert tried.mask is not None
            assert tried.values is not None
            found = [Found(0, "every action tried", tried.mask, tried.values)]
            return "", [action for _, action in self.candidates.judged(case.request, found)]
        for solver, advice in self.prover.ask(case.request):
            if int(advice.outcome[0]) == Outcome.INFEASIBLE.code:
                return f"solver {solver}", []
            if advice.solved[0]:
                return "", [action for _, action in self._ask(self.prover, case.request, case.request, asked)]
        return "", []

    def _advice(
        self,
        question: Question,
        case: Case,
        status: Status,
        asked: dict[str, Asked] | None = None,
        proof: str = "",
        **parts: Any,
    ) -> Told:
        """Return advice with all that does not depend on what was found."""
        limits, closed = self._limits(question, case)
        reasons: tuple[Reason, ...] = ()
        if status is not Status.ACCEPTED and limits:
            found = [one for one in responsiveness(case) if not one.if_open]
            reasons = tuple(self.telling.reason(one) for one in sorted(found, key=lambda one: -(one.share or 0.0)))
        notes = {**self.panel.notes, **self.prover.notes}
        unheard = {name: Asked(name, note=note) for name, note in notes.items() if name not in (asked or {})}
        advice = Told(
            status,
            self.telling.features,
            self.telling.person(case.factual),
            self._certificate(question, proof),
            limits=limits,
            closed=closed,
            reasons=reasons,
            score=self.telling.score(case.factual),
            needed=self.telling.needed,
            usual=self._usual(case),
            draws=DRAWS if self.judge.fresh is not None else 0,
            asked=(*(asked or {}).values(), *unheard.values()),
            effects=str(self.fitted.identity["effects"]),
            answered=question.answered,
            **parts,
        )
        return sealed(advice)

    def _limits(self, question: Question, case: Case) -> tuple[dict[str, tuple[float, float] | None], dict[str, str]]:
        """Return the limits of what a person can act on, none for categories, and why they cannot act on the rest."""
        limits: dict[str, tuple[float, float] | None] = {}
        closed: dict[str, str] = {}
        box, open_ = case.request.box, case.request.actionable[0]
        for j, feature in enumerate(self.problem.features):
            if open_[j]:
                ends = float(box.lower[0, j]), float(box.upper[0, j])
                limits[feature.name] = None if feature.kind is Kind.CATEGORICAL else ends
            elif feature.role is Role.ACTIONABLE:
                closed[feature.name] = "limits" if question.wishes.possible(feature.name) else "said"
        return limits, closed

    def _usual(self, case: Case) -> float | None:
        likeliness = self.candidates.likeliness
        return likeliness.usual(float(likeliness.score(case.factual[None])[0]))

    def _certificate(self, question: Question, proof: str) -> Certificate:
        order = self.order
        return Certificate(
            dataset=self.fitted.name,
            seed=order.seed,
            models=dict(self.fitted.identity),
            arithmetic=self.arithmetic,
            package=__version__,
            protocol=PROTOCOL,
            person=dict(question.person),
            answers=question.said()["wishes"],
            profile=order.scenario.profile,
            plausibility=question.plausibility,
            solvers=tuple(self.panel.tasks),
            alternatives=question.alternatives,
            proof=proof,
            file=order.dataset if isinstance(order.dataset, str) and _is_file(order.dataset) else "",
        )


def _is_file(dataset: str) -> bool:
    return written(dataset)[0].endswith(".toml")


def _fitted(worker: LocalWorker, task: ModelsTask, progress: Progress) -> FittedDataset:
    """Return people and models, fitted where they are not kept."""
    progress.begin({task.key: task.rough_seconds})
    progress.step(task.key, task.label)
    came = worker.work(task, listener=lambda share, loss: progress.part(task.key, share, loss))
    progress.done(task.key)
    progress.end()
    if isinstance(came, Failure):
        raise ArenaError(came.reason)
    return worker.fitted(task)
