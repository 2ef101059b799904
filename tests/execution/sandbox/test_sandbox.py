"""Solvers that crash, hang or eat memory cost their own cells only, on one job."""

from __future__ import annotations

import pandas as pd
import pytest
import tiny

from recourse_arena import ArenaError, Recommendation, Solver, api
from recourse_arena.execution.sandbox.sandbox import WorkerSetup
from recourse_arena.execution.solving.limits import Limits, parsed_memory
from recourse_arena.execution.solving.surroundings import computing


def outcomes(result):
    rows = result.summary.set_index(["solver", "scenario"])["outcome"]
    return {key: str(value) for key, value in rows.items()}


def reasons(result):
    return {(cell["solver"], cell["scenario"]): cell["reason"] for cell in result.info["cells"] if "reason" in cell}


def test_a_solver_that_hangs_costs_its_own_cell_only(suite, tmp_path):
    result = api.run(suite, solvers=["hangs"], scenarios=["hard-1", "soft-linear"], timeout=6, out=tmp_path / "run")
    assert outcomes(result) == {("hangs", "hard-1"): "timed_out", ("hangs", "soft-linear"): "solved"}
    assert "6 seconds" in reasons(result)["hangs", "hard-1"]
    assert result.info["provenance"]["timeout"] == 6
    assert result.info["cells"][0]["plugin"] == "faulty"


def test_a_solver_that_crashes_or_eats_memory_costs_its_own_cell_only(suite, tmp_path, capfd):
    solvers = ["exits", "segfaults", "hogs", "prints"]
    scenarios = ["hard-1", "soft-linear"]
    result = api.run(suite, solvers=solvers, scenarios=scenarios, timeout=120, memory="1.5GB", out=tmp_path / "run")
    found = outcomes(result)
    trouble = {(solver, "hard-1") for solver in solvers[:-1]}
    assert {key for key, outcome in found.items() if outcome != "solved"} == trouble
    assert {found[where] for where in trouble} == {"failed"}
    said = reasons(result)
    assert "exit status 3" in said["exits", "hard-1"]
    assert "SIGSEGV" in said["segfaults", "hard-1"]
    assert "1.5 GB are allowed" in said["hogs", "hard-1"]
    assert "chatter" not in capfd.readouterr().out
    cells = {(cell["solver"], cell["scenario"]): cell for cell in result.info["cells"]}
    assert {cells[where]["plugin"] for where in trouble} == {"faulty"}
    (note,) = cells["exits", "soft-linear"]["notes"]  # of a fit whose process is gone by now
    assert note["text"] == "fit touched PyTorch's global random generator; it was put back"


def test_a_process_of_its_own_gives_the_results_of_this_one_and_takes_solvers_handed_over(suite):
    class Half(tiny.Top):
        name = "half"

        def recommend(self, request):
            answer = super().recommend(request)
            if (request.person % 3 == 0).any():
                raise ValueError("not for them")
            return Recommendation.do(answer.mask, (answer.values + request.factual) / 2)

    options = {"solvers": ["learner", Half()], "scenarios": ["hard-2", "hard-1"], "people": 10}
    here, there = (api.run(suite, isolated=isolated, **options) for isolated in (False, True))
    pd.testing.assert_frame_equal(here.people, there.people)
    assert set(there.summary["outcome"]) == {"solved"}
    told = [[cell.get("notes", []) for cell in result.info["cells"]] for result in (here, there)]
    assert told[0] == told[1]
    assert "not for them" in str(told[0])


def test_plugins_that_are_blocked_here_are_blocked_in_other_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOURSE_ARENA_NO_PLUGINS", "other")
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")  # as Dask's nannies do
    setting = WorkerSetup.of(tmp_path, None, {}, ["faulty"])
    assert "MALLOC_TRIM_THRESHOLD_" not in computing(setting.no_plugins)
    assert computing(setting.no_plugins)["RECOURSE_ARENA_NO_PLUGINS"] == "faulty,other"
    monkeypatch.delenv("RECOURSE_ARENA_NO_PLUGINS")
    assert computing(setting.no_plugins)["RECOURSE_ARENA_NO_PLUGINS"] == "faulty,other"


def test_what_solvers_say_of_time_per_person_becomes_part_of_their_name(arena):
    class Patient(tiny.Top):
        name = "patient"
        time_option = "seconds"

    from recourse_arena.planning.plan import _limited
    from recourse_arena.planning.solver_card import SolverCard

    card = SolverCard.of(Patient())
    assert _limited("patient", card, 2.5) == "patient?seconds=2.5"
    assert _limited("patient?seconds=1", card, 2.5) == "patient?seconds=1"
    assert _limited("patient", card, None) == "patient"
    assert set(arena(solvers=["top"], person_timeout=3, people=5).summary["solver"]) == {"top"}


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1e9", "4XB", "four", "1..5G"])
def test_a_wrong_size_is_refused(text):
    with pytest.raises(ArenaError, match="expected a size such as 4GB"):
        parsed_memory(text)


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"timeout": float("nan")}, {"timeout": -1.0}, {"memory": 0}])
def test_wrong_limits_are_refused(wrong):
    with pytest.raises(ArenaError, match="expected"):
        Limits(**wrong)


class Remembers(Solver):
    """Keeps the least that each person was ever said to be able to do, and advises by that."""

    name = "remembers"

    def fit(self, problem, *, seed):
        self.seen = {}

    def recommend(self, request):
        mask = request.actionable.clone()
        for i, person in enumerate(request.factual.tolist()):
            mask[i] &= self.seen.get(tuple(person), mask[i])
            self.seen[tuple(person)] = mask[i].clone()
        return Recommendation.do(mask, request.box.upper)


def test_what_a_solver_was_told_in_truth_is_forgotten_before_the_next_policy(suite, tmp_path):
    alone, after = "hard-1!no-plausibility!asked-post-hoc", "hard-1!no-plausibility!asked-none"
    rounds = []
    for scenarios, isolated in (([alone], False), ([after, alone], True)):
        out = tmp_path / f"{isolated}"
        people = api.run(suite, solvers=[Remembers()], scenarios=scenarios, out=out, isolated=isolated).people
        rounds.append(people[people["scenario"] == alone]["rounds"].tolist())
    assert rounds[0] == rounds[1]
    assert max(rounds[0]) > 1
