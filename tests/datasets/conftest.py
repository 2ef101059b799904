"""What tests of file-reading datasets share: a small made-up `cs-training.csv`, and the real one where there is one."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

HEADER = (
    ",SeriousDlqin2yrs,RevolvingUtilizationOfUnsecuredLines,age,NumberOfTime30-59DaysPastDueNotWorse,DebtRatio,"
    "MonthlyIncome,NumberOfOpenCreditLinesAndLoans,NumberOfTimes90DaysLate,NumberRealEstateLoansOrLines,"
    "NumberOfTime60-89DaysPastDueNotWorse,NumberOfDependents"
)
"""The first line as published."""


def borrower(index: int, draws: random.Random) -> str:
    """Return a made-up line of the file; one in ten lacks the income, one in fifty has a code for late payments."""
    late = "98" if draws.random() < 0.02 else str(draws.choice((0, 0, 0, 1, 2)))
    cells = (
        index,
        int(draws.random() < 0.1),
        round(draws.uniform(0, 1.2), 9),
        draws.randint(21, 90),
        late,
        round(draws.expovariate(1), 9),
        "NA" if draws.random() < 0.1 else draws.randint(0, 25_000),
        draws.randint(0, 20),
        late,
        draws.randint(0, 4),
        late,
        draws.randint(0, 5),
    )
    return ",".join(map(str, cells))


@pytest.fixture(scope="session")
def kaggle() -> str:
    """The text of a made-up file with 1,300 borrowers, in the published format."""
    draws = random.Random(0)
    return "\n".join([HEADER, *(borrower(index, draws) for index in range(1, 1301))]) + "\n"


@pytest.fixture
def data(tmp_path: Path, kaggle: str) -> Path:
    """A data directory with the made-up file in its place."""
    place = tmp_path / "data" / "gmsc" / "cs-training.csv"
    place.parent.mkdir(parents=True)
    place.write_text(kaggle)
    return tmp_path / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The data directory with the real file."""
    data = os.environ.get("RECOURSE_ARENA_DATA", "")
    if not data or not (Path(data) / "gmsc" / "cs-training.csv").is_file():
        pytest.skip("RECOURSE_ARENA_DATA names no directory with gmsc/cs-training.csv")
    return Path(data)
