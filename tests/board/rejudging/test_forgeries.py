"""Whatever somebody changes in an entry, it is refused with its reason; an honest one is judged as it says."""

from __future__ import annotations

import pytest
from forgers import FORGERIES, changed_value, first

from recourse_arena import ArenaError, api
from recourse_arena.board.entries.entry import read_entry

FREE = "soft-linear!no-plausibility"


def again(forger, rejudge, path):
    return rejudge(read_entry(forger.write(path)))


@pytest.fixture(scope="module")
def verdict(home, rejudge):
    return rejudge(read_entry(home / "honest.entry"))


def test_an_honest_entry_is_judged_as_it_says_and_says_what_it_rests_on(verdict, home):
    run = api.load(home / "run")
    assert verdict["whole"]
    assert verdict["rows"] == len(run.people) == 180
    assert verdict["packages"]["same"]
    assert verdict["unclaimed"] == []
    assert verdict["badges"]["re-judged"]["rows"] == 180
    assert verdict["badges"]["re-run"] is None
    for cell, row in zip(verdict["cells"], run.summary.to_dict("records"), strict=True):
        assert (cell["scenario"], cell["solver"]) == (row["scenario"], row["solver"])
        for name in ("attainability", "validity", "coverage", "cost_mean", "solve_seconds"):
            assert cell[name] == pytest.approx(row[name], rel=1e-5), name
        assert cell["ms"] == pytest.approx(1000 * row["solve_seconds"] / row["people"], rel=1e-4)
    assert {tuple(cell["knows"]) for cell in verdict["cells"] if cell["solver"] == "top"} == {()}


def test_a_claim_to_have_proved_is_counted_as_far_as_others_could_refute_it(verdict, home):
    claimed = {cell["solver"]: cell["proved"] for cell in verdict["cells"] if cell["scenario"] == FREE}
    assert claimed["top"] is None
    assert claimed["growing-spheres"] is None
    assert claimed["boaster"]["optima"] > 0
    alarms = [a for a in api.load(home / "run").alarms if (a["certifier"], a["scenario"]) == ("boaster", FREE)]
    assert claimed["boaster"]["refuted"] == max(alarm["people"] for alarm in alarms) > 0
    assert claimed["boaster"]["held"] >= claimed["boaster"]["refuted"]
    assert "search behind a bound is not repeated" in verdict["badges"]["proved"]["words"]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.__name__)
def test_a_forgery_is_refused_with_its_reason(forgery, forger, rejudge, tmp_path):
    forgery(forger)
    with pytest.raises(ArenaError, match=FORGERIES[forgery]):
        again(forger, rejudge, tmp_path / "forged.entry")


def test_another_processor_is_none_of_the_judges_business(forger, rejudge, tmp_path, verdict):
    forger.said["provenance"] |= {"processor": "Another One 9000", "platform": "Elsewhere", "started": "", "jobs": 8}
    found = again(forger, rejudge, tmp_path / "other.entry")
    assert found["packages"]["same"]
    assert found["cells"] == verdict["cells"]


def test_other_packages_may_change_last_digits_and_nothing_more_and_the_verdict_says_so(forger, rejudge, tmp_path):
    packages = forger.said["provenance"]["packages"]
    here, packages["torch"] = packages["torch"], "1.0"
    row = first(forger)
    cost = forger.get(row, "cost")
    forger.set(row, cost=cost * (1 + 3e-6))
    found = again(forger, rejudge, tmp_path / "near.entry")
    assert not found["packages"]["same"]
    assert found["packages"]["differ"] == {"torch": ["1.0", here]}
    assert "torch 1.0 there" in found["packages"]["words"]
    assert found["packages"]["off"]["numbers"] == 1
    assert 1e-6 < found["packages"]["off"]["most"] < 1e-5
    far = forger.copy()
    far.set(row, cost=cost * (1 + 3e-5))
    with pytest.raises(ArenaError, match="column cost"):
        again(far, rejudge, tmp_path / "far.entry")
    changed_value(forger)
    with pytest.raises(ArenaError, match="entry says"):
        again(forger, rejudge, tmp_path / "changed.entry")
    forger.said["materials"][0]["flow"] = "1" * 24
    with pytest.raises(ArenaError, match=r"causal flow of tiny(.|\n)*torch 1.0 there"):
        again(forger, rejudge, tmp_path / "models.entry")


def test_the_last_bit_counts_where_packages_are_the_same(forger, rejudge, tmp_path):
    import numpy as np

    row = first(forger)
    forger.set(row, cost=float(np.nextafter(np.float32(forger.get(row, "cost")), np.float32(1))))
    with pytest.raises(ArenaError, match=r"column cost.*\(1 values of 1 rows differ\)"):
        again(forger, rejudge, tmp_path / "bit.entry")


def test_columns_of_which_an_entry_says_nothing_are_not_held_against_it(forger, rejudge, tmp_path, verdict):
    dropped = ["redrawn", "factual_income", "after_savings"]
    forger.people = forger.people.drop_columns(dropped)
    found = again(forger, rejudge, tmp_path / "less.entry")
    assert sorted(found["unclaimed"]) == sorted(dropped)
    assert found["cells"] == verdict["cells"]


def test_a_cell_without_rows_counts_as_it_ended(forger, rejudge, tmp_path):
    cell = forger.cell(solver="boaster", scenario="hard-1")
    rows = zip(*(forger.people[name].to_pylist() for name in ("solver", "scenario")), strict=True)
    forger.rows([i for i, row in enumerate(rows) if row != ("boaster", "hard-1")])
    cell |= {"outcome": "failed", "people": 0, "reason": "it broke"}
    found = {(c["solver"], c["scenario"]): c for c in again(forger, rejudge, tmp_path / "f.entry")["cells"]}
    failed = found["boaster", "hard-1"]
    assert (failed["outcome"], failed["reason"], failed["people"]) == ("failed", "it broke", 0)
    assert failed["attainability"] is None


def test_a_part_of_a_suite_that_one_can_choose_is_told_as_such(forger, rejudge, tmp_path):
    forger.said["cells"] = [cell for cell in forger.said["cells"] if cell["scenario"] == "hard-1"]
    forger.rows([i for i, word in enumerate(forger.people["scenario"].to_pylist()) if word == "hard-1"])
    assert not again(forger, rejudge, tmp_path / "part.entry")["whole"]


def test_processes_side_by_side_say_what_one_says(home, installed_judges, verdict):
    found = installed_judges(read_entry(home / "honest.entry"))
    assert found["cells"] == verdict["cells"]


@pytest.fixture
def installed_judges(home, tmp_path, monkeypatch):
    """Judges in two processes, which find the plugins as they are installed."""
    from recourse_arena.board.rejudging.judged_cells import Judging
    from recourse_arena.board.rejudging.verdict import Rejudge
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    metadata = tmp_path / "arena_board_tests-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: arena-board-tests\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[recourse_arena]\ntiny = tiny\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    return Rejudge(Judging(discover(), home, ArtefactCache(tmp_path / "cache")), home / "suites", jobs=2)
