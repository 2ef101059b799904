"""What the page says of advice under changed models, and of validation people."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from boards import EVIL, Draft, keep_lasting

from recourse_arena.reporting.forms import render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.result import Result

LSQ = "quantized?method=lsq&bits=4"
CHANGES = {LSQ: ("lsq-4",), "retrained?models=2": ("retrained-1", "retrained-2")}
VALIDATION = "hard-2!validation-people"
SOLVERS = (
    "grid",
    "grid?margin_sd=0.1",
    "grid?margin_sd=0.5",
    "grid?lasting=quantized&lasting.method=lsq&lasting.bits=4",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("lasting") / "run"
    draft = Draft(people=80)
    for scenario in ("hard-2", VALIDATION):
        for place, solver in enumerate(SOLVERS):
            draft.solve(scenario, solver, 0.9 - 0.1 * place, cost=1 + 0.2 * place)
    draft.write(path)
    return keep_lasting(path, CHANGES, shares={"lsq-4": 0.99})


@pytest.fixture(scope="module")
def text(run):
    return render(Leaderboard.of([run]), "html")


def section(text, name):
    return re.search(f'<section id="{name}".*?</section>', text, re.S)[0]


def words(html):
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def rows(html, title):
    """Return the cells of the table below a heading, a list per row."""
    table = re.search(f"{re.escape(title)}.*?</table>", html, re.S)[0]
    return [[words(cell) for cell in re.findall("<t[hd].*?</t[hd]>", row, re.S)] for row in table.split("<tr")[1:]]


def test_it_says_first_that_lasting_advice_can_be_bought(text):
    said = words(section(text, "lasting"))
    assert said.startswith(
        "Does it last? Advice under changed decision models A model that simply accepts more people lets more advice"
        " last, whatever happened to it: a low VD can be bought."
    )


def test_tables_say_what_became_of_models_and_of_advice(text):
    found = section(text, "lasting")
    models = rows(found, "What became of the decision model")
    assert models[1] == ["as it was", "0.800", "0.500", "-", "-", "-", "-"]
    assert models[2] == [f"lsq-4 {LSQ}", "0.750", "0.625", "0.900", "0.100", "+0.25 sd 0.50", "4.50"]
    assert models[3][0] == "lsq-4, matched"
    solvers = rows(found, "Who has advice, and for whom it lasts")
    assert solvers[0] == ["solver", "attain.", "lasts under lsq-4", "lasts under retrained (2 models)"]
    assert [row[0] for row in solvers[3:]] == [
        "grid, margin of 0.1 sd",
        "grid, margin of 0.5 sd",
        "grid, told of lsq-4",
    ]
    drops = rows(found, "How much of valid advice is lost")
    assert drops[1][0].startswith("grid · hard-2: valid for ")
    summaries = [f"retrained, {name} 2" for name in ("all", "mean of", "worst of")]
    assert [row[0] for row in drops[2:6]] == ["lsq-4", *summaries]
    assert re.fullmatch(r"0\.\d{3} 0\.\d{3}.0\.\d{3}", drops[3][1])
    price = rows(found, "What it costs to last")
    assert price[2][0] == "grid, margin of 0.1 sd"
    margins = rows(found, "The margin that is enough")
    assert margins[2][:3] == ["grid", "lsq-4", "0.00 sd"]
    assert "none enough" in {row[2] for row in margins[2:]}


def test_validation_people_are_in_no_other_section(text):
    assert VALIDATION not in section(text, "lasting")
    assert VALIDATION not in section(text, "standings")
    assert f"town · {VALIDATION}" in section(text, "validation")
    data = json.loads(re.search('id="document">(.*?)</script>', text, re.S)[1])
    assert {row["scenario"] for row in data["rows"]} == {"hard-2"}
    assert [found["scenarios"] for found in data["datasets"]] == [["hard-2"]]
    assert {cell["scenario"] for panel in data["density"] for cell in panel["cells"]} == {"hard-2"}


def test_the_page_draws_the_price_of_lasting_over_margins(text):
    (curve,) = json.loads(re.search('id="document">(.*?)</script>', text, re.S)[1])["lasting"]
    assert (curve["dataset"], curve["scenario"], curve["solver"]) == ("town", "hard-2", "grid")
    assert [row["margin"] for row in curve["price"]] == [0, 0.1, 0.5]
    assert [row["ratio"] for row in curve["price"]] == pytest.approx([1, 1.2, 1.4], abs=1e-3)
    assert {row["change"] for row in curve["drops"]} == {"lsq-4", "retrained (2 models)"}
    assert len(curve["drops"]) == 6


def test_runs_without_changed_models_have_no_such_section(tmp_path):
    text = render(Draft(people=30).solve("hard-2", "grid", 0.5).board(tmp_path / "run"), "html")
    assert 'id="lasting"' not in text
    assert 'id="validation"' not in text


def test_two_runs_are_told_apart_and_read_under_the_names_of_their_files(run, tmp_path):
    Draft(people=80).solve("hard-2", SOLVERS[1], 0.5).write(tmp_path / "other")
    board = Leaderboard.of([run, keep_lasting(tmp_path / "other", {"same": ("same",)})], mix=True)
    found = section(render(board, "html"), "lasting")
    assert "<h3>town, run</h3>" in found
    assert "<h3>town, other</h3>" in found
    assert "[other]" not in found


def test_names_are_no_markup(tmp_path):
    path = tmp_path / "run"
    Draft(people=30).solve("hard-2", EVIL, 0.5).solve("hard-2", f"{EVIL}?margin_sd=1", 0.5).write(path)
    text = render(Leaderboard.of([keep_lasting(path, {EVIL: (EVIL,)})]), "html")
    assert "&lt;img" in section(text, "lasting")
    assert "<img" not in section(text, "lasting")


def test_a_table_of_other_people_is_not_shown(tmp_path):
    path = tmp_path / "run"
    Draft(people=30).solve("hard-2", "grid", 0.5).write(path)
    keep_lasting(path, CHANGES)
    Draft(people=31).solve("hard-2", "grid", 0.5).write(tmp_path / "new")
    (tmp_path / "new" / "people.parquet").replace(path / "people.parquet")
    assert 'id="lasting"' not in render(Leaderboard.of([Result.read(path)]), "html")


def test_a_run_of_validation_people_alone_makes_a_page(tmp_path):
    text = render(Draft(people=30).solve(VALIDATION, "grid", 0.5).board(tmp_path / "run"), "html")
    assert f"town · {VALIDATION}" in section(text, "validation")
