"""What a TOML file may say of a table: a mistake is one error with file and key, what was expected, what came."""

from __future__ import annotations

import json

import pytest
from own_tables import TOML, replaced, written

from recourse_arena import ArenaError, TableDataset
from recourse_arena.tables.declaration import read_declaration

INCOME = 'name = "income"\nkind = "integer"\nrole = "actionable"\n'
HOME = 'kind = "categorical"\nlevels = ["own", "rent"]\n'


def income(*lines: str) -> str:
    return replaced((INCOME, "\n".join((INCOME, *lines)) + "\n"))


def table(*lines: str) -> str:
    return replaced(("[table]\n", "\n".join(("[table]", *lines)) + "\n"))


def rule(*lines: str) -> str:
    return TOML + "\n".join(("[[rule]]", *lines)) + "\n"


def graph(*lines: str) -> str:
    return replaced((HOME, "")) + "\n".join(("[graph]", *lines)) + "\n"


def decision(*lines: str) -> str:
    return TOML + "\n".join(("[decision]", *lines)) + "\n"


MISTAKES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "no TOML": (TOML + "[[", ("expected TOML",)),
    "another encoding": (TOML.encode() + b"# \xfc", ("expected a readable dataset", "UTF-8")),
    "nothing": ("", ("expected a key 'label'",)),
    "unknown key": ('nmae = "x"\n' + TOML, ("unknown key 'nmae'", "'name'")),
    "unknown key of the table": (table('seperator = ","'), ("table:", "'seperator'", "'separator'")),
    "unknown key of the label": (
        replaced(("favourable", "favorable")),
        ("label:", "unknown key 'favorable'", "'favourable'"),
    ),
    "unknown key of a feature": (income('rol = "x"'), ("feature 1", "'rol'", "'role'")),
    "name that leads elsewhere": (replaced(('"own"\n', '"../x"\n')), ("name:", "expected 1 to 64", "'../x'")),
    "name with a space": (replaced(('"own"\n', '"my own"\n')), ("name:", "'my own'")),
    "name as a number": (replaced(('"own"\n', "3\n")), ("name: expected a string, got 3",)),
    "version as a number": ("version = 1\n" + TOML, ("version: expected a string, got 1",)),
    "unknown cost": ('cost = "grower"\n' + TOML, ("cost: expected one of", "gower", "'grower'")),
    "label that is none": ('label = "paid"\n' + TOML.split("[label]")[0], ("label: expected a table, got 'paid'",)),
    "label without a column": (replaced(('column = "paid"\n', "")), ("label: expected a key 'column'",)),
    "favourable as a number": (replaced(('"yes"', "1")), ("label: favourable: expected a string, got 1",)),
    "nothing favourable": (replaced(('"yes"', "[]")), ("label: favourable: expected at least one",)),
    "both favourable and not": (
        replaced(('favourable = "yes"', 'favourable = "yes"\nunfavourable = ["no", "yes"]')),
        ("label: favourable and unfavourable", "once", "'yes'"),
    ),
    "label among the features": (
        income('column = "paid"'),
        ("the label 'paid' is among the features", "given away"),
    ),
    "no feature": (TOML.split("[[feature]]")[0], ("expected at least one [[feature]]",)),
    "features as texts": (
        'feature = ["a"]\n' + TOML.split("[[feature]]")[0],
        ("feature 1: expected a table, got 'a'",),
    ),
    "feature without a name": (replaced(('name = "income"\n', "")), ("feature 1: expected a key 'name'",)),
    "feature with an empty name": (replaced(('"income"', '""')), ("feature 1: a feature needs a name",)),
    "feature with a name on two lines": (
        replaced(('"income"', '"in\\ncome"')),
        ("feature 1: name: expected at most 100 letters on one line", "'in\\ncome'", "`column`"),
    ),
    "feature with a long name": (replaced(('"income"', f'"{"i" * 101}"')), ("feature 1: name: expected at most 100",)),
    "feature twice": (replaced(('name = "debt"', 'name = "income"')), ("each once", "'income'")),
    "attribute called as a feature": (TOML + '[[attribute]]\nname = "debt"\n', ("features and attributes", "'debt'")),
    "attribute twice": (
        TOML + '[[attribute]]\nname = "x"\ncolumn = "age"\n' * 2,
        ("features and attributes", "'x'"),
    ),
    "unknown kind": (replaced((INCOME, INCOME.replace("integer", "int"))), ("feature 1: kind:", "ordinal", "'int'")),
    "unknown role": (replaced(('"immutable"', '"immutible"')), ("feature 4: role:", "'immutible'")),
    "unknown direction": (income('direction = "north"'), ("feature 1: direction: expected any, up or down",)),
    "bound as a text": (income('lower = "0"'), ("feature 1: lower: expected a number, got '0'",)),
    "bound that is no number": (income("lower = nan"), ("feature 1", "lower: expected a number, got nan")),
    "upper that is no number": (income("upper = nan"), ("feature 1", "upper: expected a number, got nan")),
    "lower without an end": (income("lower = inf"), ("lower: expected a number, got inf",)),
    "bound of 400 digits": (income(f"upper = 1{'0' * 400}"), ("feature 1: upper: expected a number",)),
    "bounds the wrong way": (income("lower = 5", "upper = 1"), ("'income'", "lower 5.0 is above upper 1.0")),
    "levels of a number": (income('levels = ["0", "1"]'), ("'income'", "kind integer has no named levels")),
    "levels as numbers": (replaced(('["own", "rent"]', "[0, 1]")), ("feature 3: levels: expected a list of texts",)),
    "categories without levels": (replaced(('levels = ["own", "rent"]\n', "")), ("'home'", "two levels or more")),
    "one level": (replaced(('["own", "rent"]', '["own"]')), ("'home'", "levels: expected two or more, got 'own'")),
    "three levels of two": (
        replaced((HOME, HOME.replace("categorical", "binary").replace('"rent"', '"rent", "free"'))),
        ("'home'", "a binary feature has two levels, got 3"),
    ),
    "level twice": (replaced(('["own", "rent"]', '["own", "own"]')), ("'home': levels: expected each once", "'own'")),
    "level with a space": (replaced(('["own", "rent"]', '["own", " rent"]')), ("'home': levels", "' rent'")),
    "too few names": (replaced((HOME, HOME + 'names = ["x"]\n')), ("'home'", "a name for each of 2 levels, got 1")),
    "name of levels twice": (replaced((HOME, HOME + 'names = ["x", "x"]\n')), ("'home': names", "'x'")),
    "bounds of levels": (replaced((HOME, HOME + "lower = 1\n")), ("'home': lower: levels have no bounds",)),
    "direction of categories": (
        replaced((HOME, HOME + 'direction = "up"\n')),
        ("'home'", "categories have no order"),
    ),
    "replacement as a number": (income('replace = { "1" = 2 }'), ("feature 1: replace: expected a string",)),
    "sensitive as a text": (income('sensitive = "yes"'), ("feature 1: sensitive: expected true or false, got 'yes'",)),
    "rule about an unknown feature": (
        rule("terms = { incom = 1, debt = -1 }"),
        ("unknown feature in rule 1 'incom'", "'income'"),
    ),
    "rule about an unknown level": (
        rule('when = { home = "rentt" }', 'then = { income = "1" }'),
        ("rule 1: unknown level of 'home' 'rentt'", "'rent'"),
    ),
    "rule about levels of a number": (
        rule('when = { home = "rent" }', 'then = { income = "1" }'),
        ("rule 1: 'income' has no levels", "`terms`"),
    ),
    "rule about codes": (rule("terms = { home = 1 }"), ("'home' is categorical", "cannot be summed")),
    "rule about one feature": (
        rule('when = { home = "rent" }', 'then = { home = "own" }'),
        ("rule 1", "two features"),
    ),
    "rule of nothing": (rule(), ("rule 1: expected `terms` and `limit`", "`when` and `then`")),
    "rule of no levels": (rule("when = { home = [] }", "then = { income = [] }"), ("rule 1: 'income' has no levels",)),
    "rule of both sorts": (rule("terms = { debt = 1 }", 'when = { home = "own" }'), ("rule 1: expected `terms`",)),
    "rule with a factor as a text": (rule('terms = { debt = "1" }'), ("rule 1: terms: debt: expected a number",)),
    "rule with a factor of 0": (rule("terms = { debt = 0 }"), ("rule 1", "factors other than 0")),
    "rule without an end": (rule("terms = { debt = 1 }", "limit = inf"), ("rule 1", "all of them numbers")),
    "rule with levels as numbers": (
        rule("when = { home = 1 }", "then = { income = 2 }"),
        ("rule 1: home: expected a text or a list of texts, got 1",),
    ),
    "rule as a table": (TOML + "[rule]\nterms = { debt = 1 }\n", ("rule: expected a list",)),
    "graph with a cycle": (graph('debt = ["income"]', 'income = ["debt"]'), ("has a cycle: income -> debt -> income",)),
    "graph that leads to itself": (graph('debt = ["debt"]'), ("has a cycle: debt -> debt",)),
    "graph about an unknown feature": (graph('debt = ["incom"]'), ("causal graph 'incom'", "'income'")),
    "graph of numbers": (graph("debt = [1]"), ("graph: debt: expected a text or a list of texts, got [1]",)),
    "graph that moves what is immutable": (
        graph('debt = ["income"]', 'age = ["debt"]'),
        ("'age' is immutable", "follow from 'income'", "take the arrow out"),
    ),
    "graph with categories": (TOML + '[graph]\ndebt = ["income"]\n', ("'home' is categorical", "leave the graph out")),
    "shares that do not sum to 1": (TOML + "[split]\ntrain = 0.5\n", ("split: expected shares", "sum to 1, got 0.9")),
    "share of everybody": (TOML + "[split]\ntrain = 1.0\n", ("split: train: expected a share above 0 and below 1",)),
    "share below nobody": (TOML + "[split]\ntest = -0.1\n", ("split: test: expected a share above 0 and below 1",)),
    "share as a text": (TOML + '[split]\ntest = "all"\n', ("split: test: expected a number, got 'all'",)),
    "split that is none": ("split = 0\n" + TOML, ("split: expected a table, got 0",)),
    "no table": (
        replaced(('[table]\nfile = "own.csv"\nduplicates = "keep"\n', "")),
        ("table: expected a key 'file'",),
    ),
    "table that is none": (
        'table = ""\n' + replaced(('[table]\nfile = "own.csv"\nduplicates = "keep"\n', "")),
        ("table: expected a table, got ''",),
    ),
    "no file": (replaced(('file = "own.csv"', 'file = ""')), ("table: expected a key 'file'",)),
    "file as a number": (replaced(('file = "own.csv"', "file = 3")), ("table: file: expected a string, got 3",)),
    "file twice": (replaced(('"own.csv"', '["own.csv", "own.csv"]')), ("table: file: expected each once", "'own.csv'")),
    "file with a zero byte": (replaced(("own.csv", "ow\\u0000n")), ("table: file: expected the path",)),
    "file with a long name": (replaced(("own.csv", "o" * 300)), ("table: file: expected the path",)),
    "two signs between cells": (table('separator = "||"'), ("table: separator: expected one character", "'||'")),
    "a line end between cells": (table('separator = "\\n"'), ("table: separator: expected one character",)),
    "a digit before decimals": (table('decimal = "5"'), ("table: decimal: expected '.' or ','", "'5'")),
    "one sign for both": (table('separator = ","', 'decimal = ","'), ("separator and decimal are both ','",)),
    "header of another type": (table('header = "no"'), ("table: header: expected true or false, got 'no'",)),
    "no names of columns": (table("header = false"), ("table: expected `columns`",)),
    "names of columns twice over": (table('columns = ["a"]'), ("table: columns are named by the header",)),
    "missing as a text": (table('missing = "NA"'), ("table: missing: expected a list, got 'NA'",)),
    "unknown word for duplicates": (replaced(('"keep"', '"lose"')), ("table: duplicates: expected refuse, keep or",)),
    "decision without a model": (decision("trees = 3"), ("decision: expected a key 'model'",)),
    "decision as a text": ('decision = "forest"\n' + TOML, ("decision: expected a table, got 'forest'",)),
    "decision with a list": (
        decision('model = "forest"', "trees = [3]"),
        ("decision: trees: expected a text, a number, true or false, got [3]",),
    ),
    "model without a file": (decision('model = "onnx"'), ("decision: file: expected the path of an ONNX file",)),
    "model in a file that is missing": (
        decision('model = "onnx"', 'file = "nope.onnx"'),
        ("decision: expected an ONNX file at", "nope.onnx, found none"),
    ),
    "source without a file": (TOML + '[[source]]\nurl = "x"\n', ("source 1: expected a key 'file'",)),
    "nobody can act": (TOML.replace('"actionable"', '"mutable"'), ("role = ", "nobody could act")),
}


