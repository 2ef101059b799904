"""The report of an audit on paper: printed to PDF by a real browser, all of it and every plot is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib

import pytest

from recourse_arena.auditing.page import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("no Chromium on this machine", allow_module_level=True)

GROUPS = 12


def share(value=0.5, people=100):
    return {"share": value, "low": value - 0.1, "high": value + 0.1, "count": int(value * people), "people": people}


def mean(value=0.05):
    return {"mean": value, "low": value / 2, "high": value * 2, "people": 50, "without": share(), "refused": share()}


def findings():
    """What an audit finds, with many groups and long words."""

    def groups(**said):
        rows = [
            {"group": f"a group with a rather long name {i}", "people": 30, "small": False, **said}
            for i in range(GROUPS)
        ]
        return [{"attribute": "status_and_sex", "groups": [*rows, {"group": "few", "people": 3, "small": True}]}]

    shares = {"helped": share(), "likely": share(0.4), "not_found": share(0.3), "proved": share(0.2)}
    levels = ("no limits", "typical limits", "strict limits")
    burdens = {"burden": mean(), "social": mean(), "social_deserving": mean()}
    case = {
        "title": "Helped", "rule": "a rule", "level": levels[1], "found": True, "result": "a way", "likely": True,
        "who": [{"feature": f"feature {i}", "value": "a level", "about": "in words"} for i in range(20)],
        "can_act_on": [{"feature": "income", "grade": "easy"}], "follows": [], "effort": 0.1,
        "acts": [{"feature": "income", "now": "1", "then": "2", "share": 1.0}], "scores": {"before": 0.4, "after": 0.6},
    }  # fmt: skip
    carded = {"refused": share(), "favourable": share(), "wrongly_refused": share()}
    return {
        "asked": {"dataset": "x", "people": 300, "seed": 0}, "version": "1",
        "about": {"dataset": "x", "summary": "", "people": 100},
        "card": {
            "model": "a network", "name": "relu", "trained_on": 100, "accuracy": share(), **carded, "asking": 50,
            "asked": 30, "asking_deserving": share(), "by_group": groups(**carded),
        },
        "no_proofs": "", "points": 33,
        "access": [{"level": name, "words": "words", **shares, "by_group": groups(**shares)} for name in levels],
        "burden": [{"level": name, "dearest": 1.0, **burdens, "by_group": groups(**burdens)} for name in levels],
        "lasting": {
            "models": 2, "disagree": [share(), share()], "same": False, "still_refused": [],
            "levels": [{"level": name, "each": [share(), share()], "all": share(), "mean": 0.5} for name in levels[:2]],
        },
        "responsiveness": [{"feature": f"feature_{i}", "able": share(), "value_share": 0.3} for i in range(9)],
        "cases": [case] * 5,
        "assumptions": {
            "effects": "none", "arrows": ["a to b"], "likely": "near", "effort": "Effort is effort.", "examples": ["a"],
            "changeable": [{"feature": "a", "about": "", "way": "either way"}], "fixed": ["b"],
        },
    }  # fmt: skip


def drawn(pdf):
    """Return the drawing instructions of a PDF, unpacked."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(found)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("printed")
    html = page(findings())
    (folder / "audit.html").write_text(html, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    command += ["--no-pdf-header-footer", f"--print-to-pdf={folder / 'audit.pdf'}", (folder / "audit.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return html, (folder / "audit.pdf").read_bytes()


def test_every_heading_and_every_plot_is_on_paper(printed):
    html, pdf = printed
    outline = pdf.count(b"/S /H2") + drawn(pdf).count(b"/S /H2")
    assert outline == html.count("<h2>") == 8
    figures = pdf.count(b"/S /Figure") + drawn(pdf).count(b"/S /Figure")
    assert figures >= html.count('class="bar"') > 100


def test_no_row_of_a_table_is_left_out(printed):
    html, pdf = printed
    rows = pdf.count(b"/S /TR") + drawn(pdf).count(b"/S /TR")
    assert rows >= html.count("<tr>")
    assert 6 <= len(re.findall(rb"/Type\s*/Page[^s]", pdf)) <= 40
