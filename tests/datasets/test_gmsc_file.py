"""GMSC's file: what is read, and what is refused with which words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from recourse_arena import ArenaError
from recourse_arena_gmsc import Gmsc, contents
from recourse_arena_gmsc.file import COLUMNS, read


def with_cell(text: str, line: int, name: str, value: str) -> str:
    """Return the file's text with another value in one cell; lines count from 1."""
    lines = text.split("\n")
    cells = lines[line - 1].split(",")
    cells[1 + COLUMNS.index(name)] = value
    lines[line - 1] = ",".join(cells)
    return "\n".join(lines)


def without_column(text: str, name: str) -> str:
    place = 1 + COLUMNS.index(name)
    return "\n".join(
        ",".join(cell for i, cell in enumerate(line.split(",")) if i != place) for line in text.split("\n")
    )


def quoted_header(text: str) -> str:
    header, rest = text.split("\n", 1)
    return ",".join(f'"{name}"' for name in header.split(",")) + "\n" + rest


VARIANTS: dict[str, Callable[[str], bytes]] = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "a quoted header": lambda text: quoted_header(text).encode(),
    "no last line end": lambda text: text.rstrip("\n").encode(),
    "empty lines at the end": lambda text: (text + "\n\n").encode(),
    "missing as empty cells": lambda text: text.replace(",NA,", ",,").encode(),
    "an index called Unnamed: 0": lambda text: ("Unnamed: 0" + text).encode(),
    "no index": lambda text: "\n".join(line.partition(",")[2] for line in text.split("\n")).encode(),
}


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_harmless_variants_of_the_file_are_read_alike(
    change: Callable[[str], bytes], kaggle: str, tmp_path: Path
) -> None:
    plain, variant = tmp_path / "plain.csv", tmp_path / "variant.csv"
    plain.write_text(kaggle)
    variant.write_bytes(change(kaggle))
    assert read(variant).equals(read(plain))


BAD_FILES: dict[str, tuple[Callable[[str], bytes], tuple[str, ...]]] = {
    "empty": (lambda text: b"", ("empty file",)),
    "blank": (lambda text: b"\n \n", ("empty file",)),
    "header only": (lambda text: text.split("\n")[0].encode(), ("at least 1,000 complete rows", "0 complete rows")),
    "almost no rows": (lambda text: "\n".join(text.split("\n")[:20]).encode(), ("at least 1,000 complete rows",)),
    "one label only": (
        lambda text: "\n".join(
            line for line in text.split("\n") if line.split(",")[1:2] != ["1"] or "Serious" in line
        ).encode(),
        ("with label 0 and with label 1", "0 with label 1"),
    ),
    "cut off after some fields": (
        lambda text: text[: text.rindex(",", 0, -20)].encode(),
        ("last line, 1,301", "cut off"),
    ),
    "cut off before the last field": (
        lambda text: text[: text.rindex(",") + 1].encode(),
        ("last line, 1,301", "cut off"),
    ),
    "cut off inside a missing value": (
        lambda text: (text[: text.rindex(",")] + ",N").encode(),
        ("last line, 1,301", "cut off"),
    ),
    "a short line inside": (
        lambda text: text.replace("\n7,", "\n", 1).encode(),
        ("line 8: expected 12 fields, got 11",),
    ),
    "a long line inside": (
        lambda text: text.replace("\n7,", "\n7,7,", 1).encode(),
        ("line 8: expected 12 fields, got 13",),
    ),
    "an empty line inside": (lambda text: text.replace("\n7,", "\n\n7,", 1).encode(), ("line 8",)),
    "a quote that never ends": (lambda text: text.replace("\n7,", '\n"7,', 1).encode(), ("expected 12 fields",)),
    "a quote that never ends in a long file": (
        lambda text: (text.replace("\n7,", '\n"7,', 1) + text * 3).encode(),
        ("expected 12 fields",),
    ),
    "a column missing": (
        lambda text: without_column(text, "DebtRatio").encode(),
        ("missing: DebtRatio", "found instead: nothing"),
    ),
    "a column renamed": (
        lambda text: text.replace("MonthlyIncome", "monthly_income").encode(),
        ("missing: MonthlyIncome", "found instead: 'monthly_income'", "rename 'monthly_income' to MonthlyIncome"),
    ),
    "a column twice": (
        lambda text: text.replace("MonthlyIncome", "age").replace(",age", ",MonthlyIncome,age", 1).encode(),
        ("more than one age",),
    ),
    "no header": (lambda text: text.split("\n", 1)[1].encode(), ("missing: SeriousDlqin2yrs", "found instead: '1'")),
    "a web page": (lambda text: b"<!DOCTYPE html>" + b"<p>,</p>" * 100_000, ("missing: SeriousDlqin2yrs",)),
    "semicolons": (lambda text: text.replace(",", ";").encode(), ("separated by commas", "semicolons")),
    "tabs": (lambda text: text.replace(",", "\t").encode(), ("separated by commas", "tabs")),
    "a word for a number": (
        lambda text: with_cell(text, 5, "MonthlyIncome", "much").encode(),
        ("line 5, column MonthlyIncome", "a number of at least 0", "'much'", "1 of 1,300 rows"),
    ),
    "NaN for a number": (
        lambda text: with_cell(text, 5, "MonthlyIncome", "NaN").encode(),
        ("line 5, column MonthlyIncome", "'NaN'"),
    ),
    "an infinite number": (
        lambda text: with_cell(text, 5, "DebtRatio", "inf").encode(),
        ("line 5, column DebtRatio", "'inf'"),
    ),
    "a negative number": (lambda text: with_cell(text, 5, "DebtRatio", "-1").encode(), ("line 5, column DebtRatio",)),
    "half a loan": (
        lambda text: with_cell(text, 5, "NumberRealEstateLoansOrLines", "1.5").encode(),
        ("line 5, column NumberRealEstateLoansOrLines", "a whole number", "'1.5'"),
    ),
    "zero bytes": (lambda text: with_cell(text, 5, "age", "\x00").encode(), ("line 5, column age",)),
    "label 2": (
        lambda text: with_cell(text, 1301, "SeriousDlqin2yrs", "2").encode(),
        ("line 1301, column SeriousDlqin2yrs", "0 or 1", "'2'"),
    ),
    "a label missing": (
        lambda text: with_cell(text, 9, "SeriousDlqin2yrs", "").encode(),
        ("line 9, column SeriousDlqin2yrs", "got nothing"),
    ),
    "Latin-1": (
        lambda text: with_cell(text, 5, "age", "ä").encode("latin-1"),
        ("line 5", "UTF-8", "0xe4"),
    ),
    "a zip archive": (lambda text: b"PK\x03\x04" + text.encode(), ("compressed", "unpack")),
}


