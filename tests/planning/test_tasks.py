"""Engines, queue and preview work with any kind of node, and know of none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from recourse_arena import Scenario
from recourse_arena.execution.engines.engine import Serial
from recourse_arena.execution.engines.messages import Reply, TaskFiles
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.engines.task_queue import TaskQueue
from recourse_arena.execution.preview import Preview, efforts, is_kept
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.planning.plan import Cell, make_plan
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.planning.tasks import FitTask, JudgeTask, ModelsTask, SolveTask, Task
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.artefact_cache import ArtefactCache, _packed
from recourse_arena.storage.task_result import Failure, FitResult

MODELS = ModelsTask("tiny", 0, ModelKeys("models", "c", "f", ""))
FIT = FitTask(MODELS, "top", (), "fit", trained=False, handed=False)
CELL = Cell("tiny", 0, "top", Scenario.parse("hard-1"), 5)
LOOKED: Counter[str] = Counter()


@dataclass(frozen=True)
class Change(Task):
    """A kind of node that nobody has heard of: it changes models and keeps what they become."""

    models: ModelsTask
    key: str = "change"

    rough_seconds = 7.0
    kind = "change"
    label = "tiny: models change"
    source = ("datasets", "tiny")

    @property
    def needs(self):
        LOOKED[self.key] += 1
        return (self.models,)

    @property
    def artefacts(self):
        return ((self.kind, self.key),)

    def heading(self, *, kept):
        return f"  change ({'kept' if kept else 'to make'})"


@dataclass(frozen=True)
class After(Change):
    """A node on top of one of that kind."""

    key: str = "after"
    artefacts = ()
    aside = "after"

    @property
    def needs(self):
        LOOKED[self.key] += 1
        return (Change(self.models),)

    def heading(self, *, kept):
        return ""


class Hands:
    """Answers, and remembers what it was told."""

    def __init__(self, failing=()):
        self.failing, self.told = failing, []

    def work(self, node, before=None, listener=None):
        self.told.append((node.key, before))
        return Failure(Outcome.FAILED, "trouble") if node.key in self.failing else FitResult(float(len(self.told)))

    def close(self):
        pass


class Future:
    def __init__(self, answer):
        self.status, self.answer = "finished", answer

    def result(self):
        return Reply(self.answer)


class Client:
    """A scheduler with so many workers that answers at once."""

    def __init__(self, workers=2):
        self.order, self.workers = [], workers

    def nthreads(self):
        return {f"worker {number}": 1 for number in range(self.workers)}

    def submit(self, work, node, token, parcel, *needed, pure):
        self.order.append((node, len(needed)))
        return Future(FitResult(0.0))


class Completed(list):
    add = list.append

    def __next__(self):
        return self.pop(0)


def run_through(nodes, known=MappingProxyType({}), workers=2):
    client = Client(workers)
    queue, finished = TaskQueue(client, Completed(), "token", nodes, lambda node: TaskFiles(), known), []
    while queue.waiting or queue.suspects or queue.running:
        queue.submit()
        finished.append(queue.finished()[0])
    return client.order, finished


def test_a_new_kind_of_node_is_worked_on_after_what_it_needs_and_hears_what_came_of_it():
    change, after, hands = Change(MODELS), After(MODELS), Hands()
    answers = dict(Serial(hands).run([MODELS, change, after], Progress()))
    assert hands.told == [("models", None), ("change", answers[MODELS]), ("after", answers[change])]


def test_a_node_of_a_new_kind_fails_with_what_it_needs():
    hands = Hands(failing=("models",))
    answers = dict(Serial(hands).run([MODELS, Change(MODELS), After(MODELS)], Progress()))
    assert [key for key, _ in hands.told] == ["models"]
    assert set(answers.values()) == {Failure(Outcome.FAILED, "trouble")}


def test_a_cell_hears_of_the_fit_it_rests_on_and_a_fit_of_its_models():
    hands = Hands()
    solve = SolveTask(FIT, CELL, "advice")
    judge = JudgeTask(solve, CELL, "cell")
    answers = dict(Serial(hands).run([MODELS, FIT, solve, judge], Progress()))
    assert hands.told == [
        ("models", None),
        ("fit", answers[MODELS]),
        ("advice", answers[FIT]),
        ("cell", answers[solve]),
    ]


def test_what_came_of_a_need_may_be_known_before():
    solve = SolveTask(FIT, CELL, "advice")
    judge, hands, kept = JudgeTask(solve, CELL, "cell"), Hands(), object()
    dict(Serial(hands).run([MODELS, judge], Progress(), {solve: kept}))
    assert hands.told == [("models", None), ("cell", kept)]
    order, finished = run_through([MODELS, judge], {solve: kept})
    assert (order, finished) == ([(MODELS, 0), (judge, 2)], [MODELS, judge])


def test_a_queue_hands_over_any_kind_of_node_with_what_it_needs():
    change, after = Change(MODELS), After(MODELS)
    order, finished = run_through([after, change, MODELS])
    assert order == [(MODELS, 0), (change, 1), (after, 1)]
    assert finished == [MODELS, change, after]


def test_a_queue_hands_over_what_others_need_first():
    cells = [SolveTask(FIT, Cell("tiny", 0, "top", Scenario(f"s-{i}"), 5), f"cell-{i}") for i in range(3)]
    change, after = Change(MODELS), After(MODELS)
    order, _ = run_through([MODELS, FIT, *cells, change, after])
    assert [node for node, _ in order[:3]] == [MODELS, FIT, change]


@pytest.mark.parametrize("solvers", [("top", "learner"), ("learner", "top")])
def test_first_rows_come_from_solvers_that_learn_nothing(plugged, tmp_path, solvers):
    scenarios, registry = tuple(map(Scenario.parse, ("hard-1", "hard-2"))), plugged()
    plan = make_plan(Suite("small", "", (Block(("tiny", "german"), scenarios, solvers, 5),)), registry, data=tmp_path)
    graph = TaskGraph.of(plan, registry, data=tmp_path, arithmetic="portable")
    serial = graph.needed(())
    for order in (serial, [task for task, _ in run_through(serial, workers=1)[0]]):
        for models in graph.models:
            ours = [task for task in order if isinstance(task, (FitTask, SolveTask)) and models in task.needs]
            assert [task.source[1] for task in ours] == ["top"] * 3 + ["learner"] * 3
    assert [task.dataset for task in serial if isinstance(task, ModelsTask)] == ["german", "tiny"]  # no flow to train
    assert [task.cell for task in graph.cells] == list(plan.cells)


def test_advice_is_let_go_once_it_is_judged_and_models_once_nothing_is_left():
    solves = [SolveTask(FIT, CELL, f"advice-{i}") for i in range(3)]
    tasks = [MODELS, FIT, *solves, *(JudgeTask(solve, CELL, f"cell-{i}") for i, solve in enumerate(solves))]
    client = Client()
    queue = TaskQueue(client, Completed(), "token", tasks, lambda task: TaskFiles(), {})
    held = []
    while queue.waiting or queue.suspects or queue.running:
        queue.submit()
        queue.finished()
        held.append({task.key for task in queue.replies})
    assert max(sum(key.startswith("advice") for key in keys) for keys in held) <= 2
    assert all({"models", "fit"} <= keys for keys in held[2:-1])
    assert "models" not in held[-1]


def test_advice_is_judged_as_soon_as_it_is_there():
    solves = [SolveTask(FIT, CELL, f"advice-{i}") for i in range(5)]
    judges = [JudgeTask(solve, CELL, f"cell-{i}") for i, solve in enumerate(solves)]
    order, _ = run_through([MODELS, FIT, *solves, *judges])
    keys = [task.key for task, _ in order]
    for i in range(5):
        assert keys.index(f"cell-{i}") - keys.index(f"advice-{i}") <= 4


@pytest.mark.parametrize("count", [50, 400])
def test_a_queue_looks_at_a_node_as_often_however_many_there_are(count):
    LOOKED.clear()
    changes = [Change(MODELS, f"change-{i}") for i in range(count)]
    _, finished = run_through([MODELS, *changes])
    assert len(finished) == count + 1
    assert max(LOOKED[node.key] for node in changes) <= 8


def test_a_preview_shows_any_kind_of_node_and_what_the_cache_holds_of_it(tmp_path):
    import torch

    change, after, cache = Change(MODELS), After(MODELS), ArtefactCache(tmp_path)
    nodes = [MODELS, change, after]

    def text():
        known = frozenset(node for node in nodes if is_kept(node, cache))
        return Preview(0, nodes, {}, {}, 1.0, known, 1).text()

    assert efforts(nodes, cache)[change] == 7.0
    assert "  change (to make): after\n" in text()
    cache.put("change", "other", _packed({"w": torch.ones(1)}, "other", 500.0))
    assert efforts(nodes, cache)[change] == 500.0
    cache.put("change", "change", _packed({"w": torch.ones(1)}, "change", 500.0))
    assert efforts(nodes, cache)[change] < 1
    assert "  change (kept): after\n" in text()


def test_only_what_the_cache_holds_counts_as_kept(tmp_path):
    cell = SolveTask(FIT, CELL, "cell")
    assert not any(is_kept(node, ArtefactCache(tmp_path)) for node in (MODELS, FIT, cell))
    assert not any(is_kept(node, ArtefactCache(None)) for node in (MODELS, FIT, cell))
