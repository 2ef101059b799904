"""Suites of a user's own, as TOML."""

from __future__ import annotations

import gzip

import pytest

from recourse_arena import ArenaError
from recourse_arena.planning.suite_file import read_suite

GOOD = """
name = "mine"
seeds = [0, 1]
people = 50
datasets = ["loan"]
solvers = ["grid"]
scenarios = ["hard-2", "soft-linear@causal-order"]
"""


@pytest.fixture
def read(tmp_path):
    def reader(text):
        file = tmp_path / "suite.toml"
        file.write_text(text)
        return read_suite(file)

    return reader


def test_a_flat_file_is_one_block(read):
    suite = read(GOOD)
    assert (suite.name, suite.seeds, suite.blocks[0].people) == ("mine", (0, 1), 50)
    assert [scenario.name for scenario in suite.blocks[0].scenarios] == ["hard-2", "soft-linear@causal-order"]


def test_blocks_inherit_what_stands_at_the_top(read):
    suite = read('solvers = ["grid"]\n[[block]]\ndatasets = ["loan"]\nscenarios = ["hard-1"]\n'
                 '[[block]]\ndatasets = ["gmsc"]\nscenarios = ["hard-2"]\nsolvers = ["carma"]\n')  # fmt: skip
    assert [(block.datasets, block.solvers) for block in suite.blocks] == [
        (("loan",), ("grid",)),
        (("gmsc",), ("carma",)),
    ]
    assert suite.name == "suite"


def test_answers_of_real_people_make_a_scenario(read, tmp_path):
    (tmp_path / "scores.csv").write_text("income\n1\n")
    suite = read('datasets = ["loan"]\nsolvers = ["grid"]\n[answers.clinic]\nfile = "scores.csv"\nprofile = "convex"\n')
    (scenario,) = suite.blocks[0].scenarios
    assert (scenario.name, scenario.scheme, scenario.profile) == ("clinic", "likert", "convex")
    assert scenario.density == "flow"


def test_answers_of_real_people_may_ask_for_plausibility_under_the_true_model(read, tmp_path):
    (tmp_path / "scores.csv").write_text("income\n1\n")
    table = 'datasets = ["loan"]\nsolvers = ["grid"]\n[answers.clinic]\nfile = "scores.csv"\ndensity = '
    (scenario,) = read(table + '"scm"\n').blocks[0].scenarios
    assert scenario.density == "scm"
    with pytest.raises(ArenaError, match="unknown density in scenario 'clinic' 'true'. Known: flow, scm"):
        read(table + '"true"\n')
    with pytest.raises(ArenaError, match="take one of"):
        read(table + '"scm"\nplausibility = false\n')
    assert scenario.answers == str(tmp_path / "scores.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = mine", "suite.toml: expected TOML: Invalid value (at line 1"),
        ("nmae = 'x'", "unknown key 'nmae'. Did you mean 'name'"),
        (GOOD.replace("50", '"50"'), "people: expected a whole number, got '50'"),
        (GOOD.replace("50", "true"), "people: expected a whole number, got True"),
        (GOOD.replace("50", "0"), "people: expected a number from 1"),
        (GOOD.replace("[0, 1]", "[]"), "seeds: expected whole numbers"),
        (GOOD.replace("[0, 1]", "[-1]"), "seeds: expected whole numbers"),
        (GOOD.replace('["grid"]', "[]"), "solvers: expected a list of names"),
        (GOOD.replace('"hard-2"', '"hrad-2"'), "unknown scenario 'hrad-2'"),
        (GOOD.replace('"hard-2"', '"soft-liner"'), "unknown cost profile in scenario 'soft-liner' 'liner'"),
        (GOOD + "block = [1]", "block: expected a table, got 1"),
        (GOOD + "[answers.a]\nprofile = 'linear'", "answers.a: expected a key 'file'"),
        (GOOD + "[answers.a]\nfile = 'none.csv'", "answers.a: no file"),
        (GOOD + "[answers.a]\nfile = 'x'\nplausibilty = false", "answers.a: unknown key 'plausibilty'. Did you mean"),
        (GOOD + "[answers.a]\nfile = 3", "answers.a: file: expected a string, got 3"),
        (GOOD.replace("[0, 1]", "[123456789012345678901234]"), "seeds: expected whole numbers"),
        (GOOD.replace("[0, 1]", "[0.5]"), "seeds: expected whole numbers"),
        (GOOD.replace('["grid"]', '["grid", 3]'), "solvers: expected a list of names, got ['grid', 3]"),
        (GOOD.replace('["grid"]', '"grid"'), "solvers: expected a list, got 'grid'"),
        (GOOD + "[[block]]\npeople = 'all'", "block: people: expected a whole number, got 'all'"),
        (GOOD + "[[block]]\npeeple = 3", "block: unknown key 'peeple'. Did you mean 'people'"),
    ],
)
def test_a_malformed_file_is_one_clear_error(read, text, message):
    with pytest.raises(ArenaError) as caught:
        read(text)
    assert message in str(caught.value)


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(ArenaError, match="expected a readable suite"):
        read_suite(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode("utf-8-sig"),
        gzip.compress(GOOD.encode(), mtime=0),
    ],
    ids=["utf-8 with mark", "utf-16", "line ends of Windows", "old line ends", "gzip"],
)
def test_every_usual_encoding_says_the_same(tmp_path, content):
    file = tmp_path / "suite.toml"
    file.write_bytes(content)
    suite = read_suite(file)
    assert (suite.name, suite.seeds, suite.blocks[0].people) == ("mine", (0, 1), 50)


def test_what_is_no_text_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "suite.toml").write_bytes(GOOD.replace("mine", "m\u00fcde").encode("latin-1"))
    with pytest.raises(ArenaError, match="suite.toml:2: expected a readable suite in UTF-8, got the byte 0xfc; save"):
        read_suite(tmp_path / "suite.toml")


def test_answers_on_another_scale_have_their_own_labels(read, tmp_path):
    (tmp_path / "scores.csv").write_text("income\n1\n")
    table = 'datasets = ["loan"]\nsolvers = ["grid"]\n[answers.clinic]\nfile = "scores.csv"\n'
    (scenario,) = read(table + 'scheme = "likert?levels=3"\nlabels = ["easy", "so so", "hard"]\n').blocks[0].scenarios
    assert (scenario.scheme, scenario.labels) == ("likert?levels=3", ("easy", "so so", "hard"))
    with pytest.raises(ArenaError, match="answers.clinic: labels: expected a list"):
        read(table + 'labels = "easy"\n')