@pytest.mark.parametrize(("change", "fragments"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_what_was_expected_and_what_came(
    change: Callable[[str], bytes], fragments: tuple[str, ...], data: Path, kaggle: str
) -> None:
    place = Gmsc().location(data)
    place.write_bytes(change(kaggle))
    for use in (Gmsc().verify, lambda data: Gmsc().splits(seed=0, data=data)):
        with pytest.raises(ArenaError) as caught:
            use(data)
        message = str(caught.value)
        assert str(place) in message
        assert len(message.splitlines()) <= 4
        assert [fragment for fragment in fragments if fragment not in message] == []


def test_the_file_without_labels_is_recognised(data: Path, kaggle: str) -> None:
    lines = kaggle.splitlines()
    unlabelled = [",".join([*line.split(",")[:1], "", *line.split(",")[2:]]) for line in lines[1:]]
    Gmsc().location(data).write_text("\n".join([lines[0], *unlabelled]) + "\n")
    with pytest.raises(ArenaError, match=r"cs-test\.csv has no labels"):
        Gmsc().verify(data)


@pytest.mark.parametrize("use", ["splits", "verify", "fingerprint"])
def test_a_missing_file_is_answered_with_how_to_get_it(use: str, tmp_path: Path) -> None:
    gmsc = Gmsc()
    calls = {
        "splits": lambda: gmsc.splits(seed=0, data=tmp_path),
        "verify": lambda: gmsc.verify(tmp_path),
        "fingerprint": lambda: gmsc.fingerprint(tmp_path),
    }
    with pytest.raises(ArenaError, match="found none") as caught:
        calls[use]()
    message = str(caught.value)
    assert message == gmsc.unavailable(tmp_path)
    assert str(tmp_path / "gmsc" / "cs-training.csv") in message
    assert "`recourse-arena data fetch gmsc`" in message
    assert "--from FILE" in message


def test_a_directory_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    Gmsc().location(tmp_path).mkdir(parents=True)
    with pytest.raises(ArenaError, match="found a directory"):
        Gmsc().splits(seed=0, data=tmp_path)
    with pytest.raises(ArenaError, match="found a directory"):
        read(Gmsc().location(tmp_path))


def test_a_present_file_is_available_and_its_fingerprint_follows_its_content(data: Path, kaggle: str) -> None:
    gmsc = Gmsc()
    before = gmsc.fingerprint(data)
    assert gmsc.unavailable(data) is None
    assert len(before) == 64
    gmsc.location(data).write_text(with_cell(kaggle, 2, "age", "44"))
    assert gmsc.fingerprint(data) != before


def test_verify_tells_the_counts_and_that_other_content_is_unknown(data: Path) -> None:
    said = Gmsc().verify(data)
    assert str(Gmsc().location(data)) in said
    assert Gmsc().fingerprint(data) in said
    assert "1,300 rows" in said
    assert said.endswith("unknown")


def test_verify_recognises_the_full_file_by_its_counts(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "PUBLIC", contents.Contents.of(read(Gmsc().location(data))))
    assert Gmsc().verify(data).endswith("the full public file")
