"""CSV files as people write them: usual ones are read alike, and what is wrong is said with file, line and column."""

from __future__ import annotations

import gzip

import pytest
import torch
from own_tables import COLUMNS, ROWS, TOML, csv_text, replaced, with_row, written

from recourse_arena import ArenaError, TableDataset

DECIMAL = replaced(("[table]\n", '[table]\ndecimal = ","\n'))
COMMAS = csv_text([(a, str(b).replace(".", ","), *rest) for a, b, *rest in ROWS], separator=";")

ALIKE: dict[str, tuple[str, str | bytes]] = {
    "byte order mark": (TOML, csv_text().encode("utf-8-sig")),
    "UTF-16": (TOML, csv_text().encode("utf-16")),
    "packed": (TOML, gzip.compress(csv_text().encode())),
    "line ends of Windows": (TOML, csv_text().replace("\n", "\r\n")),
    "line ends of old Macs": (TOML, csv_text().replace("\n", "\r")),
    "no last line end": (TOML, csv_text().rstrip("\n")),
    "empty lines": (TOML, "\n\n" + csv_text().replace("\n", "\n\n") + ",,,,\n"),
    "semicolons": (TOML, csv_text(separator=";")),
    "tabs": (TOML, csv_text(separator="\t")),
    "bars": (replaced(("[table]\n", '[table]\nseparator = "|"\n')), csv_text(separator="|")),
    "spaces": (replaced(("[table]\n", '[table]\nseparator = " "\n')), csv_text(separator="   ")),
    "decimal commas": (DECIMAL, COMMAS),
    "decimal commas in quotes": (
        DECIMAL,
        csv_text([(a, '"' + str(b).replace(".", ",") + '"', *rest) for a, b, *rest in ROWS]),
    ),
    "comments": (replaced(("[table]\n", '[table]\ncomment = "#"\n')), "# people\n" + csv_text() + "# the end\n"),
    "spaces around": (TOML, csv_text(separator=" , ")),
    "quotes": (TOML, csv_text([[f'"{cell}"' for cell in row] for row in ROWS])),
    "exponents": (TOML, csv_text([(f"{a / 100}e2", f"+{b}", *rest) for a, b, *rest in ROWS])),
    "other columns": (TOML, csv_text([("p", *row, "") for row in ROWS], columns=("", *COLUMNS, "x"))),
    "a thousand columns": (
        TOML,
        csv_text(
            [(*row, *range(1000)) for row in ROWS],
            columns=(*COLUMNS, *(f"k{i}" for i in range(1000))),
        ),
    ),
    "no header": (
        replaced(("[table]\n", '[table]\nheader = false\ncolumns = ["income", "debt", "home", "age", "paid"]\n')),
        csv_text().split("\n", 1)[1],
    ),
}


def everybody(path):
    dataset = TableDataset.at(path)
    split = dataset.splits(seed=0, data=path.parent).recourse
    return torch.cat([part.x for part in (split.train, split.validation, split.test)])


@pytest.mark.parametrize(("toml", "table"), ALIKE.values(), ids=ALIKE)
def test_the_same_people_are_read_however_the_file_is_written(toml, table, tmp_path):
    plain = everybody(written(tmp_path / "plain"))
    assert len(plain) == len(ROWS)
    assert torch.equal(everybody(written(tmp_path / "other", toml, table)), plain)


def bounded(bounds: str) -> str:
    return replaced(('name = "income"\n', f'name = "income"\n{bounds}\n'))


