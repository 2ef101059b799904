"""The page as a file: complete, self-contained, and safe whatever names say."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from boards import EVIL, Draft

from recourse_arena.reporting.forms import render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.page import page as module
from recourse_arena.reporting.page.page import plotting_library

BREAKOUT = "</script><script>alert(2)</script>"
ALARM = {
    "dataset": "town",
    "scenario": "hard-2",
    "seed": 0,
    "solver": EVIL,
    "certifier": "<exact>",
    "kind": "below_lower_bound",
    "people": 1,
    "persons": [7],
}


class Elements(HTMLParser):
    """What a browser would make of a page: its tags, and the scripts it would run."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.blocks, self._inside = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = (self.blocks if dict(attrs).get("type") else self.scripts) if tag == "script" else None
        if self._inside is not None:
            self._inside.append("")

    def handle_data(self, data):
        if self._inside is not None:
            self._inside[-1] += data

    def handle_endtag(self, tag):
        self._inside = None


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """A page in which every name that comes from outside tries to run something, and cells fail in every way."""
    draft = (
        Draft().solve("hard-2", EVIL, 0.5).solve(BREAKOUT, "plain", 0.5).solve("hard-2", BREAKOUT, 0.4, dataset=EVIL)
    )
    draft.end("hard-2", "breaks", "failed", f"ValueError: {BREAKOUT}").end(
        "hard-2", "waits", "skipped", "needs a licence"
    )
    draft.end("hard-2", "silent", "solved")
    return render(draft.board(tmp_path_factory.mktemp("evil") / "run", alarms=[ALARM]), "html")


def test_no_name_becomes_an_element_or_a_script(evil):
    found = Elements(evil)
    assert "img" not in {tag for tag, _ in found.tags}
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert len(found.scripts) == 2
    assert not any("alert(" in script for script in found.scripts if script != plotting_library())


def test_names_are_whole_in_the_data(evil):
    (block,) = Elements(evil).blocks
    assert "<" not in block
    data = json.loads(block)
    assert {solver["name"] for solver in data["solvers"]} >= {EVIL, BREAKOUT}
    assert {found["name"] for found in data["datasets"]} == {"town", EVIL}


def test_the_browser_runs_only_the_two_scripts_of_the_page_and_asks_no_network(evil):
    found = Elements(evil)
    policy = next(a["content"] for tag, a in found.tags if a.get("http-equiv") == "Content-Security-Policy")
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    assert sorted(allowed) == sorted(b64encode(sha256(text.encode()).digest()).decode() for text in found.scripts)
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not any(attributes.get("src") or tag == "link" for tag, attributes in found.tags)


def test_failed_skipped_and_empty_cells_say_so(evil):
    assert "failed: ValueError: &lt;/script&gt;" in evil
    assert "skipped: needs a licence" in evil
    assert "nobody was asked" in evil
    assert "ALARM: town, hard-2, seed 0: &lt;img" in evil


def test_a_run_in_which_nothing_was_solved_makes_a_page(tmp_path):
    text = render(Draft().end("hard-2", "a", "failed", "it broke").board(tmp_path / "run"), "html")
    assert "failed: it broke" in text


def test_without_the_plotting_library_there_are_tables_and_a_word_on_what_to_install(tmp_path, monkeypatch):
    board = Draft().solve("hard-2", "a", 0.5).board(tmp_path / "run")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    monkeypatch.setattr(module, "plotting_library", plotting_library.__wrapped__)
    text = render(board, "html")
    assert "pip install &#39;recourse-arena[page]&#39;" in text or "pip install 'recourse-arena[page]'" in text
    assert "<table" in text
    assert len(text) < 300_000


def test_every_solver_tells_what_it_may_know_and_every_metric_what_it_is(tmp_path):
    board = Draft().solve("hard-2", "a", 0.5).board(tmp_path / "run")
    board.solvers["a"]["knows"] = []
    text = render(board, "html")
    assert '<span class="badge">black box</span>' in text
    assert all(metric["definition"].replace("`", "`") in text.replace("&#39;", "'") for metric in board.metrics[:5])


def test_a_written_page_links_to_the_files_of_its_runs(tmp_path):
    board = Leaderboard.of([Draft().solve("hard-2", "a", 0.5).write(tmp_path / "some run")])
    links = [
        a["href"] for tag, a in Elements(render(board, "html", at=tmp_path / "pages" / "all.html")).tags if tag == "a"
    ]
    assert "../some%20run/people.parquet" in links
    assert "../some%20run/run.json" in links


def test_the_same_run_gives_the_same_page(tmp_path):
    result = Draft().solve("hard-2", "a", 0.5).solve("hard-2", "b", 0.6).write(tmp_path / "run")
    assert render(Leaderboard.of([result]), "html") == render(Leaderboard.of([result]), "html")


def test_the_reference_leaderboard_is_that_of_the_reference_run():
    results = Path(__file__).parents[3] / "results"
    summary = pd.read_csv(results / "paper" / "summary.csv")
    lines = (results / "LEADERBOARD.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    heads = rows[0]
    shown = {
        (
            row[heads.index("scenario")],
            row[heads.index("solver")],
            row[heads.index("attain. ↑")].strip("*"),
            row[heads.index("people")],
        )
        for row in rows
    }
    for row in summary.itertuples():
        assert (row.scenario, row.solver, f"{row.attainability:.3f}", str(row.people)) in shown
    page = (results / "leaderboard.html").read_text(encoding="utf-8")
    (block,) = Elements(page).blocks
    assert len(json.loads(block)["rows"]) == len(summary)


def test_the_page_draws_the_ends_that_runs_write():
    from recourse_arena.problem.outcome import Outcome

    folder = Path(__file__).parents[3] / "benchmark" / "recourse_arena" / "reporting" / "page" / "templates"
    drawn = re.search(r"const OUTCOMES = (\[.*\]);", (folder / "script" / "overview.js").read_text())[1]
    for word in json.loads(drawn):
        assert word in set(Outcome)
        assert f".stack .{word} " in (folder / "style.css").read_text()


def test_the_page_says_what_scenarios_and_datasets_mean_and_renders_runs_that_do_not(tmp_path):
    said = {"dataset": "town", "seed": 0, "decision": "relu", "accuracy": 0.9, "effects": "flow", "cost": "l1"}
    board = Draft(people=30).solve("hard-2", "a", 0.5).board(tmp_path / "run")
    board.runs[0]["materials"] = [said]
    assert "each person may act on two features of their own choice" in render(board, "html")
    told = {
        "summary": "people of <a town>",
        "tested": 200,
        "refused": 0.25,
        "among": 150,
        "asking": 30,
        "split": "test",
    }
    board.runs[0]["materials"] = [said | told]
    shown = render(board, "html")
    assert "people of &lt;a town&gt;" in shown
    assert "right for 90.0 % of 200 test people, refuses 50 of them" in shown
    assert "30 of 150 test people are refused and may ask" in shown