@pytest.mark.parametrize(("toml", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_error_with_the_file_and_what_was_expected(toml, words, tmp_path):
    path = written(tmp_path, toml)
    with pytest.raises(ArenaError) as raised:
        TableDataset.at(path)
    message = str(raised.value)
    assert str(path) in message
    assert message.count(str(path)) == 1
    for word in words:
        assert word in message
    assert "`float`" not in message
    assert "np.str_" not in message


@pytest.mark.parametrize(
    "model", ['model = "frest"', 'model = "forest"\ntres = 3', 'model = "forest"\ntrees = -1', 'model = "forest?a=1"']
)
def test_an_unknown_decision_model_or_option_is_an_error_where_the_file_is_named(model, tmp_path):
    from recourse_arena.registry.discovery import discover

    path = written(tmp_path, decision(model))
    with pytest.raises(ArenaError, match="decision: .*(forest|trees)"):
        discover().named(str(path))


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path):
    with pytest.raises(ArenaError, match="expected a readable dataset"):
        read_declaration(tmp_path / "none.toml")
    with pytest.raises(ArenaError, match="expected a readable dataset"):
        read_declaration(tmp_path)


def test_what_is_said_is_what_is_read(tmp_path):
    said = read_declaration(
        written(
            tmp_path,
            'summary = "two\\nlines"\nversion = "7"\ncost = "l1"\n'
            + table('missing = ["?"]')
            + '[[attribute]]\nname = "years"\ncolumn = "age"\n'
            + "[split]\ntrain = 0.5\nvalidation = 0.25\ntest = 0.25\n"
            + '[[rule]]\nterms = { debt = 2, income = -1 }\nlimit = 3\n[decision]\nmodel = "forest"\ntrees = 7\n',
        )
    )
    assert (said.name, said.version, said.summary, said.cost) == ("own", "7", "two lines", "l1")
    assert said.features.names == ("income", "debt", "home", "age")
    assert [str(rule) for rule in said.features.rules] == ["2 debt - income <= 3"]
    assert [column.name for column in said.attributes] == ["years"]
    assert said.shares == (0.5, 0.25, 0.25)
    assert said.decision == "forest?trees=7"
    assert said.table.missing == ("?",)


def test_a_file_without_a_name_is_called_as_its_file(tmp_path):
    assert TableDataset.at(written(tmp_path, replaced(('name = "own"\n', "")))).name == "own"


def test_the_version_of_ones_own_follows_what_is_declared_and_not_where_it_lies(tmp_path):
    one, elsewhere = (TableDataset.at(written(tmp_path / place)).version for place in ("a", "b"))
    other = TableDataset.at(written(tmp_path / "c", income("lower = 0"))).version
    assert one == elsewhere != other


def test_a_unit_is_for_people_alone(tmp_path):
    plain, other = (
        TableDataset.at(written(tmp_path / "a")),
        TableDataset.at(written(tmp_path / "b", income('unit = "DM"'))),
    )
    assert other.features["income"].unit == "DM"
    assert plain.version == other.version
    assert "unit=" not in repr(plain.declaration)
    for unit in (" DM", "a\nb", "x" * 101):
        with pytest.raises(ArenaError, match="feature 'income': unit: expected at most 100 letters on one line"):
            TableDataset.at(written(tmp_path / "c", income(f"unit = {json.dumps(unit)}")))


def test_a_rule_between_levels_is_kept_as_it_is_written(tmp_path):
    toml = (
        replaced((INCOME, 'name = "income"\nkind = "ordinal"\nrole = "actionable"\nlevels = ["low", "high"]\n'))
        + '[[rule]]\nwhen = { home = "own" }\nthen = { income = ["high"] }\n'
    )
    (rule,) = read_declaration(written(tmp_path, toml)).features.rules
    assert str(rule) == "home own asks for income high"
    assert (rule.levels, rule.allowed) == ((0,), (1,))


def test_names_that_look_odd_are_names(tmp_path):
    said = read_declaration(written(tmp_path, replaced(('name = "income"', "name = \"größe = 年, 'x'\""))))
    assert said.features.names[0] == "größe = 年, 'x'"


def test_the_column_without_a_name_can_be_a_feature(tmp_path):
    said = read_declaration(written(tmp_path, income('column = ""')))
    assert said.columns[0].source == ""