BAD: dict[str, tuple[str, str | bytes, tuple[str, ...]]] = {
    "empty": (TOML, "\n", ("own.csv: expected a table with a header, got an empty file",)),
    "header only": (TOML, csv_text([]), ("own.csv: expected people, got no rows below the header",)),
    "another encoding": (TOML, with_row(home="\xfc").encode("latin-1"), ("own.csv:62", "byte 0xfc", "UTF-8")),
    "half a packed file": (TOML, gzip.compress(csv_text().encode())[:60], ("own.csv: expected a readable CSV file",)),
    "a spreadsheet": (TOML, b"PK\x03\x04 and more", ("own.csv", "a spreadsheet", "CSV")),
    "zero bytes": (TOML, csv_text().encode("utf-16-le"), ("own.csv", "zero bytes")),
    "wrong column": (
        replaced(('name = "income"', 'name = "incom"')),
        csv_text(),
        ("own.csv: expected a column 'incom'; did you mean 'income'?", "it has 'income', 'debt'"),
    ),
    "column in other letters": (
        replaced(('name = "income"', 'name = "INCOME"')),
        csv_text(),
        ("'INCOME'; did you mean 'income'?",),
    ),
    "no such column": (replaced(('name = "income"', 'name = "zz"')), csv_text(), ("'zz'; it has 'income'",)),
    "no such label": (
        replaced(('"paid"', '"payed"')),
        csv_text(),
        ("a column 'payed'; did you mean 'paid'?",),
    ),
    "bars that nobody declared": (TOML, csv_text(separator="|"), ("'income|debt|home|age|paid'", "say `separator`")),
    "column twice": (
        TOML,
        csv_text(columns=("income", "debt", "home", "debt", "paid")),
        ("own.csv:1: expected each column once; 'debt' occurs 2 times",),
    ),
    "two columns without a name": (
        TOML,
        csv_text([(*row, 1, 2) for row in ROWS], columns=("income", "debt", "home", "age", "paid", "", "")),
        ("own.csv:1", "'' occurs 2 times", "without a name"),
    ),
    "short row": (TOML, csv_text() + "1,2\n", ("own.csv:62: expected 5 cells, got 2",)),
    "long row": (TOML, csv_text() + "1,2,own,3,no,x\n", ("own.csv:62: expected 5 cells, got 6",)),
    "open quote": (TOML, csv_text() + '1,"2,own,3,no\n', ("own.csv:62: expected 5 cells, got 2",)),
    "decimal commas that nobody declared": (TOML, COMMAS, ("own.csv:2: column 'debt': expected a number; got '0,0'",)),
    "decimal points after all": (
        DECIMAL,
        csv_text(separator=";"),
        ("own.csv:2: column 'debt': expected a number with ',' before its decimals; got '0.0'", "60 of 60 rows"),
    ),
    "unknown level": (TOML, with_row(home="flat"), ("own.csv:62: column 'home'", "levels 'own', 'rent'; got 'flat'")),
    "level on two lines": (
        TOML,
        with_row(home='"a\nb"'),
        ("own.csv:62: column 'home'", r"got 'a\nb'"),
    ),
    "line below a cell on two lines": (
        replaced(('"own", "rent"', '"own", "rent", "a\\nb"')),
        with_row(home='"a\nb"') + "x,1,own,3,no\n",
        ("own.csv:64: column 'income'",),
    ),
    "missing value": (
        TOML,
        with_row(debt=""),
        ("own.csv:62: column 'debt': expected a value; the cell is missing (1 of 61 rows", "rows_with_missing"),
    ),
    "missing label": (TOML, with_row(paid=""), ("own.csv:62: column 'paid'", "missing")),
    "everything missing": (
        replaced(("[table]\n", '[table]\nrows_with_missing = "drop"\n')),
        csv_text([("", *row[1:]) for row in ROWS]),
        ("each of 60 rows lacks a value",),
    ),
    "replaced by nothing": (
        replaced(('name = "income"\n', 'name = "income"\nreplace = { "100" = "" }\n')),
        csv_text(),
        ("own.csv:2: column 'income': expected a number; got an empty cell",),
    ),
    "no whole number": (
        TOML,
        with_row(income=1.5),
        ("own.csv:62: column 'income': expected a whole number; got '1.5'",),
    ),
    "below": (bounded("lower = 100\nupper = 160"), with_row(income=99), ("a value from 100 to 160; got '99'",)),
    "above": (
        bounded("upper = 160"),
        with_row(income=161),
        ("column 'income': expected a value up to 160; got '161'",),
    ),
    "far below": (bounded("lower = 0"), with_row(income=-1), ("a value of at least 0; got '-1'",)),
    "one label": (TOML, csv_text([(*row[:4], "yes") for row in ROWS]), ("'paid'", "each of 60 is favourable: 'yes'")),
    "other label": (TOML, csv_text([(*row[:4], "no") for row in ROWS]), ("'paid'", "is unfavourable: 'no'")),
    "unknown label": (
        replaced(('favourable = "yes"', 'favourable = "yes"\nunfavourable = "no"')),
        with_row(paid="maybe"),
        ("own.csv:62: column 'paid': expected one of the labels 'yes', 'no'; got 'maybe'",),
    ),
    "repeated rows": (
        replaced(('duplicates = "keep"\n', "")),
        csv_text(ROWS + ROWS[:2]),
        ("own.csv:62: the row repeats an earlier one (2 of 62 rows", '`duplicates = "drop"`'),
    ),
    "too few people": (TOML, csv_text(ROWS[:6]), ("2 people with the favourable label are too few", "0.6, 0.2, 0.2")),
    "long cell": (TOML, with_row(home="x" * 200_000), ("own.csv:62", "field larger than field limit")),
    **{
        f"{cell} as a number": (
            TOML,
            with_row(debt=cell),
            (f"own.csv:62: column 'debt': expected a number; got {cell!r}",),
        )
        for cell in ("NaN", "inf", "-Infinity", "1e400", "1_000", "0x10", "--3", "3%", "true", "1 000", "€5")
    },
    "more than single precision": (
        TOML,
        with_row(debt="-1e39"),
        ("'debt': expected a number up to 3.4e+38", "'-1e39'"),
    ),
}


