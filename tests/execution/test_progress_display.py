"""What a run tells while it runs, and how what solvers say of themselves gets there."""

from __future__ import annotations

import io
import math
import multiprocessing
import time

import pytest
import tiny
import torch

from recourse_arena import Scenario, api
from recourse_arena.execution import progress_display as progress
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.guard import progress_events as hearing
from recourse_arena.execution.guard.progress_events import Ear, throttled
from recourse_arena.execution.progress_display import LiveProgress, PlainProgress, progress_for
from recourse_arena.execution.worker.fitted_models import fitted_models
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.registry import discovery as plugins
from recourse_arena.storage.artefact_cache import ArtefactCache, _packed


class Parts(Progress):
    """Remembers the parts of steps, and the steps themselves."""

    def __init__(self):
        self.words, self.parts, self.over = {}, [], []

    def step(self, key, words):
        self.words[key] = words

    def part(self, key, share, loss=None):
        self.parts.append((self.words[key], share, loss))

    def done(self, key):
        self.over.append(self.words[key])


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(hearing, "time", clock)
    return clock


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self):
        return True


def test_a_log_has_a_line_per_step_and_now_and_then_one_in_between(clock):
    stream = io.StringIO()
    log = progress_for(stream)
    assert type(log) is PlainProgress
    log.begin({"models": 10.0, "fit": 30.0, "cell": 10.0}, cells=4, kept=2)
    log.step("models", "loan: models")
    clock.now += 10
    log.done("models")
    log.step("fit", "loan: learner prepares")
    clock.now += 2
    log.part("fit", 0.1, 0.75)  # too soon for a line
    clock.now += 23
    log.part("fit", 0.25, 0.5)
    log.step("other", "loan: top prepares")
    log.left("other")
    clock.now += 25
    log.done("fit")
    log.cell("failed")
    log.step("cell", "loan: learner under hard-1")
    assert stream.getvalue().splitlines() == [
        "2 of 4 cells are there already",
        "  0% 0:00  2/4 cells  loan: models",
        " 20% 0:10, about 0:40 left  2/4 cells  loan: learner prepares",
        " 29% 0:35, about 1:25 left  2/4 cells  loan: learner prepares, 25%, loss 0.5",
        " 29% 0:35, about 1:25 left  2/4 cells  loan: top prepares and 1 more",
        " 86% 1:00, about 0:10 left  3/4 cells, 1 failed  loan: learner under hard-1",
    ]


def test_a_terminal_has_one_line_with_cells_steps_and_the_loss():
    screen = Screen()
    live = progress_for(screen)
    assert type(live) is LiveProgress
    live.begin({"fit": 30.0, "other": 30.0}, cells=3)
    live.step("other", "loan: top prepares")
    live.step("fit", "loan: learner prepares")
    live.part("fit", 0.5, 0.25)
    live.part("unknown", 0.5, 9.0)
    live.cell("solved")
    live.say("noted something")
    for _ in range(1000):
        if "loss 0.25" in screen.getvalue():
            break
        time.sleep(0.02)
    live.end()
    shown = screen.getvalue()
    assert "1/3 cells  loan: learner prepares, 50%, loss 0.25 and 1 more" in shown
    assert "noted something\n" in shown


def test_a_run_from_python_tells_if_asked_to(arena, capsys):
    arena(scenarios=["hard-1"], people=5)
    assert capsys.readouterr().err == ""
    arena(scenarios=["hard-1"], people=5, progress=True)
    assert "2 cells  tiny: top under hard-1" in capsys.readouterr().err


def test_only_numbers_are_passed_on_and_not_more_often_than_can_be_read(clock):
    heard = []
    ear = Ear(lambda *said: heard.append(said))
    report = throttled(ear)
    for share, loss in (
        (0.1, torch.tensor(2.0, requires_grad=True)),
        ("much", None),
        (math.nan, None),
        (0.2, torch.ones(2)),
        (7, None),
        (-1, math.inf),
    ):
        report(share, loss)
        report(0.15, 3.0)  # at once: not passed on
        clock.now += 1
    ear.listener = None
    report(0.3)
    assert heard == [(0.1, 2.0), (1.0, None), (0.0, math.inf)]


def test_other_processes_that_a_solver_starts_are_not_heard():
    context = multiprocessing.get_context("fork")
    heard = context.Value("i", 0)

    def hears(share, loss):
        heard.value += 1

    report = throttled(Ear(hears))
    child = context.Process(target=report, args=(0.5,))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert heard.value == 0
    report(0.5)
    assert heard.value == 1


@pytest.mark.parametrize("where", [{"isolated": False}, {"jobs": 2}], ids=["here", "jobs"])
def test_the_training_loss_is_heard_from_wherever_a_solver_is_fitted(suite, tmp_path, where):
    parts, asked = Parts(), {"solvers": ["telling"], "scenarios": ["hard-1", "hard-2"], "people": 5}
    api.run(suite, progress=parts, cache=tmp_path / "empty", **asked, **where)
    assert ("tiny: telling prepares", 0.5, 0.125) in parts.parts
    assert ("tiny: telling under hard-1", 0.75, None) in parts.parts
    models = [loss for words, _, loss in parts.parts if words == "tiny: decision model and causal flow"]
    assert models
    assert all(math.isfinite(loss) for loss in models)
    assert sorted(parts.over) == sorted(parts.words.values())
    assert len(parts.over) == 4


def test_both_models_tell_how_far_they_are_each_half_of_the_work(tmp_path):
    told = []
    dataset, registry = tiny.Tiny(), plugins.discover()
    registry.datasets["tiny"] = tiny.Tiny
    keys = ModelKeys.of("tiny", seed=0, data=tmp_path, registry=registry, arithmetic="native")
    splits = dataset.splits(seed=0, data=tmp_path)
    before = torch.random.get_rng_state()
    fitted_models(
        dataset,
        registry.decision_of(dataset),
        splits,
        keys,
        seed=0,
        cache=ArtefactCache(None),
        report=lambda *said: told.append(said),
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    shares = [share for share, _ in told]
    epochs = dataset.decision.epochs, dataset.flow.epochs
    assert shares == [*((i + 1) / epochs[0] / 2 for i in range(epochs[0])), *shares[epochs[0] :]]
    assert shares[epochs[0] :] == [(1 + (i + 1) / epochs[1]) / 2 for i in range(epochs[1])]
    assert all(math.isfinite(loss.item()) for _, loss in told)


def test_fits_are_thought_to_take_as_long_as_such_fits_did(plugged, tmp_path):
    cache = ArtefactCache(tmp_path)
    assert cache.usual_seconds("solver-learner") is None
    for key, seconds in (("one", 1.0), ("two", 500.0), ("three", 6000.0)):
        cache.put("solver-learner", key, _packed({"w": torch.ones(1)}, key, seconds))
    (tmp_path / "solver-learner" / "not an artefact.safetensors").write_bytes(b"x")
    assert cache.usual_seconds("solver-learner") == 500.0
    assert ArtefactCache(None).usual_seconds("solver-learner") is None
    suite = Suite("small", "", (Block(("tiny",), (Scenario.parse("hard-1"),), ("learner",)),))
    assert 500 < api.preview(suite, cache=tmp_path, data=tmp_path).seconds < 600
