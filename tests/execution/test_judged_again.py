"""Advice is kept by itself: what is judged again needs no solver."""

from __future__ import annotations

import pandas as pd
import pytest

from recourse_arena import api
from recourse_arena.planning import task_graph


@pytest.fixture
def ran(arena, tmp_path):
    """A finished run, and how to run it again."""

    def run(**options):
        return arena(out=tmp_path / "run", solvers=["top", "learner"], scenarios=["hard-2", "hard-1"], **options)

    return run(), run


def test_another_protocol_judges_what_is_kept_and_asks_no_solver(ran, monkeypatch):
    import tiny

    first, again = ran
    before = first.people

    def never(self, request):
        raise AssertionError("a solver was asked")

    monkeypatch.setattr(tiny.Top, "recommend", never)
    monkeypatch.setattr(tiny.Learner, "recommend", never)
    monkeypatch.setattr(task_graph, "PROTOCOL", 99)
    second = again()
    assert second.summary["outcome"].eq("solved").all()
    pd.testing.assert_frame_equal(second.people, before)
    keys = [{cell["key"] for cell in result.info["cells"]} for result in (first, second)]
    assert not keys[0] & keys[1]


def test_without_its_advice_a_cell_is_solved_again(ran, monkeypatch, tmp_path):
    import tiny

    _, again = ran
    asked = []
    recommend = tiny.Top.recommend
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, r: asked.append(len(r)) or recommend(self, r))
    monkeypatch.setattr(task_graph, "PROTOCOL", 99)
    for file in (tmp_path / "run" / "advice").glob("*.parquet"):
        file.write_bytes(b"nonsense")
    with pytest.warns(UserWarning, match="checksum"):
        again()
    assert asked


def test_a_preview_says_that_advice_is_only_judged(ran, plugged, tmp_path, monkeypatch):
    from recourse_arena import Scenario
    from recourse_arena.interfaces.suite import Block, Suite

    scenarios = tuple(map(Scenario.parse, ("hard-2", "hard-1", "soft-linear")))
    suite = Suite("small", "for tests", (Block(("tiny",), scenarios, ("top", "learner"), people=40),))
    choice = {"solvers": ["top", "learner"], "scenarios": ["hard-2", "hard-1"]}
    monkeypatch.setattr(task_graph, "PROTOCOL", 99)
    text = api.preview(suite, out=tmp_path / "run", **choice).text()
    assert "  top (advice kept): hard-2 is judged" in text
    assert "0 cells are there already, 4 would run" in text