@pytest.mark.parametrize(("toml", "table", "words"), BAD.values(), ids=BAD)
@pytest.mark.filterwarnings("error")
def test_what_is_wrong_is_said_with_file_line_and_column(toml, table, words, tmp_path):
    path = written(tmp_path, toml, table)
    with pytest.raises(ArenaError) as raised:
        everybody(path)
    for word in words:
        assert word in str(raised.value)
    assert len(str(raised.value)) < 600
    assert "np.str_" not in str(raised.value)


def test_one_long_cell_makes_no_wide_array_of_all_cells(tmp_path):
    import tracemalloc

    rows = [(*row[:4], row[4], "n" * 100_000 if i == 5 else "") for i, row in enumerate(ROWS * 40)]
    path = written(
        tmp_path,
        replaced(('name = "home"', 'name = "note"'), (', "rent"]', f', "{"n" * 100_000}", ""]')).replace(
            'levels = ["own"', 'column = "note"\nlevels = ["own"'
        ),
        csv_text(rows, columns=("income", "debt", "home", "age", "paid", "note")),
    )
    tracemalloc.start()
    assert len(everybody(path)) == 2400
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500e6  # 200 MB to read any file; as wide as the longest, 2,400 cells are a gigabyte


def test_marks_that_are_levels_or_replaced_or_labels_are_no_missing_values(tmp_path):
    toml = replaced(
        ("[table]\n", '[table]\nmissing = ["", "?", "NA"]\n'),
        ('"own", "rent"', '"own", "rent", "?"'),
        ('name = "income"\n', 'name = "income"\nreplace = { "NA" = "0" }\n'),
        ('favourable = "yes"', 'favourable = "yes"\nunfavourable = ["no", "NA"]'),
    )
    people = everybody(written(tmp_path, toml, with_row(home="?", income="NA", paid="NA")))
    assert people[people[:, 2] == 2].tolist() == [[0, 1.5, 2, 33]]


def test_rows_with_missing_values_and_repeated_rows_are_left_out_if_that_is_said(tmp_path):
    toml = replaced(("[table]\n", '[table]\nrows_with_missing = "drop"\n'), ('"keep"', '"drop"'))
    text = with_row(debt="") + "100,0.0,own,20,yes\n"
    assert torch.equal(everybody(written(tmp_path / "a", toml, text)), everybody(written(tmp_path / "b")))


def test_files_go_on_where_others_end_and_have_the_same_columns(tmp_path):
    toml = replaced(('"own.csv"', '["own.csv", "more.csv"]'))
    path = written(tmp_path, toml)
    (tmp_path / "more.csv").write_text(csv_text(ROWS[:30]))
    assert len(everybody(path)) == 90
    (tmp_path / "more.csv").write_text(csv_text(columns=("income", "debt", "home", "years", "paid")))
    with pytest.raises(ArenaError, match=r"more\.csv:1: expected the columns income, debt.*; got .*years"):
        everybody(path)
