"""A board as a page and as Markdown: everything is there without a script, escaped, and stays small."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from made_boards import DraftBoard, large_board

from recourse_arena.board.page.badges import BADGES
from recourse_arena.board.page.page import board_page, write_page
from recourse_arena.board.page.scatter import Point, scatter
from recourse_arena.board.page.text import board_text
from recourse_arena.board.summary.pools import POOLS

EVIL = "<img src=x onerror=alert(1)>&|`*_[a](javascript:1)"


class Page(HTMLParser):
    """Text and elements of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)

    def with_attribute(self, tag, name):
        return [found[name] for kind, found in self.elements if kind == tag and name in found]


def some_board():
    draft = DraftBoard()
    for k in range(3):
        draft.cell("good", f"hard-{k}", 0.9, knows=["flow"], rerun=True).cell(
            "poor", f"hard-{k}", 0.3, cost=0.1, proved=0.5
        )
    draft.cell("poor", "hard-9", 0, outcome="failed", reason="it broke").cell(EVIL, "hard-1", 0.5)
    draft.cell(EVIL, "hard-8", 0, outcome="skipped", reason=EVIL)
    return draft.event("2026-11-01", "added", "good").event("2026-11-02", "added", EVIL)


@pytest.fixture(scope="module")
def html():
    return board_page(some_board().board(EVIL))


def test_everything_is_in_the_page_before_any_script_runs(html):
    page = Page(html)
    rows = [found for tag, found in page.elements if tag == "tr" and "data-name" in found]
    assert {row["data-name"] for row in rows} == {"good", "poor", EVIL}
    words = " ".join(page.text)
    for said in ("it broke", "2026-11-01: added good", "hard-9", *BADGES, *BADGES.values(), *POOLS):
        assert said in words
    assert "What the latest entries changed" in words
    assert "ranked on 3 of 5 contests" in words
    assert "1 failed" in words
    assert "proved 50 %" in words


def test_names_are_text_wherever_they_stand(html):
    page = Page(html)
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not [value for _, found in page.elements for name, value in found.items() if name.startswith("on")]
    assert EVIL in page.with_attribute("tr", "data-name")
    assert EVIL in page.with_attribute("circle", "data-name")


def test_the_page_asks_nobody_for_anything(html):
    page = Page(html)
    assert not page.with_attribute("script", "src") + page.with_attribute("link", "href")
    assert [link for link in page.with_attribute("a", "href") if not link.startswith("#")] == []
    assert "default-src 'none'" in html


def test_markdown_says_the_same_and_holds_no_markup_of_entries():
    text = board_text(some_board().board(EVIL))
    assert "<img" not in text
    for said in ("| good | flow | re-judged, re-run | 3 of 3", "poor: failed, it broke: loan, hard-9, seed 0"):
        assert said in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {14, 13}


def test_a_cell_without_people_is_shown_with_its_reason():
    draft = DraftBoard().cell("a", "hard-1", 0.5).cell("b", "hard-1", 0, outcome="failed", reason="out of memory")
    page = Page(board_page(draft.board()))
    assert page.text.count("out of memory") == 2  # in its contest, and among what failed
    assert "failed" in page.text


@pytest.mark.parametrize(
    "draft",
    [
        DraftBoard(),
        DraftBoard().cell("a", "hard-1", 0.5),
        DraftBoard().cell("a", "hard-1", 0, outcome="failed", reason="no"),
        DraftBoard().cell("a", "hard-1", 0.0, cost=None).cell("b", "hard-1", 0.0, cost=None, ms=0.0),
        DraftBoard().cell("a", "hard-1", 1.0, cost=0.0, ms=0.0).cell("b", "hard-1", 1.0, cost=0.0, ms=0.0),
    ],
    ids=["empty", "one entry", "nothing but a failure", "nobody helped", "free and at once"],
)
def test_boards_with_little_on_them_have_a_page_and_a_text(draft, tmp_path):
    board = write_page(draft.write(tmp_path))
    assert (tmp_path / "index.html").read_text() == board_page(board)
    assert (tmp_path / "BOARD.md").read_text() == board_text(board)


def test_the_same_board_has_the_same_bytes(html):
    assert board_page(some_board().board(EVIL)) == html


def test_sixty_entries_of_thirty_cells_make_a_page_under_eight_megabytes():
    sizes = [len(board_page(large_board(60, 1, contests, people=20, told=False).board())) for contests in (1, 2)]
    assert sizes[1] + 28 * (sizes[1] - sizes[0]) < 8_000_000  # it grows with contests, and is as large without any


def test_marks_stand_where_their_numbers_are():
    points = [
        Point(f"p{k}", "flow", 5, cost, share, 1.0, True, "") for k, (cost, share) in enumerate([(1, 0.2), (2, 0.8)])
    ]
    drawn = re.findall(r'cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', scatter(points, "a", "cost"))
    (left, low, _), (right, high, _) = [[float(number) for number in mark] for mark in drawn]
    assert left < right
    assert low > high  # the picture's y goes down
    assert scatter([], "a", "cost") == ""
